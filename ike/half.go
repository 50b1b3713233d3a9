package ike

import (
	"bytes"
	"cmp"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// Aggressive mode's responder with a pre-shared key: message 2 takes SKEYID alone, so that g^xy
// and the keys wait for message 3. Who sends that has seen our cookie.

// A half is a public value of ours, with its exponent.
type half struct {
	private secret.Octets
	public  []byte
}

// halves are those made last, for the messages 1 of a second that has seen too many.
type halves struct {
	limit budget
	last  map[wire.Group]half
	end   deadline
}

// makeHalf has our public value made, or takes the last one if many ask.
func (x *handshake) makeHalf() error {
	e, group := x.engine, x.sa.suite.Group
	if e.halves.limit.allow(e.now, maxHalves) {
		x.private = e.random(keymat.PrivateLen(group))
		x.ask(x, DiffieHellman{keymat.DH{Group: group, Private: x.private}})
		x.state = makingKE
		return nil
	}
	last, ok := e.halves.last[group]
	if !ok {
		x.waits()
		return reject(Limited, "message 1 of aggressive mode while %d public values are being made", maxHalves)
	}
	x.private = bytes.Clone(last.private)
	return x.proveHalf(last.public)
}

// inHalf goes on to message 2 with a new public value, and keeps that for others.
func (x *handshake) inHalf(*wire.Message) error {
	x.engine.keepHalf(x.sa.suite.Group, half{bytes.Clone(x.private), x.result.DH.Public})
	return x.proveHalf(x.result.DH.Public)
}

// proveHalf goes on to message 2.
func (x *handshake) proveHalf(public []byte) (err error) {
	x.takeOpening(public)
	x.inputs.CookieI, x.inputs.CookieR = x.sa.cookieI, x.sa.cookieR
	if err := x.findKey(); err != nil {
		return err
	}
	if x.sa.keys, err = keymat.ProofOnly(x.sa.suite, x.preShared, x.inputs); err != nil {
		return keyError(err)
	}
	return x.prove()
}

// keepHalf keeps a public value for a while.
func (e *Engine) keepHalf(g wire.Group, h half) {
	if e.halves.last == nil {
		e.halves.last = map[wire.Group]half{}
	}
	e.halves.last[g].private.Wipe()
	e.halves.last[g] = h
	e.schedule.set(&e.halves.end, e.now.Add(halfLife), e.dropHalves)
}

// dropHalves forgets them.
func (e *Engine) dropHalves() {
	for _, h := range e.halves.last {
		h.private.Wipe()
	}
	e.halves.last = nil
}

// lacksKeys reports whether there are keys to prove with, and none yet to decrypt with.
func (x *handshake) lacksKeys() bool { return x.sa.keys != nil && !x.sa.keys.Completed() }

// hold keeps what may be message 3 until there are keys, which it has made.
func (x *handshake) hold(p *packet) error {
	if len(x.held) >= maxHeld {
		return reject(Limited, "%d messages wait for the keys already", maxHeld)
	}
	if x.state == completing {
		x.held = append(x.held, p)
		return nil
	}
	if err := x.mayCompute(); err != nil {
		return err
	}
	x.held = append(x.held, p)
	x.state, x.packet = completing, p
	x.ask(x, DiffieHellman{keymat.DH{Group: x.sa.suite.Group, Private: x.private, Public: x.inputs.PublicR, Peer: x.inputs.PublicI}})
	return nil
}

// inLateKeys completes the keys for what has waited for them.
func (x *handshake) inLateKeys(*wire.Message) error {
	if err := x.sa.keys.Complete(x.result.DH.Shared, x.inputs); err != nil {
		return keyError(err)
	}
	x.private.Wipe()
	x.result.DH.Shared.Wipe()
	x.iv = x.sa.keys.FirstIV(x.inputs)
	return nil
}

// affordReply makes message 2 as short as what has come wants it. Without fragments and with a shorter
// nonce it still does what a pre-shared key takes.
func (x *handshake) affordReply() error {
	need, err := x.replyLen()
	if err != nil || need <= x.credit || x.sa.method.signsR {
		return cmp.Or(err, x.afford(need))
	}
	x.sa.peerCan.Fragments = false
	if need, _ = x.replyLen(); need > x.credit {
		x.shortNonce = true
		need, _ = x.replyLen()
	}
	return x.afford(need)
}

// replyLen returns how long message 2 is going to be on its way.
func (x *handshake) replyLen() (int, error) {
	proof := []wire.Payload{wire.Hash{Data: make([]byte, keymat.HashLen(x.sa.suite.Hash))}}
	if x.sa.method.signsR {
		credential, err := x.credential()
		if err != nil {
			return 0, err
		}
		proof = append(x.ourCertificates(), wire.Signature{Data: make([]byte, credential.SignatureLen())})
	}
	length := *x // of a copy, which has something of everything
	length.inputs.PublicR = make([]byte, keymat.PublicLen(x.sa.suite.Group))
	length.inputs.NonceR = make([]byte, x.replyNonceLen())
	return x.sa.onWire(messageLen(length.reply(proof))), nil
}

// replyNonceLen returns how long our nonce in message 2 is: as long as the peer's and no longer
// than ours are, or the least that RFC 2409 §5 allows.
func (x *handshake) replyNonceLen() int {
	least := max(keymat.HashLen(x.sa.suite.Hash)/2, leastNonce)
	if x.shortNonce {
		return least
	}
	return max(min(len(x.theirs.nonce), nonceLen), least)
}

// leastNonce is what makes our nonces random enough, whatever the peer's are.
const leastNonce = 16

// filler makes message 1 as long as we expect message 2 to be, for a responder like ours: what
// proves that, NAT-D and a longer ID. A signature and certificates may take more than a datagram should have.
func (x *handshake) filler(p []wire.Payload) []wire.Payload {
	room := x.sa.fragmentSize() - messageLen(append(p[:len(p):len(p)], wire.VendorSallyport))
	fill := 0
	for _, t := range x.offered {
		offer, _ := readPhase1(t)
		fill = max(fill, 3*(genericLen+keymat.HashLen(offer.suite.Hash))+longerID)
		if methods[offer.method].signsR {
			fill = room
		}
	}
	if fill = min(fill, room); fill <= 0 {
		return nil
	}
	return []wire.Payload{wire.VendorSallyport.Filled(fill)}
}

const (
	genericLen = 4  // of a payload's header: RFC 2408 §3.2
	longerID   = 64 // octets that the responder's ID may have more than ours
)
