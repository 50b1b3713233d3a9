package ah

import (
	"encoding/binary"

	"sallyport/ipsec"
	"sallyport/ipsec/esp"
)

// An Outbound seals the packets of one outbound SA.
type Outbound struct {
	authenticator
	spi      ipsec.SPI
	sequence uint64 // of the last packet; 0: none yet
	last     uint64 // sequence number that there may be
}

// NewOutbound returns the sender of a valid outbound SA of AH, or of a bundle's AH. The
// error is an [*ipsec.InvalidSA].
func NewOutbound(sa *ipsec.SA) (*Outbound, error) {
	p, err := partOf(sa)
	if err != nil {
		return nil, err
	}
	return &Outbound{authenticator: p.authenticator(sa), spi: p.spi, last: esp.LastSequence(sa)}, nil
}

// HeaderLen returns the octets of the AH header, ICV included. It is at most MaxHeader.
func (o *Outbound) HeaderLen() int { return fixedLen + o.mac.Len() }

// Sequence returns the sequence number of the last packet, 0 before the first.
func (o *Outbound) Sequence() uint64 { return o.sequence }

// Seal writes the AH header of an IPv4 packet, which lies there whole: its header as it
// will be sent, of AH's protocol, then HeaderLen octets for AH, then what nextHeader
// says. The identification must not be left to the system: it is covered. The error is
// always an [esp.DropError]: DropExpired after the last sequence number, DropMalformed
// for a packet that AH cannot cover, which is a fragment or has a source route. On error
// no sequence number is used up.
func (o *Outbound) Seal(packet []byte, nextHeader byte) error {
	if o.sequence == o.last {
		return esp.DropError(ipsec.DropExpired)
	}
	n, ok := headerOf(packet)
	if !ok || len(packet) < n+o.HeaderLen() || isFragment(packet) {
		return esp.DropError(ipsec.DropMalformed)
	}
	h := packet[n : n+o.HeaderLen()]
	clear(h)
	h[0], h[atLength] = nextHeader, byte(len(h)/4-2)
	binary.BigEndian.PutUint32(h[atSPI:], uint32(o.spi))
	binary.BigEndian.PutUint32(h[atSequence:], uint32(o.sequence+1))
	icv, ok := o.icv(packet, n, uint32((o.sequence+1)>>32))
	if !ok {
		return esp.DropError(ipsec.DropMalformed)
	}
	copy(h[fixedLen:], icv)
	o.sequence++
	return nil
}
