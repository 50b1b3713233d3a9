package ike

import (
	"crypto/sha256"

	"errors"
	"time"

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
	completing       // g^xy is being made for a message 3 that waits: aggressive mode
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
	told    bool             // of a refusal, in clear
	spoken  bool             // something has come that may be the peer's
	inputs  keymat.Exchange  // of the key formulas
	packet  *packet          // accepted last, while its mathematics is done

	toldSealed bool              // likewise, under the keys
	refused    [sha256.Size]byte // digest of that message
	deleted    bool              // by a second word

	preShared secret.Octets // what SKEYID was made of; shared with the configuration
	shown     wire.ID       // our identity, in aggressive mode
	stranger  string        // why the other end can be nobody of ours, which it is not told
	open      *wire.Message // aggressive mode's message 1 or 2, until there are keys
	undo      *trial        // of message 2
	early     *packet       // that came before phase 1 was over
	heard     time.Time     // the SA's, before the message accepted last
	spent     uint64        // likewise

	candidates []*Peer   // as responder: whose address the other end has
	credit     int       // likewise: octets that have come, less those that message 2 has cost
	here       bool      // likewise: the other end has shown our cookie, so it is where it says
	held       []*packet // one of them is message 3
	shortNonce bool      // message 2 has to be short

	forks     [forks]fork
	switches  int        // between rivals
	halfGroup wire.Group // of our half of the key exchange, as initiator
}

// A keyPart is what the peer's half of the key exchange brings.
type keyPart struct {
	public, nonce []byte
	nat           nat
	can           Abilities
}

// acceptSA reads message 1 and returns the answer to its offer.
func (x *handshake) acceptSA(m *wire.Message) (wire.SA, error) {
	if m.Find(wire.PayloadSA) != 0 {
		return wire.SA{}, reject(UnexpectedPayload, "phase 1 begins with %v, want SA", m.Payloads[0].Type())
	}
	peer, answer, agreed, err := x.choosePeer(m)
	if err != nil {
		return wire.SA{}, err
	}
	x.inputs.SA = append([]byte(nil), m.Body(0)...)
	x.meet(m, peer, agreed)
	if x.sa.method.signsR {
		_, err = x.localID()
	}
	return answer, err
}

// meet makes peer the other end, with what was agreed on.
func (x *handshake) meet(m *wire.Message, peer *Peer, agreed phase1) {
	x.sa.meet(peer)
	x.sa.agree(agreed)
	x.knows(m)
}

// knows keeps what a message says besides its purpose.
func (x *handshake) knows(m *wire.Message) {
	x.sa.knows(m)
	if asked := certificateRequests(m); asked != nil {
		x.claim.requested = asked
	}
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
	x.knows(m)
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
	ours := x.inputs.PublicI
	if !x.sa.initiator {
		ours = x.inputs.PublicR
		if err := x.makeResponders(); err != nil {
			return err
		}
	}
	x.fork(atKeys)
	x.theirs = theirs
	x.knows(m)
	x.ask(x, DiffieHellman{keymat.DH{Group: x.sa.suite.Group, Private: x.private, Public: ours, Peer: theirs.public}})
	return nil
}

// makeResponders draws our exponent as main mode's responder, unless it has been shown already.
func (x *handshake) makeResponders() error {
	if x.private != nil {
		return nil
	}
	if err := x.mayCompute(); err != nil {
		return err
	}
	x.private = x.engine.random(keymat.PrivateLen(x.sa.suite.Group))
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
	return keyPart{ke.Data, nonce.Data, nat, abilitiesOf(m)}, err
}

// takeTheirs accepts the peer's half of the key exchange: its value is a good one.
func (x *handshake) takeTheirs() {
	x.sa.nat = x.theirs.nat
	x.sa.learns(x.theirs.can)
	if x.sa.id == 0 && x.kind == wire.MainMode {
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
		return keyError(err)
	}
	x.sa.keys = keys
	if x.kind == wire.Aggressive && !x.sa.initiator { // others may have to go back to a fork
		x.private.Wipe()
	}
	x.result.DH.Shared.Wipe()
	return nil
}

// keyError is what makes keys impossible, as a rejection.
func keyError(err error) error {
	var refused *Rejection
	if errors.As(err, &refused) {
		return err
	}
	return reject(InvalidKeyExchange, "%v", err)
}

// deriveKeys makes SKEYID as the method wants it: RFC 2409 §5.
func (x *handshake) deriveKeys() (*keymat.Keys, error) {
	if x.sa.method.preShared {
		if err := x.findKey(); err != nil {
			return nil, err
		}
	}
	of := keymat.Secrets{PreShared: x.preShared, Shared: x.result.DH.Shared}
	return keymat.Authenticated(x.sa.authMethod, x.sa.suite, of, x.inputs)
}

// findKey looks up the pre-shared key. For a stranger it is one that nobody knows.
func (x *handshake) findKey() error {
	x.preShared = x.preSharedKey(x.sa.peer, x.claim.id)
	if x.stranger != "" {
		x.preShared = x.engine.random(strangersKey)
	}
	if len(x.preShared) == 0 {
		return x.noKey()
	}
	return nil
}

// strangersKey is how many octets nobody guesses.
const strangersKey = 32

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
