package commands

import (
	"fmt"
	"slices"
	"strings"

	"sallyport/ike"
	"sallyport/ipsec"
)

// Entries in force that a line makes incomplete: whoever typed it is told what becomes of
// their traffic.

// completeBefore returns the entries in force that a change of an object may make
// incomplete. It is called before the change, and looks at all entries only if what they
// refer to loses what they want. after is nil for an object that goes.
func (e *edit) completeBefore(before, after any) []*Policy {
	if e.warnings == nil {
		return nil
	}
	concerned := func(*Policy) bool { return false }
	switch was := before.(type) {
	case *Policy:
		if p := e.config.standing(was); p == was && after != nil && e.config.inForce(p) {
			return []*Policy{p}
		}
		return nil
	case *ike.Peer:
		is, _ := after.(*ike.Peer)
		if (!e.config.callable(was) || e.config.callable(is)) && (!e.config.proves(was) || e.config.proves(is)) {
			return nil
		}
		concerned = func(p *Policy) bool { return p.Peer == was.Name }
	case *IKEProposal:
		if is, _ := after.(*IKEProposal); !keyless(was.Method) || is != nil && keyless(is.Method) {
			return nil
		}
		concerned = func(p *Policy) bool { return e.config.restsOn(p.Peer, was.Number) }
	case *ipsec.Proposal:
		if is, _ := after.(*ipsec.Proposal); is != nil && len(is.Offers()) > 0 {
			return nil
		}
		concerned = func(p *Policy) bool { return slices.Contains(p.Proposals, was.Name) }
	case *Interface:
		if is, _ := after.(*Interface); len(was.Addresses) == 0 || is != nil && len(is.Addresses) > 0 {
			return nil
		}
		concerned = func(p *Policy) bool { return p.LocalInterface == was.Name || !p.Manual && p.Name == was.Policy }
	}
	return e.config.allInForce(concerned)
}

// callable reports whether a peer has what a negotiation with it wants. It may be nil.
func (c *Config) callable(p *ike.Peer) bool { return p != nil && onePlace(p) && c.proves(p) }

// restsOn reports whether a peer without a key may rest on a proposal to do without.
func (c *Config) restsOn(peer string, proposal uint32) bool {
	p := c.IKEPeers[peer]
	return p != nil && len(p.Key) == 0 && (p.Proposal == 0 || p.Proposal == proposal)
}

// proves reports whether there is something that a peer and we can prove ourselves with: a
// key, or a proposal that does without. It may be nil.
func (c *Config) proves(p *ike.Peer) bool {
	if p == nil || len(p.Key) > 0 || p.UserTable != 0 {
		return p != nil
	}
	if p.Proposal != 0 {
		only := c.IKEProposals[p.Proposal]
		return only != nil && keyless(only.Method)
	}
	for _, proposal := range c.IKEProposals {
		if keyless(proposal.Method) {
			return true
		}
	}
	return false
}

// allInForce returns those of some entries that are in force, by name and number.
func (c *Config) allInForce(some func(*Policy) bool) (all []*Policy) {
	for _, entries := range []map[PolicyKey]*Policy{c.Policies, c.Templates} {
		for _, p := range entries {
			if some(p) && c.inForce(p) {
				all = append(all, p)
			}
		}
	}
	slices.SortFunc(all, func(a, b *Policy) int { return comparePolicies(a.PolicyKey, b.PolicyKey) })
	return all
}

// inForce reports whether an entry is complete on some interface that is up.
func (c *Config) inForce(p *Policy) bool {
	if p.Template != "" {
		return false // what is in force are the template's entries
	}
	return slices.ContainsFunc(c.upFor(p), func(i *Interface) bool { return len(c.lacks(p, i)) == 0 })
}

// upWith returns the interfaces that a group is applied to and that are not shut down.
func (c *Config) upWith(group string) (up []*Interface) {
	for _, name := range appliedTo(c, group) {
		if i := c.Interfaces[name]; !i.Shutdown {
			up = append(up, i)
		}
	}
	return up
}

