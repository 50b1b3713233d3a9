package ah

import (
	"encoding/binary"

	"sallyport/ipsec/esp"
)

// The IPv4 header: RFC 791 §3.1. Offsets are in octets.
const (
	ipv4Len    = 20 // without options
	maxIPv4Len = 60
	ipTOS      = 1
	ipTotal    = 2
	ipFragment = 6
	ipTTL      = 8
	ipChecksum = 10

	fragmented = 0x3fff // more fragments, and the offset
)

// headerOf returns the octets of an IPv4 packet's header, and false if its lengths do
// not add up to the packet.
func headerOf(packet []byte) (n int, ok bool) {
	if len(packet) < ipv4Len || packet[0]>>4 != 4 {
		return 0, false
	}
	n = int(packet[0]&0xf) * 4
	return n, n >= ipv4Len && n <= len(packet) && int(binary.BigEndian.Uint16(packet[ipTotal:])) == len(packet)
}

// isFragment reports whether a packet is a fragment: AH is for whole packets.
func isFragment(packet []byte) bool {
	return binary.BigEndian.Uint16(packet[ipFragment:])&fragmented != 0
}

// An authenticator computes ICVs over whole packets.
type authenticator struct {
	mac    *esp.Authenticator
	header [maxIPv4Len]byte // of the packet, what may change on its way zeroed
}

// icv returns the ICV of a packet whose own is zeroed, with an IPv4 header of n octets:
// RFC 4302 §3.3.3. It is valid until the next call. False says that the header's
// options cannot be covered.
func (a *authenticator) icv(packet []byte, n int, high uint32) (icv []byte, ok bool) {
	h := a.header[:copy(a.header[:], packet[:n])]
	h[ipTOS], h[ipTTL] = 0, 0
	clear(h[ipFragment : ipFragment+2])
	clear(h[ipChecksum : ipChecksum+2])
	if !zeroMutable(h[ipv4Len:]) {
		return nil, false
	}
	a.mac.Begin()
	a.mac.Write(h)
	a.mac.Write(packet[n:])
	return a.mac.ICV(high), true
}

// Options: RFC 791 §3.1, and the list of RFC 4302 appendix A1.
const (
	optionEnd         = 0
	optionNop         = 1
	optionSecurity    = 130
	optionLooseRoute  = 131
	optionExtended    = 133 // security
	optionCommercial  = 134 // security
	optionStrictRoute = 137
	optionRouterAlert = 148
	optionDirected    = 149 // sender directed multi-destination delivery
)

// zeroMutable zeroes the options that may change on their way. It is false for options
// whose lengths are wrong, and for a source route: that changes the destination too.
func zeroMutable(options []byte) bool {
	for len(options) > 0 {
		n := 1
		switch options[0] {
		case optionEnd:
			return true
		case optionNop:
		case optionLooseRoute, optionStrictRoute:
			return false
		default:
			if len(options) < 2 || options[1] < 2 || int(options[1]) > len(options) {
				return false
			}
			if n = int(options[1]); !immutable(options[0]) {
				clear(options[:n])
			}
		}
		options = options[n:]
	}
	return true
}

// immutable reports whether an option stays as it is.
func immutable(option byte) bool {
	switch option {
	case optionSecurity, optionExtended, optionCommercial, optionRouterAlert, optionDirected:
		return true
	}
	return false
}
