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
// which NAT has replaced, are corrected by the difference, or made anew where the others
// are not known (RFC 3948 §3.1.2). There is room: an ESP packet's
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
	if sa.Original.Known() {
		correctTransport(h, packet[ipv4Len:], sa.Original)
	} else {
		sumTransport(h, packet[ipv4Len:])
	}
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

// checksum returns where a segment of TCP or UDP has its checksum, which covers the
// addresses of the IPv4 header too; nil if it has none.
func checksum(header, segment []byte) []byte {
	at := tcpChecksum
	switch header[ipProtocol] {
	case acl.TCP:
	case acl.UDP:
		at = udpChecksum
	default:
		return nil
	}
	if len(segment) < at+2 {
		return nil
	}
	field := segment[at : at+2]
	if header[ipProtocol] == acl.UDP && field[0] == 0 && field[1] == 0 {
		return nil
	}
	return field
}

// sumTransport writes the checksum of TCP and UDP anew.
func sumTransport(header, segment []byte) {
	field := checksum(header, segment)
	if field == nil {
		return
	}
	clear(field)
	var pseudo [12]byte
	copy(pseudo[:], header[ipSource:ipSource+8])
	pseudo[9] = header[ipProtocol]
	binary.BigEndian.PutUint16(pseudo[10:], uint16(len(segment)))
	putSum(field, header, ^fold(uint32(sum(pseudo[:]))+uint32(sum(segment))))
}

// correctTransport has the checksum of TCP and UDP be over the addresses of the header,
// where it was over those that the peer saw: RFC 1624 §3, equation 3. An error of the
// segment's stays one.
func correctTransport(header, segment []byte, was ipsec.Ends) {
	field := checksum(header, segment)
	if field == nil {
		return
	}
	var before [8]byte
	remote, local := was.Remote.As4(), was.Local.As4()
	copy(before[:], remote[:])
	copy(before[4:], local[:])
	old := ^binary.BigEndian.Uint16(field)
	putSum(field, header, ^fold(uint32(old)+uint32(^sum(before[:]))+uint32(sum(header[ipSource:ipSource+8]))))
}

// putSum writes a checksum. In UDP 0 would say that there is none.
func putSum(field, header []byte, sum uint16) {
	if sum == 0 && header[ipProtocol] == acl.UDP {
		sum = 0xffff
	}
	binary.BigEndian.PutUint16(field, sum)
}
