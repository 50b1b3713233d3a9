package commands

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sallyport/ike"
	"sallyport/ike/wire"
	"sallyport/ipsec"
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
	Sequence  uint32      `json:"sequence"`
	Mode      string      `json:"mode"`            // isakmp, template or manual; the fields of the others are empty
	Template  string      `json:"policy_template"` // of an isakmp entry that stands for a template; it has nothing else
	ACL       string      `json:"acl"`             // number or name; empty: none yet
	Peer      string      `json:"ike_peer"`        // empty: none yet
	PFS       wire.Group  `json:"pfs"`             // 0: off
	Proposals []string    `json:"proposals"`
	Seconds   int64       `json:"sa_duration_seconds"`
	Kilobytes uint64      `json:"sa_duration_kilobytes"`
	Window    int         `json:"anti_replay_window"` // packets; 0: of a manual entry, or one that refers to a template
	Auto      bool        `json:"auto"`               // sa trigger-mode auto
	Respond   bool        `json:"respond_only"`
	Clear     bool        `json:"fallback_clear"`         // traffic goes in clear while the peer does not answer
	Retry     int64       `json:"fallback_retry_seconds"` // between tries to negotiate meanwhile; 0: it does not
	Missing   []string    `json:"missing"`                // what keeps it from being used: commands not given
	InClear   []clearLine `json:"in_clear"`               // where it does so now
	Exposed   bool        `json:"traffic_unprotected"`    // it is applied and not complete, and its traffic is not dropped

	// Of a manual entry.
	Dropped bool         `json:"traffic_dropped"` // it is applied and not complete, and its ACL says what to drop
	Local   string       `json:"tunnel_local"`    // address, or name of the interface that has it
	Remote  string       `json:"tunnel_remote"`   // empty: none yet
	Sides   []policySide `json:"sas"`
}

// A policySide is one SA of a manual entry.
type policySide struct {
	Direction      string    `json:"direction"` // inbound or outbound
	Protocol       string    `json:"protocol"`
	SPI            ipsec.SPI `json:"spi"`        // 0: none yet
	String         bool      `json:"string_key"` // whether there is such a key; it is not shown
	Authentication bool      `json:"authentication_hex"`
	Encryption     bool      `json:"encryption_hex"`
}

