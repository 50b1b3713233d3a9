package ike

import (
	"net/netip"
	"slices"
	"time"

	"sallyport/ipsec"
)

// A child is a pair of IPsec SAs.
type child struct {
	engine    *Engine
	id        uint32
	roams     bool // the peer may move: what sa knew of that when it went
	sa        *sa  // it is told and deleted under; nil when that one has gone first
	flow      *flow
	party     party
	peer      *Peer    // as configured when the pair was made
	warrant   *warrant // of the ISAKMP SA that it was made under
	remote    netip.AddrPort
	in, out   *ipsec.SA
	initiator bool
	pfs       bool
	up        bool // negotiated; before that only the inbound SA exists
	sending   bool // the outbound SA is installed
	fading    bool
	replaced  bool
	gone      bool
	unsaved   bool

	negotiation *quickMode // it came of; nil once nobody can need a message of that
	ups         uint64     // of the engine with this one
	created     time.Time
	successor   *child // that replaced it

	soft, hard deadline
	change     deadline // to this pair, from the one that it succeeds
	flowing    flowing
}

// softLifetime returns when to rekey an SA of that lifetime: a tenth, but at
// least 30 s and at most half of it, before its end, less a jitter of up to 1/20 taken from draw in
// [0,1), so that many tunnels do not rekey at once. The responder waits for half
// of that margin longer, so that both ends do not start. RFC 2407 §4.5.4 leaves
// it to us.
func softLifetime(lifetime time.Duration, initiator bool, draw float64) time.Duration {
	margin := min(max(lifetime/10, 30*time.Second), lifetime/2)
	if !initiator {
		margin /= 2
	}
	return lifetime - margin - time.Duration(float64(lifetime)/20*draw)
}

// complete makes a negotiated pair the one that its flow uses.
func (c *child) complete() {
	e := c.engine
	doubt := c.crossedLate()
	e.ups++
	c.up, c.created, c.ups = true, e.now, e.ups
	c.changed()
	life := c.in.Hard.Duration
	e.schedule.set(&c.soft, e.now.Add(softLifetime(life, c.initiator, e.draw())), c.rekey)
	e.schedule.set(&c.hard, e.now.Add(life), func() { c.end("phase2 hard expiry") })
	e.emit(Phase2Up{c.status()})
	c.flow.children = append(c.flow.children, c)
	if doubt {
		e.schedule.set(&c.soft, e.now.Add(doubtAfter), c.rekey)
	}
	if c.sending {
		c.succeed()
		return
	}
	c.switchLater()
}

// install puts the outbound SA into the dataplane, which sends on it from now on.
func (c *child) install() {
	c.sending = true
	c.engine.emit(InstallSA{c.out})
}

// switchLater begins to send on the pair when the peer does, or has had the time to. RFC 2409
// allows it with message 3, but a peer may still be installing its half when the next packet
// comes, and the old pair is good for that long.
func (c *child) switchLater() {
	e, last := c.engine, c.lastSwitch()
	if next := e.now.Add(switchLook); e.options.Counters != nil && next.Before(last) {
		e.schedule.set(&c.change, next, c.switchIfUsed)
		return
	}
	e.schedule.set(&c.change, last, c.switchOver)
}

// lastSwitch returns when to begin to send on the pair though the peer does not: before the pair
// that it succeeds ends, here or at the peer.
func (c *child) lastSwitch() time.Time {
	last := c.created.Add(switchAfter)
	for _, o := range c.flow.children {
		if end := o.hard.at.Add(-switchBefore); o.sending && !o.replaced && end.Before(last) {
			last = end
		}
	}
	return last
}

// switchIfUsed begins to send on the pair if something has come on it: the peer has both halves. It
// does so too if the pair before will soon have sent all that it may.
func (c *child) switchIfUsed() {
	came, _ := c.engine.options.Counters(c.in.ID)
	if came.Packets > 0 || slices.ContainsFunc(c.flow.children, (*child).nearlySpent) {
		c.switchOver()
		return
	}
	c.switchLater()
}

// nearlySpent reports whether c, which sends, is past the middle between its limits in octets.
func (c *child) nearlySpent() bool {
	if !c.sending || c.replaced || c.out.Hard.Octets == 0 {
		return false
	}
	went, _ := c.engine.options.Counters(c.out.ID)
	return went.Octets > c.out.Hard.Octets-(c.out.Hard.Octets-c.out.Soft.Octets)/2
}

// switchOver begins to send on the pair.
func (c *child) switchOver() {
	if c.sending || c.replaced || c.gone {
		return
	}
	c.install()
	c.succeed()
}

// succeed makes the older pairs of the flow stop sending.
func (c *child) succeed() {
	c.engine.schedule.clear(&c.change)
	older := c.flow.children[:slices.Index(c.flow.children, c)]
	for _, o := range slices.Clone(older) {
		o.replacedBy(c)
	}
}

