package ike

import (
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// What main mode and aggressive mode share: mainmode.go and aggressive.go have the
// ladders, proof.go how an end proves who it is, handshakerun.go how a negotiation begins
// and ends.
const (
	started    state = iota
	sentSA           // message 1, or main mode's 2, is out
	makingKE         // our public value is being made
	sentKE           // main mode's 3 or 4 is out
	makingKeys       // g^xy is being made
	signing          // our signature is being made
	sentID           // our proof is out
	verifying        // the peer's signature is being checked
	established
)

// keyExchange are the payloads of main mode's messages 3 and 4.
var keyExchange = of(wire.PayloadKE, wire.PayloadNonce)

// natDetection may come with them.
var natDetection = of(wire.PayloadNATD)

// identity is what an end says that it is, and proofs what it proves that by: one of HASH
// and SIG, as the method wants.
var (
	identity = of(wire.PayloadID)
	proofs   = of(wire.PayloadHash, wire.PayloadSignature, wire.PayloadCert)
)

// A handshake is phase 1 under way, or over and waiting for repetitions.
type handshake struct {
	exchange
	table   []step[*handshake]
	offered []wire.Transform // as initiator
	private secret.Octets    // our exponent
	theirs  keyPart          // of the peer's half of the key exchange, not yet known to be good
	claim   claim            // of the peer's identity, not yet proved
	told    bool             // of a refusal
	inputs  keymat.Exchange  // of the key formulas
	packet  *packet          // accepted last, while its mathematics is done
}

// A keyPart is what the peer's half of the key exchange brings.
type keyPart struct {
	public, nonce []byte
	nat           nat
}

// acceptSA reads message 1 and returns the answer to its offer.
func (x *handshake) acceptSA(m *wire.Message) (wire.SA, error) {
	if m.Find(wire.PayloadSA) != 0 {
		return wire.SA{}, reject(UnexpectedPayload, "phase 1 begins with %v, want SA", m.Payloads[0].Type())
	}
	peer, answer, agreed, err := x.engine.choosePeer(m.Payloads[0].(wire.SA), x.sa.candidates)
	if err != nil {
		return wire.SA{}, err
	}
	x.inputs.SA = append([]byte(nil), m.Body(0)...)
	x.sa.meet(peer)
	x.sa.agree(agreed)
	x.sa.knows(m)
	return answer, nil
}

// takeChoice reads the responder's choice, which must be one of our offers.
func (x *handshake) takeChoice(m *wire.Message) error {
	if m.Find(wire.PayloadSA) != 0 {
		return reject(UnexpectedPayload, "phase 1 begins with %v, want SA", m.Payloads[0].Type())
	}
	agreed, err := chosenPhase1(m.Payloads[0].(wire.SA), x.offered)
	if err != nil {
		return err
	}
	x.sa.cookieR = m.CookieR
	x.sa.agree(agreed)
	x.sa.knows(m)
	return nil
}

// makePrivate draws our exponent and nonce.
func (x *handshake) makePrivate() {
	x.private = x.engine.random(keymat.PrivateLen(x.sa.suite.Group))
	x.setNonce(x.sa.initiator, x.engine.random(nonceLen))
}

// keyExchange returns the payloads of main mode's message 3 or 4.
func (x *handshake) keyExchange(public, nonce []byte) []wire.Payload {
	p := []wire.Payload{wire.KeyExchange{Data: public}, wire.Nonce{Data: nonce}}
	return append(append(p, x.certificateRequests()...), x.sa.natDetection()...)
}

// inKE takes the peer's half of the key exchange and has g^xy made.
func (x *handshake) inKE(m *wire.Message) error {
	theirs, err := x.readKE(m)
	if err != nil {
		return err
	}
	x.theirs = theirs
	x.claim.requested = certificateRequests(m)
	if !x.sa.initiator {
		x.private = x.engine.random(keymat.PrivateLen(x.sa.suite.Group))
	}
	x.ask(x, DiffieHellman{keymat.DH{Group: x.sa.suite.Group, Private: x.private, Public: x.inputs.PublicI, Peer: theirs.public}})
	return nil
}

// readKE checks the peer's half of the key exchange as far as that takes no mathematics.
func (x *handshake) readKE(m *wire.Message) (keyPart, error) {
	ke := m.Payloads[m.Find(wire.PayloadKE)].(wire.KeyExchange)
	if want := keymat.PublicLen(x.sa.suite.Group); len(ke.Data) != want {
		return keyPart{}, rejectWith(InvalidKeyExchange, wire.InvalidKeyInformation, "public value has %d octets, want %d for group %d",
			len(ke.Data), want, x.sa.suite.Group)
	}
	nonce := m.Payloads[m.Find(wire.PayloadNonce)].(wire.Nonce)
	if err := checkNonce(nonce); err != nil {
		return keyPart{}, err
	}
	nat, err := x.sa.detectNAT(m)
	return keyPart{ke.Data, nonce.Data, nat}, err
}

// takeTheirs accepts the peer's half of the key exchange: its value is a good one.
func (x *handshake) takeTheirs() {
	x.sa.nat = x.theirs.nat
	if x.sa.id == 0 {
		x.sa.id = x.engine.newID()
	}
	x.setNonce(!x.sa.initiator, x.theirs.nonce)
}

// setNonce keeps Ni_b or Nr_b.
func (x *handshake) setNonce(initiators bool, nonce []byte) {
	if initiators {
		x.inputs.NonceI = nonce
	} else {
		x.inputs.NonceR = nonce
	}
}

// makeKeys derives SKEYID and its children.
func (x *handshake) makeKeys() error {
	x.inputs.CookieI, x.inputs.CookieR = x.sa.cookieI, x.sa.cookieR
	keys, err := x.deriveKeys()
	if err != nil {
		return reject(InvalidKeyExchange, "%v", err)
	}
	x.sa.keys = keys
	x.private.Wipe()
	x.result.DH.Shared.Wipe()
	return nil
}

// deriveKeys makes SKEYID as the method wants it: RFC 2409 §5.
func (x *handshake) deriveKeys() (*keymat.Keys, error) {
	of := keymat.Secrets{PreShared: x.sa.preSharedKey(), Shared: x.result.DH.Shared}
	return keymat.Authenticated(x.sa.authMethod, x.sa.suite, of, x.inputs)
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
