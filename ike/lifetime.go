package ike

import (
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// Lifetimes: what two ends that want different ones agree on, what is said of it afterwards
// (RFC 2407 §4.6.3.1), and the limit of an ISAKMP SA in octets.

// minOctets is the least that runs as a limit in octets, whatever a peer says: less, and it would
// have us negotiate all the time.
const minOctets = 64 << 10

// A wear is how much of its limit in octets an ISAKMP SA has used.
type wear struct {
	limit uint64 // 0: there is none
	spent uint64 // encrypted under it, both ways
	cut   bool   // as responder: less runs than the peer offered
}

// fewer returns the limit that runs when two were named; 0 is none.
func fewer(a, b uint64) uint64 {
	if a == 0 || b != 0 && b < a {
		a = b
	}
	if a != 0 {
		a = max(a, minOctets)
	}
	return a
}

// kilobytes makes a number of octets of a number of kilobytes that may be any.
func kilobytes(n uint64) uint64 { return min(n, 1<<53) * 1024 }

// less reports whether a limit ends sooner than another; 0 never does.
func less[T uint64 | time.Duration](a, b T) bool { return a != 0 && (b == 0 || a < b) }

// bounds returns what runs of an offer that the proposal allows.
func (p *Proposal) bounds(offer phase1) phase1 {
	offered := offer
	offer.lifetime, offer.octets = shorter(p.Lifetime, offered.lifetime), fewer(p.Octets, offered.octets)
	offer.cut = less(offer.lifetime, offered.lifetime) || less(offer.octets, offered.octets)
	return offer
}

// spend counts the octets of a message that was accepted, if it came encrypted.
func (s *sa) spend(p *packet) {
	if p.encrypted() {
		s.spendOctets(len(p.body))
	}
}

// spendOctets counts octets encrypted under s. When nine tenths of the limit are used it is
// replaced, and it ends with the limit; both happen with the next Tick, which is due at once.
// The responder waits for half of that margin longer.
func (s *sa) spendOctets(n int) {
	w, e := &s.wear, s.engine
	w.spent += uint64(n)
	if w.limit == 0 || !s.current() {
		return
	}
	margin := w.limit / 10
	if !s.initiator {
		margin /= 2
	}
	if w.spent >= w.limit-margin && !s.fading {
		e.schedule.set(&s.soft, e.now, s.rekey)
	}
	if w.spent >= w.limit {
		e.schedule.set(&s.hard, e.now, s.expired)
	}
}

// tellLifetime tells the initiator that s lives for less than it offered.
func (s *sa) tellLifetime() {
	if !s.wear.cut || s.initiator || !s.peer.LifetimeNotification {
		return
	}
	own := wire.NewNotify(wire.ResponderLifetime, s.cookieI, s.cookieR, nil)
	s.inform(wire.NewResponderLifetime(wire.ProtoISAKMP, own.SPI, lifetimeText(s.lifetime, s.wear.limit)))
}

// lifetimeText is a lifetime as a notification says it.
func lifetimeText(d time.Duration, octets uint64) wire.Lifetime {
	return wire.Lifetime{Seconds: uint64(d / time.Second), Kilobytes: octets / 1024}
}

// lifetimeNotice tells, in message 2, that the pair lives for less than was offered.
func (q *quickMode) lifetimeNotice() []wire.Payload {
	if !q.sa.peer.LifetimeNotification {
		return nil
	}
	offered, _ := readPhase2(q.answer.Proposals[0].Protocol, q.answer.Proposals[0].Transforms[0])
	got := q.agreed.lifetime
	if !less(got.Duration, offered.lifetime.Duration) && !less(got.Octets, offered.lifetime.Octets) {
		return nil
	}
	protocol, spi := q.spis.first()
	return []wire.Payload{wire.NewResponderLifetime(protocol, spi, lifetimeText(got.Duration, got.Octets))}
}

// told returns the lifetime that runs after what message 2 says of it besides its transform.
func told(m *wire.Message, l ipsec.Lifetime) ipsec.Lifetime {
	for _, n := range allOf[wire.Notify](m) {
		if n.Notify != wire.ResponderLifetime || n.Protocol == wire.ProtoISAKMP {
			continue
		}
		if said, err := n.Lifetime(); err == nil {
			l = effective(l, ipsec.Lifetime{Duration: seconds(said.Seconds), Octets: kilobytes(said.Kilobytes)})
		}
	}
	return l
}

// inLifetime takes an authenticated RESPONDER-LIFETIME about the ISAKMP SA that it came under,
// or about a pair with its sender.
func (s *sa) inLifetime(n wire.Notify) {
	said, err := n.Lifetime()
	switch {
	case err != nil:
	case n.Protocol == wire.ProtoISAKMP:
		if len(n.SPI) == 0 || n.Names(s.cookieI, s.cookieR) {
			s.shorten(said)
		}
	default:
		for _, c := range s.engine.pairs[s.party] {
			if c.up && spisOf(c.out).any(n.SPI) && s.ownsPair(c) {
				c.shorten(said)
			}
		}
	}
}

// shorten has s end sooner if less is said than what runs, but not before there was time for
// a successor.
func (s *sa) shorten(said wire.Lifetime) {
	e := s.engine
	life, limit := shorter(s.lifetime, seconds(said.Seconds)), fewer(s.wear.limit, kilobytes(said.Kilobytes))
	if !s.current() || life == s.lifetime && limit == s.wear.limit {
		return
	}
	if life < s.lifetime {
		s.lifetime = life
		e.sooner(&s.soft, s.created.Add(softLifetime(life, s.initiator, e.draw())), s.rekey)
		e.sooner(&s.hard, later(s.created.Add(life), e.now.Add(minLifetime)), s.expired)
	}
	s.wear.limit = limit
	s.changed()
	s.spendOctets(0)
}

// shorten has a pair end sooner if less is said than what runs. The dataplane goes on watching the
// limit in octets that the pair was made with.
func (c *child) shorten(said wire.Lifetime) {
	e := c.engine
	if c.replaced {
		return
	}
	if said.Seconds != 0 {
		life := max(seconds(said.Seconds), minLifetime)
		e.sooner(&c.soft, c.created.Add(softLifetime(life, c.initiator, e.draw())), c.rekey)
		e.sooner(&c.hard, later(c.created.Add(life), e.now.Add(minLifetime)), func() { c.end("phase2 hard expiry") })
	}
	limit := fewer(c.in.Hard.Octets, kilobytes(said.Kilobytes))
	if limit != c.in.Hard.Octets && e.options.Counters != nil && c.soft.at.Sub(e.now) > limitLook {
		e.sooner(&c.soft, e.now, func() { c.heed(limit) })
	}
	c.changed()
}

// limitLook is how often the counters of a pair are looked at whose limit in octets came after it was made.
const limitLook = 10 * time.Second

// heed has a pair rekeyed when nine tenths of such a limit are used, or when it is due anyway. A successor
// after a crash, which does not know the limit, takes the time of the next look for that.
func (c *child) heed(limit uint64) {
	e := c.engine
	due := c.created.Add(softLifetime(c.hard.at.Sub(c.created), c.initiator, 0))
	next := e.now.Add(limitLook)
	switch {
	case c.worn(limit):
		c.rekey()
	case due.Before(next):
		e.schedule.set(&c.soft, due, c.rekey)
	default:
		e.schedule.set(&c.soft, next, func() { c.heed(limit) })
	}
	c.changed()
}

// worn reports whether nine tenths of a limit in octets are used, one way or the other.
func (c *child) worn(limit uint64) bool {
	in, _ := c.engine.options.Counters(c.in.ID)
	out, _ := c.engine.options.Counters(c.out.ID)
	return max(in.Octets, out.Octets) >= limit-limit/10
}

// sooner sets a deadline, unless it is not set or due earlier.
func (e *Engine) sooner(d *deadline, t time.Time, fire func()) {
	if d.place != 0 && t.Before(d.at) {
		e.schedule.set(d, t, fire)
	}
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
