package ike

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"sallyport/ipsec"
)

// index makes c the configuration in force.
func (e *Engine) index(c *Config) {
	e.config, e.roster = c, nil
	e.policies = make(map[ipsec.PolicyID]*Policy, len(c.Policies))
	e.directory = newDirectory(c)
	for _, p := range c.Policies {
		e.policies[p.ID] = p
	}
}

// setConfig replaces the configuration. SAs that the new one would not have made
// are deleted and the peer is told; everything else stays. Nothing but the SAs with the
// peers of policies that changed is looked at.
func (e *Engine) setConfig(c *Config) {
	changed, before := changes(e.config.Policies, c.Policies), e.config
	peers := e.reindex(c, changed)
	gone := e.rederive(changed)
	e.review(e.affected(peers))
	e.reviewUsers(before.UserTables)
	e.reviewLocals(before.Locals)
	e.reviewTrust(before)
	for _, id := range gone {
		e.emit(RemovePolicy{id})
	}
	e.rewatch(before)
	e.reviewFallbacks()
	e.resolved(before.Hosts)
	e.forgive(changed)
	e.startAuto()
}

// forgive ends the waiting of flows whose negotiation has failed under another policy: what has
// failed may be what the operator has changed.
func (e *Engine) forgive(changed []replacement) {
	for _, c := range changed {
		if c.now == nil {
			continue
		}
		for _, r := range c.now.ACL.Rules {
			if f := e.flows[flowKey{c.now.ID, r.ID}]; f != nil {
				e.schedule.clear(&f.retry)
				e.idle(f)
			}
		}
	}
}

// A replacement is a policy and what came in its place; either may be nil.
type replacement struct{ old, now *Policy }

// changes returns what leads from one list of policies to another. Those between the
// first place where one came or went and the last all go, and come again.
func changes(old, now []*Policy) (changed []replacement) {
	replaced := func(a, b *Policy) bool {
		if a.ID != b.ID {
			return false
		}
		if a != b {
			changed = append(changed, replacement{a, b})
		}
		return true
	}
	for len(old) > 0 && len(now) > 0 && replaced(old[0], now[0]) {
		old, now = old[1:], now[1:]
	}
	for len(old) > 0 && len(now) > 0 && replaced(old[len(old)-1], now[len(now)-1]) {
		old, now = old[:len(old)-1], now[:len(now)-1]
	}
	for _, p := range old {
		changed = append(changed, replacement{old: p})
	}
	for _, p := range now {
		changed = append(changed, replacement{now: p})
	}
	return changed
}

// peer returns the peer of a policy that may be nil.
func (p *Policy) peer() *Peer {
	if p == nil {
		return nil
	}
	return p.Peer
}

// reindex is index for a configuration of which only some policies changed. It returns
// the peers that these have, or that have the address of one of them.
func (e *Engine) reindex(c *Config, changed []replacement) (peers []*Peer) {
	hosts, other := e.config.Hosts, false
	e.config, e.roster = c, nil
	for _, r := range changed {
		if r.old != nil {
			delete(e.policies, r.old.ID)
		}
		for _, p := range []*Peer{r.old.peer(), r.now.peer()} {
			if p != nil {
				peers = append(peers, p)
			}
		}
		other = other || r.old.peer() != r.now.peer()
	}
	other = other || !maps.EqualFunc(hosts, c.Hosts, slices.Equal[[]netip.Addr])
	for _, r := range changed {
		if r.now != nil {
			e.policies[r.now.ID] = r.now
		}
	}
	if other {
		peers = append(peers, e.reindexPeers(peers)...)
	}
	return peers
}

// reindexPeers lists the peers anew, and returns whose the addresses of some were and are.
func (e *Engine) reindexPeers(changed []*Peer) (peers []*Peer) {
	before := e.directory
	e.directory = newDirectory(e.config)
	for _, p := range changed {
		for _, a := range p.addresses(e.config) {
			for _, d := range []directory{before, e.directory} {
				peers = append(peers, d.owners(a)...)
			}
		}
	}
	return peers
}

// affected returns the pairs and the ISAKMP SAs with some peers, oldest first.
func (e *Engine) affected(peers []*Peer) (children []*child, sas []*sa) {
	seen := map[string]bool{}
	for _, p := range peers {
		if !seen[p.Name] {
			seen[p.Name] = true
			for _, with := range e.parties(p) {
				children = append(children, e.pairs[with]...)
				sas = append(sas, e.byParty[with]...)
			}
		}
	}
	slices.SortFunc(children, func(a, b *child) int { return cmp.Compare(a.id, b.id) })
	slices.SortFunc(sas, func(a, b *sa) int { return cmp.Compare(a.order, b.order) })
	return children, sas
}

// parties returns those of a peer, in no order.
func (e *Engine) parties(p *Peer) []party {
	if p.single() {
		return []party{{peer: p.Name}}
	}
	found := map[party]bool{}
	for with := range e.byParty {
		found[with] = with.peer == p.Name
	}
	for with := range e.pairs {
		found[with] = with.peer == p.Name
	}
	maps.DeleteFunc(found, func(_ party, its bool) bool { return !its })
	return slices.Collect(maps.Keys(found))
}

// review deletes those that the configuration would not have made.
func (e *Engine) review(children []*child, sas []*sa) {
	const reason = "config modify or manual offline"
	for _, k := range children {
		if !e.stillAllowed(k) {
			k.end(reason)
		}
	}
	for _, s := range sas {
		for _, q := range s.quickModes() {
			if !e.stillWanted(q) {
				q.abort()
			}
		}
		p := e.applied(s.peer)
		if p == nil || !p.sameAs(s.peer) {
			s.end(reason)
			continue
		}
		s.peer = p
		s.watch()
	}
}

// applied returns the peer that the configuration has in the place of an older version.
func (e *Engine) applied(old *Peer) *Peer { return e.directory.named[old.Name] }

// stillAllowed reports whether the configuration would still make this pair.
func (e *Engine) stillAllowed(c *child) bool {
	p := e.policies[c.flow.key.policy]
	if p == nil || !p.Peer.sameAs(c.peer) || p.Local != c.in.Local {
		return false
	}
	s, err := e.selector(c.flow.key)
	return err == nil && s == c.in.Selector && p.wraps(c.in)
}

// wraps reports whether the policy's SAs may have the protocols and the mode of one: what
// it protects is looked for in that form, by both ends. Algorithms change with the next
// negotiation.
func (p *Policy) wraps(s *ipsec.SA) bool {
	return slices.ContainsFunc(p.Proposals, func(o *ipsec.Proposal) bool {
		return o.Transform == s.Offer().Transform() && o.Mode.Allows(s.Mode)
	})
}

// wrapsAs reports whether two versions of a policy propose the same protocols and modes.
func (p *Policy) wrapsAs(other *Policy) bool {
	return p == other || slices.EqualFunc(p.Proposals, other.Proposals, func(a, b *ipsec.Proposal) bool {
		return a.Transform == b.Transform && a.Mode == b.Mode
	})
}

// stillWanted reports whether the configuration would still begin this quick mode.
func (e *Engine) stillWanted(q *quickMode) bool {
	s, err := e.selector(q.flow.key)
	return q.state == qmDone || err == nil && s == q.traffic && q.policy.wrapsAs(e.policies[q.flow.key.policy])
}

// sameAs reports whether two versions of a peer would authenticate the same one.
func (p *Peer) sameAs(other *Peer) bool {
	return p == other || p.fingerprint().Equal(other.fingerprint())
}
