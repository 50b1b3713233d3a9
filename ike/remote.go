package ike

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

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

// nowhere reports whether nobody knows an address of a policy's peer: its host name has none yet.
func (e *Engine) nowhere(p *Policy) bool { return !e.remote(p.Peer, p.party()).IsValid() }

// notResolved gives up a flow until its peer's host name has an address. If that takes longer than
// a peer has to answer, it is as if it did not.
func (e *Engine) notResolved(f *flow, p *Policy) {
	e.fail(Failure{Remote: netip.AddrPortFrom(netip.IPv4Unspecified(), portIKE), Peer: p.Peer.Name, Category: NoAnswer.String(),
		Reason: fmt.Sprintf("nothing is sent: host name %s of ike peer %s has no address yet", p.Peer.RemoteHost, p.Peer.Name)})
	e.schedule.set(&f.retry, e.now.Add(linger), func() {
		p, c := e.policies[f.key.policy], f.current()
		switch {
		case p == nil || c != nil && !c.fading:
		case p.Clear.Enabled && e.nowhere(p):
			e.openPolicy(p, f, netip.IPv4Unspecified())
		case p.Auto || c != nil:
			e.want(f)
		}
		e.idle(f)
	})
}

// resolved begins anew what waits for peers whose host names have other addresses than before: flows
// that had nobody to negotiate with, or negotiate where the peer is not any more.
func (e *Engine) resolved(before map[string][]netip.Addr) {
	now := e.config.Hosts
	if maps.EqualFunc(before, now, slices.Equal[[]netip.Addr]) {
		return
	}
	for _, p := range e.config.Policies {
		if name := p.Peer.RemoteHost; name == "" || slices.Equal(before[name], now[name]) {
			continue
		}
		for _, s := range slices.Clone(e.byParty[p.party()]) {
			if s.astray() {
				s.remove("the peer's host name has another address")
			}
		}
		for _, r := range p.ACL.Rules {
			if f := e.flows[flowKey{p.ID, r.ID}]; f != nil && f.current() == nil && f.retry.place != 0 {
				e.schedule.clear(&f.retry)
				e.want(f)
				e.idle(f)
			}
		}
	}
}

// astray reports whether s is a negotiation of ours with an address that its peer does not have any
// more, and that answers nothing. One that is to replace an SA goes where that one was.
func (s *sa) astray() bool {
	return !s.established && s.phase1.silent() && s.engine.current(s.party) == nil && !slices.Contains(s.peer.addresses(s.engine.config), s.remote.Addr())
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
