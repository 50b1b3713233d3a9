package ike

import (
	"encoding/binary"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// SPIs of an SA pair, of which each protocol of a bundle has its own: RFC 2408 §4.2.

// spis are the SPIs that one end has chosen for its inbound SAs; 0: the protocol is not
// there.
type spis struct{ esp, ah ipsec.SPI }

// of returns the SPI for a protocol.
func (s spis) of(protocol wire.ProtocolID) ipsec.SPI {
	if protocol == wire.ProtoAH {
		return s.ah
	}
	return s.esp
}

// first returns what stands for the pair in a notification: ESP, or AH alone.
func (s spis) first() (wire.ProtocolID, []byte) {
	protocol := wire.ProtoESP
	if s.esp == 0 {
		protocol = wire.ProtoAH
	}
	return protocol, binary.BigEndian.AppendUint32(nil, uint32(s.of(protocol)))
}

// has reports whether s has that SPI for a protocol, which is not 0.
func (s spis) has(protocol wire.ProtocolID, spi ipsec.SPI) bool {
	return spi != 0 && s.of(protocol) == spi
}

// any reports whether octets are one of the SPIs, whatever the protocol: in a
// notification some peers name another.
func (s spis) any(octets []byte) bool {
	if len(octets) != 4 {
		return false
	}
	spi := ipsec.SPI(binary.BigEndian.Uint32(octets))
	return spi != 0 && (spi == s.esp || spi == s.ah)
}

// deletes tells the peer that our inbound SAs are gone: RFC 2408 §3.15.
func (s spis) deletes() (all []wire.Payload) {
	if s.esp != 0 {
		all = append(all, wire.DeleteSA(wire.ProtoESP, uint32(s.esp)))
	}
	if s.ah != 0 {
		all = append(all, wire.DeleteSA(wire.ProtoAH, uint32(s.ah)))
	}
	return all
}

// spisOf returns the SPIs of one direction of a pair.
func spisOf(s *ipsec.SA) spis {
	switch {
	case s.ID.Protocol == ipsec.AH:
		return spis{ah: s.ID.SPI}
	case s.AH != nil:
		return spis{s.ID.SPI, s.AH.SPI}
	}
	return spis{esp: s.ID.SPI}
}

// named reports whether a name is that of an SA, or of the AH of a bundle.
func named(s *ipsec.SA, id ipsec.SAID) bool {
	ah, bundled := s.AHID()
	return s.ID == id || bundled && ah == id
}

// reserve returns SPIs for the inbound SAs of some proposals of ours.
func (q *quickMode) reserve(proposals []wire.Proposal) (ours spis) {
	for _, p := range proposals {
		switch {
		case p.Protocol == wire.ProtoESP && ours.esp == 0:
			ours.esp = q.newSPI(ipsec.ESP)
		case p.Protocol == wire.ProtoAH && ours.ah == 0:
			ours.ah = q.newSPI(ipsec.AH)
		}
	}
	return ours
}

// withSPIs puts our SPIs into proposals.
func withSPIs(proposals []wire.Proposal, ours spis) []wire.Proposal {
	for i := range proposals {
		proposals[i].SPI = binary.BigEndian.AppendUint32(nil, uint32(ours.of(proposals[i].Protocol)))
	}
	return proposals
}

// register makes the pair known by the names of its SAs.
func (c *child) register() {
	e := c.engine
	e.inbound[c.in.ID.SPI], e.outbound[c.out.ID] = c, c
	if ah, bundled := c.in.AHID(); bundled {
		e.bundled[ah.SPI] = c
	}
	if ah, bundled := c.out.AHID(); bundled {
		e.outbound[ah] = c
	}
	e.pairs[c.party] = append(e.pairs[c.party], c)
}

// unregister is the reverse of register. A peer may have chosen an SPI twice; the later
// pair then keeps it.
func (c *child) unregister() {
	e := c.engine
	delete(e.inbound, c.in.ID.SPI)
	if ah, bundled := c.in.AHID(); bundled {
		delete(e.bundled, ah.SPI)
	}
	if e.outbound[c.out.ID] == c {
		delete(e.outbound, c.out.ID)
	}
	if ah, bundled := c.out.AHID(); bundled && e.outbound[ah] == c {
		delete(e.outbound, ah)
	}
}
