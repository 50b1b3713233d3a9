package commands

import (
	"cmp"
	"strings"
	"time"

	"sallyport/ike/wire"
)

// A profileDisplay is `display ipsec profile`, whole or brief: the profiles by name.
type profileDisplay struct {
	Profiles []profileEntry `json:"profiles"`
}

// A profileEntry is one ipsec profile, with what is in force for it: where it says nothing
// of its own, the global value.
type profileEntry struct {
	Name       string     `json:"name"`
	Interfaces []string   `json:"interfaces"` // that have it
	Peer       string     `json:"ike_peer"`   // empty: none yet
	PFS        wire.Group `json:"pfs"`        // 0: off
	Proposals  []string   `json:"proposals"`
	Seconds    int64      `json:"sa_duration_seconds"`
	Kilobytes  uint64     `json:"sa_duration_kilobytes"`
	Auto       bool       `json:"auto"` // sa trigger-mode auto
	Window     int        `json:"anti_replay_window"`
	Missing    []string   `json:"missing"` // what keeps it from being used: commands not given
}

// newProfileDisplay returns the profile of a name, or with "" all.
func newProfileDisplay(c *Config, name string) profileDisplay {
	d := profileDisplay{Profiles: []profileEntry{}}
	for _, p := range values(c.Profiles, strings.Compare) {
		if name == "" || p.Name == name {
			d.Profiles = append(d.Profiles, newProfileEntry(c, p))
		}
	}
	return d
}

func newProfileEntry(c *Config, p *Policy) profileEntry {
	e := profileEntry{
		Name: p.Name, Interfaces: c.profileUsers(p.Name), Peer: p.Peer, PFS: p.PFS, Proposals: append([]string{}, p.Proposals...),
		Seconds:   int64(cmp.Or(p.Lifetime.Duration, c.Lifetime.Duration) / time.Second),
		Kilobytes: cmp.Or(p.Lifetime.Octets, c.Lifetime.Octets) / 1024,
		Auto:      p.Auto, Window: p.Window, Missing: []string{},
	}
	if e.Peer == "" {
		e.Missing = append(e.Missing, "ike-peer")
	}
	if len(e.Proposals) == 0 {
		e.Missing = append(e.Missing, "proposal")
	}
	return e
}

// text prints a block for each profile, as `display ipsec policy` does.
func (d profileDisplay) text() string {
	var p page
	rule := strings.Repeat("=", 43)
	for i, e := range d.Profiles {
		if i > 0 {
			p.add("")
		}
		p.add(rule)
		p.addf("IPSec profile: %q", e.Name)
		p.add(labelled("Using interface:", strings.Join(e.Interfaces, ", ")))
		p.add(rule)
		e.addTo(&p)
	}
	return p.text()
}

func (e profileEntry) addTo(p *page) {
	settings := policyEntry{PFS: e.PFS, Auto: e.Auto} // which prints them in the same words
	p.add(labelled("    Peer name    : ", e.Peer))
	p.add(labelled("    Perfect forward secrecy:", settings.pfs()))
	for _, name := range e.Proposals {
		p.add(labelled("    Proposal name: ", name))
	}
	p.addf("    IPSec SA local duration(time based): %d seconds", e.Seconds)
	p.addf("    IPSec SA local duration(traffic based): %d kilobytes", e.Kilobytes)
	p.addf("    Anti-replay window size: %d", e.Window)
	p.add(labelled("    SA trigger mode:", settings.trigger()))
	if len(e.Missing) > 0 {
		p.addf("    The profile configuration is incomplete: no %s", strings.Join(e.Missing, ", no "))
	}
}

// brief prints one line for each profile.
func (d profileDisplay) brief() string {
	var p page
	p.addf("Number of profiles: %d", len(d.Profiles))
	if len(d.Profiles) == 0 {
		return p.text()
	}
	c := columns{0, 18, 36}
	p.add(dashes(53))
	p.add(c.row("Profile name", "Peer name", "Interface"))
	p.add(dashes(53))
	for _, e := range d.Profiles {
		p.add(c.row(e.Name, orDash(e.Peer), orDash(strings.Join(e.Interfaces, ","))))
	}
	return p.text()
}
