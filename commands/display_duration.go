package commands

import (
	"time"

	"sallyport/ipsec"
)

// A durationDisplay is `display ipsec sa duration`: the lifetimes of SAs whose
// policy states none.
type durationDisplay struct {
	Seconds   int64  `json:"sa_duration_seconds"`
	Kilobytes uint64 `json:"sa_duration_kilobytes"`
}

func newDurationDisplay(l ipsec.Lifetime) durationDisplay {
	return durationDisplay{int64(l.Duration / time.Second), l.Octets >> 10}
}

// text prints both, in the words that VRP has from its beginnings.
func (d durationDisplay) text() string {
	var p page
	p.addf("ipsec sa global duration (traffic based): %d kilobytes", d.Kilobytes)
	p.addf("ipsec sa global duration (time based): %d seconds", d.Seconds)
	return p.text()
}
