package ike

import (
	"net/netip"
	"time"

	"sallyport/ike/wire"
)

// Message 1, as responder. Who has sent it has not shown that it is where it says, and never
// will if it is not: of a negotiation no more octets are answered than have come, a second has only so
// many answers, and so much mathematics. But no address is refused, for a forger would have
// the peer locked out that it belongs to.

// inFirst takes a message 1: of a negotiation that it begins, or repeated.
func (e *Engine) inFirst(p *packet) error {
	key := firstKey{p.Remote, p.header.CookieI}
	if s := e.firsts[key]; s != nil {
		return s.inFirstAgain(p)
	}
	if p.encrypted() {
		return reject(InvalidFlags, "message 1 is encrypted")
	}
	candidates, err := e.candidates(p)
	if err != nil {
		return err
	}
	if !e.firstsOf(p.Remote.Addr()).allow(e.now, maxFirsts) {
		return reject(Limited, "message 1 beyond %d a second", maxFirsts)
	}
	if err := e.admits(party{peer: candidates[0].Name}, false); err != nil {
		return err
	}
	s := e.newSA(candidates[0], false, p.Local, p.Remote)
	s.cookieI, s.firstKey = p.header.CookieI, key
	s.phase1 = newHandshake(s, p.header.Exchange, responder(p.header.Exchange))
	s.phase1.candidates = candidates
	s.phase1.credit = e.waitersAt(key).came[key].octets + len(p.Octets)
	e.halfOpen.add(s)
	e.firsts[key] = s
	if err := s.phase1.receive(p); err != nil {
		s.remove("refused")
		return err
	}
	e.waitersAt(key).forget(key)
	return nil
}

// responder is the table of the exchange that phase 1 is, as responder.
func responder(kind wire.ExchangeType) []step[*handshake] {
	if kind == wire.Aggressive {
		return aggressiveResponder
	}
	return mainModeResponder
}

// inFirstAgain answers a message 1 that comes again, as far as what has come allows.
func (s *sa) inFirstAgain(p *packet) error {
	x := s.phase1
	if x == nil || x.accepted != p.digest {
		return reject(UnexpectedMessage, "message 1 comes again, but not the same")
	}
	if x.credit += len(p.Octets); x.credit >= s.onWire(len(x.sent)) && x.answerAgain() {
		x.credit -= s.onWire(len(x.sent))
	}
	return nil
}

// firstsOf returns the limit that a message 1 from an address falls under. Addresses that are
// configured have one of their own: strangers do not use it up.
func (e *Engine) firstsOf(a netip.Addr) *budget {
	if e.directory.single[a] != nil {
		return &e.firstsKnown
	}
	return &e.firstsStrange
}

// mayCompute reports, as an error, that an address has had its share of Diffie-Hellmans for now. Who
// asks for one has shown our cookie, so that it spends nobody else's share; and it asks again.
func (x *handshake) mayCompute() error {
	e, a := x.engine, x.sa.remote.Addr()
	limit := &e.exchangesStrange
	if e.directory.single[a] != nil {
		limit = &e.exchangesKnown
	}
	if !limit.allow(e.now, a, maxExchangesEach, maxExchanges) {
		return reject(Limited, "key exchanges beyond %d a second of an address, or %d in all", maxExchangesEach, maxExchanges)
	}
	return nil
}

// dropShares forgets which addresses have had a Diffie-Hellman in a second that is over: there may be
// many.
func (e *Engine) dropShares() {
	for _, l := range []*rateLimit{&e.exchangesKnown, &e.exchangesStrange} {
		if l.addresses != nil && e.now.Sub(l.second) >= time.Second {
			l.addresses = nil
		}
	}
}

// signs reports whether message 1 of aggressive mode from an address may cost a signature and
// a Diffie-Hellman now.
func (e *Engine) signs(a netip.Addr) bool {
	if e.directory.single[a] != nil {
		return e.signedKnown.allow(e.now, a, maxSignedKnown, maxSigned)
	}
	return e.signedStrange.allow(e.now, a, maxSignedStrange, maxSigned)
}

