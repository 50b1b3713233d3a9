package tunnel

import (
	"encoding/binary"
	"net/netip"
)

// ICMP: RFC 792.
const (
	icmpLen            = 8
	icmpUnreachable    = 3
	icmpNeedsFragments = 4  // code of icmpUnreachable: RFC 1191 §4 puts the MTU into it
	icmpQuote          = 28 // octets of the packet that are quoted after its header: enough for TCP and one of ours
)

// tooBig returns the ICMP message that tells the sender of packet what MTU it may
// use, and false if none must be sent (RFC 1122 §3.2.2): about ICMP errors, later
// fragments, and to what is no single host. The message is an IPv4 packet from
// local, appended to b. It is never longer than the packet that caused it by more
// than its headers, and goes only to those who use the tunnel, so it has no rate.
func tooBig(b, packet []byte, local netip.Addr, mtu int) ([]byte, bool) {
	if !mayComplain(packet) {
		return b, false
	}
	quote := packet[:min(len(packet), headerLen(packet)+icmpQuote)]
	start := len(b)
	b = append(b, make([]byte, ipv4Len+icmpLen)...)
	b = append(b, quote...)
	p := b[start:]
	h, message := p[:ipv4Len], p[ipv4Len:]
	h[0], h[ipTOS], h[ipTTL], h[ipProtocol] = versionIHL5, packet[ipTOS]&^ecnMask, outerTTL, protoICMP
	binary.BigEndian.PutUint16(h[ipTotal:], uint16(len(p)))
	from := local.As4()
	copy(h[ipSource:], from[:])
	copy(h[ipDest:], packet[ipSource:ipSource+4])
	sealHeader(h)
	message[0], message[1] = icmpUnreachable, icmpNeedsFragments
	binary.BigEndian.PutUint16(message[6:], uint16(mtu))
	binary.BigEndian.PutUint16(message[2:], ^sum(message))
	return b, true
}

// mayComplain reports whether an ICMP error about the packet is allowed.
func mayComplain(p []byte) bool {
	from := source(p)
	if from.IsMulticast() || from.IsUnspecified() || from.IsLoopback() || from == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return false
	}
	if binary.BigEndian.Uint16(p[ipFragment:])&offsetMask != 0 || destination(p).IsMulticast() {
		return false
	}
	return p[ipProtocol] != protoICMP || !icmpError(p[headerLen(p):])
}

// icmpError reports whether an ICMP message is an error: all but these types are.
func icmpError(message []byte) bool {
	if len(message) == 0 {
		return true
	}
	switch message[0] {
	case 0, 8, 13, 14, 15, 16, 17, 18: // echo, timestamp, information, address mask
		return false
	}
	return true
}
