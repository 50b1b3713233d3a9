package tunnel

import "encoding/binary"

// ECN codepoints, the low two bits of the TOS octet: RFC 3168 §5.
const (
	notECT  = 0
	ect1    = 1
	ect0    = 2
	ce      = 3
	ecnMask = 3
)

// decapsulatedECN returns the codepoint to forward for those of the outer and the
// inner header, and false for a packet that must be dropped: it was marked as having
// met congestion, and its sender cannot hear that. RFC 6040 §4.2, figure 4.
func decapsulatedECN(outer, inner byte) (ecn byte, ok bool) {
	switch {
	case outer == ce && inner == notECT:
		return notECT, false
	case outer == ce:
		return ce, true
	case outer == ect1 && inner == ect0:
		return ect1, true
	}
	return inner, true
}

// setECN writes a codepoint into an IPv4 header and mends its checksum (RFC 1624).
func setECN(packet []byte, ecn byte) {
	old := binary.BigEndian.Uint16(packet)
	packet[ipTOS] = packet[ipTOS]&^ecnMask | ecn
	if now := binary.BigEndian.Uint16(packet); now != old {
		mend(packet, old, now)
	}
}

// mend corrects the header checksum for one 16-bit word that changed: RFC 1624
// equation 3.
func mend(packet []byte, old, now uint16) {
	check := binary.BigEndian.Uint16(packet[ipChecksum:])
	total := uint32(^check) + uint32(^old) + uint32(now)
	total = total>>16 + total&0xffff
	total = total>>16 + total&0xffff
	binary.BigEndian.PutUint16(packet[ipChecksum:], ^uint16(total))
}
