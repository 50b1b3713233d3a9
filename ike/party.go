package ike

import (
	"net/netip"
	"slices"
)

// A party is one box at the other end. Of an `ike peer` with one address there is one; of
// one that stands for many there is one for each identity that has been proved, and before
// that one for each negotiation.
type party struct {
	peer string // name of the ike peer
	who  string // identity, or what names a negotiation; empty for the only one
}

// single reports whether an `ike peer` stands for one box.
func (p *Peer) single() bool {
	return (p.Remote.IsValid() && !p.RemoteLast.IsValid()) || p.RemoteHost != ""
}

// owns reports whether what a party has at a place is of the same box as s. Boxes that have a
// pre-shared key and a name in common are one party to us, so there a name is not enough: nothing that
// one of them says or suffers may end what another one has. They are told apart by their addresses,
// and behind a NAT by their ports.
func (s *sa) owns(at netip.AddrPort) bool {
	switch {
	case s.peer.single() || !s.method.preShared:
		return true
	case s.nat.there:
		return at == s.remote
	}
	return at.Addr() == s.remote.Addr()
}

// ownsPair is owns for a pair, which may be where its peer was before.
func (s *sa) ownsPair(c *child) bool { return c.sa == s || s.owns(c.remote) }

// party returns the box that a policy is for: the peer's only one, or that of an instance.
func (p *Policy) party() party { return party{p.Peer.Name, p.who} }

// unproved returns the party of a negotiation with a peer that stands for many.
func (s *sa) unproved() party {
	if s.peer.single() {
		return party{peer: s.peer.Name}
	}
	return party{s.peer.Name, "cookie " + s.own().String()}
}

// meet makes p the peer of a negotiation, until the other end proves to be another.
func (s *sa) meet(p *Peer) {
	s.peer = p
	s.method = methods[s.authMethod]
	s.engine.regroup(s, s.unproved())
}

// regroup enters s under another party.
func (e *Engine) regroup(s *sa, with party) {
	if s.party == with {
		return
	}
	e.leaveParty(s)
	s.party = with
	e.byParty[with] = append(e.byParty[with], s)
}

// leaveParty takes s out of its party.
func (e *Engine) leaveParty(s *sa) {
	rest := slices.DeleteFunc(e.byParty[s.party], func(o *sa) bool { return o == s })
	if e.byParty[s.party] = rest; len(rest) == 0 {
		delete(e.byParty, s.party)
	}
	e.vacate(s.party)
}
