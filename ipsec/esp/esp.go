// Package esp is the Encapsulating Security Payload on octets (RFC 4303): it seals
// inner packets and opens ESP packets with the keys of an [ipsec.SA]. It knows no
// outer headers, sends nothing and keeps no packets. What AH does alike, the replay
// window and the ICV, is here too. Once an SA is set up, a packet
// costs no allocation.
//
// An [Outbound] or an [Inbound] is for one goroutine at a time: the caller locks.
//
// Start at [Outbound.Seal] and [Inbound.Open].
package esp

import (
	"encoding/binary"

	"sallyport/ipsec"
)

// Next headers that a tunnel carries: RFC 4303 §2.6.
const (
	NextIPv4  = 4
	NextDummy = 59 // to be discarded without a word
)

// The room that a caller leaves around an inner packet, so that every SA can seal
// it where it lies.
const (
	MaxHeader  = headerLen + 16                    // before it: the header and the longest IV
	MaxTrailer = 15 + trailerLen + maxIntegrityICV // after it: padding, trailer, the longest ICV
)

const (
	headerLen       = 8 // SPI and sequence number
	trailerLen      = 2 // pad length and next header
	maxIntegrityICV = 32

	outerHeader = 20 // IPv4 without options
	udpHeader   = 8
	ahFixed     = 12 // AH without the ICV
)

// A DropError says why a packet was refused. It is an [ipsec.DropReason], and
// costs no allocation.
type DropError ipsec.DropReason

// Reason returns the reason to count.
func (e DropError) Reason() ipsec.DropReason { return ipsec.DropReason(e) }

// Error returns the reason's words.
func (e DropError) Error() string { return ipsec.DropReason(e).String() }

// layout is the lengths of the parts of a packet: RFC 4303 §2.
type layout struct {
	iv, icv uint8
	align   uint8 // octets of which the encrypted part is a multiple
}

func layoutOf(e ipsec.Encryption, i ipsec.Integrity) layout {
	return layout{
		iv:    uint8(e.IVLen()),
		icv:   uint8(e.ICVLen() + i.ICVLen()), // one of them is zero
		align: uint8(max(e.BlockLen(), 4)),
	}
}

// header returns the octets before the encrypted part.
func (l layout) header() int { return headerLen + int(l.iv) }

// pad returns the octets of padding after an inner packet of n octets.
func (l layout) pad(n int) int { return -(n + trailerLen) & (int(l.align) - 1) }

// sealed returns the octets of the ESP packet around an inner packet of n octets.
func (l layout) sealed(n int) int {
	return l.header() + n + l.pad(n) + trailerLen + int(l.icv)
}

// maxInner returns the octets of the longest inner packet whose ESP packet has at
// most n.
func (l layout) maxInner(n int) int {
	clear := (n - l.header() - int(l.icv)) &^ (int(l.align) - 1)
	return max(clear-trailerLen, 0)
}

// fits reports whether an ESP packet of n octets can be one: it has all parts, and
// the encrypted one is a multiple of the cipher's block.
func (l layout) fits(n int) bool {
	clear := n - l.header() - int(l.icv)
	return clear >= int(l.align) && clear&(int(l.align)-1) == 0
}

// MaxInner returns the octets of the longest inner packet that fits into an outer
// IPv4 packet of mtu octets, outer header, AH and UDP encapsulation included; 0 if none
// does. In transport mode the inner packet's header, which has no options, is the outer
// one.
func MaxInner(sa *ipsec.SA, mtu int) int {
	room := mtu - outerHeader
	if sa.Encapsulation != (ipsec.Ports{}) {
		room -= udpHeader
	}
	if sa.ID.Protocol == ipsec.AH {
		room = max(room-AHLen(sa.Integrity), 0)
	} else {
		if sa.AH != nil {
			room -= AHLen(sa.AH.Integrity)
		}
		room = layoutOf(sa.Encryption, sa.Integrity).maxInner(room)
	}
	if sa.Mode == ipsec.Transport && room > 0 {
		room += outerHeader
	}
	return room
}

// AHLen returns the octets of an AH header over IPv4, ICV included: RFC 4302 §2. All
// ICVs of ours are multiples of 32 bits, so that none is padded.
func AHLen(i ipsec.Integrity) int { return ahFixed + i.ICVLen() }

// SPIOf returns the SPI of an ESP packet, and false if it is too short to have one.
func SPIOf(packet []byte) (ipsec.SPI, bool) {
	if len(packet) < headerLen {
		return 0, false
	}
	return ipsec.SPI(binary.BigEndian.Uint32(packet)), true
}
