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
	return &handshake{exchange: exchange{engine: s.engine, sa: s, kind: kind, began: s.engine.now}, table: table}
}

// responders are the tables of the exchanges that phase 1 may be, as responder.
func responder(kind wire.ExchangeType) []step[*handshake] {
	if kind == wire.Aggressive {
		return aggressiveResponder
	}
	return mainModeResponder
}

// inFirst takes a message 1: of a negotiation that it begins, or repeated.
func (e *Engine) inFirst(p *packet) error {
	key := firstKey{p.Remote, p.header.CookieI}
	if s := e.firsts[key]; s != nil {
		if s.phase1 != nil && s.phase1.repeated(p) {
			return nil
		}
		return reject(UnexpectedMessage, "message 1 comes again, but not the same")
	}
	if p.encrypted() {
		return reject(InvalidFlags, "message 1 is encrypted")
	}
	candidates, err := e.candidates(p)
	if err != nil {
		return err
	}
	if p.header.Exchange == wire.Aggressive && !e.aggressiveLimit(p.Remote.Addr()).allow(e.now, p.Remote.Addr(), aggressiveEach, aggressives) {
		return reject(Limited, "message 1 of aggressive mode beyond %d a second from an address, or %d in all", aggressiveEach, aggressives)
	}
	if err := e.admits(party{peer: candidates[0].Name}, false); err != nil {
		return err
	}
	s := e.newSA(candidates[0], false, p.Local, p.Remote)
	s.cookieI, s.firstKey = p.header.CookieI, key
	s.phase1 = newHandshake(s, p.header.Exchange, responder(p.header.Exchange))
	s.phase1.candidates = candidates
	e.halfOpen.add(s)
	e.firsts[key] = s
	if err := s.phase1.receive(p); err != nil {
		s.remove("refused")
		return err
	}
	return nil
}

// aggressiveLimit returns the limit that an address falls under. Those that are configured have one
// of their own: strangers do not use it up.
func (e *Engine) aggressiveLimit(a netip.Addr) *rateLimit {
	if e.directory.single[a] != nil {
		return &e.aggressivesKnown
	}
	return &e.aggressives
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
	m, next, err := p.open(x.sa.keys, x.iv)
	var syntax *wire.SyntaxError
	if p.encrypted() && errors.As(err, &syntax) {
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
	switch {
	case err != nil && x.sa.initiator:
		x.takeBack()
		x.resume(x.timedOut)
	case err != nil && x.kind == wire.Aggressive && x.before.state == started:
		x.sa.remove("refused") // message 1 was no good
	case err != nil:
		x.private.Wipe()
		x.goBack()
	}
	return err
}

// about returns the packet that a refusal by mathematics is an answer to.
func (x *handshake) about() *packet { return x.packet }

// finish makes the ISAKMP SA usable. The exchange stays to answer repetitions.
func (x *handshake) finish() {
	x.state = established
	x.sa.lastIV = x.iv
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
