package commands

import (
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// Help of the clock's keywords.
const (
	helpClock  = "Clock of the device"
	helpBefore = "Ahead of UTC"
	helpBehind = "Behind UTC"
)

// longestZone is the length of the name of a time zone.
const longestZone = 32

// farthestZone is the furthest that a time zone is from UTC.
const farthestZone = 14 * time.Hour

// A TimeZone is a `clock timezone`. The zero one is UTC.
type TimeZone struct {
	Name   string
	Behind bool // of UTC; false: ahead of it
	Offset time.Duration
}

// Location returns the zone for package time.
func (z TimeZone) Location() *time.Location {
	if z.Name == "" {
		return time.UTC
	}
	seconds := int(z.Offset / time.Second)
	if z.Behind {
		seconds = -seconds
	}
	return time.FixedZone(z.Name, seconds)
}

// zone is the box's time zone.
func (s *Session) zone() *time.Location { return s.running.config.Zone.Location() }

// localTime returns the box's time in its time zone.
func (s *Session) localTime() time.Time { return s.now().In(s.zone()) }

// inZone returns a copy of a list, never nil, with the time of each item in the box's
// time zone.
func inZone[T any](s *Session, items []T, at func(*T) *time.Time) []T {
	zone, all := s.zone(), append([]T{}, items...)
	for i := range all {
		t := at(&all[i])
		*t = t.In(zone)
	}
	return all
}

func clockTimezoneRow() grammar.Row[Config] {
	return grammar.Setting(grammar.Path[Config]("clock", helpClock, "timezone", "Time zone"),
		grammar.Arg(kind.Name(longestZone, ""), "Name of the time zone", func(c *Config) *string { return &c.Zone.Name }),
		grammar.Arg(kind.Choice(
			grammar.Word[bool]{Text: "add", Help: helpBefore, Value: false},
			grammar.Word[bool]{Text: "minus", Help: helpBehind, Value: true},
		), "", func(c *Config) *bool { return &c.Zone.Behind }),
		grammar.Arg(offsetKind(), "Distance to UTC", func(c *Config) *time.Duration { return &c.Zone.Offset }))
}

// The hints of a time and of a date.
const (
	hintTime = "TIME<HH:MM:SS>"
	hintDate = "DATE<YYYY-MM-DD>"
)

// midnight is the time of day that package time reads as nothing.
var midnight = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)

// offsetKind is the distance of a time zone to UTC.
func offsetKind() grammar.Kind[time.Duration] {
	return grammar.Kind[time.Duration]{
		Hints: []grammar.Hint{{Text: hintTime}},
		Read: func(words []string) (time.Duration, int, bool) {
			t, err := time.Parse(time.TimeOnly, words[0])
			if err != nil || t.Sub(midnight) > farthestZone {
				return 0, 0, false
			}
			return t.Sub(midnight), 1, true
		},
		Write: func(d time.Duration) string { return midnight.Add(d).Format(time.TimeOnly) },
	}
}

// clockDatetime is `clock datetime`.
type clockDatetime struct{ To time.Time } // as if it were UTC

func (c *clockDatetime) do(s *Session) Output {
	t := c.To
	to := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, s.zone())
	if err := s.device.SetClock(to); err != nil {
		return s.unread(err)
	}
	return Output{}
}

func clockDatetimeRow() grammar.Row[Config] {
	return grammar.Do[Config](3, clockDatetime{},
		grammar.Path[clockDatetime]("clock", helpClock, "datetime", "Set the time and the date"),
		grammar.Arg(datetimeKind(), "Time in the device's time zone", func(c *clockDatetime) *time.Time { return &c.To }))
}

// The years that a clock can be set to, as VRP has them.
const (
	firstYear = 2000
	lastYear  = 2037
)

// datetimeKind is a time and a date.
func datetimeKind() grammar.Kind[time.Time] {
	return grammar.Kind[time.Time]{
		Hints: []grammar.Hint{{Text: hintTime}, {Text: hintDate, Help: "Date"}},
		Read: func(words []string) (time.Time, int, bool) {
			clock, err := time.Parse(time.TimeOnly, words[0])
			if err != nil || len(words) == 1 {
				return time.Time{}, 2 * oneIf(err == nil), err == nil
			}
			day, err := time.Parse(time.DateOnly, words[1])
			ok := err == nil && day.Year() >= firstYear && day.Year() <= lastYear
			return day.Add(clock.Sub(midnight)), 1 + oneIf(ok), ok
		},
		Write: func(time.Time) string { return "" }, // it is of no setting
	}
}

// oneIf is 1 if ok.
func oneIf(ok bool) int {
	if ok {
		return 1
	}
	return 0
}
