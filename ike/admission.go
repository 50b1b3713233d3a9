package ike

import (
	"cmp"
	"net/netip"
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
func (e *Engine) limits() Limits {
	l := e.config.Limits
	return Limits{
		HalfOpen:        cmp.Or(l.HalfOpen, maxHalfOpen),
		HalfOpenPerAddr: cmp.Or(l.HalfOpenPerAddr, maxHalfOpenPerAddr),
		ISAKMP:          cmp.Or(l.ISAKMP, maxISAKMP),
		InNegotiation:   l.InNegotiation,
	}
}

// notAdmitted gives up a flow for now.
func (e *Engine) notAdmitted(f *flow, p *Policy, err error) {
	e.fail(Failure{Remote: netip.AddrPortFrom(e.remote(p.Peer, p.party()), portIKE), Peer: p.Peer.Name,
		Category: categoryOf(err).String(), Reason: reasonOf(err)})
	e.failedFlow(f)
}

// admits returns why no negotiation with a party may be begun now, by us or by it, or nil.
// Who has an ISAKMP SA may always have another in its place, and one that is under way is waited for.
func (e *Engine) admits(with party, initiator bool) error {
	l := e.limits()
	switch {
	case e.current(with) != nil, initiator && e.negotiating(with) != nil:
	case e.census.proved >= l.ISAKMP:
		return reject(Limited, "%d ISAKMP SAs are established, which is the limit", l.ISAKMP)
	case initiator && l.InNegotiation != 0 && e.census.ours >= l.InNegotiation:
		return reject(Limited, "%d negotiations of ours are under way: `ike call admission limit in-negotiation-sa`", l.InNegotiation)
	}
	return nil
}