// replacedBy stops sending on an SA pair that a newer one has taken over from.
// Packets still under way are received for a while; who began the latest rekey then
// tells the peer, else the peer is waited for: for it, a successor of the peer's may
// never have taken over.
func (c *child) replacedBy(newer *child) {
	if c.gone {
		return
	}
	e := c.engine
	if !c.replaced {
		c.replaced, c.successor = true, newer
		e.schedule.clear(&c.soft)
		e.schedule.clear(&c.change)
		if c.sending {
			e.emit(RemoveSA{c.out.ID})
		}
	}
	c.changed()
	if end := e.now.Add(oldInboundStays); newer.initiator && end.Before(c.hard.at) {
		e.schedule.set(&c.hard, end, func() { c.end("rekeyed") })
	}
}

// stay makes a pair carry the flow again whose successor the dataplane refused:
// its outbound SA is still there, for the refusal ended the batch before.
func (c *child) stay() {
	c.replaced, c.successor = false, nil
	c.changed()
	c.engine.schedule.set(&c.hard, c.created.Add(c.in.Hard.Duration), func() { c.end("phase2 hard expiry") })
}

// rekey negotiates a successor.
func (c *child) rekey() {
	c.fading = true
	c.changed()
	c.engine.want(c.flow)
}

// expire handles the octet limits that the dataplane watches.
func (e *Engine) expire(in Expire) {
	c := e.find(in.SA)
	switch {
	case c == nil || !c.up || c.replaced:
	case in.Hard:
		c.end("phase2 hard expiry")
	case !c.fading:
		c.rekey()
	}
}

// find returns the child that has an SA, or the AH of a bundle, in either direction.
func (e *Engine) find(id ipsec.SAID) *child {
	for _, c := range []*child{e.inbound[id.SPI], e.bundled[id.SPI]} {
		if c != nil && named(c.in, id) {
			return c
		}
	}
	return e.outbound[id]
}

// childrenSorted returns all children, oldest first.
func (e *Engine) childrenSorted() []*child {
	all := make([]*child, 0, len(e.inbound))
	for _, c := range e.inbound {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *child) int { return int(a.id) - int(b.id) })
	return all
}

// end removes the pair and tells the peer, if there is an ISAKMP SA to do so. One
// that waits for message 3 is up already for the peer.
func (c *child) end(reason string) {
	if c.gone {
		return
	}
	s := c.sa
	if s == nil {
		s = c.engine.current(c.party)
	}
	if s != nil {
		s.inform(spisOf(c.in).deletes()...)
	}
	if !c.up {
		c.negotiation.withdraw() // or message 3 would bring it to life
	}
	c.remove(reason)
}

// remove takes the pair out of the dataplane without a word to the peer.
func (c *child) remove(reason string) {
	e := c.engine
	if c.gone {
		return
	}
	c.handOver()
	c.gone = true
	if c.up {
		e.emit(Phase2Down{c.status(), reason})
	}
	c.offline(reason)
	if c.sending && !c.replaced {
		e.emit(RemoveSA{c.out.ID})
	}
	e.emit(RemoveSA{c.in.ID})
	e.drop(c.key())
	c.forget()
	if c.up && !c.replaced && c.missed() {
		e.failedFlow(c.flow)
	}
	e.idle(c.flow)
}

// handOver ends the waiting of c's successor, if it has one, before c goes.
func (c *child) handOver() {
	if next := c.flow.current(); c.sending && !c.replaced && next != nil && next != c {
		next.switchOver()
	}
}

// missed reports whether a pair that has gone is to be made anew: there is none, and there is to
// be one always, or it was to succeed another.
func (c *child) missed() bool {
	if old := c.flow.current(); old != nil {
		return old.fading
	}
	p := c.engine.policies[c.flow.key.policy]
	return p != nil && p.Auto
}

// forget takes c out of what refers to it.
func (c *child) forget() {
	e := c.engine
	e.schedule.clear(&c.soft)
	e.schedule.clear(&c.hard)
	e.schedule.clear(&c.change)
	same := func(o *child) bool { return o == c }
	c.unregister()
	if e.pairs[c.party] = slices.DeleteFunc(e.pairs[c.party], same); len(e.pairs[c.party]) == 0 {
		delete(e.pairs, c.party)
	}
	c.flow.children = slices.DeleteFunc(c.flow.children, same)
	if c.sa != nil {
		c.sa.children = slices.DeleteFunc(c.sa.children, same)
	}
	e.vacate(c.party)
}

// removeChildren removes all pairs under an ISAKMP SA without a word.
func (s *sa) removeChildren(reason string) {
	for _, c := range slices.Clone(s.children) {
		c.remove(reason)
	}
}

// orphans returns the pairs of a peer whose ISAKMP SA has gone, oldest first.
func (e *Engine) orphans(with party) []*child {
	return slices.DeleteFunc(slices.Clone(e.pairs[with]), func(c *child) bool { return c.sa != nil })
}
