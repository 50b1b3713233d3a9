package ike

import (
	"errors"
	"net/netip"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
)

// The life of main mode around its table: how it begins, by our wish or by a
// peer's message 1, and how it ends.

// startMainMode begins phase 1 with a peer from our address.
func (e *Engine) startMainMode(p *Peer, local netip.Addr) {
	e.mainMode(p, netip.AddrPortFrom(local, portIKE), netip.AddrPortFrom(p.Remote, portIKE))
}

// mainMode begins phase 1 between two ports; a rekey behind a NAT stays on 4500.
func (e *Engine) mainMode(p *Peer, local, remote netip.AddrPort) {
	s := e.newSA(p, true, local, remote)
	s.phase1 = newMainMode(s, mainModeInitiator)
	s.phase1.offered = e.offersPhase1(p)
	s.phase1.outSA()
}

func newMainMode(s *sa, table []step[*mainMode]) *mainMode {
	return &mainMode{exchange: exchange{engine: s.engine, sa: s, kind: wire.MainMode, began: s.engine.now}, table: table}
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
	peer := e.peers[p.Remote.Addr()]
	if peer == nil {
		return reject(PeerAddressMismatch, "no applied ike peer has `remote-address %v`", p.Remote.Addr())
	}
	s := e.newSA(peer, false, p.Local, p.Remote)
	s.cookieI, s.firstKey = p.header.CookieI, key
	s.phase1 = newMainMode(s, mainModeResponder)
	e.halfOpen.add(s)
	e.firsts[key] = s
	if err := s.phase1.receive(p); err != nil {
		s.remove("refused")
		return err
	}
	return nil
}

// receive takes a packet that belongs to this exchange.
func (x *mainMode) receive(p *packet) error {
	if x.sa.initiator && x.accepted == p.digest {
		return nil // the timer of messages 1, 3 and 5 is ours
	}
	if x.repeated(p) {
		return nil
	}
	if x.state == established {
		return reject(UnexpectedMessage, "main mode is over")
	}
	m, next, err := p.open(x.sa.keys, x.iv)
	var syntax *wire.SyntaxError
	if p.encrypted() && errors.As(err, &syntax) {
		err = x.garbled()
	}
	if err != nil {
		return err
	}
	local, remote := x.sa.local, x.sa.remote
	x.sa.local, x.sa.remote = p.Local, p.Remote // only message 5 may bring another port, and it is checked
	if err := receive(x, x.table, p, m, next); err != nil {
		x.sa.local, x.sa.remote = local, remote
		return x.tellOnce(err)
	}
	return nil
}

// tellOnce has the peer told of the first refusal only: it may be forged, and one
// is all that the peer needs.
func (x *mainMode) tellOnce(err error) error {
	var r *Rejection
	if !errors.As(err, &r) || r.Notify == 0 {
		return err
	}
	if x.told {
		r.Notify = 0
	}
	x.told = true
	return err
}

// garbled explains an encrypted message that makes no sense: the keys differ,
// and of what goes into them only the pre-shared key is not on the wire.
func (x *mainMode) garbled() error {
	return x.tellOnce(rejectWith(AuthenticationFail, wire.AuthenticationFailed, "message %d does not decrypt: `pre-shared-key` of ike peer %s differs from the peer's",
		x.number+1, x.sa.peer.Name))
}

// computed takes the result of the Diffie-Hellman work.
func (x *mainMode) computed(r keymat.DHResult) error {
	x.job, x.result = 0, r
	err := r.Err
	if err == nil {
		err = run(x, x.table, nil)
	} else {
		err = rejectWith(InvalidKeyExchange, wire.InvalidKeyInformation, "%v", err)
	}
	switch {
	case err != nil && x.sa.initiator:
		x.resume(x.timedOut)
	case err != nil:
		x.private.Wipe()
		x.goBack()
	}
	return err
}

// finish makes the ISAKMP SA usable. The exchange stays to answer repetitions.
func (x *mainMode) finish(m *wire.Message) {
	x.sa.lastIV = x.iv
	x.endAfter(linger, x.forget)
	x.sa.establish(hasNotify(m, wire.InitialContact))
}

// forget drops what only repetitions needed.
func (x *mainMode) forget() {
	x.close()
	x.sa.phase1 = nil
}

// abandon ends a negotiation that the initiator did not go on with.
func (x *mainMode) abandon() { x.sa.remove("no answer") }

// timedOut ends a negotiation whose messages the responder does not answer.
func (x *mainMode) timedOut() {
	e, s := x.engine, x.sa
	e.emit(TimedOut{Remote: s.remote, Exchange: x.kind, After: e.now.Sub(x.began)})
	e.fail(Failure{Remote: s.remote, Peer: s.peer.Name, Category: NoAnswer.String(), Reason: x.whyNoAnswer()})
	s.remove("no answer")
}

// whyNoAnswer guesses from how far the exchange came.
func (x *mainMode) whyNoAnswer() string {
	step := map[state]string{
		sentSA: "message 1: is the peer there, is UDP 500 open, does its configuration have our address and a common ike proposal?",
		sentKE: "message 3: is the way to the peer open for larger packets?",
		sentID: "message 5: is the peer's pre-shared key the same, does it accept our ID, is UDP 4500 open?",
	}[x.state]
	reason := "no answer to main mode " + step
	if x.hint != "" {
		reason += " It said (not authenticated): " + x.hint
	}
	return reason
}
