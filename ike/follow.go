package ike

import (
	"net/netip"
	"slices"

	"sallyport/ipsec"
)

// A peer behind a NAT whose address or port changes under way: RFC 3947 §6.

// A MoveSA has an SA in UDP, which the dataplane has, go to or come from another address and
// port of the peer's. If the dataplane cannot, the outputs after it are performed all the
// same, and Failed says so.
type MoveSA struct {
	SA       ipsec.SAID // its name so far: that of an outbound one changes with the address
	From, To netip.AddrPort
}

func (MoveSA) output() {}

// name returns the SA's name after the move.
func (m MoveSA) name() ipsec.SAID {
	id := m.SA
	if id.Destination == m.From.Addr() {
		id.Destination = m.To.Addr()
	}
	return id
}

// roams reports whether the peer may be at another address or port later: one behind a NAT may.
// An initiator that is behind one itself does not follow: the peer that it has called stays where
// it was.
func (s *sa) roams() bool { return s.nat.there && !(s.nat.here && s.initiator) }

// follow takes a new address or port of an authenticated peer. It reports whether the peer has
// moved.
func (s *sa) follow(local, remote netip.AddrPort) bool {
	if !s.roams() || s.local == local && s.remote == remote {
		return false
	}
	s.local, s.remote = local, remote
	return true
}

// carryPairs has the pairs go where the peer is, those in UDP that come to the port of s here.
func (s *sa) carryPairs() {
	s.changed()
	for _, c := range slices.Clone(s.children) {
		if c.in.Encapsulation.Local == s.local.Port() {
			c.carry(s.remote)
		}
	}
}

// moved follows the peer of an SA in UDP that has sent authentic ESP. The ISAKMP SA may know the
// place already, or have gone.
func (e *Engine) moved(in Moved) {
	c := e.find(in.SA)
	if c == nil {
		return
	}
	s := c.sa
	switch {
	case s == nil && c.roams:
		e.carryOrphans(c.party, c.remote, in.Remote)
	case s != nil && (s.follow(s.local, in.Remote) || s.remote == in.Remote):
		s.carryPairs()
	}
}

// carryOrphans has the pairs of a party go from one place to another that no ISAKMP SA is
// there for.
func (e *Engine) carryOrphans(with party, from, to netip.AddrPort) {
	for _, c := range e.orphans(with) {
		if c.remote == from {
			c.carry(to)
		}
	}
}

// carry moves a pair to where its peer is now. What cannot move is made anew: the packets of
// transport mode are others at another address.
func (c *child) carry(to netip.AddrPort) {
	switch {
	case c.remote == to || c.in.Encapsulation == (ipsec.Ports{}):
		return
	case c.in.Mode == ipsec.Transport && c.remote.Addr() != to.Addr():
		c.renew()
		return
	}
	e, from := c.engine, c.remote
	e.emit(MoveSA{c.in.ID, from, to})
	if c.sending && !c.replaced {
		e.emit(MoveSA{c.out.ID, from, to})
	}
	c.remote, c.in = to, at(c.in, to)
	c.renameOutbound(at(c.out, to))
	c.changed()
}

// at returns an SA with its peer at another place.
func at(sa *ipsec.SA, remote netip.AddrPort) *ipsec.SA {
	moved := *sa
	moved.Remote, moved.Encapsulation.Remote = remote.Addr(), remote.Port()
	if sa.Direction == ipsec.Outbound {
		moved.ID.Destination = remote.Addr()
	}
	return &moved
}

// renameOutbound makes sa the pair's outbound SA.
func (c *child) renameOutbound(sa *ipsec.SA) {
	e := c.engine
	if e.outbound[c.out.ID] == c {
		delete(e.outbound, c.out.ID)
	}
	c.out = sa
	e.outbound[sa.ID] = c
}

// renew has a pair in use succeeded by one with the peer where it is now.
func (c *child) renew() {
	if c.up && !c.replaced {
		c.rekey()
	}
}

// notMoved takes back what the dataplane could not do of a move.
func (e *Engine) notMoved(m MoveSA) {
	c := e.find(m.name())
	if c == nil {
		return
	}
	if c.in.ID == m.SA {
		c.in = at(c.in, m.From)
	} else {
		c.renameOutbound(at(c.out, m.From))
	}
	c.changed()
	c.renew()
}
