package esp

import (
	"crypto/hmac"
	"encoding/binary"

	"sallyport/ipsec"
)

// An Inbound opens the packets of one inbound SA.
type Inbound struct {
	layout
	tunnel    bool
	window    Window
	transform opener
	doubt     Doubt
}

// An opener is the algorithms of an inbound SA. It gets a whole packet of a right
// length with the high half of its sequence number, and decrypts it where it lies if
// the ICV is right. The result is the encrypted part, trailer included.
type opener interface {
	open(packet []byte, high uint32) (clear []byte, ok bool)
}

// NewInbound returns the receiver of a valid inbound SA; of a bundle, that of its ESP.
func NewInbound(sa *ipsec.SA) (*Inbound, error) {
	if err := sa.Validate(); err != nil {
		return nil, err
	}
	transform, err := newOpener(sa)
	if err != nil {
		return nil, err
	}
	return &Inbound{
		layout:    layoutOf(sa.Encryption, sa.Integrity),
		tunnel:    sa.Mode == ipsec.Tunnel,
		window:    NewWindow(sa),
		transform: transform,
		doubt:     NewDoubt(sa.Integrity),
	}, nil
}

// Failures returns how many packets had a wrong ICV, and whether those that were looked at
// have one of SHA2-256's other length.
func (in *Inbound) Failures() (n uint64, otherICV bool) { return in.doubt.Failures() }

// HeaderLen returns the octets before the encrypted part, IV included.
func (in *Inbound) HeaderLen() int { return in.header() }

// Sequence returns the highest sequence number accepted so far.
func (in *Inbound) Sequence() uint64 { return in.window.Highest() }

// Open returns the packet inside an ESP packet that begins with the SPI, which has
// been looked up. The packet is decrypted where it lies: the result is part of it,
// and after an error its octets mean nothing. A tunnel carries NextIPv4, maybe with
// octets behind it (RFC 4303 §2.7), or NextDummy, to be discarded without a word; in
// transport mode the result is the payload of a packet, of the protocol nextHeader.
//
// The order is RFC 4303 §3.4's: length, replay check, ICV, window, padding, next
// header. The error is always a [DropError], and the window moves only after the
// ICV was right. Nothing is told apart outside but by these reasons.
func (in *Inbound) Open(packet []byte) (inner []byte, nextHeader byte, err error) {
	if !in.fits(len(packet)) {
		if in.cutOtherwise(packet) {
			return nil, 0, DropError(ipsec.DropAuthentication)
		}
		return nil, 0, DropError(ipsec.DropShort)
	}
	sequence := in.window.Number(binary.BigEndian.Uint32(packet[4:]))
	if !in.window.Check(sequence) {
		return nil, 0, DropError(ipsec.DropReplay)
	}
	clear, ok := in.transform.open(packet, uint32(sequence>>32))
	if !ok {
		if !in.cutOtherwise(packet) {
			in.doubt.Fail()
		}
		return nil, 0, DropError(ipsec.DropAuthentication)
	}
	in.doubt.Pass()
	in.window.Accept(sequence)
	inner, ok = unpad(clear)
	nextHeader = clear[len(clear)-1]
	if !ok || in.tunnel && nextHeader != NextIPv4 && nextHeader != NextDummy {
		return nil, 0, DropError(ipsec.DropPadding)
	}
	return inner, nextHeader, nil
}

// cutOtherwise reports whether a packet that was refused would be authentic with an ICV of
// SHA2-256's other length. Few are asked about.
func (in *Inbound) cutOtherwise(packet []byte) bool {
	length, ok := in.doubt.Try()
	if !ok || len(packet) < in.header()+length {
		return false
	}
	made, ok := in.transform.(interface{ authenticator() *Authenticator })
	if !ok { // the cipher authenticates
		return false
	}
	mac := made.authenticator()
	sequence := in.window.Number(binary.BigEndian.Uint32(packet[4:]))
	covered, icv := packet[:len(packet)-length], packet[len(packet)-length:]
	mac.icvOf(covered, uint32(sequence>>32))
	if !hmac.Equal(icv, mac.Cut(length)) {
		return false
	}
	in.doubt.Find()
	return true
}

// unpad returns what is before the padding, and false if that is not 1, 2, 3 … or
// is longer than the packet. It need not be constant-time: the ICV was right.
func unpad(clear []byte) (inner []byte, ok bool) {
	body := clear[:len(clear)-trailerLen]
	pad := int(clear[len(clear)-2])
	if pad > len(body) {
		return nil, false
	}
	inner = body[:len(body)-pad]
	for i, octet := range body[len(inner):] {
		if int(octet) != i+1 {
			return nil, false
		}
	}
	return inner, true
}
