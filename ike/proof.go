package ike

import (
	"sallyport/ike/pki"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// How an end proves in phase 1 that it is who it says: with HASH_I and HASH_R, or with
// signatures over them. RFC 2409 §5.1, §5.4.

// A claim is what the peer has said of itself in phase 1. It is proved when the step that
// takes it has succeeded.
type claim struct {
	id             wire.ID
	body           []byte // of the ID payload, as it came
	peer           *Peer  // it would be that one
	requested      []wire.CertificateRequest
	initialContact bool
	subject        string     // of the certificate that proved it
	store          *pki.Store // that this is judged by
}

// inID takes the peer's identity and what is to prove it. A HASH is checked at once, a
// signature elsewhere.
func (x *handshake) inID(m *wire.Message) error {
	c, err := x.readClaim(m)
	if err != nil {
		return err
	}
	expected := x.hash(!x.sa.initiator, c.body)
	if x.sa.method.signs(!x.sa.initiator) {
		return x.verify(m, c, expected)
	}
	if err := x.checkHash(m, expected); err != nil {
		return err
	}
	if c.peer, err = x.identify(c.id); err != nil {
		return err
	}
	x.claim = c
	return x.accept()
}

// readClaim reads what the peer says of itself.
func (x *handshake) readClaim(m *wire.Message) (claim, error) {
	i := m.Find(wire.PayloadID)
	c := claim{id: m.Payloads[i].(wire.ID), body: m.Body(i), requested: x.claim.requested}
	c.initialContact = m.Flags&wire.FlagEncrypted != 0 && hasNotify(m, wire.InitialContact)
	if asked := certificateRequests(m); asked != nil {
		c.requested = asked
	}
	return c, nil
}

// checkHash checks HASH_I or HASH_R.
func (x *handshake) checkHash(m *wire.Message, want []byte) error {
	i := m.Find(wire.PayloadHash)
	if i < 0 {
		return reject(UnexpectedPayload, "payload HASH is missing")
	}
	if got := m.Payloads[i].(wire.Hash).Data; !secret.Octets(got).Equal(want) || x.stranger != "" {
		return x.unproved("HASH of message %d is wrong", x.number)
	}
	return nil
}

// verify has the peer's signature checked, and the certificates behind it.
func (x *handshake) verify(m *wire.Message, c claim, hash []byte) (err error) {
	i := m.Find(wire.PayloadSignature)
	if i < 0 {
		return reject(UnexpectedPayload, "payload SIG is missing")
	}
	if c.peer, err = x.identify(c.id); err != nil {
		return err
	}
	c.store = x.engine.config.Store
	x.claim = c
	x.ask(x, Verification{pki.Verify{
		Now: x.engine.now, Store: c.store, Domain: c.peer.Domain, Certificates: certificates(m), ID: c.id,
		Method: x.sa.authMethod, Hash: hash, Signature: m.Payloads[i].(wire.Signature).Data, Fetch: x.engine.options.Fetch,
	}})
	return nil
}

// inProof accepts a claim whose signature is good.
func (x *handshake) inProof(*wire.Message) error {
	x.claim.subject = x.result.Proved.Subject
	stale := x.claim.store != x.engine.config.Store
	err := x.accept()
	if err == nil && stale {
		x.engine.recheck()
	}
	return err
}

// accept goes on with a peer that has proved who it is: the responder proves itself now,
// and the initiator has done so already.
func (x *handshake) accept() error {
	w, err := x.warranted()
	if err != nil {
		return err
	}
	if err := x.sa.admitsProved(x.claim); err != nil {
		return err
	}
	x.sa.warrant = w
	x.sa.become(x.claim)
	if x.sa.id == 0 {
		x.sa.id = x.engine.newID()
	}
	x.sa.nat = x.theirs.nat
	if !x.provesLast() {
		x.stopRepeating()
		x.sent = nil
		x.finish()
		return nil
	}
	return x.prove()
}

// provesLast reports whether our own proof comes after the peer's.
func (x *handshake) provesLast() bool {
	return x.sa.initiator == (x.kind == wire.Aggressive)
}

// prove has our signature made, or goes on with our HASH: both to the step that sends it.
func (x *handshake) prove() error {
	if !x.sa.method.signs(x.sa.initiator) {
		x.result.Signature = nil
		return find(x.table, signing, true).do(x, nil)
	}
	id, err := x.localID()
	if err != nil {
		return err
	}
	credential, err := x.credential()
	if err != nil {
		return err
	}
	x.sa.signsWith(credential)
	x.state = signing
	x.ask(x, Signing{Credential: credential, Method: x.sa.authMethod, Hash: x.hash(x.sa.initiator, wire.Body(id))})
	return nil
}

// outID sends our identity and its proof: main mode's message 5 or 6.
func (x *handshake) outID(*wire.Message) error {
	id, err := x.localID()
	if err != nil {
		return err
	}
	p := append([]wire.Payload{id}, x.proof(wire.Body(id))...)
	if x.provesLast() {
		x.send(p...)
		x.finish()
		return nil
	}
	x.send(append(p, x.initialContact()...)...)
	x.expectAnswer(x.timedOut)
	x.state = sentID
	return nil
}

// proof returns our HASH, or our certificates and SIG.
func (x *handshake) proof(id []byte) []wire.Payload {
	if x.result.Signature == nil {
		return []wire.Payload{wire.Hash{Data: x.hash(x.sa.initiator, id)}}
	}
	return append(x.ourCertificates(), wire.Signature{Data: x.result.Signature})
}

// hash returns HASH_I or HASH_R over the body of an ID.
func (x *handshake) hash(initiators bool, id []byte) []byte {
	if initiators {
		return x.sa.keys.HashI(x.inputs, id)
	}
	return x.sa.keys.HashR(x.inputs, id)
}

// initialContact is sent to a peer once after our start: RFC 2407 §4.6.3.3.
func (x *handshake) initialContact() []wire.Payload {
	e, s := x.engine, x.sa
	if e.contacted[s.party] || e.current(s.party) != nil {
		return nil
	}
	return []wire.Payload{wire.NewNotify(wire.InitialContact, s.cookieI, s.cookieR, nil)}
}
