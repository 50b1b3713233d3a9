package ike

import (
	"cmp"
	"net/netip"
	"slices"

	"sallyport/ipsec"
)

// index makes c the configuration in force.
func (e *Engine) index(c *Config) {
	e.config = c
	e.policies = make(map[ipsec.PolicyID]*Policy, len(c.Policies))
	e.peers = make(map[netip.Addr]*Peer, len(c.Policies))
	for _, p := range c.Policies {
		e.policies[p.ID] = p
		if e.peers[p.Peer.Remote] == nil {
			e.peers[p.Peer.Remote] = p.Peer
		}
	}
}

// setConfig replaces the configuration. SAs that the new one would not have made
// are deleted and the peer is told; everything else stays. Where policies were only
// replaced, nothing but the SAs with their peers is looked at.
func (e *Engine) setConfig(c *Config) {
	if changed, ok := replaced(e.config.Policies, c.Policies); ok {
		e.reindex(c, changed)
		e.review(e.affected(changed))
	} else {
		e.index(c)
		e.review(e.childrenSorted(), e.sasSorted())
	}
	e.startAuto()
}

// A replacement is a policy and what came in its place.
type replacement struct{ old, now *Policy }

// replaced returns the policies that differ, and false if others than these came,
// went or changed places.
func replaced(old, now []*Policy) (changed []replacement, ok bool) {
	if len(old) != len(now) {
		return nil, false
	}
	for i, p := range now {
		if p == old[i] {
			continue
		}
		if p.ID != old[i].ID {
			return nil, false
		}
		changed = append(changed, replacement{old[i], p})
	}
	return changed, true
}

// reindex is index for a configuration of which only some policies changed.
func (e *Engine) reindex(c *Config, changed []replacement) {
	e.config = c
	moved := map[netip.Addr]bool{}
	for _, r := range changed {
		e.policies[r.now.ID] = r.now
		if r.old.Peer != r.now.Peer {
			moved[r.old.Peer.Remote], moved[r.now.Peer.Remote] = true, true
		}
	}
	if len(moved) == 0 {
		return
	}
	for a := range moved {
		delete(e.peers, a)
	}
	for _, p := range c.Policies {
		if moved[p.Peer.Remote] && e.peers[p.Peer.Remote] == nil {
			e.peers[p.Peer.Remote] = p.Peer
		}
	}
}

// affected returns the pairs and the ISAKMP SAs with the peers of changed policies,
// oldest first.
func (e *Engine) affected(changed []replacement) (children []*child, sas []*sa) {
	seen := map[string]bool{}
	for _, r := range changed {
		for _, p := range []*Peer{r.old.Peer, r.now.Peer} {
			if !seen[p.Name] {
				seen[p.Name] = true
				children = append(children, e.pairs[p.Name]...)
				sas = append(sas, e.byPeer[p.Name]...)
			}
		}
	}
	slices.SortFunc(children, func(a, b *child) int { return cmp.Compare(a.id, b.id) })
	slices.SortFunc(sas, func(a, b *sa) int { return cmp.Compare(a.order, b.order) })
	return children, sas
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
		p := e.peers[s.peer.Remote]
		if p == nil || !p.sameAs(s.peer) {
			s.end(reason)
			continue
		}
		s.peer = p
	}
}

// stillAllowed reports whether the configuration would still make this pair.
func (e *Engine) stillAllowed(c *child) bool {
	p := e.policies[c.flow.key.policy]
	if p == nil || !p.Peer.sameAs(c.peer) || p.Local != c.in.Local {
		return false
	}
	s, err := e.selector(c.flow.key)
	return err == nil && s == c.in.Selector
}

// stillWanted reports whether the configuration would still begin this quick mode.
func (e *Engine) stillWanted(q *quickMode) bool {
	s, err := e.selector(q.flow.key)
	return q.state == qmDone || err == nil && s == q.traffic
}

// sameAs reports whether two versions of a peer would authenticate the same one.
func (p *Peer) sameAs(other *Peer) bool {
	return p == other || p.Name == other.Name && p.Remote == other.Remote && p.RemoteID == other.RemoteID &&
		p.Local == other.Local && p.Key.Equal(other.Key)
}
