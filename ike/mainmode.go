package ike

import (
	"errors"
	"net/netip"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// Main mode with a pre-shared key: RFC 2409 §5.4.
//
//	     Initiator                          Responder
//	1    HDR, SA, VID           -->
//	2                           <--    HDR, SA, VID
//	3    HDR, KE, Ni, NAT-D     -->
//	4                           <--    HDR, KE, Nr, NAT-D
//	5    HDR*, IDii, HASH_I     -->
//	6                           <--    HDR*, IDir, HASH_R
const (
	started    state = iota
	sentSA           // 1 or 2 is out
	makingKE         // our public value is being made
	sentKE           // 3 or 4 is out
	makingKeys       // g^xy is being made
	sentID           // 5 is out
	established
)

// keyExchange are the payloads of messages 3 and 4.
var keyExchange = of(wire.PayloadKE, wire.PayloadNonce)

// identity are those of messages 5 and 6.
var identity = of(wire.PayloadID, wire.PayloadHash)

var mainModeInitiator, mainModeResponder []step[*mainMode]

// The steps lead back to the tables, which Go refuses in an initializer.
func init() {
	mainModeInitiator = []step[*mainMode]{
		{from: sentSA, need: of(wire.PayloadSA), do: (*mainMode).inSA, to: makingKE},
		{from: makingKE, computed: true, do: (*mainMode).outKE, to: sentKE},
		{from: sentKE, need: keyExchange, may: of(wire.PayloadNATD), do: (*mainMode).inKE, to: makingKeys},
		{from: makingKeys, computed: true, do: (*mainMode).outID, to: sentID},
		{from: sentID, need: identity, encrypted: true, do: (*mainMode).inID, to: established},
	}
	mainModeResponder = []step[*mainMode]{
		{from: started, need: of(wire.PayloadSA), do: (*mainMode).inSAoutSA, to: sentSA},
		{from: sentSA, need: keyExchange, may: of(wire.PayloadNATD), do: (*mainMode).inKE, to: makingKeys},
		{from: makingKeys, computed: true, do: (*mainMode).outKEandKeys, to: sentKE},
		{from: sentKE, need: identity, encrypted: true, do: (*mainMode).inIDoutID, to: established},
	}
}

// A mainMode is phase 1 under way, or over and waiting for repetitions.
type mainMode struct {
	exchange
	table   []step[*mainMode]
	offered []wire.Transform // as initiator
	private secret.Octets    // our exponent
	theirs  keyPart          // of message 3 or 4, not yet known to be good
	told    bool             // of a refusal
	inputs  keymat.Exchange  // of the key formulas
}

// A keyPart is what message 3 or 4 brings.
type keyPart struct {
	public, nonce []byte
	nat           nat
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

// outSA sends message 1.
func (x *mainMode) outSA() {
	offer := wire.NewSA(wire.Proposal{Number: 1, Protocol: wire.ProtoISAKMP, Transforms: x.offered})
	x.inputs.SA = wire.Body(offer)
	x.send(append([]wire.Payload{offer}, ourVendorIDs()...)...)
	x.expectAnswer(x.timedOut)
	x.state = sentSA
}

// inSAoutSA answers message 1 with the first transform that we accept too.
func (x *mainMode) inSAoutSA(m *wire.Message) error {
	i := m.Find(wire.PayloadSA)
	if i != 0 {
		return reject(UnexpectedPayload, "phase 1 begins with %v, want SA", m.Payloads[0].Type())
	}
	answer, agreed, err := x.engine.choosePhase1(m.Payloads[0].(wire.SA), x.sa.peer)
	if err != nil {
		return err
	}
	x.inputs.SA = append([]byte(nil), m.Body(0)...)
	x.sa.agree(agreed)
	x.sa.natt = hasVendorID(m, wire.VendorRFC3947)
	vendors := []wire.Payload{answer}
	if x.sa.natt {
		vendors = append(vendors, wire.VendorRFC3947)
	}
	x.send(vendors...)
	x.endAfter(beforeMessage3, x.abandon)
	return nil
}

// inSA takes the responder's choice, which must be one of our offers, and has
// our public value made.
func (x *mainMode) inSA(m *wire.Message) error {
	if m.Find(wire.PayloadSA) != 0 {
		return reject(UnexpectedPayload, "phase 1 begins with %v, want SA", m.Payloads[0].Type())
	}
	agreed, err := chosenPhase1(m.Payloads[0].(wire.SA), x.offered)
	if err != nil {
		return err
	}
	x.sa.cookieR = m.CookieR
	x.sa.agree(agreed)
	x.sa.natt = hasVendorID(m, wire.VendorRFC3947)
	x.makePrivate()
	x.ask(x, keymat.DH{Group: x.sa.suite.Group, Private: x.private})
	return nil
}

// makePrivate draws our exponent and nonce.
func (x *mainMode) makePrivate() {
	x.private = x.engine.random(keymat.PrivateLen(x.sa.suite.Group))
	x.setNonce(x.sa.initiator, x.engine.random(nonceLen))
}

// outKE sends message 3.
func (x *mainMode) outKE(*wire.Message) error {
	x.inputs.PublicI = x.result.Public
	x.send(x.keyExchange(x.result.Public, x.inputs.NonceI)...)
	x.expectAnswer(x.timedOut)
	return nil
}

// keyExchange returns the payloads of message 3 or 4.
func (x *mainMode) keyExchange(public, nonce []byte) []wire.Payload {
	p := []wire.Payload{wire.KeyExchange{Data: public}, wire.Nonce{Data: nonce}}
	if x.sa.natt {
		p = append(p, x.sa.natDetection()...)
	}
	return p
}

// inKE takes message 3 or 4 and has g^xy made.
func (x *mainMode) inKE(m *wire.Message) error {
	ke := m.Payloads[m.Find(wire.PayloadKE)].(wire.KeyExchange)
	if want := keymat.PublicLen(x.sa.suite.Group); len(ke.Data) != want {
		return rejectWith(InvalidKeyExchange, wire.InvalidKeyInformation, "public value has %d octets, want %d for group %d",
			len(ke.Data), want, x.sa.suite.Group)
	}
	nonce := m.Payloads[m.Find(wire.PayloadNonce)].(wire.Nonce)
	if err := checkNonce(nonce); err != nil {
		return err
	}
	nat, err := x.sa.detectNAT(m)
	if err != nil {
		return err
	}
	x.theirs = keyPart{ke.Data, nonce.Data, nat}
	if !x.sa.initiator {
		x.private = x.engine.random(keymat.PrivateLen(x.sa.suite.Group))
	}
	x.ask(x, keymat.DH{Group: x.sa.suite.Group, Private: x.private, Public: x.inputs.PublicI, Peer: ke.Data})
	return nil
}

// takeTheirs accepts the peer's half of the key exchange: its value is a good one.
func (x *mainMode) takeTheirs() {
	x.sa.nat = x.theirs.nat
	x.setNonce(!x.sa.initiator, x.theirs.nonce)
}

// setNonce keeps Ni_b or Nr_b.
func (x *mainMode) setNonce(initiators bool, nonce []byte) {
	if initiators {
		x.inputs.NonceI = nonce
	} else {
		x.inputs.NonceR = nonce
	}
}

// outKEandKeys sends message 4; from now on everything is encrypted.
func (x *mainMode) outKEandKeys(*wire.Message) error {
	x.takeTheirs()
	x.setNonce(false, x.engine.random(nonceLen))
	x.inputs.PublicI, x.inputs.PublicR = x.theirs.public, x.result.Public
	if err := x.makeKeys(); err != nil {
		return err
	}
	x.send(x.keyExchange(x.result.Public, x.inputs.NonceR)...)
	x.iv = x.sa.keys.FirstIV(x.inputs)
	x.endAfter(afterMessage3, x.abandon)
	return nil
}

// makeKeys derives SKEYID and its children.
func (x *mainMode) makeKeys() error {
	x.inputs.CookieI, x.inputs.CookieR = x.sa.cookieI, x.sa.cookieR
	keys, err := keymat.PreShared(x.sa.suite, x.sa.peer.Key, x.result.Shared, x.inputs)
	if err != nil {
		return reject(InvalidKeyExchange, "%v", err)
	}
	x.sa.keys = keys
	x.private.Wipe()
	x.result.Shared.Wipe()
	return nil
}

// outID sends message 5, from port 4500 if there is a NAT.
func (x *mainMode) outID(*wire.Message) error {
	x.takeTheirs()
	x.inputs.PublicR = x.theirs.public
	if err := x.makeKeys(); err != nil {
		return err
	}
	x.iv = x.sa.keys.FirstIV(x.inputs)
	x.sa.floatPort()
	id := wire.AddrID(x.sa.local.Addr())
	hash := x.sa.keys.HashI(x.inputs, wire.Body(id))
	x.send(append([]wire.Payload{id, wire.Hash{Data: hash}}, x.initialContact()...)...)
	x.expectAnswer(x.timedOut)
	return nil
}

// initialContact is sent to a peer once after our start: RFC 2407 §4.6.3.3.
func (x *mainMode) initialContact() []wire.Payload {
	e, s := x.engine, x.sa
	if e.contacted[s.peer.Name] || e.current(s.peer.Name) != nil {
		return nil
	}
	return []wire.Payload{wire.NewNotify(wire.InitialContact, s.cookieI, s.cookieR, nil)}
}

// inIDoutID checks message 5 and answers with message 6.
func (x *mainMode) inIDoutID(m *wire.Message) error {
	if err := x.checkIdentity(m, x.sa.keys.HashI); err != nil {
		return err
	}
	id := wire.AddrID(x.sa.local.Addr())
	hash := x.sa.keys.HashR(x.inputs, wire.Body(id))
	x.send(id, wire.Hash{Data: hash})
	x.finish(m)
	return nil
}

// inID checks message 6.
func (x *mainMode) inID(m *wire.Message) error {
	if err := x.checkIdentity(m, x.sa.keys.HashR); err != nil {
		return err
	}
	x.stopRepeating()
	x.sent = nil
	x.finish(m)
	return nil
}

// checkIdentity checks HASH_I or HASH_R and that the peer is who it should be.
func (x *mainMode) checkIdentity(m *wire.Message, expected func(keymat.Exchange, []byte) []byte) error {
	i := m.Find(wire.PayloadID)
	got := m.Payloads[m.Find(wire.PayloadHash)].(wire.Hash).Data
	if want := expected(x.inputs, m.Body(i)); !secret.Octets(got).Equal(want) {
		return rejectWith(AuthenticationFail, wire.AuthenticationFailed, "HASH of message %d is wrong: `pre-shared-key` of ike peer %s differs from the peer's",
			x.number, x.sa.peer.Name)
	}
	return x.sa.checkID(m.Payloads[i].(wire.ID))
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

// nonceLen is what we send: at least half the key of the prf (RFC 2409 §5), as
// long as peers do.
const nonceLen = 32

// checkNonce holds a nonce against RFC 2409 §5.
func checkNonce(n wire.Nonce) error {
	if len(n.Data) < 8 || len(n.Data) > 256 {
		return rejectWith(UnexpectedPayload, wire.PayloadMalformed, "nonce has %d octets, want 8 to 256", len(n.Data))
	}
	return nil
}

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
