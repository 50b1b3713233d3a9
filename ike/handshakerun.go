package ike

import (
	"errors"
	"net/netip"
	"slices"

	"sallyport/ike/wire"
)

// The life of phase 1 around its tables: how it begins, by our wish or by a
// peer's message 1, and how it ends.

// startPhase1 begins phase 1 with a peer from our address.
func (e *Engine) startPhase1(p *Peer, with party, local netip.Addr) {
	e.phase1(p, with, netip.AddrPortFrom(local, portIKE), netip.AddrPortFrom(e.remote(p, with), portIKE))
}

// phase1 begins phase 1 between two ports; a rekey behind a NAT stays on 4500.
func (e *Engine) phase1(p *Peer, with party, local, remote netip.AddrPort) {
	s := e.newSA(p, true, local, remote)
	e.regroup(s, with)
	s.phase1 = newHandshake(s, wire.MainMode, mainModeInitiator)
	if p.Mode == AggressiveMode {
		s.phase1 = newHandshake(s, wire.Aggressive, aggressiveInitiator)
	}
	if err := s.phase1.begin(); err != nil {
		e.fail(Failure{Remote: remote, Peer: p.Name, Category: categoryOf(err).String(), Reason: reasonOf(err)})
		s.remove("construct local ID fail")
	}
}

// begin begins with message 1, if we can prove who we are by some offer.
func (x *handshake) begin() error {
	if err := x.makeOffers(); err != nil {
		return err
	}
	if x.kind == wire.Aggressive {
		return x.makeKE()
	}
	x.outSA()
	return nil
}

// makeOffers keeps the offers whose method we can prove ourselves by.
func (x *handshake) makeOffers() error {
	s := x.sa
	err := reject(Phase1Mismatch, "ike peer %s has nothing to offer: its `ike-proposal` does not exist", s.peer.Name)
	for _, t := range x.engine.offersPhase1(s.peer) {
		offer, _ := readPhase1(t)
		s.authMethod, s.method = offer.method, methods[offer.method]
		if why := x.canProve(); why != nil {
			err = why
			continue
		}
		x.offered = append(x.offered, t)
	}
	if len(x.offered) == 0 {
		return err
	}
	first, _ := readPhase1(x.offered[0])
	s.authMethod, s.method = first.method, methods[first.method]
	return nil
}

// canProve reports whether we have what the method wants of us.
func (x *handshake) canProve() error {
	if x.sa.method.preShared && len(x.preSharedKey(x.sa.peer, wire.ID{})) == 0 {
		return x.noKey()
	}
	_, err := x.localID()
	return err
}

func newHandshake(s *sa, kind wire.ExchangeType, table []step[*handshake]) *handshake {
	s.aggressive = s.aggressive || kind == wire.Aggressive
	x := &handshake{exchange: exchange{engine: s.engine, sa: s, kind: kind, began: s.engine.now}, table: table}
	if s.initiator && kind == wire.MainMode {
		x.instead = x.changes
	}
	return x
}

// receive takes a packet that belongs to this exchange.
func (x *handshake) receive(p *packet) error {
	x.spoken = true
	if x.sa.initiator && x.accepted == p.digest && x.kind == wire.MainMode {
		return nil // the timer of what the initiator sends is ours
	}
	if x.repeated(p) {
		return nil
	}
	if x.state == established {
		return reject(UnexpectedMessage, "%v mode is over", x.kind)
	}
	if x.kind != p.header.Exchange {
		return reject(UnexpectedMessage, "a message of %v mode in %v mode", p.header.Exchange, x.kind)
	}
	if x.lacksKeys() {
		return x.hold(p)
	}
	if x.forks[atKeys].taken != nil && !p.encrypted() {
		return x.rival(atKeys, p)
	}
	m, next, err := p.open(x.sa.keys, x.iv)
	var syntax *wire.SyntaxError
	if p.encrypted() && errors.As(err, &syntax) {
		if x.unread(p) {
			return nil
		}
		err = x.garbled(p)
	}
	if err != nil {
		return err
	}
	local, remote, before := x.sa.local, x.sa.remote, x.packet
	x.heard, x.spent = x.sa.heard, x.sa.wear.spent
	x.sa.local, x.sa.remote, x.packet = p.Local, p.Remote, p // only a proof may bring another port, and it is checked
	if err := receive(x, x.table, p, m, next); err != nil {
		x.sa.local, x.sa.remote, x.packet = local, remote, before
		if r := (*Rejection)(nil); errors.As(err, &r) && r.doubtful && x.unread(p) {
			return nil
		}
		return x.tellOnce(p, err)
	}
	return nil
}

// tellOnce has the peer told of the first refusal only, in clear and under the keys: it may
// be forged, and one is all that the peer needs.
func (x *handshake) tellOnce(p *packet, err error) error {
	var r *Rejection
	if !errors.As(err, &r) || r.Notify == 0 {
		return err
	}
	if r.sealed = x.underKeys(p, r); r.sealed {
		x.tellUnderKeys(p, r)
		return err
	}
	if x.told {
		r.Notify = 0
	}
	x.told = true
	return err
}

// computed takes the result of mathematics.
func (x *handshake) computed(r Result) error {
	at := x.state
	x.job, x.result = 0, r
	err := r.Err
	if err == nil {
		err = run(x, x.table, nil)
	} else {
		err = x.refusalOf(err)
	}
	if err = x.tellOnce(x.packet, err); err != nil {
		x.sa.heard, x.sa.wear.spent = x.heard, x.spent // the message is taken back
	}
	if err != nil && at == makingKeys {
		x.forks[atKeys].taken = nil
	}
	switch {
	case err != nil && x.sa.initiator:
		x.takeBack()
		x.resume(x.timedOut)
	case err != nil && x.kind == wire.Aggressive && x.before.state == started:
		x.sa.remove("refused") // message 1 was no good
	case err != nil:
		x.goBack()
		x.change(atKeys)
	case x.job == 0:
		x.takeHeld()
	}
	return err
}

// about returns the packet that a refusal by mathematics is an answer to.
func (x *handshake) about() *packet { return x.packet }

// finish makes the ISAKMP SA usable. The exchange stays to answer repetitions.
func (x *handshake) finish() {
	x.state = established
	x.sa.lastIV = x.iv
	x.closeForks()
	x.endAfter(linger, x.forget)
	x.sa.authenticated(x.claim.initialContact)
	x.takeEarly()
}

// forget drops what only repetitions needed.
func (x *handshake) forget() {
	if !x.sa.established { // it is told from others by when it began
		x.endAfter(linger, x.forget)
		return
	}
	x.close()
	x.sa.phase1 = nil
	x.sa.keys.Settle()
}

// abandon ends a negotiation that the initiator did not go on with.
func (x *handshake) abandon() { x.sa.remove("no answer") }

// timedOut ends a negotiation whose messages the responder does not answer.
func (x *handshake) timedOut() {
	e, s := x.engine, x.sa
	e.emit(TimedOut{Remote: s.remote, Exchange: x.kind, After: e.now.Sub(x.began)})
	e.fail(Failure{Remote: s.remote, Peer: s.peer.Name, Category: NoAnswer.String(), Reason: x.whyNoAnswer()})
	silent, flows := x.silent(), slices.Clone(e.waiting[s.party])
	if s.initiator && len(e.waiting[s.party]) > 0 && e.passOver(s.peer, s.party) {
		e.startPhase1(s.peer, s.party, s.local.Addr())
	}
	s.remove("no answer")
	if silent {
		e.fallBack(s, flows)
	}
}
