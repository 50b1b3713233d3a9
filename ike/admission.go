package ike

import (
	"cmp"
	"net/netip"
	"slices"
)

// How many ISAKMP SAs there may be: `ike limit` and its like.

// maxISAKMP is how many ISAKMP SAs may be established unless something less is configured.
const maxISAKMP = 100000

// A census counts the ISAKMP SAs whose other end is known to be who we think.
type census struct {
	ours   int // negotiations that we have begun and that are not over
	proved int // phase 1 is over
}

// begin counts a negotiation.
func (c *census) begin(s *sa) {
	if s.initiator {
		c.ours++
	}
}

// prove counts an SA whose phase 1 is over.
func (c *census) prove(s *sa) {
	if s.initiator {
		c.ours--
	}
	c.proved++
	s.counted = true
}

// resume counts an SA of a predecessor.
func (c *census) resume(s *sa) {
	c.proved++
	s.counted = true
}

// end uncounts an SA.
func (c *census) end(s *sa) {
	switch {
	case s.counted:
		c.proved--
	case s.initiator:
		c.ours--
	}
}

// limits returns the limits in force.
func (e *Engine) limits() Limits { return e.config.Limits.InForce() }

// InForce returns the limits with the defaults in place of zeros, but for InNegotiation, where zero is
// no limit.
func (l Limits) InForce() Limits {
	return Limits{
		HalfOpen:        cmp.Or(l.HalfOpen, maxHalfOpen),
		HalfOpenPerAddr: cmp.Or(l.HalfOpenPerAddr, maxHalfOpenPerAddr),
		ISAKMP:          cmp.Or(l.ISAKMP, maxISAKMP),
		InNegotiation:   l.InNegotiation,
	}
}

// OfPeer returns how many half-open negotiations the address of an ike peer may have.
func (l Limits) OfPeer() int { return cmp.Or(l.HalfOpenPerAddr, maxHalfOpenKnown) }

// notAdmitted gives up a flow for now.
func (e *Engine) notAdmitted(f *flow, p *Policy, err error) {
	e.fail(Failure{Remote: netip.AddrPortFrom(e.remote(p.Peer, p.party()), portIKE), Peer: p.Peer.Name,
		Category: categoryOf(err).String(), Reason: reasonOf(err)})
	e.failedFlow(f)
}

// admits returns why no negotiation with a party may be begun now, by us or by it, or nil.
// Who has an ISAKMP SA may always have another in its place, and one that is under way is waited for.
// Who it is that begins may not be known before it proves it: admitsProved decides then.
func (e *Engine) admits(with party, initiator bool) error {
	l := e.limits()
	switch {
	case e.current(with) != nil, initiator && e.negotiating(with) != nil, !initiator && e.mayReplace(with.peer):
	case e.census.proved >= l.ISAKMP:
		return e.full(Limited)
	case initiator && l.InNegotiation != 0 && e.census.ours >= l.InNegotiation:
		return reject(Limited, "%d negotiations of ours are under way: `ike call admission limit in-negotiation-sa`", l.InNegotiation)
	}
	return nil
}

// full is the refusal of what `ike limit` leaves no room for.
func (e *Engine) full(c Category) error {
	return reject(c, "%d ISAKMP SAs are established, which is the limit", e.limits().ISAKMP)
}

// mayReplace reports whether somebody at the addresses of a peer may have an ISAKMP SA, as far as an address
// tells: of a peer that stands for many anybody may.
func (e *Engine) mayReplace(peer string) bool {
	p := e.directory.named[peer]
	switch {
	case p == nil:
		return false
	case !p.single():
		return true
	}
	return slices.ContainsFunc(p.addresses(e.config), func(a netip.Addr) bool {
		return slices.ContainsFunc(e.directory.at(a), func(o *Peer) bool { return !o.single() || e.current(party{peer: o.Name}) != nil })
	})
}

// admitsProved returns why whoever has proved a claim to us as responder may have no ISAKMP SA, or nil.
func (s *sa) admitsProved(c claim) error {
	e := s.engine
	if s.initiator || e.census.proved < e.limits().ISAKMP || e.current(s.partyOf(c)) != nil || s.isOfUser(c) {
		return nil
	}
	return e.full(TooMany)
}

// isOfUser reports whether a claim may be that of a user who has an ISAKMP SA: users of one
// group are told apart by XAUTH only, which comes later, and until then by their address.
func (s *sa) isOfUser(c claim) bool {
	if !s.method.asksUser(s.initiator) {
		return false
	}
	text := idText(c.id)
	for _, o := range s.engine.sas {
		if o.established && o.peer.Name == c.peer.Name && o.remoteID == text && o.remote.Addr() == s.remote.Addr() {
			return true
		}
	}
	return false
}
