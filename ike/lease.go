package ike

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// The addresses that a gateway gives its clients. A client gets the one that it had last, as
// long as nobody else needs it.

// A lease is an address that a client has, or had last.
type lease struct {
	with  party
	addr  netip.Addr
	bits  int       // of the mask that the client is told
	since time.Time // when the client's last SA went; zero: it has one
}

// leases are those of all clients. The zero value has none.
type leases struct {
	of   map[party]*lease
	at   map[netip.Addr]*lease
	last map[string]netip.Addr // given from a pool, by its name: the search goes on behind it
}

// The bounds of leases.
const (
	maxLeases  = 65536           // with those that are only remembered
	leaseGrace = 5 * time.Minute // in which a client that has gone away may come back to its address
)

// A leaseWish is what an address is looked for by.
type leaseWish struct {
	pools  []Pool
	framed netip.Addr // that the authentication server wants the client to have; zero: none
	asked  netip.Addr // that the client would like; zero: none
	now    time.Time
}

// take leases an address to a party, that of before if it may still have it. nil: there is
// none left.
func (l *leases) take(with party, w leaseWish) *lease {
	had := l.of[with]
	if had != nil && (had.addr == w.framed || w.has(had.addr) && !(w.framed.IsValid() && l.free(w.framed, w.now))) {
		had.since = time.Time{}
		return had
	}
	addr := l.choose(w)
	if !addr.IsValid() {
		return nil
	}
	l.drop(l.of[with])
	l.drop(l.at[addr])
	return l.enter(&lease{with: with, addr: addr, bits: w.bits(addr)})
}

// enter keeps a lease.
func (l *leases) enter(new *lease) *lease {
	if l.of == nil {
		l.of, l.at, l.last = map[party]*lease{}, map[netip.Addr]*lease{}, map[string]netip.Addr{}
	}
	l.of[new.with], l.at[new.addr] = new, new
	return new
}

// drop forgets a lease; nil: none.
func (l *leases) drop(old *lease) {
	if old != nil {
		delete(l.of, old.with)
		delete(l.at, old.addr)
	}
}

// free reports whether an address may be given to another client.
func (l *leases) free(a netip.Addr, now time.Time) bool {
	old := l.at[a]
	return old == nil || !old.since.IsZero() && now.Sub(old.since) >= leaseGrace
}

// choose returns an address for a client that has none: the one that it is to have, the one
// that it would like, one that nobody had, or the one that has been free for longest. Zero:
// there is none.
func (l *leases) choose(w leaseWish) netip.Addr {
	if w.framed.IsValid() && l.free(w.framed, w.now) {
		return w.framed
	}
	if w.has(w.asked) && l.free(w.asked, w.now) {
		return w.asked
	}
	if len(l.at) < maxLeases {
		for _, p := range w.pools {
			if a := l.unused(p); a.IsValid() {
				return a
			}
		}
	}
	return l.oldest(w)
}

// unused returns an address of a pool that nobody had, or zero.
func (l *leases) unused(p Pool) netip.Addr {
	from := l.last[p.Name].Next()
	if !p.has(from) {
		from = p.First
	}
	for a := from; ; {
		if l.at[a] == nil {
			l.enterLast(p, a)
			return a
		}
		if a = a.Next(); !p.has(a) {
			a = p.First
		}
		if a == from {
			return netip.Addr{}
		}
	}
}

// enterLast has the next search go on behind an address.
func (l *leases) enterLast(p Pool, a netip.Addr) {
	if l.last == nil {
		l.last = map[string]netip.Addr{}
	}
	l.last[p.Name] = a
}

// oldest returns the address of the pools that has been free for longest, or zero.
func (l *leases) oldest(w leaseWish) netip.Addr {
	var found *lease
	for _, o := range l.of {
		if w.has(o.addr) && l.free(o.addr, w.now) && (found == nil || o.before(found)) {
			found = o
		}
	}
	if found == nil {
		return netip.Addr{}
	}
	return found.addr
}

// before orders leases by their age, and by address if that is the same.
func (l *lease) before(other *lease) bool {
	return l.since.Before(other.since) || l.since.Equal(other.since) && l.addr.Less(other.addr)
}

// has reports whether an address is one of the pools'.
func (w leaseWish) has(a netip.Addr) bool {
	return slices.ContainsFunc(w.pools, func(p Pool) bool { return p.has(a) })
}

// bits returns the length of the mask to an address; one of no pool is a host's.
func (w leaseWish) bits(a netip.Addr) int {
	for _, p := range w.pools {
		if p.has(a) && p.Bits > 0 {
			return p.Bits
		}
	}
	return a.BitLen()
}

// has reports whether an address is one of the pool's.
func (p Pool) has(a netip.Addr) bool {
	return a.IsValid() && a.BitLen() == p.First.BitLen() && !a.Less(p.First) && !p.Last.Less(a)
}

