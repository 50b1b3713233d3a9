package ike

import (
	"net/netip"
	"slices"
)

// A directory finds the `ike peer`s that are applied.
type directory struct {
	single map[netip.Addr]*Peer   // by each address of one that has them
	behind map[netip.Addr][]*Peer // that have the address of another one too, as behind a NAT
	many   []*Peer                // that stand for many boxes, in the order of the configuration
	named  map[string]*Peer
}

// newDirectory lists the peers of a configuration.
func newDirectory(c *Config) directory {
	d := directory{single: make(map[netip.Addr]*Peer, len(c.Policies)), named: make(map[string]*Peer, len(c.Policies))}
	for _, p := range c.Policies {
		d.add(c, p.Peer)
	}
	return d
}

// add enters a peer, unless it is there.
func (d *directory) add(c *Config, p *Peer) {
	if d.named[p.Name] == p {
		return
	}
	d.named[p.Name] = p
	if !p.single() {
		d.many = append(d.many, p)
		return
	}
	for _, a := range p.addresses(c) {
		if d.single[a] == nil {
			d.single[a] = p
		}
		if slices.Contains(d.owners(a), p) {
			continue
		}
		if d.behind == nil {
			d.behind = map[netip.Addr][]*Peer{}
		}
		d.behind[a] = append(d.behind[a], p)
	}
}

// owners returns the peers with just an address, in the order of the configuration.
func (d *directory) owners(a netip.Addr) (all []*Peer) {
	if p := d.single[a]; p != nil {
		all = append(all, p)
	}
	return append(all, d.behind[a]...)
}

// addresses returns where a peer that is one box may be, in order of preference.
func (p *Peer) addresses(c *Config) []netip.Addr {
	if p.RemoteHost != "" {
		return c.Hosts[p.RemoteHost]
	}
	return append([]netip.Addr{p.Remote}, p.Backups...)
}

// at returns the peers that may have an address, those with just that address first.
func (d *directory) at(a netip.Addr) (all []*Peer) {
	all = d.owners(a)
	for _, p := range d.many {
		if p.covers(a) {
			all = append(all, p)
		}
	}
	return all
}

// covers reports whether a peer that stands for many may have an address.
func (p *Peer) covers(a netip.Addr) bool {
	return !p.Remote.IsValid() || a.BitLen() == p.Remote.BitLen() && a.Compare(p.Remote) >= 0 && a.Compare(p.RemoteLast) <= 0
}
