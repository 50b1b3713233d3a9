package commands

import (
	"fmt"
	"strings"
	"time"
)

// A versionDisplay is `display version`.
type versionDisplay struct {
	Version   string `json:"version"`
	Dataplane string `json:"dataplane"` // kernel or user
	Uptime    int64  `json:"uptime_seconds"`
}

// newVersionDisplay returns what a says.
func newVersionDisplay(a About) versionDisplay {
	return versionDisplay{a.Version, a.Dataplane, int64(max(a.Now.Sub(a.Started), 0) / time.Second)}
}

// text keeps the words that scripts look for in VRP's answer: "VRP (R) software,
// Version" and "uptime is".
func (d versionDisplay) text() string {
	var p page
	p.add("Sallyport IPsec gateway")
	p.addf("VRP (R) software, Version %s (Sallyport)", d.Version)
	p.addf("IPsec dataplane: %s", d.Dataplane)
	p.addf("Sallyport uptime is %s", uptimeText(time.Duration(d.Uptime)*time.Second))
	return p.text()
}

// uptimeText returns a duration in weeks, days, hours and whole minutes.
func uptimeText(d time.Duration) string {
	const day = 24 * time.Hour
	parts := []struct {
		n    time.Duration
		unit string
	}{
		{d / (7 * day), "week"},
		{d / day % 7, "day"},
		{d / time.Hour % 24, "hour"},
		{d / time.Minute % 60, "minute"},
	}
	words := make([]string, len(parts))
	for i, part := range parts {
		words[i] = fmt.Sprintf("%d %s", part.n, part.unit)
		if part.n > 1 {
			words[i] += "s"
		}
	}
	return strings.Join(words, ", ")
}