// lease returns the address that the peer of s has from us, or nil.
func (s *sa) lease() *lease {
	if l := s.engine.leases.of[s.party]; l != nil && l.since.IsZero() {
		return l
	}
	return nil
}

// takeLease gives the peer an address; nil: there is none left.
func (s *sa) takeLease(c *Scheme, asked netip.Addr) *lease {
	e := s.engine
	before := s.lease()
	l := e.leases.take(s.party, leaseWish{pools: c.Pools, framed: s.ensureAccess().framed, asked: asked, now: e.now})
	if l != before {
		e.partyChanged(s.party)
	}
	if l == nil {
		s.failAccess(NoAddress, fmt.Sprintf("service-scheme %s has no address left for %v", c.Name, s.party))
	}
	return l
}

// partyChanged has the ISAKMP SAs with a party remembered.
func (e *Engine) partyChanged(with party) {
	for _, s := range e.byParty[with] {
		s.changed()
	}
}

// keepLease gives a client that is back the address of before, whether it asks or not.
func (s *sa) keepLease() {
	if l := s.engine.leases.of[s.party]; l != nil && s.peer.Scheme != "" {
		l.since = time.Time{}
	}
}

// vacate takes note that an SA with a party has gone: with the last one go the address
// that the peer has from us, after a while, and that which we have from the peer.
func (e *Engine) vacate(with party) {
	if with.who != "" && !e.uses(with) {
		delete(e.contacted, with) // there is no end to parties that come and go
	}
	l, given := e.leases.of[with], e.given[with]
	if l == nil && given == nil || e.uses(with) {
		return
	}
	if l != nil && l.since.IsZero() {
		l.since = e.now
	}
	if given != nil {
		e.ungive(with)
	}
}

// uses reports whether there is an SA with a party.
func (e *Engine) uses(with party) bool {
	return len(e.pairs[with]) > 0 || slices.ContainsFunc(e.byParty[with], func(s *sa) bool { return s.proved })
}

// clientSelector checks the traffic that a peer proposes, seen from here. One that has its
// address from us gets SAs for that address only, and for the networks of its scheme, or for
// everything if it is for the policy to say. A client that comes back may skip mode
// configuration: the address is still its own.
func (s *sa) clientSelector(traffic ipsec.Selector) error {
	if s.peer.Scheme == "" {
		return nil
	}
	l, c := s.lease(), s.scheme()
	refuse := func(format string, args ...any) error {
		return rejectWith(FlowMismatch, wire.InvalidIDInformation, "%v proposes %v (seen from here): %s", s.party, traffic, fmt.Sprintf(format, args...))
	}
	switch {
	case c == nil:
		return refuse("service-scheme %s does not exist", s.peer.Scheme)
	case l == nil:
		return refuse("it has no address of service-scheme %s, want mode configuration first", c.Name)
	case traffic.Remote != ipsec.AddrRange(l.addr):
		return refuse("its address is %v", l.addr)
	case !c.reaches(traffic.Local):
		return refuse("service-scheme %s has %v", c.Name, c.Networks)
	}
	return nil
}

// reaches reports whether a client may propose a network.
func (c *Scheme) reaches(r ipsec.Range) bool {
	p, ok := r.Prefix()
	return len(c.Networks) == 0 || ok && p.Bits() == 0 ||
		slices.ContainsFunc(c.Networks, func(n netip.Prefix) bool { return ipsec.PrefixRange(n).Covers(r) })
}

// narrowed returns what of a flow's traffic there are SAs for: of a client its address, and
// the network that it may reach.
func (s *sa) narrowed(traffic ipsec.Selector) ipsec.Selector {
	if l := s.lease(); l != nil && traffic.Remote.Contains(l.addr) {
		traffic.Remote = ipsec.AddrRange(l.addr)
	}
	g := s.engine.given[s.party]
	if g == nil {
		return traffic
	}
	if traffic.Local.Contains(g.Address) {
		traffic.Local = ipsec.AddrRange(g.Address)
	}
	var inside []ipsec.Range
	for _, n := range g.Networks {
		if r := ipsec.PrefixRange(n); traffic.Remote.Covers(r) {
			inside = append(inside, r)
		}
	}
	if len(inside) == 1 {
		traffic.Remote = inside[0]
	}
	return traffic
}

// ip4 returns an address of IPv4, or zero.
func ip4(a netip.Addr) netip.Addr {
	if a = a.Unmap(); !a.Is4() {
		return netip.Addr{}
	}
	return a
}

// leased returns the address that the peer of s has from us, or zero.
func (s *sa) leased() netip.Addr {
	if l := s.lease(); l != nil {
		return l.addr
	}
	return netip.Addr{}
}
