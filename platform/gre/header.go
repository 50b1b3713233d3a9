package gre

import (
	"encoding/binary"
	"net/netip"

	"sallyport/platform"
)

// The GRE header: RFC 2784 §2, with the key of RFC 2890 §2.
//
//	 0                   1                   2                   3
//	|C| |K|S|    Reserved0    | Ver |         Protocol Type         |
//	|      Checksum (if C)          |       Reserved1 (if C)        |
//	|                         Key (if K)                            |
const (
	flagChecksum = 0x8000
	flagKey      = 0x2000
	refusedFlags = 0x5c00 // bits 1 to 5 but the key's: RFC 2784 §2.3; bits 6 to 12 are ignored
	versionMask  = 0x0007
	protocolIPv4 = 0x0800
	baseSize     = 4
	wordSize     = 4
)

// headerSize returns how many octets stand in front of a packet.
func headerSize(t platform.GRE) int {
	if t.HasKey {
		return baseSize + wordSize
	}
	return baseSize
}

// putHeader writes the header to b, which has headerSize octets.
func putHeader(b []byte, t platform.GRE) {
	flags := uint16(0)
	if t.HasKey {
		flags = flagKey
		binary.BigEndian.PutUint32(b[baseSize:], t.Key)
	}
	binary.BigEndian.PutUint16(b, flags)
	binary.BigEndian.PutUint16(b[2:], protocolIPv4)
}

// open returns the packet inside of an IPv4 packet as a raw socket reads it, or why it is
// not one for the tunnel. Others' packets are read too: a socket gets all of GRE.
func open(packet []byte, t platform.GRE) ([]byte, Drop) {
	outer, ok := parseIPv4(packet)
	switch {
	case !ok:
		return nil, DropShort
	case outer.source != t.Remote || outer.destination != t.Local:
		return nil, DropOther
	}
	inner, drop := openGRE(outer.payload, t)
	if drop != passed {
		return nil, drop
	}
	p, ok := parseIPv4(inner)
	if !ok {
		return nil, DropInner
	}
	return p.whole, passed
}

// openGRE takes the GRE header off.
func openGRE(b []byte, t platform.GRE) ([]byte, Drop) {
	if len(b) < baseSize {
		return nil, DropShort
	}
	flags, protocol := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	switch {
	case flags&versionMask != 0, flags&refusedFlags != 0:
		return nil, DropHeader
	case protocol != protocolIPv4:
		return nil, DropProtocol
	}
	rest := b[baseSize:]
	if flags&flagChecksum != 0 {
		if len(rest) < wordSize {
			return nil, DropShort
		}
		if checksum(b) != 0 {
			return nil, DropChecksum
		}
		rest = rest[wordSize:]
	}
	return openKey(rest, flags&flagKey != 0, t)
}

// openKey takes the key off, which must be the tunnel's: RFC 2890 §2.1.
func openKey(b []byte, has bool, t platform.GRE) ([]byte, Drop) {
	switch {
	case has != t.HasKey:
		return nil, DropKey
	case !has:
		return b, passed
	case len(b) < wordSize:
		return nil, DropShort
	case binary.BigEndian.Uint32(b) != t.Key:
		return nil, DropKey
	}
	return b[wordSize:], passed
}

// checksum returns the one's complement of the sum of the 16-bit words: RFC 2784 §2.5.
// Over octets that hold a right checksum it is 0.
func checksum(b []byte) uint16 {
	sum := uint32(0)
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
		sum = sum&0xffff + sum>>16
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

// An ipv4 is what is read of a packet.
type ipv4 struct {
	source, destination netip.Addr
	payload             []byte
	whole               []byte // as long as the header says
}

// parseIPv4 reads a packet, and reports whether its lengths are right. What follows it is
// left out.
func parseIPv4(b []byte) (p ipv4, ok bool) {
	const shortest = 20
	if len(b) < shortest || b[0]>>4 != 4 {
		return p, false
	}
	header, total := int(b[0]&0xf)*4, int(binary.BigEndian.Uint16(b[2:]))
	if header < shortest || total < header || total > len(b) {
		return p, false
	}
	return ipv4{
		source: netip.AddrFrom4([4]byte(b[12:16])), destination: netip.AddrFrom4([4]byte(b[16:20])),
		payload: b[header:total], whole: b[:total],
	}, true
}
