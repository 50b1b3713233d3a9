package ah

import (
	"crypto/hmac"
	"encoding/binary"

	"sallyport/ipsec"
	"sallyport/ipsec/esp"
)

// An Inbound opens the packets of one inbound SA.
type Inbound struct {
	authenticator
	next   byte // the header that must follow; 0: any
	window esp.Window
	came   [MaxHeader - fixedLen]byte // ICV of the packet
}

// NewInbound returns the receiver of a valid inbound SA of AH, or of a bundle's AH. The
// error is an [*ipsec.InvalidSA].
func NewInbound(sa *ipsec.SA) (*Inbound, error) {
	p, err := partOf(sa)
	if err != nil {
		return nil, err
	}
	return &Inbound{authenticator: p.authenticator(sa), next: p.next, window: esp.NewWindow(sa)}, nil
}

// Sequence returns the highest sequence number accepted so far.
func (in *Inbound) Sequence() uint64 { return in.window.Highest() }

// Open returns what follows the AH header of an IPv4 packet, whose SPI has been looked
// up, and says what it is: an IPv4 packet in tunnel mode, ESP in a bundle. It is part of
// the packet, whose ICV is zeroed.
//
// The order is RFC 4302 §3.4's: whole, length, replay check, ICV, window, next header.
// The error is always an [esp.DropError], and the window moves only after the ICV was
// right.
func (in *Inbound) Open(packet []byte) (payload []byte, nextHeader byte, err error) {
	n, size, ok := in.parts(packet)
	if !ok {
		return nil, 0, esp.DropError(ipsec.DropShort)
	}
	if isFragment(packet) {
		return nil, 0, esp.DropError(ipsec.DropMalformed)
	}
	sequence := in.window.Number(binary.BigEndian.Uint32(packet[n+atSequence:]))
	if !in.window.Check(sequence) {
		return nil, 0, esp.DropError(ipsec.DropReplay)
	}
	if !in.authentic(packet, n, uint32(sequence>>32)) {
		return nil, 0, esp.DropError(ipsec.DropAuthentication)
	}
	in.window.Accept(sequence)
	if nextHeader = packet[n]; in.next != 0 && nextHeader != in.next {
		return nil, 0, esp.DropError(ipsec.DropPadding)
	}
	return packet[n+size:], nextHeader, nil
}

// parts returns the octets of the IPv4 header and of the AH header, and false if the
// lengths do not add up. Linux pads the ICV to 64 bits unless it is told that IPv4 wants
// 32 (XFRM_STATE_ALIGN4); such a header is taken too, its padding is covered.
func (in *Inbound) parts(packet []byte) (n, size int, ok bool) {
	n, ok = headerOf(packet)
	if !ok || len(packet) < n+fixedLen {
		return 0, 0, false
	}
	size = (int(packet[n+atLength]) + 2) * 4
	least := fixedLen + in.mac.Len()
	return n, size, (size == least || size == (least+7)&^7) && len(packet) >= n+size
}

// authentic reports whether the ICV is right, and zeroes it.
func (in *Inbound) authentic(packet []byte, n int, high uint32) bool {
	field := packet[n+fixedLen:][:in.mac.Len()]
	came := in.came[:copy(in.came[:], field)]
	clear(field)
	icv, ok := in.icv(packet, n, high)
	return ok && hmac.Equal(icv, came)
}
