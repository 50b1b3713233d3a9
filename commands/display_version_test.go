package commands

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestVersionDisplay(t *testing.T) {
	tests := []struct {
		name, file string
		about      About
	}{
		{"just started", "version-started", About{Version: "0.1.0", Dataplane: "user", Started: established, Now: established}},
		{"nine minutes", "version", About{Version: "0.1.0", Dataplane: "kernel", Started: established, Now: then}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			golden(t, "display/"+test.file+".txt", newVersionDisplay(test.about).text())
		})
	}
}

// Scripts for VRP read the version and the time since the start with patterns
// like these.
func TestVersionIsFoundByScripts(t *testing.T) {
	text := newVersionDisplay(About{Version: "0.1.0", Started: established, Now: then}).text()
	for pattern, want := range map[string]string{
		`VRP \(R\) software, Version (\S+)`: "0.1.0",
		`uptime is (.*)`:                    "0 week, 0 day, 0 hour, 9 minutes",
	} {
		found := regexp.MustCompile(pattern).FindStringSubmatch(text)
		if found == nil || found[1] != want {
			t.Errorf("%s finds %q, want %q, in\n%s", pattern, found, want, text)
		}
	}
}

func TestUptimeText(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		uptime time.Duration
		want   string
	}{
		{0, "0 week, 0 day, 0 hour, 0 minute"},
		{59 * time.Second, "0 week, 0 day, 0 hour, 0 minute"},
		{time.Minute, "0 week, 0 day, 0 hour, 1 minute"},
		{3 * time.Minute, "0 week, 0 day, 0 hour, 3 minutes"},
		{day - time.Second, "0 week, 0 day, 23 hours, 59 minutes"},
		{day, "0 week, 1 day, 0 hour, 0 minute"},
		{7 * day, "1 week, 0 day, 0 hour, 0 minute"},
		{400*day + 5*time.Hour, "57 weeks, 1 day, 5 hours, 0 minute"},
	}
	for _, test := range tests {
		if got := uptimeText(test.uptime); got != test.want {
			t.Errorf("uptimeText(%v) = %q, want %q", test.uptime, got, test.want)
		}
	}
}

// A clock set back after the start does not make the uptime negative.
func TestVersionOfAClockSetBack(t *testing.T) {
	if d := newVersionDisplay(About{Started: then, Now: established}); d.Uptime != 0 {
		t.Errorf("uptime = %v, want 0", d.Uptime)
	}
}

// TestVersionCountsSeconds looks at the JSON.
func TestVersionCountsSeconds(t *testing.T) {
	d := newVersionDisplay(About{Started: established, Now: established.Add(90*time.Second + time.Millisecond)})
	if text, _, err := filtered(d, []*filter{{json: true}}); err != nil || !strings.Contains(text, `"uptime_seconds": 90`+"\n") {
		t.Errorf("%s, %v", text, err)
	}
}
