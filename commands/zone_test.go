package commands

import (
	"regexp"
	"strings"
	"testing"

	"sallyport/commands/grammar"
)

// stampInJSON is a time in JSON.
var stampInJSON = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"`)

// TestTimesAreInTheZone looks at the times of all displays on a box that is not in UTC.
func TestTimesAreInTheZone(t *testing.T) {
	device := &busyDevice{}
	device.fakeAccounts.lines = []LineStatus{{Line: "vty0", User: "a", Since: established}}
	running := NewRunning(New())
	s := NewSession(device, running, operator)
	for _, line := range configured {
		s.Exec(t.Context(), line)
	}
	answersOf(t, s, "clock timezone T add 05:30:00", "configuration commit label x", "save", "y", "configuration commit trial 60")
	seen := 0
	for _, u := range displayRows() {
		d := newDrawer(t, 7)
		for range 10 {
			line := d.line("", []*grammar.Table{u.Alone})
			out := s.Exec(t.Context(), line)
			if out.Display == nil {
				continue
			}
			text, _, err := filtered(out.Display, []*filter{{json: true}})
			if err != nil {
				t.Fatal(err)
			}
			for _, stamp := range stampInJSON.FindAllString(text, -1) {
				if seen++; !strings.HasSuffix(stamp, `+05:30"`) {
					t.Errorf("%q shows %s", line, stamp)
				}
			}
		}
	}
	if seen < 50 {
		t.Errorf("%d times are shown", seen)
	}
}

// TestTextsAreInTheZone looks at texts: it is 11:03 in UTC.
func TestTextsAreInTheZone(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "system-view", "clock timezone T minus 03:00:00", "configuration commit label x", "save", "y", "configuration commit trial 60")
	for line, want := range map[string]string{
		"display configuration changes":     "2026-05-07 08:03:00",
		"display configuration commit list": "2026-05-07 08:03:00",
		"display configuration trial":       "2026-05-07 08:03:00",
	} {
		if got := say(s, line); !strings.Contains(got, want) {
			t.Errorf("%q shows\n%s\nwant %s", line, got, want)
		}
	}
}
