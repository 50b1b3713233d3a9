package ike

import (
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// What decides a quick mode: RFC 2408 §4.2, RFC 2407 §4.5.

// terms are what one quick mode may agree on.
type terms struct {
	policy  *Policy
	nat     nat
	forced  bool // without UDP there is nothing to agree on
	traffic ipsec.Selector
	ends    ipsec.Selector      // from our end to the peer's
	like    *ipsec.SA           // of the pair to be rekeyed; nil: there is none
	can     *ipsec.Capabilities // of the dataplane; nil: everything
}

// terms returns what a quick mode for some traffic of a policy may agree on.
func (s *sa) terms(p *Policy, traffic ipsec.Selector) *terms {
	return &terms{policy: p, nat: s.nat, forced: s.peer.NAT == NATForce, traffic: traffic, ends: s.ends(), can: s.engine.options.Capabilities}
}

// ends is the traffic between the two ends themselves, which a quick mode without client
// IDs is about (RFC 2409 §5.5).
func (s *sa) ends() ipsec.Selector {
	return ipsec.Selector{Local: ipsec.AddrRange(s.local.Addr()), Remote: ipsec.AddrRange(s.remote.Addr())}
}

// mode returns the mode that a proposal of ours asks for: what the peer had its way with,
// where we take either, it has again.
func (t *terms) mode(proposal *ipsec.Proposal) ipsec.Mode {
	if t.like != nil && proposal.Mode.Allows(t.like.Mode) {
		return t.like.Mode
	}
	return proposal.Mode.Proposed()
}

// hosts reports whether the traffic is the two ends' own, all of it or a protocol or port
// of it. Transport mode has no other.
func (t *terms) hosts() bool {
	return t.traffic.Local == t.ends.Local && t.traffic.Remote == t.ends.Remote
}

// obstacle returns why SAs with these algorithms and mode cannot be had, whatever the
// policy says, or "".
func (t *terms) obstacle(o ipsec.Offer, m ipsec.Mode) string {
	switch {
	case t.nat.found() && o.AH != ipsec.NoIntegrity:
		return "there is a NAT on the way, which AH does not pass; `transform esp` does"
	case t.forced && !t.nat.found():
		return "`nat traversal` is forced for this peer, which does none"
	case m == ipsec.Transport && !t.hosts():
		return "transport mode is for what the two ends say themselves (" + t.ends.String() + "), " + t.traffic.String() +
			" needs `encapsulation-mode tunnel`"
	case t.can != nil && t.can.Lacks(o, m) != "":
		return t.can.Name + " has no " + t.can.Lacks(o, m) + " (" + t.can.Advice + ")"
	}
	return ""
}

// esn reports whether extended sequence numbers can be had; who offers them gets them. Without a replay check
// nobody could tell which half of them runs: RFC 4303 App. A.
func (t *terms) esn() bool { return t.policy.Window != 0 && (t.can == nil || t.can.ESN) }

// A variant is what the SAs of a proposal may be.
type variant struct {
	offer ipsec.Offer
	mode  ipsec.Mode
}

// variants returns all that the policy's proposals accept and that can be had.
func (t *terms) variants() map[variant]struct{} {
	all := map[variant]struct{}{}
	for _, proposal := range t.policy.Proposals {
		for _, m := range []ipsec.Mode{ipsec.Tunnel, ipsec.Transport} {
			for _, o := range proposal.Offers() {
				if proposal.Mode.Allows(m) && t.obstacle(o, m) == "" {
					all[variant{o, m}] = struct{}{}
				}
			}
		}
	}
	return all
}

// choose takes the first bundle and the first transforms in it that the policy allows
// and returns them as they came, but without SPIs: see withSPIs. withKE says that the
// message has a KE payload.
func (t *terms) choose(offer wire.SA, withKE bool) (bundle, phase2, error) {
	variants := t.variants()
	for _, b := range bundles(offer.Proposals) {
		theirs, ok := b.spis()
		if !ok {
			continue
		}
		var agreed phase2
		chosen := pick(b.readings(), func(r []reading) (ok bool) {
			agreed, ok = join(r)
			return ok && t.allows(agreed, variants) && (agreed.group != 0) == withKE
		})
		if chosen != nil {
			agreed.spis, agreed.lifetime = theirs, effective(t.policy.Lifetime, agreed.lifetime)
			return b.answer(chosen), agreed, nil
		}
	}
	return nil, phase2{}, rejectWith(t.mismatch(offer), wire.NoProposalChosen, "%s", t.explain(offer))
}

// allows reports whether the policy accepts a choice. PFS that only the peer asks for is
// welcome: it is stronger.
func (t *terms) allows(got phase2, variants map[variant]struct{}) bool {
	if t.policy.PFS != 0 && got.group != t.policy.PFS || got.group != 0 && !groupServed(got.group) || got.esn && !t.esn() {
		return false
	}
	m := modeOf(got.encap)
	_, ok := variants[variant{got.offer, m}]
	return ok && got.encap == encapsulation(m, t.nat)
}

// answer returns the chosen transforms of a bundle, in its order and under its number.
func (b bundle) answer(chosen []reading) bundle {
	a := make(bundle, len(b))
	for i, p := range b {
		a[i] = wire.Proposal{Number: p.Number, Protocol: p.Protocol, Transforms: []wire.Transform{chosen[i].transform}}
	}
	return a
}

// effective returns the shorter of two lifetimes. Below minLifetime there is only what we want ourselves.
func effective(ours, theirs ipsec.Lifetime) ipsec.Lifetime {
	l, least := ours.Min(theirs), minLifetime
	if ours.Duration != 0 {
		least = min(least, ours.Duration)
	}
	l.Duration, l.Octets = max(l.Duration, least), fewer(l.Octets, 0)
	return l
}

// chosenPhase2 checks that the responder's answer is one of our bundles with one of the
// transforms for each of its protocols, unmodified but for lifetimes: half a bundle is none. Of several
// numbers the first counts: strongSwan appends others.
func chosenPhase2(sa wire.SA, offered []wire.Proposal) (phase2, error) {
	first := bundles(sa.Proposals)[0]
	theirs, ok := first.spis()
	for _, p := range first {
		ok = ok && len(p.Transforms) == 1
	}
	if !ok {
		return phase2{}, reject(Phase2Mismatch, "the answer %v is not one transform and an SPI for each protocol", sa)
	}
	for _, ours := range bundles(offered) {
		chosen := ours.matching(first)
		if chosen == nil {
			continue
		}
		if agreed, ok := join(chosen); ok {
			agreed.spis = theirs
			return agreed, nil
		}
	}
	return phase2{}, reject(Phase2Mismatch, "the answer %v is none of our offers", sa)
}

// matching returns those of our transforms that an answer with one for each protocol
// has taken, or nil if they are not ours or not for each of our protocols.
func (b bundle) matching(answer bundle) (chosen []reading) {
	if len(answer) != len(b) {
		return nil
	}
	for _, p := range b {
		for _, t := range p.Transforms {
			if taken, ok := answer.takes(p.Protocol, t); ok {
				got, _ := readPhase2(p.Protocol, taken)
				chosen = append(chosen, reading{got, taken})
				break
			}
		}
	}
	if len(chosen) != len(b) {
		return nil
	}
	return chosen
}

// takes returns the transform of an answer that is this one for a protocol, and whether there is
// one. Its lifetime may be another.
func (b bundle) takes(protocol wire.ProtocolID, t wire.Transform) (wire.Transform, bool) {
	for _, p := range b {
		if p.Protocol == protocol && sameAttributes(t, p.Transforms[0], wire.AttributeType(wire.Attr2LifeType), wire.AttributeType(wire.Attr2LifeDuration)) {
			return p.Transforms[0], true
		}
	}
	return wire.Transform{}, false
}
