package shell

import (
	"strings"
	"testing"
)

// TestHeaderOverSeveralLines serves a script and a paste in which a command goes on
// over lines of its own, whatever they look like.
func TestHeaderOverSeveralLines(t *testing.T) {
	const lines = "system-view\nheader login information %\nOurs.\n\nsave\nno\n%\ndisplay current-configuration | include header\n"
	const kept = `header login information "Ours.\n\nsave\nno"`
	for _, test := range []struct {
		name, lines string
		person      bool
		want        string
		refused     int
	}{
		{"a script", lines, false, kept, 0},
		{"a paste", lines, true, kept, 0},
		{"a script that ends inside", "system-view\nheader login information %\nOurs.\n", false,
			"Error: The text of header login does not end: % is missing.\n", 1},
	} {
		p := &paper{Reader: strings.NewReader(test.lines), person: test.person}
		refused, err := Serve(t.Context(), p, newSession(test.person))
		if !strings.Contains(p.shown.String(), test.want) {
			t.Errorf("%s: shown\n%s\nwithout\n%s", test.name, p.shown.String(), test.want)
		}
		if err != nil || refused != test.refused {
			t.Errorf("%s: %d refused, %v; want %d", test.name, refused, err, test.refused)
		}
	}
}