// newPolicyDisplay returns the entries of c: of all groups, or of the group name
// if that is not empty, and of it only the entry sequence if that is not zero.
func newPolicyDisplay(c *Config, name string, sequence uint32) policyDisplay {
	keys := slices.SortedFunc(maps.Keys(c.Policies), func(a, b PolicyKey) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Sequence, b.Sequence))
	})
	d := policyDisplay{Groups: []policyGroup{}}
	var up []*Interface
	for _, k := range keys {
		if name != "" && k.Name != name || sequence != 0 && k.Sequence != sequence {
			continue
		}
		if n := len(d.Groups); n == 0 || d.Groups[n-1].Name != k.Name {
			d.Groups = append(d.Groups, policyGroup{Name: k.Name, Interfaces: appliedTo(c, k.Name)})
			up = c.upWith(k.Name)
		}
		group := &d.Groups[len(d.Groups)-1]
		group.Entries = append(group.Entries, newPolicyEntry(c, c.Policies[k], up))
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

// newPolicyEntry returns an entry that is applied to the interfaces up, which are not shut down.
func newPolicyEntry(c *Config, y *Policy, up []*Interface) policyEntry {
	e := policyEntry{
		Sequence: y.Sequence, ACL: y.ACL, Proposals: append([]string{}, y.Proposals...), Sides: []policySide{},
		Missing: c.lacksOnAny(y, up), InClear: []clearLine{},
	}
	if len(e.Missing) > 0 && len(up) > 0 {
		e.Dropped = c.drops(y)
		e.Exposed = !e.Dropped
	}
	if y.Manual {
		e.manual(y)
		return e
	}
	e.Mode, e.Template = "isakmp", y.Template
	if y.Template != "" {
		return e
	}
	if y.Answers {
		e.Mode = "template"
	}
	e.Window = y.Window
	e.Peer, e.PFS, e.Auto, e.Respond, e.Clear = y.Peer, y.PFS, y.Auto, y.Respond, y.Clear.Enabled
	if e.Clear {
		e.Retry = int64(cmp.Or(y.Clear.Retry, defaultFallbackRetry) / time.Second)
	}
	e.Seconds = int64(cmp.Or(y.Lifetime.Duration, c.Lifetime.Duration) / time.Second)
	e.Kilobytes = cmp.Or(y.Lifetime.Octets, c.Lifetime.Octets) / 1024
	return e
}

// manual fills in what a manual entry has.
func (e *policyEntry) manual(y *Policy) {
	e.Mode, e.Local = "manual", y.LocalInterface
	if y.Local.IsValid() {
		e.Local = y.Local.String()
	}
	if y.Remote.IsValid() {
		e.Remote = y.Remote.String()
	}
	for _, side := range []SASide{{ipsec.Inbound, ipsec.AH}, {ipsec.Inbound, ipsec.ESP}, {ipsec.Outbound, ipsec.AH}, {ipsec.Outbound, ipsec.ESP}} {
		has := func(f KeyForm) bool { return y.key(ManualKey{SASide: side, Form: f}) != nil }
		e.Sides = append(e.Sides, policySide{
			side.Direction.String(), side.Protocol.String(), y.spi(side), has(StringKey), has(AuthenticationHex), has(EncryptionHex),
		})
	}
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

func (g policyGroup) addTo(p *page) { g.addAs("IPSec policy group", p) }

func (g policyGroup) addAs(what string, p *page) {
	rule := strings.Repeat("=", 43)
	p.add(rule)
	p.addf("%s: %q", what, g.Name)
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
	switch {
	case e.Mode == "manual":
		e.addManual(p)
	case e.Template != "":
		p.add(labelled("    Policy template name:", e.Template))
	default:
		e.addNegotiated(p)
	}
	if len(e.Missing) > 0 {
		p.addf("    The policy configuration is incomplete: no %s", strings.Join(e.Missing, ", no "))
	}
	if e.Dropped {
		p.add("    Its traffic is dropped, not sent in clear")
	}
	if e.Exposed {
		p.add("    ITS TRAFFIC IS NOT PROTECTED")
	}
}

// addNegotiated prints what an isakmp entry has.
func (e policyEntry) addNegotiated(p *page) {
	p.add(labelled("    Peer name    : ", e.Peer))
	p.add(labelled("    Perfect forward secrecy:", e.pfs()))
	for _, name := range e.Proposals {
		p.add(labelled("    Proposal name: ", name))
	}
	p.addf("    IPSec SA local duration(time based): %d seconds", e.Seconds)
	p.addf("    IPSec SA local duration(traffic based): %d kilobytes", e.Kilobytes)
	p.addf("    Anti-replay window size: %d", e.Window)
	if e.Mode == "template" {
		return
	}
	p.add(labelled("    SA trigger mode:", e.trigger()))
	p.add("    Route inject: None")
	p.addf("    Respond-only: %s", enable(e.Respond))
	if e.Clear {
		p.addf("    FALL BACK TO CLEAR: traffic is UNPROTECTED while the peer does not answer, retry in %d seconds", e.Retry)
	}
	for _, l := range e.InClear {
		p.add("    " + l.state())
	}
}

// addManual prints what a manual entry has.
func (e policyEntry) addManual(p *page) {
	p.add("    Mode: Manual")
	p.add(labelled("    Tunnel local:", e.Local))
	p.add(labelled("    Tunnel remote:", e.Remote))
	for _, name := range e.Proposals {
		p.add(labelled("    Proposal name: ", name))
	}
	for _, s := range e.Sides {
		s.addTo(p)
	}
}

// addTo prints an SA as the command reference has it.
func (s policySide) addTo(p *page) {
	p.addf("    %s %s setting:", s.Direction, s.Protocol)
	spi := ""
	if s.SPI != 0 {
		spi = fmt.Sprintf("%d (0x%x)", s.SPI, s.SPI)
	}
	line := func(label, value string) { p.add(labelled("      "+s.Protocol+" "+label+":", value)) }
	line("spi", spi)
	line("string-key", veiled(s.String))
	if s.Protocol == ipsec.ESP.String() {
		line("encryption hex key", veiled(s.Encryption))
	}
	line("authentication hex key", veiled(s.Authentication))
}

// veiled stands for a key.
func veiled(there bool) string {
	if there {
		return asterisks
	}
	return ""
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

// other returns who the other end is: a peer, the address of a manual entry, or a template, which
// says so, since its peers are its own.
func (e policyEntry) other() string {
	if e.Template != "" {
		return "template " + e.Template
	}
	return cmp.Or(e.Peer, e.Remote)
}

// policyColumns leave 21 for the longest name, 15 octets and a five-digit number.
var policyColumns = columns{0, 23, 31, 37}

// brief prints one line for each entry; of a manual one the peer is an address.
func (d policyDisplay) brief() string {
	var entries []string
	for _, g := range d.Groups {
		for _, e := range g.Entries {
			entries = append(entries,
				policyColumns.row(entryName(g.Name, e), e.Mode, orDash(e.ACL), orDash(e.other())))
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
	for _, g := range d.Groups {
		for _, e := range g.Entries {
			addClear(&p, e.InClear)
		}
	}
	return p.text()
}

// tellClear notes which of the entries let their traffic go in clear now.
func (d policyDisplay) tellClear(all []ike.Fallback) {
	lines := map[PolicyKey][]clearLine{}
	for _, l := range newClearLines(all, func(ipsec.PolicyID) bool { return true }) {
		k := PolicyKey{l.Policy, l.Sequence}
		lines[k] = append(lines[k], l)
	}
	for _, g := range d.Groups {
		for i := range g.Entries {
			e := &g.Entries[i]
			e.InClear = append(e.InClear, lines[PolicyKey{g.Name, e.Sequence}]...)
		}
	}
}
