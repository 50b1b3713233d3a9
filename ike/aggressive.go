package ike

import (
	"bytes"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
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
// Message 2 is never longer than what has come, so message 1 may have to come twice. With a
// pre-shared key it takes no g^xy: that is made when message 3 shows that there is somebody, and
// the public value is made for many at once when many ask. What strangers can make us
// do is no more than in main mode then.
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
		{from: makingKE, computed: true, do: (*handshake).inHalf, to: sentID},
		{from: makingKeys, computed: true, do: (*handshake).inOpeningKeys, to: signing},
		{from: signing, computed: true, do: (*handshake).outReply, to: sentID},
		{from: completing, computed: true, do: (*handshake).inLateKeys, to: sentID},
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
	p = append(append(p, x.certificateRequests()...), x.sa.vendorIDs()...)
	x.send(append(p, x.filler(p)...)...)
	x.expectReply()
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
	if err := x.affordReply(); err != nil {
		return err
	}
	x.endAfter(afterMessage3, x.abandon)
	if x.sa.method.preShared {
		return x.makeHalf()
	}
	return x.makeSigned()
}

// makeSigned has g^xy made, which a signature in message 2 takes.
func (x *handshake) makeSigned() error {
	if !x.engine.signs(x.sa.remote.Addr()) {
		x.waits()
		return reject(Limited, "message 1 of aggressive mode with signatures beyond %d a second from its address, or %d in all", maxSignedKnown, maxSigned)
	}
	x.private = x.engine.random(keymat.PrivateLen(x.sa.suite.Group))
	x.ask(x, DiffieHellman{keymat.DH{Group: x.sa.suite.Group, Private: x.private, Peer: x.theirs.public}})
	return nil
}

// inOpeningKeys derives the keys as responder and goes on to message 2.
func (x *handshake) inOpeningKeys(*wire.Message) error {
	x.takeOpening(x.result.DH.Public)
	if err := x.makeKeys(); err != nil {
		return err
	}
	return x.prove()
}

// takeOpening accepts what message 1 has brought, and makes our half of the key exchange public.
func (x *handshake) takeOpening(public []byte) {
	x.takeTheirs()
	x.setNonce(false, x.engine.random(x.replyNonceLen()))
	x.inputs.PublicI, x.inputs.PublicR = x.theirs.public, public
}

// outReply sends message 2; from now on everything may be encrypted.
func (x *handshake) outReply(*wire.Message) error {
	x.sendFirst(x.reply(x.proof(wire.Body(x.shown)))...)
	x.open = nil
	if x.sa.keys.Completed() {
		x.iv = x.sa.keys.FirstIV(x.inputs)
	}
	x.state = sentID
	return nil
}

// reply returns the payloads of message 2, with what proves us.
func (x *handshake) reply(proof []wire.Payload) []wire.Payload {
	p := []wire.Payload{x.open.Payloads[0], wire.KeyExchange{Data: x.inputs.PublicR}, wire.Nonce{Data: x.inputs.NonceR}, x.shown}
	between := append(x.certificateRequests(), x.sa.vendorIDs()...)
	return append(p, beforeProof(proof, append(between, x.sa.natDetection()...))...)
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
	return beforeProof(x.proof(wire.Body(x.shown)), others)
}

// beforeProof puts other payloads before the last one of a proof, which covers none of them.
func beforeProof(proof, others []wire.Payload) []wire.Payload {
	last := len(proof) - 1
	return append(append(proof[:last:last], others...), proof[last])
}
