package commands

import "time"

// A clockDisplay is `display clock`.
type clockDisplay struct {
	Time   time.Time `json:"time"`
	Zone   string    `json:"zone"`
	Offset int       `json:"offset_seconds"` // ahead of UTC
}

// utcName is the name of the zone of a device that is told none.
const utcName = "UTC"

// newClockDisplay shows a time in a zone.
func newClockDisplay(now time.Time, zone TimeZone) clockDisplay {
	d := clockDisplay{Time: now.In(zone.Location()).Truncate(time.Second), Zone: zone.Name}
	if d.Zone == "" {
		d.Zone = utcName
	}
	_, d.Offset = d.Time.Zone()
	return d
}

func (d clockDisplay) text() string {
	var p page
	p.add(zoned(d.Time))
	p.add(d.Time.Weekday().String())
	p.addf("Time Zone(%s) : UTC%s", d.Zone, d.Time.Format(offsetLayout(d.Time)))
	return p.text()
}

// zoned returns a time as displays show it: 2026-05-07 11:42:19+02:00.
func zoned(t time.Time) string {
	return t.Format(time.DateTime + offsetLayout(t))
}

// offsetLayout is how package time is to show a zone: its seconds only if it has
// any.
func offsetLayout(t time.Time) string {
	if _, offset := t.Zone(); offset%60 != 0 {
		return "-07:00:00"
	}
	return "-07:00"
}
