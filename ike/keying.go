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
	c := &child{engine: e, id: e.newID(), sa: s, flow: q.flow, peer: s.peer, remote: s.remote, initiator: initiator,
		pfs: q.agreed.group != 0, created: e.now, negotiation: q}
	c.in = q.makeSA(ipsec.Inbound, q.spi)
	c.out = q.makeSA(ipsec.Outbound, q.agreed.spi)
	q.private.Wipe()
	q.result.Shared.Wipe()
	q.child = c
	s.children = append(s.children, c)
	e.inbound[q.spi], e.outbound[c.out.ID] = c, c
	e.pairs[s.peer.Name] = append(e.pairs[s.peer.Name], c)
}

// makeSA makes one direction. Its SPI is the one that the receiver chose.
func (q *quickMode) makeSA(d ipsec.Direction, spi ipsec.SPI) *ipsec.SA {
	s := q.sa
	offer, life := q.agreed.offer, q.agreed.lifetime
	n := offer.Encryption.KeyLen()
	keys := s.keys.Keymat(n+offer.Integrity.KeyLen(), wire.ProtoESP, uint32(spi), q.result.Shared, q.ni, q.nr)
	made := &ipsec.SA{
		Direction: d, Policy: q.flow.key.policy, Rule: q.flow.key.rule,
		Local: s.local.Addr(), Remote: s.remote.Addr(), Mode: modeOf(q.agreed.encap),
		Encryption: offer.Encryption, Integrity: offer.Integrity,
		EncryptionKey: secret.Octets(keys[:n:n]), IntegrityKey: secret.Octets(keys[n:]),
		Selector: q.traffic, Window: q.policy.Window,
		Soft: ipsec.Lifetime{Octets: q.softOctets()}, Hard: life,
	}
	made.ID = ipsec.SAID{Destination: made.Local, Protocol: ipsec.ESP, SPI: spi}
	if d == ipsec.Outbound {
		made.ID.Destination = made.Remote
	}
	if s.nat.found() {
		made.Encapsulation = ipsec.Ports{Local: s.local.Port(), Remote: s.remote.Port()}
	}
	return made
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

// modeOf is the reverse of encapsulation.
func modeOf(e wire.EncapsulationMode) ipsec.Mode {
	if e == wire.EncapTransport || e == wire.EncapUDPTransport {
		return ipsec.Transport
	}
	return ipsec.Tunnel
}
