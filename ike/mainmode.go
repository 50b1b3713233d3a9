package ike

import (
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
	if x.sa.id == 0 {
		x.sa.id = x.engine.newID()
	}
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
