package ike

import "sallyport/ipsec"

// Two quick modes for the same flow cross if both ends begin before either knows of the
// other's: each is then initiator of one. RFC 2409 does not say which pair is to stay. Here
// it is the one whose initiator has chosen the lower SPI, as both ends can see, and its
// initiator deletes the other.
//
// Not both ends need notice the crossing: for one of them the peer's message 1 may come
// when its own pair is up, and looks like that of a rekey, which wins. The other one has
// answered our message 1 by then, so it knows; it gives its own quick mode up before
// message 3 if that is not to stay, and the two agree all the same.

// lastedInto reports whether the pair was not up yet when a quick mode of the other end's
// making, or of ours if the pair is of the other's, began.
func (c *child) lastedInto(q *quickMode) bool {
	return c.flow == q.flow && c.initiator != q.initiated() && !c.gone && (!c.up || c.ups > q.ups)
}

// spiOfInitiator returns what the end that began has chosen.
func (c *child) spiOfInitiator() ipsec.SPI {
	if c.initiator {
		return c.in.ID.SPI
	}
	return c.out.ID.SPI
}

// spiOfPair returns, as initiator, what the SPI of our inbound SA will be.
func (q *quickMode) spiOfPair() ipsec.SPI {
	if q.agreed.offer.Transform() == ipsec.TransformAH {
		return q.spis.ah
	}
	return q.spis.esp
}

// outdone reports, as initiator, whether a quick mode of the peer's has crossed with q, and
// its pair is to stay.
func (q *quickMode) outdone() bool {
	for _, c := range q.engine.pairs[q.sa.peer.Name] {
		if c.lastedInto(q) && !c.replaced && c.spiOfInitiator() < q.spiOfPair() {
			return true
		}
	}
	return false
}

// giveUp ends a quick mode of ours for the sake of the peer's. That one's responder has
// installed half of a pair, which message 3 will not complete.
func (q *quickMode) giveUp() {
	q.sa.inform(q.spis.deletes()...)
	q.abort()
}

// preferred returns the pair of the flow that is to stay in place of c, which is coming up,
// or nil.
func (c *child) preferred() *child {
	for _, o := range c.flow.children {
		if o != c && o.lastedInto(c.negotiation) && !o.replaced && o.spiOfInitiator() < c.spiOfInitiator() {
			return o
		}
	}
	return nil
}
