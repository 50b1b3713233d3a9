package ike

import (
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
