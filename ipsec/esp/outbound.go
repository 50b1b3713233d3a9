package esp

import (
	"encoding/binary"
	"io"
	"math"
	"slices"

	"sallyport/ipsec"
)

// An Outbound seals the packets of one outbound SA.
type Outbound struct {
	layout
	spi       ipsec.SPI
	sequence  uint64 // of the last packet; 0: none yet
	last      uint64 // sequence number that there may be
	transform sealer
}

// A sealer is the algorithms of an outbound SA. It gets a whole packet, with the
// padding and the trailer in clear and with room for IV and ICV, and the high half of
// its sequence number, and finishes it.
type sealer interface {
	seal(packet []byte, high uint32) error
}

// NewOutbound returns the sender of a valid outbound SA; of a bundle, that of its ESP.
// The IVs of CBC are drawn
// from entropy, many at a time and from Seal on; GCM draws nothing, its IV is the
// sequence number.
func NewOutbound(sa *ipsec.SA, entropy io.Reader) (*Outbound, error) {
	if err := sa.Validate(); err != nil {
		return nil, err
	}
	transform, err := newSealer(sa, entropy)
	if err != nil {
		return nil, err
	}
	return &Outbound{
		layout:    layoutOf(sa.Encryption, sa.Integrity),
		spi:       sa.ID.SPI,
		last:      LastSequence(sa),
		transform: transform,
	}, nil
}

// LastSequence returns the sequence number after which an SA may send no more: RFC 4303
// §3.3.3.
func LastSequence(sa *ipsec.SA) uint64 {
	if sa.ESN {
		return math.MaxUint64
	}
	return math.MaxUint32
}

// HeaderLen returns the octets before the inner packet, IV included. It is at most
// MaxHeader.
func (o *Outbound) HeaderLen() int { return o.header() }

// SealedLen returns the octets of the ESP packet around an inner packet of n.
func (o *Outbound) SealedLen(n int) int { return o.sealed(n) }

// Sequence returns the sequence number of the last packet, 0 before the first.
func (o *Outbound) Sequence() uint64 { return o.sequence }

// Seal appends to dst the ESP packet around packet, from the SPI to the ICV. It
// does not allocate if dst has SealedLen octets of capacity left, and does not copy
// if packet already lies HeaderLen octets behind the end of dst. After LastSequence
// packets it returns DropError(ipsec.DropExpired); any other error is that of the
// entropy. On error dst is returned as it came, and no sequence number is used up.
func (o *Outbound) Seal(dst, packet []byte, nextHeader byte) ([]byte, error) {
	if o.sequence == o.last {
		return dst, DropError(ipsec.DropExpired)
	}
	start, size := len(dst), o.sealed(len(packet))
	out := slices.Grow(dst, size)[:start+size]
	sealed := out[start:]
	o.place(sealed, packet, nextHeader)
	binary.BigEndian.PutUint32(sealed, uint32(o.spi))
	binary.BigEndian.PutUint32(sealed[4:], uint32(o.sequence+1))
	if err := o.transform.seal(sealed, uint32((o.sequence+1)>>32)); err != nil {
		return dst, err
	}
	o.sequence++
	return out, nil
}

// place puts the packet, its padding 1, 2, 3 … and the trailer where they belong.
// It must come first: the packet may lie anywhere in the same buffer.
func (o *Outbound) place(sealed, packet []byte, nextHeader byte) {
	inner := sealed[o.header() : len(sealed)-int(o.icv)]
	if len(packet) > 0 && &inner[0] != &packet[0] {
		copy(inner, packet)
	}
	pad := o.pad(len(packet))
	for i := range pad {
		inner[len(packet)+i] = byte(i + 1)
	}
	inner[len(inner)-2] = byte(pad)
	inner[len(inner)-1] = nextHeader
}
