package ike

import (
	"slices"

	"sallyport/ipsec"
)

// Two quick modes for the same flow cross if both ends begin before either knows of the
// other's: each is then initiator of one. RFC 2409 does not say which pair is to stay. Here
// it is the one whose initiator has chosen the lower SPI, as both ends can see: the other's
// initiator gives up when message 2 comes, if it knows of the crossing by then.
//
// If it does not, both pairs come up. An end uses the one that came up last, for the peer
// surely has that. For whom the peer's message 1 came late, that is the peer's pair; it is
// for the peer too, unless message 3 came late as well. The peer notices that, and makes a
// new pair, which both ends use.

// lastedInto reports whether the pair, begun by the other end than q, was not up yet when q
// began.
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
	return slices.ContainsFunc(q.engine.pairs[q.sa.party], func(c *child) bool {
		return c.lastedInto(q) && !c.replaced && c.spiOfInitiator() < q.spiOfPair()
	})
}

// giveUp ends a quick mode of ours for the sake of the peer's. That one's responder has
// installed half of a pair, which message 3 will not complete.
func (q *quickMode) giveUp() {
	q.sa.inform(q.spis.deletes()...)
	q.abort()
}

// crossedLate reports whether c, which the peer has begun and which is coming up, has
// crossed with a pair that it should have given up c for, had it known. The peer may come to
// use that one.
func (c *child) crossedLate() bool {
	return !c.initiator && slices.ContainsFunc(c.flow.children, func(o *child) bool {
		return o.lastedInto(c.negotiation) && !o.replaced && o.spiOfInitiator() < c.spiOfInitiator()
	})
}
