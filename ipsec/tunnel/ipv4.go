package tunnel

import (
	"encoding/binary"
	"net/netip"
)

// The IPv4 header: RFC 791 §3.1. Offsets are in octets.
const (
	ipv4Len     = 20 // without options
	ipTOS       = 1
	ipTotal     = 2
	ipID        = 4
	ipFragment  = 6
	ipTTL       = 8
	ipProtocol  = 9
	ipChecksum  = 10
	ipSource    = 12
	ipDest      = 16
	dontFrag    = 0x4000
	moreFrags   = 0x2000
	offsetMask  = 0x1fff
	maxPacket   = 65535
	outerTTL    = 64
	protoICMP   = 1
	protoUDP    = 17
	versionIHL5 = 0x45
)

// headerLen returns the octets of an IPv4 header, options included.
func headerLen(p []byte) int { return int(p[0]&0xf) * 4 }

// totalLen returns the octets of the whole packet, as its header says.
func totalLen(p []byte) int { return int(binary.BigEndian.Uint16(p[ipTotal:])) }

// payloadOf returns what follows the header of a packet, up to its total length, and
// false if the lengths do not add up.
func payloadOf(p []byte) ([]byte, bool) {
	if len(p) < ipv4Len {
		return nil, false
	}
	n, total := headerLen(p), totalLen(p)
	if n < ipv4Len || n > total || total > len(p) {
		return nil, false
	}
	return p[n:total], true
}

// mustNotFragment reports whether DF is set.
func mustNotFragment(p []byte) bool { return binary.BigEndian.Uint16(p[ipFragment:])&dontFrag != 0 }

// source and destination return the addresses of an IPv4 header.
func source(p []byte) netip.Addr      { return netip.AddrFrom4([4]byte(p[ipSource:])) }
func destination(p []byte) netip.Addr { return netip.AddrFrom4([4]byte(p[ipDest:])) }

// sum adds up 16-bit words in ones' complement: RFC 1071. An odd last octet counts
// as the upper half of a word.
func sum(b []byte) uint16 {
	var total uint32
	for ; len(b) >= 2; b = b[2:] {
		total += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		total += uint32(b[0]) << 8
	}
	return fold(total)
}

// fold adds the carries of a ones' complement sum to it.
func fold(total uint32) uint16 {
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return uint16(total)
}

// sealHeader writes the checksum of an IPv4 header.
func sealHeader(header []byte) {
	binary.BigEndian.PutUint16(header[ipChecksum:], 0)
	binary.BigEndian.PutUint16(header[ipChecksum:], ^sum(header))
}
