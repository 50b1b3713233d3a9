package main_test

import (
	"errors"
	"strings"
	"testing"

	gossh "golang.org/x/crypto/ssh"
)

// The exit status of a command, and of a script on the input, is what scripts ask.
func TestSSHStatus(t *testing.T) {
	g := reachable(t)
	for _, test := range []struct {
		name, command, input string
		want                 string
		status               int
	}{
		{"a command", "display version", "", "VRP (R) software", 0},
		{"a command that is refused", "dispaly version", "", "Unrecognized command", 1},
		{"several lines", "system-view\nsysname R1", "", "", 0},
		{"not text", "\x1b[2J\x00\xff", "", "control characters", 1},
		{"a line of a megabyte", "", strings.Repeat("x", 1<<20) + "\ndisplay version\n", "VRP (R) software", 1},
		{"a script on the input", "", "system-view\nsysname R2\ndispaly\n", "Line 3:", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			session := g.secure(t)
			session.Stdin = strings.NewReader(test.input)
			out := &transcript{}
			session.Stdout = out
			start := session.Shell
			if test.command != "" {
				start = func() error { return session.Start(test.command) }
			}
			must(t, start())
			var exit *gossh.ExitError
			status := 0
			if err := session.Wait(); errors.As(err, &exit) {
				status = exit.ExitStatus()
			} else {
				must(t, err)
			}
			if status != test.status || !strings.Contains(out.String(), test.want) {
				t.Errorf("status %d, want %d; it printed\n%s, want %q", status, test.status, out, test.want)
			}
		})
	}
	if shown, err := g.console(t, "display current-configuration | include sysname"); err != nil || !strings.Contains(shown, "sysname R2") {
		t.Errorf("the last script's name is not in force: %v, %s", err, shown)
	}
}
