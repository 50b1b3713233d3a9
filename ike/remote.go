package ike

import (
	"net/netip"

	"sallyport/ipsec"
)

// Where a peer with several addresses is: its host name may have some, and there may be
// backups, which are tried in order.

// remote returns where a party is to be reached.
func (e *Engine) remote(p *Peer, with party) netip.Addr {
	all := p.addresses(e.config)
	if len(all) == 0 {
		return netip.Addr{}
	}
	return all[e.attempts[with]%len(all)]
}

// passOver has the next negotiation with a party go to the next of its addresses, and reports
// whether that is one that has not been tried since the first.
func (e *Engine) passOver(p *Peer, with party) bool {
	n := len(p.addresses(e.config))
	if n < 2 {
		return false
	}
	if e.attempts[with] = (e.attempts[with] + 1) % n; e.attempts[with] == 0 {
		delete(e.attempts, with)
		return false
	}
	return true
}

// expectReply waits for message 2: not for as long as usual if the peer has another address to
// be tried.
func (x *handshake) expectReply() {
	x.expectAnswer(x.timedOut)
	if s := x.sa; len(s.peer.addresses(x.engine.config)) > 1 && len(x.engine.waiting[s.party]) > 0 {
		x.endAfter(otherAddressAfter, x.timedOut)
	}
}

// ourPart returns what of a flow's traffic we may ask SAs for.
func (s *sa) ourPart(traffic ipsec.Selector) ipsec.Selector { return s.narrowed(traffic) }

// flowFor returns the flow that a quick mode under s is for when another flow wants SAs: that
// of an instance, if the peer is elsewhere than the policy says, or if we have only part of
// the traffic to offer.
func (s *sa) flowFor(f *flow) (*flow, error) {
	e := s.engine
	p := e.policies[f.key.policy]
	traffic, err := e.selector(f.key)
	if err != nil {
		return nil, err
	}
	if i := e.instanceOf(f.key.policy); i != nil {
		if i.address != s.remote.Addr() {
			i.address = s.remote.Addr()
			e.derive(i, p)
		}
		return f, nil
	}
	ours := s.ourPart(traffic)
	if s.remote.Addr() == p.Remote && ours == traffic {
		return f, nil
	}
	i, err := e.instance(p, s.party, s.remote.Addr(), ours)
	if err != nil {
		return nil, err
	}
	return e.flow(flowKey{i.policy.ID, instanceRule}), nil
}
