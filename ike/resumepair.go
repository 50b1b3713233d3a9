package ike

import "slices"

// lostReason is why a pair ends that the dataplane has not kept.
const lostReason = "lost while the gateway was down"

// A resumedPair is a pair that was remembered, and which of its SAs the dataplane has.
type resumedPair struct {
	*child
	was     *SavedPair
	in, out bool
}

// resumePair takes over a pair. For now only one with an outbound SA carries its flow:
// the keys of another's are gone. It is false for a pair that cannot be, and is forgotten.
func (e *Engine) resumePair(p *resumedPair, peer *Peer) bool {
	v := p.was
	if ah, bundled := v.In.AHID(); !e.free(v.In.ID.SPI) || bundled && !e.free(ah.SPI) {
		e.drop(pairKey(v.ConnectionID))
		return false
	}
	e.resumeInstance(v, peer)
	c := &child{
		engine: e, id: v.ConnectionID, flow: e.flow(flowKey{v.In.Policy, v.In.Rule}), peer: peer, party: party{peer.Name, v.Who}, remote: v.Remote,
		initiator: v.Initiator, pfs: v.PFS, in: &v.In, out: &v.Out, up: true, sending: p.out,
		created: v.Created, fading: v.Fading, replaced: v.Replaced || !p.out,
	}
	c.warrant = v.Warrant.resumed(e, peer)
	p.child = c
	c.register()
	c.resumeLease()
	c.flow.children = append(c.flow.children, c)
	soft, reason := v.Soft, "phase2 hard expiry"
	if v.Fading {
		soft = e.now // a rekey that the crash cut short begins anew
	}
	if v.Replaced {
		reason = "rekeyed"
	}
	if !c.replaced {
		e.schedule.set(&c.soft, soft, c.rekey)
	}
	e.schedule.set(&c.hard, v.Hard, func() { c.end(reason) })
	return true
}

// settleFlow brings to an end what the crash left half done, pairs being those of the
// flow, oldest first. The newest with both SAs sends, and the older ones are replaced by
// it. One that only receives goes on doing so, for the peer may be using it: the successor of
// the one that sends, if the crash came before we sent on it. One that
// cannot even do that is ended. If it was to send, another is made.
func (e *Engine) settleFlow(f *flow, pairs []*resumedPair) {
	var current *child
	again := false
	for _, p := range slices.Backward(pairs) {
		switch {
		case p.gone:
		case !p.in:
			again = again || !p.was.Replaced
			p.replaced = !p.out // so that what it sends with is removed
			p.end(lostReason)
		case p.out && current == nil:
			again = again || p.was.Replaced
			p.carryOn()
			current = p.child
		case p.out:
			p.replaced = false
			p.replacedBy(current)
		case !p.was.Replaced:
			again = true
			p.onlyReceive()
		}
	}
	f = e.flow(f.key) // which has gone with its last pair
	e.schedule.clear(&f.retry)
	if len(f.children) > 0 {
		e.contacted[f.children[0].party] = true
	}
	if again {
		e.want(f)
	}
	e.idle(f)
}

// carryOn makes the pair the one that its flow is sent on, even if it was just being
// replaced: its successor does not send.
func (p *resumedPair) carryOn() {
	if p.was.Replaced {
		p.fading = true
		p.stay()
	}
}

// onlyReceive keeps a pair that cannot send. One that was up may be what the peer sends on, until
// another takes over; one that was not is kept as long as message 3 may come.
func (p *resumedPair) onlyReceive() {
	e := p.engine
	p.changed()
	if p.was.Hard.IsZero() {
		e.schedule.set(&p.hard, e.now.Add(oldInboundStays), func() { p.end("rekeyed") })
	}
}
