package ike

import (
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
)

// Main mode: RFC 2409 §5. What proves an end is HASH with a pre-shared key (§5.4), and SIG
// with its certificates with signatures (§5.1).
//
//	     Initiator                          Responder
//	1    HDR, SA, VID           -->
//	2                           <--    HDR, SA, VID
//	3    HDR, KE, Ni, NAT-D     -->
//	4                           <--    HDR, KE, Nr, NAT-D, [CERTREQ]
//	5    HDR*, IDii, [CERT], HASH_I or SIG_I, [CERTREQ]  -->
//	6                           <--    HDR*, IDir, [CERT], HASH_R or SIG_R
var mainModeInitiator, mainModeResponder []step[*handshake]

// The steps lead back to the tables, which Go refuses in an initializer.
func init() {
	mainModeInitiator = []step[*handshake]{
		{from: sentSA, need: of(wire.PayloadSA), do: (*handshake).inSA, to: makingKE},
		{from: makingKE, computed: true, do: (*handshake).outKE, to: sentKE},
		{from: sentKE, need: keyExchange, may: natDetection, do: (*handshake).inKE, to: makingKeys},
		{from: makingKeys, computed: true, do: (*handshake).inKeys, to: signing},
		{from: signing, computed: true, do: (*handshake).outID, to: sentID},
		{from: sentID, need: identity, may: proofs, encrypted: true, do: (*handshake).inID, to: verifying},
		{from: verifying, computed: true, do: (*handshake).inProof, to: established},
	}
	mainModeResponder = []step[*handshake]{
		{from: started, need: of(wire.PayloadSA), do: (*handshake).inSAoutSA, to: sentSA},
		{from: sentSA, need: keyExchange, may: natDetection, do: (*handshake).inKE, to: makingKeys},
		{from: makingKeys, computed: true, do: (*handshake).outKEandKeys, to: sentKE},
		{from: sentKE, need: identity, may: proofs, encrypted: true, do: (*handshake).inID, to: verifying},
		{from: verifying, computed: true, do: (*handshake).inProof, to: signing},
		{from: signing, computed: true, do: (*handshake).outID, to: established},
	}
}

// outSA sends message 1.
func (x *handshake) outSA() {
	offer := wire.NewSA(wire.Proposal{Number: 1, Protocol: wire.ProtoISAKMP, Transforms: x.offered})
	x.inputs.SA = wire.Body(offer)
	x.send(append([]wire.Payload{offer}, x.sa.vendorIDs()...)...)
	x.expectReply()
	x.state = sentSA
}

// inSAoutSA answers message 1 with the first transform that we accept too.
func (x *handshake) inSAoutSA(m *wire.Message) error {
	answer, err := x.acceptSA(m)
	if err != nil {
		return err
	}
	x.sendFirst(x.fitting(append([]wire.Payload{answer}, x.sa.vendorIDs()...))...)
	x.endAfter(beforeMessage3, x.abandon)
	return nil
}

// inSA takes the responder's choice, which must be one of our offers, and has
// our public value made.
func (x *handshake) inSA(m *wire.Message) error {
	x.fork(atChoice)
	if err := x.takeChoice(m); err != nil {
		x.forks[atChoice].taken = nil
		return err
	}
	x.engine.schedule.clear(&x.end) // of expectReply
	if x.halfGroup == x.sa.suite.Group {
		x.state, x.result.DH.Public = sentKE, x.inputs.PublicI
		return x.outKE(nil)
	}
	x.halfGroup = x.sa.suite.Group
	x.makePrivate()
	x.ask(x, DiffieHellman{keymat.DH{Group: x.sa.suite.Group, Private: x.private}})
	return nil
}

// outKE sends message 3.
func (x *handshake) outKE(*wire.Message) error {
	x.inputs.PublicI = x.result.DH.Public
	x.send(x.keyExchange(x.inputs.PublicI, x.inputs.NonceI)...)
	x.expectAnswer(x.timedOut)
	return nil
}

// outKEandKeys sends message 4, unless it has done so behind a rival of message 3; from now on
// everything is encrypted.
func (x *handshake) outKEandKeys(*wire.Message) error {
	x.takeTheirs()
	again := x.inputs.NonceR != nil
	if !again {
		x.setNonce(false, x.engine.random(nonceLen))
	}
	x.inputs.PublicI, x.inputs.PublicR = x.theirs.public, x.result.DH.Public
	if err := x.makeKeys(); err != nil {
		return err
	}
	if again {
		x.number++
	} else {
		x.send(x.keyExchange(x.inputs.PublicR, x.inputs.NonceR)...)
	}
	x.iv = x.sa.keys.FirstIV(x.inputs)
	x.endAfter(afterMessage3, x.abandon)
	return nil
}

// inKeys derives the keys as initiator and goes on to message 5, from port 4500 if there
// is a NAT.
func (x *handshake) inKeys(*wire.Message) error {
	x.takeTheirs()
	x.inputs.PublicR = x.theirs.public
	if err := x.makeKeys(); err != nil {
		return err
	}
	x.iv = x.sa.keys.FirstIV(x.inputs)
	x.sa.floatPort()
	return x.prove()
}
