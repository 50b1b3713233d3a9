package ike

import (
	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// makeChild derives the keys of both directions and makes the pair: RFC 2409
// §5.5. Nothing is installed by it.
func (q *quickMode) makeChild(initiator bool) {
	e, s := q.engine, q.sa
	c := &child{engine: e, id: e.newID(), flow: q.flow, party: s.party, peer: s.peer, warrant: s.warrant, remote: s.remote, initiator: initiator,
		pfs: q.agreed.group != 0, created: e.now, negotiation: q}
	c.in = q.makeSA(ipsec.Inbound, q.spis)
	c.out = q.makeSA(ipsec.Outbound, q.agreed.spis)
	q.private.Wipe()
	q.result.DH.Shared.Wipe()
	q.child = c
	c.changed()
	s.heir().adopt([]*child{c})
	c.register()
	e.state(q.flow.key.policy)
}

// makeSA makes one direction. Its SPIs are those that the receiver chose.
func (q *quickMode) makeSA(d ipsec.Direction, of spis) *ipsec.SA {
	s := q.sa
	made := &ipsec.SA{
		Direction: d, Policy: q.flow.key.policy, Rule: q.flow.key.rule,
		Local: s.local.Addr(), Remote: s.remote.Addr(), Mode: modeOf(q.agreed.encap),
		ESN: q.agreed.esn, Selector: q.traffic, Window: q.policy.Window,
		Soft: ipsec.Lifetime{Octets: q.softOctets()}, Hard: q.agreed.lifetime,
	}
	made.ID.Destination = made.Local
	if d == ipsec.Outbound {
		made.ID.Destination = made.Remote
	}
	if s.nat.found() {
		made.Encapsulation = ipsec.Ports{Local: s.local.Port(), Remote: s.remote.Port()}
		if made.Mode == ipsec.Transport {
			made.Original = q.original
		}
	}
	q.setKeys(made, of)
	return made
}

// setKeys gives an SA its protocols, SPIs, algorithms and keys.
func (q *quickMode) setKeys(made *ipsec.SA, of spis) {
	o := q.cut(q.agreed.offer)
	switch o.Transform() {
	case ipsec.TransformAH:
		made.ID.Protocol, made.ID.SPI = ipsec.AH, of.ah
		made.Integrity, made.IntegrityKey = o.AH, q.keymat(wire.ProtoAH, of, o.AH.KeyLen())
		return
	case ipsec.TransformAHESP:
		made.AH = &ipsec.AHPart{SPI: of.ah, Integrity: o.AH, Key: q.keymat(wire.ProtoAH, of, o.AH.KeyLen())}
	}
	n := o.Encryption.KeyLen()
	keys := q.keymat(wire.ProtoESP, of, n+o.Integrity.KeyLen())
	made.ID.Protocol, made.ID.SPI = ipsec.ESP, of.esp
	made.Encryption, made.EncryptionKey = o.Encryption, keys[:n:n]
	made.Integrity, made.IntegrityKey = o.Integrity, keys[n:]
}

// cut returns the algorithms of an SA: of what is negotiated as SHA2-256 the configuration says how
// long the ICV is.
func (q *quickMode) cut(o ipsec.Offer) ipsec.Offer {
	for _, i := range []*ipsec.Integrity{&o.Integrity, &o.AH} {
		if *i == ipsec.SHA256 && q.sa.engine.config.SHA2Short {
			*i = ipsec.SHA256Short
		}
	}
	return o
}

// keymat derives n octets of key for one protocol: RFC 2409 §5.5.
func (q *quickMode) keymat(protocol wire.ProtocolID, of spis, n int) secret.Octets {
	return q.sa.keys.Keymat(n, protocol, uint32(of.of(protocol)), q.result.DH.Shared, q.ni, q.nr)
}

// softOctets returns when to rekey by traffic: at nine tenths of the limit, and as
// responder later, so that both ends do not start. 0 is no limit.
func (q *quickMode) softOctets() uint64 {
	share := uint64(90)
	if !q.initiated() {
		share = 95
	}
	return q.agreed.lifetime.Octets / 100 * share
}
