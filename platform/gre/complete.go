package gre

import "encoding/binary"

// Where the checksum is in the headers of TCP (RFC 9293 §3.1) and UDP (RFC 768).
const (
	protocolTCP = 6
	protocolUDP = 17
	checksumTCP = 16
	checksumUDP = 6
)

// complete finishes the checksum of a packet that was never on a wire. Between namespaces
// and virtual machines the kernel leaves it to hardware that there is not: the field holds
// the sum of the pseudo header alone. The kernel's own GRE knows that of its buffers, a
// socket is not told. The packet is a whole one of IPv4.
func complete(packet []byte) {
	payload := packet[int(packet[0]&0xf)*4:]
	at := checksumTCP
	switch packet[9] {
	case protocolUDP:
		at = checksumUDP
	case protocolTCP:
	default:
		return
	}
	if fragment := binary.BigEndian.Uint16(packet[6:])&0x3fff != 0; fragment || len(payload) < at+2 {
		return
	}
	field := payload[at : at+2]
	pseudo := pseudoSum(packet, len(payload))
	if binary.BigEndian.Uint16(field) != pseudo {
		return
	}
	rest := ^checksum(payload)
	if whole := uint32(pseudo) + uint32(rest); uint16(whole+whole>>16) == 0xffff {
		return // it is right by chance
	}
	sum := ^rest
	if sum == 0 { // which would mean that UDP has none
		sum = 0xffff
	}
	binary.BigEndian.PutUint16(field, sum)
}

// pseudoSum returns the sum of the pseudo header: addresses, protocol, length.
func pseudoSum(packet []byte, length int) uint16 {
	var header [12]byte
	copy(header[:], packet[12:20])
	header[9] = packet[9]
	binary.BigEndian.PutUint16(header[10:], uint16(length))
	return ^checksum(header[:])
}
