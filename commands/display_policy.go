package commands

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"sallyport/ike/wire"
)

// A policyDisplay is `display ipsec policy`, whole or brief: the groups in the
// order to be shown.
type policyDisplay struct {
	Groups []policyGroup `json:"groups"`
}

// A policyGroup is all entries of one name.
type policyGroup struct {
	Name       string        `json:"name"`
	Interfaces []string      `json:"interfaces"` // that it is applied to
	Entries    []policyEntry `json:"entries"`    // by sequence number
}

// A policyEntry is one ipsec policy, with what is in force for it: where it says
// nothing of its own, the global value.
type policyEntry struct {
	Sequence  uint32     `json:"sequence"`
	ACL       string     `json:"acl"`      // number or name; empty: none yet
	Peer      string     `json:"ike_peer"` // empty: none yet
	PFS       wire.Group `json:"pfs"`      // 0: off
	Proposals []string   `json:"proposals"`
	Seconds   int64      `json:"sa_duration_seconds"`
	Kilobytes uint64     `json:"sa_duration_kilobytes"`
	Auto      bool       `json:"auto"`    // sa trigger-mode auto
	Missing   []string   `json:"missing"` // what keeps it from being used: commands not given
}

// newPolicyDisplay returns the entries of c: of all groups, or of the group name
// if that is not empty, and of it only the entry sequence if that is not zero.
func newPolicyDisplay(c *Config, name string, sequence uint32) policyDisplay {
	keys := slices.SortedFunc(maps.Keys(c.Policies), func(a, b PolicyKey) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Sequence, b.Sequence))
	})
	d := policyDisplay{Groups: []policyGroup{}}
	for _, k := range keys {
		if name != "" && k.Name != name || sequence != 0 && k.Sequence != sequence {
			continue
		}
		if n := len(d.Groups); n == 0 || d.Groups[n-1].Name != k.Name {
			d.Groups = append(d.Groups, policyGroup{Name: k.Name, Interfaces: appliedTo(c, k.Name)})
		}
		group := &d.Groups[len(d.Groups)-1]
		group.Entries = append(group.Entries, newPolicyEntry(c, c.Policies[k]))
	}
	return d
}

// appliedTo returns the interfaces that a group is applied to, by name.
func appliedTo(c *Config, group string) []string {
	names := []string{}
	for name, i := range c.Interfaces {
		if i.Policy == group {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func newPolicyEntry(c *Config, y *Policy) policyEntry {
	e := policyEntry{
		Sequence:  y.Sequence,
		ACL:       y.ACL,
		Peer:      y.Peer,
		PFS:       y.PFS,
		Proposals: append([]string{}, y.Proposals...),
		Seconds:   int64(cmp.Or(y.Lifetime.Duration, c.Lifetime.Duration) / time.Second),
		Kilobytes: cmp.Or(y.Lifetime.Octets, c.Lifetime.Octets) / 1024,
		Auto:      y.Auto,
	}
	e.Missing = e.missing()
	return e
}

// missing returns what an entry lacks to be used, in the order of its commands.
func (e policyEntry) missing() []string {
	lacks := []string{}
	if e.ACL == "" {
		lacks = append(lacks, "security acl")
	}
	if e.Peer == "" {
		lacks = append(lacks, "ike-peer")
	}
	if len(e.Proposals) == 0 {
		lacks = append(lacks, "proposal")
	}
	return lacks
}

// text prints a block for each group, and in it one for each entry.
func (d policyDisplay) text() string {
	var p page
	for i, g := range d.Groups {
		if i > 0 {
			p.add("")
		}
		g.addTo(&p)
	}
	return p.text()
}

func (g policyGroup) addTo(p *page) {
	rule := strings.Repeat("=", 43)
	p.add(rule)
	p.addf("IPSec policy group: %q", g.Name)
	p.add(labelled("Using interface:", strings.Join(g.Interfaces, ", ")))
	p.add(rule)
	for _, e := range g.Entries {
		p.add("")
		e.addTo(g.Name, p)
	}
}

func (e policyEntry) addTo(group string, p *page) {
	p.addf("    Sequence number: %d", e.Sequence)
	p.addf("    Policy Alias: %s", entryName(group, e))
	p.add(labelled("    Security data flow:", e.ACL))
	p.add(labelled("    Peer name    : ", e.Peer))
	p.add(labelled("    Perfect forward secrecy:", e.pfs()))
	for _, name := range e.Proposals {
		p.add(labelled("    Proposal name: ", name))
	}
	p.addf("    IPSec SA local duration(time based): %d seconds", e.Seconds)
	p.addf("    IPSec SA local duration(traffic based): %d kilobytes", e.Kilobytes)
	p.add(labelled("    SA trigger mode:", e.trigger()))
	p.add("    Route inject: None")
	p.add("    Respond-only: Disable")
	if len(e.Missing) > 0 {
		p.addf("    The policy configuration is incomplete: no %s", strings.Join(e.Missing, ", no "))
	}
}

// labelled returns a label and its value one space apart.
func labelled(label, value string) string { return strings.TrimRight(label+" "+value, " ") }

// entryName returns the name of one entry, such as policy1-1.
func entryName(group string, e policyEntry) string { return group + "-" + utoa(e.Sequence) }

func (e policyEntry) pfs() string {
	if e.PFS == 0 {
		return "None"
	}
	return "DH group " + utoa(uint32(e.PFS))
}

func (e policyEntry) trigger() string {
	if e.Auto {
		return "Automatic"
	}
	return "Traffic-based"
}

// policyColumns leave 21 for the longest name, 15 octets and a five-digit number.
var policyColumns = columns{0, 23, 31, 37}

// brief prints one line for each entry.
func (d policyDisplay) brief() string {
	var entries []string
	for _, g := range d.Groups {
		for _, e := range g.Entries {
			entries = append(entries,
				policyColumns.row(entryName(g.Name, e), "isakmp", orDash(e.ACL), orDash(e.Peer)))
		}
	}
	var p page
	p.addf("Number of policy groups: %d", len(d.Groups))
	p.addf("Number of policies: %d", len(entries))
	if len(entries) == 0 {
		return p.text()
	}
	p.add(dashes(53))
	p.add(policyColumns.row("Policy name", "Mode", "ACL", "Peer name"))
	p.add(dashes(53))
	for _, line := range entries {
		p.add(line)
	}
	return p.text()
}
