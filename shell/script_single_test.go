package shell

import (
	"context"
	"strings"
	"testing"
)

// A command is a script that is one line.
type command struct{ *paper }

func (command) Single() bool { return true }

// TestServeACommand has one line refused as at a terminal: without a number.
func TestServeACommand(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"a display", "show", "shown\n"},
		{"a refused line", "x y", "<H>x y\n   ^\nError\n"},
		{"a long command that fails", "long failure", "<H>long failure\nError: no route.\n"},
		{"a secret", "pre-shared-key hunter2", "<H>pre-shared-key ******\n   ^\nError\n"},
	} {
		p := &paper{Reader: strings.NewReader(test.line)}
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := Serve(ctx, command{p}, &actor{end: cancel}); err != nil || p.shown.String() != test.want {
			t.Errorf("%s: shown %q, %v, want %q", test.name, p.shown.String(), err, test.want)
		}
		cancel()
	}
}
