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
	doubt  esp.Doubt
}

// NewInbound returns the receiver of a valid inbound SA of AH, or of a bundle's AH. The
// error is an [*ipsec.InvalidSA].
func NewInbound(sa *ipsec.SA) (*Inbound, error) {
	p, err := partOf(sa)
	if err != nil {
		return nil, err
	}
	return &Inbound{authenticator: p.authenticator(sa), next: p.next, window: esp.NewWindow(sa), doubt: esp.NewDoubt(p.integrity)}, nil
}

// Failures returns how many packets had a wrong ICV, and whether those that were looked at
// have one of SHA2-256's other length.
func (in *Inbound) Failures() (n uint64, otherICV bool) { return in.doubt.Failures() }

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
	n, size, ok := parts(packet, in.mac.Len())
	if !ok {
		if in.cutOtherwise(packet) {
			return nil, 0, esp.DropError(ipsec.DropAuthentication)
		}
		return nil, 0, esp.DropError(ipsec.DropShort)
	}
	if isFragment(packet) {
		return nil, 0, esp.DropError(ipsec.DropMalformed)
	}
	sequence := in.window.Number(binary.BigEndian.Uint32(packet[n+atSequence:]))
	if !in.window.Check(sequence) {
		return nil, 0, esp.DropError(ipsec.DropReplay)
	}
	if !in.authentic(packet, n, in.mac.Len(), uint32(sequence>>32)) {
		in.doubt.Fail()
		return nil, 0, esp.DropError(ipsec.DropAuthentication)
	}
	in.doubt.Pass()
	in.window.Accept(sequence)
	if nextHeader = packet[n]; in.next != 0 && nextHeader != in.next {
		return nil, 0, esp.DropError(ipsec.DropPadding)
	}
	return packet[n+size:], nextHeader, nil
}

// cutOtherwise reports whether a packet whose lengths are wrong would be authentic with an
// ICV of SHA2-256's other length. Few are asked about.
func (in *Inbound) cutOtherwise(packet []byte) bool {
	length, ok := in.doubt.Try()
	if !ok {
		return false
	}
	n, _, ok := parts(packet, length)
	if !ok {
		return false
	}
	sequence := in.window.Number(binary.BigEndian.Uint32(packet[n+atSequence:]))
	if !in.authentic(packet, n, length, uint32(sequence>>32)) {
		return false
	}
	in.doubt.Find()
	return true
}

// parts returns the octets of the IPv4 header and of the AH header with an ICV of a length,
// and false if the lengths do not add up. Linux pads the ICV to 64 bits unless it is told
// that IPv4 wants 32 (XFRM_STATE_ALIGN4); such a header is taken too, its padding is covered.
func parts(packet []byte, icv int) (n, size int, ok bool) {
	n, ok = headerOf(packet)
	if !ok || len(packet) < n+fixedLen {
		return 0, 0, false
	}
	size = (int(packet[n+atLength]) + 2) * 4
	least := fixedLen + icv
	return n, size, (size == least || size == (least+7)&^7) && len(packet) >= n+size
}

// authentic reports whether the ICV, of a length, is right, and zeroes it.
func (in *Inbound) authentic(packet []byte, n, length int, high uint32) bool {
	field := packet[n+fixedLen:][:length]
	came := in.came[:copy(in.came[:], field)]
	clear(field)
	_, ok := in.icv(packet, n, high)
	return ok && hmac.Equal(in.mac.Cut(length), came)
}
