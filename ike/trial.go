package ike

import (
	"bytes"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// A trial is what the initiator has taken from message 2 before it could check it, as it was
// before. Message 2 may be forged, and the genuine one must still find us waiting.
type trial struct {
	cookieR wire.Cookie
	agreed  phase1
	peerCan Abilities
	nat     nat
	inputs  keymat.Exchange
	private secret.Octets

	requested []wire.CertificateRequest // what a forged message has asked for is not answered later
}

// trial returns what message 2 is going to change.
func (x *handshake) trial() *trial {
	s := x.sa
	return &trial{
		cookieR: s.cookieR, agreed: phase1{s.suite, s.authMethod, s.lifetime, s.wear.limit, s.wear.cut}, peerCan: s.peerCan, nat: s.nat,
		inputs: x.inputs, private: bytes.Clone(x.private), requested: x.claim.requested,
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
	x.private.Wipe()
	s.keys, s.cookieR, s.peerCan, s.nat = nil, u.cookieR, u.peerCan, u.nat
	s.agree(u.agreed)
	x.claim.requested = u.requested
	x.inputs, x.private, x.preShared, x.open, x.undo = u.inputs, u.private, nil, nil, nil
}

// keep ends the trial of message 2, which was good.
func (x *handshake) keep() {
	x.private.Wipe()
	x.undo.private.Wipe()
	x.open, x.undo = nil, nil
}
