package tunnel

import (
	"encoding/binary"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/esp"
)

// unwrap returns the inner packet, which lies in the packet that came, and what it is:
// RFC 4302 §3.4, RFC 4303 §3.4. Of a bundle ESP is opened only if AH is right around it,
// and has the SPI that was agreed along with AH's. The caller locks. The error is an
// [esp.DropError].
func (sa *inboundSA) unwrap(a *arrival) (inner []byte, next byte, err error) {
	payload, at := a.payload, 0
	if sa.ah != nil {
		if payload, next, err = sa.ah.Open(a.packet); err != nil {
			return nil, 0, err
		}
		at = len(a.payload) - len(payload)
	}
	if sa.esp != nil {
		if spi, ok := esp.SPIOf(payload); sa.ah != nil && (!ok || spi != sa.ID.SPI) {
			return nil, 0, esp.DropError(ipsec.DropUnknownSPI)
		}
		if payload, next, err = sa.esp.Open(payload); err != nil {
			return nil, 0, err
		}
		at += sa.esp.HeaderLen()
	}
	switch {
	case sa.Mode == ipsec.Tunnel || next == esp.NextDummy:
		return payload, next, nil
	case a.encapsulated:
		return sa.refit(a.payload, payload, next), next, nil
	}
	return a.reunite(at, len(payload), next), next, nil
}

// reunite moves the header of a packet in transport mode to what it protected: n octets
// of the protocol next, which begin at octet at of the payload.
func (a *arrival) reunite(at, n int, next byte) []byte {
	header := len(a.packet) - len(a.payload)
	packet := a.packet[at : at+header+n]
	copy(packet, a.packet[:header])
	writeInner(packet, packet[:header], next)
	return packet
}

// refit puts a header before what a datagram protected in transport mode, which had one
// of its own that we never saw: the addresses are those of the SA, and sums over others,
// which NAT has replaced, are made anew (RFC 3948 §3.1.2). There is room: an ESP packet's
// own parts with an ICV have more octets than the header.
func (sa *inboundSA) refit(room, payload []byte, next byte) []byte {
	n := copy(room[ipv4Len:], payload)
	packet := room[:ipv4Len+n]
	h := packet[:ipv4Len]
	clear(h)
	h[0], h[ipTTL] = versionIHL5, outerTTL
	remote, local := sa.Remote.As4(), sa.Local.As4()
	copy(h[ipSource:], remote[:])
	copy(h[ipDest:], local[:])
	writeInner(packet, h, next)
	sumTransport(h, packet[ipv4Len:])
	return packet
}

// writeInner makes h the header of an inner packet.
func writeInner(packet, h []byte, next byte) {
	h[ipProtocol] = next
	binary.BigEndian.PutUint16(h[ipTotal:], uint16(len(packet)))
	sealHeader(h)
}

// Where TCP (RFC 9293 §3.1) and UDP (RFC 768) have their checksums.
const (
	tcpChecksum = 16
	udpChecksum = 6
)

// sumTransport writes the checksum of TCP and UDP, which covers the addresses of the
// IPv4 header too. A datagram that has none keeps none.
func sumTransport(header, segment []byte) {
	at := tcpChecksum
	switch header[ipProtocol] {
	case acl.TCP:
	case acl.UDP:
		at = udpChecksum
	default:
		return
	}
	if len(segment) < at+2 {
		return
	}
	field := segment[at : at+2]
	if header[ipProtocol] == acl.UDP && field[0] == 0 && field[1] == 0 {
		return
	}
	clear(field)
	var pseudo [12]byte
	copy(pseudo[:], header[ipSource:ipSource+8])
	pseudo[9] = header[ipProtocol]
	binary.BigEndian.PutUint16(pseudo[10:], uint16(len(segment)))
	sum := ^fold(uint32(sum(pseudo[:])) + uint32(sum(segment)))
	if sum == 0 && header[ipProtocol] == acl.UDP {
		sum = 0xffff // 0 says that there is none
	}
	binary.BigEndian.PutUint16(field, sum)
}