// candidates returns the peers that a message 1 may be of, by the address that it comes
// from, if the way it begins is allowed.
func (e *Engine) candidates(p *packet) ([]*Peer, error) {
	all := e.directory.at(p.Remote.Addr())
	if len(all) == 0 {
		return nil, reject(PeerAddressMismatch, "no applied ike peer has `remote-address %v`", p.Remote.Addr())
	}
	var fit []*Peer
	for _, peer := range all {
		if peer.answers(p.header.Exchange) {
			fit = append(fit, peer)
		}
	}
	if len(fit) == 0 {
		return nil, reject(ExchangeMismatch, "peer begins with %v mode, `exchange-mode` of ike peer %s does not allow it", p.header.Exchange, all[0].Name)
	}
	return fit, nil
}

// answers reports whether a peer may begin with an exchange.
func (p *Peer) answers(kind wire.ExchangeType) bool {
	if kind == wire.Aggressive {
		return p.Mode == AggressiveMode || p.Mode == AutoMode
	}
	return p.Mode != AggressiveMode
}

// afford reports, as an error, that message 2 would be longer than what has come. It is given
// when message 1 has come so often that it is not.
func (x *handshake) afford(need int) error {
	if x.credit >= need {
		return nil
	}
	x.waits()
	return reject(Limited, "message 2 has %d octets, and %d have come: message 1 has to come again", need, x.credit)
}

// fitting leaves out of main mode's message 2 the vendor IDs that make it longer than what has come.
func (x *handshake) fitting(p []wire.Payload) []wire.Payload {
	for len(p) > 1 && messageLen(p) > x.credit {
		p = p[:len(p)-1]
	}
	return p
}

// sendFirst sends message 2.
func (x *handshake) sendFirst(p ...wire.Payload) {
	x.send(p...)
	x.credit -= x.sa.onWire(len(x.sent))
}

// messageLen returns how long a message in clear is.
func messageLen(p []wire.Payload) int { return headerLen + len(wire.AppendPayloads(nil, p)) }

// waiters are messages 1 that have not come often enough to be answered. Who sends one only once
// leaves nothing else behind.
type waiters struct {
	came map[firstKey]waiter
	keys []firstKey // of all of them, in no order
}

// A waiter is one of them.
type waiter struct {
	octets int // that have come
	place  int // in keys
}

// keep remembers how much has come. If there are too many, one by chance has to go: a forger who sends
// new ones all the time is never sure to push out the peer's.
func (w *waiters) keep(k firstKey, octets int, chance func() float64) {
	if w.came == nil {
		w.came = map[firstKey]waiter{}
	}
	if old, known := w.came[k]; known {
		w.came[k] = waiter{octets, old.place}
		return
	}
	if len(w.keys) == maxWaiters {
		w.forget(w.keys[int(chance()*maxWaiters)])
	}
	w.came[k] = waiter{octets, len(w.keys)}
	w.keys = append(w.keys, k)
}

// forget drops a message 1 that is answered.
func (w *waiters) forget(k firstKey) {
	old, known := w.came[k]
	if !known {
		return
	}
	last := w.keys[len(w.keys)-1]
	w.came[last] = waiter{w.came[last].octets, old.place}
	w.keys[old.place], w.keys = last, w.keys[:len(w.keys)-1]
	delete(w.came, k)
}

// waitersAt returns those from addresses as this one: strangers push out no configured address.
func (e *Engine) waitersAt(k firstKey) *waiters {
	if e.directory.single[k.remote.Addr()] != nil {
		return &e.waitersKnown
	}
	return &e.waitersStrange
}

// waits remembers that message 1 has to come again.
func (x *handshake) waits() {
	x.engine.waitersAt(x.sa.firstKey).keep(x.sa.firstKey, x.credit, x.engine.draw)
}

// A budget counts what was done in a second.
type budget struct {
	second time.Time
	spent  int
}

// allow reports whether one more may be done now.
func (b *budget) allow(now time.Time, most int) bool {
	if now.Sub(b.second).Abs() >= time.Second {
		*b = budget{second: now}
	}
	if b.spent >= most {
		return false
	}
	b.spent++
	return true
}

// A rateLimit is a budget of which each address has only a part.
type rateLimit struct {
	budget
	addresses map[netip.Addr]int
}

// allow reports whether one more may be done for a now.
func (l *rateLimit) allow(now time.Time, a netip.Addr, perAddr, inAll int) bool {
	if l.addresses == nil || now.Sub(l.second).Abs() >= time.Second {
		l.addresses = map[netip.Addr]int{}
	}
	if l.addresses[a] >= perAddr || !l.budget.allow(now, inAll) {
		return false
	}
	l.addresses[a]++
	return true
}