// upFor returns the interfaces that an entry is applied to, of a template by way of the groups that
// refer to it, and that are not shut down.
func (c *Config) upFor(p *Policy) (up []*Interface) {
	if !p.Answers {
		return c.upWith(p.Name)
	}
	for _, group := range sortedKeys(c.Policies, comparePolicies) {
		if c.Policies[group].Template == p.Name {
			up = append(up, c.upWith(group.Name)...)
		}
	}
	return up
}

// standing returns what is configured in place of an entry.
func (c *Config) standing(p *Policy) *Policy {
	if p.Answers {
		return c.Templates[p.PolicyKey]
	}
	return c.Policies[p.PolicyKey]
}

// sort tells an entry of a template from one of a policy, for a message.
func (p *Policy) sort() string {
	if p.Answers {
		return " template"
	}
	return ""
}

// lacks returns what keeps an entry from being used on an interface, in the order of its commands.
// Without an interface, nil, it says what is wanted on any.
func (c *Config) lacks(p *Policy, on *Interface) []string {
	if p.Manual {
		m := c.manualEntry(p)
		return m.missing()
	}
	lacks := p.unset()
	peer := c.IKEPeers[p.Peer]
	switch {
	case peer == nil:
		return lacks
	case !c.proves(peer):
		lacks = append(lacks, keyCommand+" of IKE peer "+peer.Name)
	case on != nil && !peer.Local.IsValid() && len(on.Addresses) == 0:
		lacks = append(lacks, "address of interface "+on.Name)
	}
	if len(p.Proposals) > 0 && len(c.offers(p)) == 0 {
		lacks = append(lacks, "algorithms in its IPSec proposals")
	}
	return lacks
}

// unset returns the commands that a negotiated entry lacks.
func (p *Policy) unset() []string {
	lacks := []string{}
	need := func(there bool, command string) {
		if !there {
			lacks = append(lacks, command)
		}
	}
	if p.Template != "" {
		return lacks // its template's entries have what it needs
	}
	need(p.ACL != "" || p.Answers, "security acl")
	need(p.Peer != "", "ike-peer")
	need(len(p.Proposals) > 0, "proposal")
	return lacks
}

// lacksOnAny returns what keeps an entry from being used on some of the interfaces that are up.
func (c *Config) lacksOnAny(p *Policy, up []*Interface) []string {
	lacks := c.lacks(p, nil)
	for _, on := range up {
		for _, one := range c.lacks(p, on) {
			if !slices.Contains(lacks, one) {
				lacks = append(lacks, one)
			}
		}
	}
	return lacks
}

// warnOfIncomplete warns of entries that were in force and are not complete any more: in
// one line, that names the first.
func (e *edit) warnOfIncomplete(were []*Policy) {
	var lost []*Policy
	for _, was := range were {
		if p := e.config.standing(was); p != nil && !e.config.inForce(p) {
			lost = append(lost, p)
		}
	}
	if len(lost) == 0 {
		return
	}
	first, more := lost[0], ""
	if len(lost) > 1 {
		more = fmt.Sprintf(", and %d more", len(lost)-1)
	}
	up := e.config.upFor(first)
	if len(up) == 0 {
		return // the line has taken the interface away
	}
	e.warn("IPSec policy%s %s %d is incomplete (no %s)%s: its traffic is %s.",
		first.sort(), first.Name, first.Sequence, strings.Join(e.config.lacks(first, up[0]), ", no "), more, e.config.fateNow(first))
}

// fate says what becomes of the traffic of an entry that is applied and not complete.
func (c *Config) fate(p *Policy) string {
	if c.drops(p) {
		return "dropped"
	}
	return "not protected"
}

// fateNow is the fate of an entry that was complete before.
func (c *Config) fateNow(p *Policy) string {
	if c.drops(p) {
		return c.fate(p)
	}
	return c.fate(p) + " any more"
}

// drops reports whether the traffic of an entry that is not complete is dropped: of a manual one that says
// what its traffic is.
func (c *Config) drops(p *Policy) bool { return p.Manual && c.ACLs[p.ACL] != nil }
