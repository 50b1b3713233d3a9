package ike

import (
	"slices"
	"strings"
)

// A roster is the policies by the names of their peers. It is made when somebody asks, and again
// after a change of the configuration: eight octets a policy are cheaper than a list for each peer.
type roster []*Policy

// newRoster lists the policies of a configuration. Those of a peer keep their order.
func newRoster(c *Config) roster {
	r := roster(slices.Clone(c.Policies))
	slices.SortStableFunc(r, func(a, b *Policy) int { return strings.Compare(a.Peer.Name, b.Peer.Name) })
	return r
}

// of returns the policies of a peer, in the order of the configuration.
func (r roster) of(name string) []*Policy {
	first, _ := slices.BinarySearchFunc(r, name, func(p *Policy, name string) int { return strings.Compare(p.Peer.Name, name) })
	rest := r[first:]
	if n := slices.IndexFunc(rest, func(p *Policy) bool { return p.Peer.Name != name }); n >= 0 {
		rest = rest[:n]
	}
	return rest
}

// policiesOf returns the policies of a peer, in the order of the configuration.
func (e *Engine) policiesOf(p *Peer) []*Policy {
	if e.roster == nil {
		e.roster = newRoster(e.config)
	}
	return e.roster.of(p.Name)
}
