package ike

import (
	"bytes"
	"slices"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// Aggressive mode: RFC 2409 §5.
//
//	     Initiator                          Responder
//	1    HDR, SA, KE, Ni, IDii, [CERTREQ], VID  -->
//	2                                       <--  HDR, SA, KE, Nr, IDir, [CERT, CERTREQ], VID, NAT-D, HASH_R or SIG_R
//	3    HDR*, [CERT], NAT-D, HASH_I or SIG_I  -->
//
// Before message 3 the responder knows nothing of the initiator's address, so it repeats
// message 2 only when it is asked to: by message 1 again, or by a message that is encrypted
// and has come too early. It is the initiator that repeats message 3 until it hears something.
//
// Who asks with a pre-shared key gets message 2 whoever it says that it is. For an identity
// that no `ike peer` has the key is one that nobody knows, and what follows is what follows
// a wrong key. With signatures, where there is nothing to guess, there is no answer then.
var aggressiveInitiator, aggressiveResponder []step[*handshake]

// keysAndIdentity are the payloads of messages 1 and 2.
var keysAndIdentity = of(wire.PayloadSA, wire.PayloadKE, wire.PayloadNonce, wire.PayloadID)

// The steps lead back to the tables, which Go refuses in an initializer.
func init() {
	aggressiveInitiator = []step[*handshake]{
		{from: makingKE, computed: true, do: (*handshake).outOpening, to: sentSA},
		{from: sentSA, need: keysAndIdentity, may: proofs | natDetection, do: (*handshake).inReply, to: makingKeys},
		{from: makingKeys, computed: true, do: (*handshake).inReplyKeys, to: verifying},
		{from: verifying, computed: true, do: (*handshake).inProof, to: signing},
		{from: signing, computed: true, do: (*handshake).outClosing, to: established},
	}
	aggressiveResponder = []step[*handshake]{
		{from: started, need: keysAndIdentity, do: (*handshake).inOpening, to: makingKeys},
		{from: makingKeys, computed: true, do: (*handshake).inOpeningKeys, to: signing},
		{from: signing, computed: true, do: (*handshake).outReply, to: sentID},
		{from: sentID, may: proofs | natDetection, either: true, do: (*handshake).inClosing, to: verifying},
		{from: verifying, computed: true, do: (*handshake).inProof, to: established},
	}
}

// makeKE has the public value of message 1 made. All offers have to be of its group.
func (x *handshake) makeKE() (err error) {
	x.offered, x.sa.suite.Group = oneGroup(x.offered)
	if x.shown, err = x.localID(); err != nil {
		return err
	}
	x.makePrivate()
	x.state = makingKE
	x.ask(x, DiffieHellman{keymat.DH{Group: x.sa.suite.Group, Private: x.private}})
	return nil
}

// oneGroup returns those of our offers that have the first one's group.
func oneGroup(offers []wire.Transform) (same []wire.Transform, group wire.Group) {
	first, _ := readPhase1(offers[0])
	for _, t := range offers {
		if o, _ := readPhase1(t); o.suite.Group == first.suite.Group {
			same = append(same, t)
		}
	}
	return same, first.suite.Group
}

// outOpening sends message 1.
func (x *handshake) outOpening(*wire.Message) error {
	x.inputs.PublicI = x.result.DH.Public
	offer := wire.NewSA(wire.Proposal{Number: 1, Protocol: wire.ProtoISAKMP, Transforms: x.offered})
	x.inputs.SA = wire.Body(offer)
	p := []wire.Payload{offer, wire.KeyExchange{Data: x.inputs.PublicI}, wire.Nonce{Data: x.inputs.NonceI}, x.shown}
	x.send(append(append(p, x.certificateRequests()...), x.sa.vendorIDs()...)...)
	x.expectAnswer(x.timedOut)
	return nil
}

// inReply takes message 2 as it is, until there are keys to check it with.
func (x *handshake) inReply(m *wire.Message) error {
	x.undo = x.trial()
	err := x.readReply(m)
	if err != nil {
		x.takeBack()
	}
	return err
}

// readReply reads message 2 and has g^xy made.
func (x *handshake) readReply(m *wire.Message) (err error) {
	if err = x.takeChoice(m); err != nil {
		return err
	}
	if x.theirs, err = x.readKE(m); err != nil {
		return err
	}
	if x.claim, err = x.readClaim(m); err != nil {
		return err
	}
	if x.claim.peer, err = x.identify(x.claim.id); err != nil {
		return err
	}
	x.open = m
	x.ask(x, DiffieHellman{keymat.DH{Group: x.sa.suite.Group, Private: x.private, Public: x.inputs.PublicI, Peer: x.theirs.public}})
	return nil
}

// inReplyKeys derives the keys as initiator and checks what message 2 proves.
func (x *handshake) inReplyKeys(*wire.Message) error {
	x.takeTheirs()
	x.inputs.PublicR = x.theirs.public
	if err := x.makeKeys(); err != nil {
		return err
	}
	expected := x.hash(false, x.claim.body)
	if x.sa.method.signsR {
		return x.verify(x.open, x.claim, expected)
	}
	if err := x.checkHash(x.open, expected); err != nil {
		return err
	}
	return x.accept()
}

// outClosing sends message 3, from port 4500 if there is a NAT, and again until the responder
// shows that it has it: what waits for phase 1 begins at once.
func (x *handshake) outClosing(*wire.Message) error {
	x.iv = x.sa.keys.FirstIV(x.inputs)
	x.sa.floatPort()
	x.send(append(x.proofs(x.sa.natDetection()...), x.initialContact()...)...)
	x.keep()
	x.finish()
	if !x.sa.gone {
		x.expectAnswer(func() {})
	}
	return nil
}

// inOpening takes message 1: it is here that the peer is chosen, by its ID, a proposal and its
// key, and only then is any mathematics done.
func (x *handshake) inOpening(m *wire.Message) error {
	answer, err := x.chooseByID(m)
	if err != nil {
		return err
	}
	if x.theirs, err = x.readKE(m); err != nil {
		return err
	}
	if x.shown, err = x.localID(); err != nil {
		return err
	}
	x.inputs.SA = bytes.Clone(m.Body(0))
	x.open = &wire.Message{Payloads: []wire.Payload{answer}}
	x.private = x.engine.random(keymat.PrivateLen(x.sa.suite.Group))
	x.ask(x, DiffieHellman{keymat.DH{Group: x.sa.suite.Group, Private: x.private, Peer: x.theirs.public}})
	x.endAfter(afterMessage3, x.abandon)
	return nil
}

// inOpeningKeys derives the keys as responder and goes on to message 2.
func (x *handshake) inOpeningKeys(*wire.Message) error {
	x.takeTheirs()
	x.setNonce(false, x.engine.random(nonceLen))
	x.inputs.PublicI, x.inputs.PublicR = x.theirs.public, x.result.DH.Public
	if err := x.makeKeys(); err != nil {
		return err
	}
	return x.prove()
}

// outReply sends message 2; from now on everything may be encrypted.
func (x *handshake) outReply(*wire.Message) error {
	p := append(x.open.Payloads, wire.KeyExchange{Data: x.inputs.PublicR}, wire.Nonce{Data: x.inputs.NonceR}, x.shown)
	between := append(x.certificateRequests(), x.sa.vendorIDs()...)
	x.send(append(p, x.proofs(append(between, x.sa.natDetection()...)...)...)...)
	x.open = nil
	x.iv = x.sa.keys.FirstIV(x.inputs)
	x.state = sentID
	return nil
}

// inClosing takes message 3.
func (x *handshake) inClosing(m *wire.Message) error {
	nat, err := x.sa.detectNAT(m)
	if err != nil {
		return err
	}
	c := x.claim
	c.initialContact = m.Flags&wire.FlagEncrypted != 0 && hasNotify(m, wire.InitialContact)
	x.theirs.nat = nat
	expected := x.hash(true, c.body)
	if x.sa.method.signsI {
		return x.verify(m, c, expected)
	}
	if err := x.checkHash(m, expected); err != nil {
		return err
	}
	x.claim = c
	return x.accept()
}

// proofs returns our HASH, or our certificates and SIG, with other payloads before that.
func (x *handshake) proofs(others ...wire.Payload) []wire.Payload {
	p := x.proof(wire.Body(x.shown))
	last := len(p) - 1
	return append(append(p[:last:last], others...), p[last])
}

// A trial is what the initiator has taken from message 2 before it could check it, as it was
// before. Message 2 may be forged, and the genuine one must still find us waiting.
type trial struct {
	cookieR wire.Cookie
	agreed  phase1
	peerCan Abilities
	nat     nat
	inputs  keymat.Exchange
	private secret.Octets
}

// trial returns what message 2 is going to change.
func (x *handshake) trial() *trial {
	s := x.sa
	return &trial{
		cookieR: s.cookieR, agreed: phase1{s.suite, s.authMethod, s.lifetime, s.wear.limit, s.wear.cut}, peerCan: s.peerCan, nat: s.nat,
		inputs: x.inputs, private: bytes.Clone(x.private),
	}
}

// takeBack puts everything as it was before message 2, which was no good.
func (x *handshake) takeBack() {
	u, s := x.undo, x.sa
	if u == nil {
		return
	}
	if s.keys != nil {
		s.keys.Wipe()
	}
	s.keys, s.cookieR, s.peerCan, s.nat = nil, u.cookieR, u.peerCan, u.nat
	s.agree(u.agreed)
	x.inputs, x.private, x.preShared, x.open, x.undo = u.inputs, u.private, nil, nil, nil
}

// keep ends the trial of message 2, which was good.
func (x *handshake) keep() {
	x.undo.private.Wipe()
	x.open, x.undo = nil, nil
}

// unproven reports whether the other end has not shown yet that it is where it says.
func (x *handshake) unproven() bool {
	return x.state == sentSA || x.kind == wire.Aggressive && x.state != established
}

// overtaken refuses what comes encrypted before phase 1 is over. While the peer's signature is being
// checked it is kept: the peer thinks that phase 1 is over. While a responder waits for message
// 3, that must have been lost: who sends something encrypted has seen message 2, and so is where it says.
func (s *sa) overtaken(p *packet) error {
	x := s.phase1
	if x == nil || !p.encrypted() || p.Remote.Addr() != s.remote.Addr() {
		return reject(UnexpectedMessage, "phase 1 is not over")
	}
	switch {
	case x.state == verifying:
		x.early = p
		return reject(UnexpectedMessage, "phase 1 is not over: kept until it is")
	case x.state == sentID && x.kind == wire.Aggressive:
		x.answerAgain()
	}
	return reject(UnexpectedMessage, "phase 1 is not over")
}

// takeEarly goes on with what has come too early.
func (x *handshake) takeEarly() {
	p, e := x.early, x.engine
	if x.early = nil; p == nil {
		return
	}
	if err := e.dispatch(p); err != nil {
		e.refuse(p, err)
	}
}

// chooseByID chooses the peer that message 1 is of, and returns the answer to its offer.
func (x *handshake) chooseByID(m *wire.Message) (wire.SA, error) {
	if m.Find(wire.PayloadSA) != 0 {
		return wire.SA{}, reject(UnexpectedPayload, "phase 1 begins with %v, want SA", m.Payloads[0].Type())
	}
	c, err := x.readClaim(m)
	if err != nil {
		return wire.SA{}, err
	}
	offer, kerberos := withoutKerberos(m)
	chosen, err := x.choose(ofOneGroup(offer, m), c.id)
	if err != nil {
		return wire.SA{}, blameKerberos(kerberos, err)
	}
	c.peer, x.stranger = chosen.peer, chosen.stranger
	x.claim = c
	x.meet(m, chosen.peer, chosen.agreed)
	if x.stranger != "" {
		x.failed(IDMismatch, x.stranger)
	}
	return chosen.answer, nil
}

// ofOneGroup returns the offers whose group the public value can be of. Some peers offer other
// groups, too, which would take another message 1.
func ofOneGroup(offer wire.SA, m *wire.Message) wire.SA {
	size := len(m.Payloads[m.Find(wire.PayloadKE)].(wire.KeyExchange).Data)
	offer.Proposals = slices.Clone(offer.Proposals)
	for i := range offer.Proposals {
		p := &offer.Proposals[i]
		p.Transforms = slices.DeleteFunc(slices.Clone(p.Transforms), func(t wire.Transform) bool {
			o, ok := readPhase1(t)
			return ok && o.suite.Supported() && keymat.PublicLen(o.suite.Group) != size
		})
	}
	return offer
}

// A choice is a peer that somebody may be, and what would be agreed on with it.
type choice struct {
	peer     *Peer
	answer   wire.SA
	agreed   phase1
	stranger string // why it is none of ours; empty: it may be this one
}

// choose returns the peer that has an identity, or, with a pre-shared key, one to play the
// part if none has.
func (x *handshake) choose(offer wire.SA, id wire.ID) (choice, error) {
	var first error
	var standIn *choice
	for _, p := range x.sa.candidates {
		answer, agreed, err := x.engine.choosePhase1(offer, p)
		if err == nil {
			c := choice{peer: p, answer: answer, agreed: agreed}
			if err = x.suits(c, id); err == nil {
				return c, nil
			}
			if c.stranger = reasonOf(err); standIn == nil && methods[agreed.method].preShared {
				standIn = &c
			}
		}
		if first == nil {
			first = err
		}
	}
	if standIn != nil {
		return *standIn, nil
	}
	return choice{}, untold(first)
}

// suits reports whether a peer may say that it is id, and has a key if it takes one.
func (x *handshake) suits(c choice, id wire.ID) error {
	if err := x.accepts(c.peer, id); err != nil {
		return err
	}
	if methods[c.agreed.method].preShared && len(x.engine.preSharedKey(c.peer, id)) == 0 {
		return reject(IDMismatch, "ike peer %s has no `pre-shared-key` for %s", c.peer.Name, idText(id))
	}
	return nil
}

// untold makes a refusal of an identity one that the peer is not told of.
func untold(err error) error {
	if categoryOf(err) == IDMismatch {
		return reject(IDMismatch, "%s", reasonOf(err))
	}
	return err
}

// failed tells the operator of what the other end is not told.
func (x *handshake) failed(c Category, reason string) {
	f := Failure{Remote: x.sa.remote, Category: c.String(), Reason: reason}
	if x.sa.peer.single() {
		f.Peer = x.sa.peer.Name
	}
	x.engine.fail(f)
}
