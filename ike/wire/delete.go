package wire

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// A Delete says which of its sender's inbound SAs are gone: RFC 2408 §3.15.
type Delete struct {
	DOI      uint32 // 1, or 0 from peers that mean ISAKMP itself
	Protocol ProtocolID
	SPISize  uint8
	SPIs     [][]byte // each of SPISize octets
}

// DeleteSA returns the deletion of IPsec SAs of a protocol.
func DeleteSA(p ProtocolID, spis ...uint32) Delete {
	d := Delete{DOI: doiIPsec, Protocol: p, SPISize: 4}
	for _, spi := range spis {
		d.SPIs = append(d.SPIs, binary.BigEndian.AppendUint32(nil, spi))
	}
	return d
}

// DeleteISAKMP returns the deletion of the ISAKMP SA with those cookies.
func DeleteISAKMP(i, r Cookie) Delete {
	return Delete{DOI: doiIPsec, Protocol: ProtoISAKMP, SPISize: 16, SPIs: [][]byte{slices.Concat(i[:], r[:])}}
}

// Type returns PayloadDelete.
func (Delete) Type() PayloadType { return PayloadDelete }

// String returns protocol and number of SPIs, for example "D[esp 1]".
func (d Delete) String() string { return fmt.Sprintf("D[%v %d]", d.Protocol, len(d.SPIs)) }

func parseDelete(r *reader) Payload {
	d := Delete{DOI: r.uint32(), Protocol: ProtocolID(r.uint8()), SPISize: r.uint8()}
	count := int(r.uint16())
	for range r.each(count, int(d.SPISize)) { // 0 unless count items of that size are just what is left
		d.SPIs = append(d.SPIs, r.bytes(int(d.SPISize)))
	}
	return d
}

func (d Delete) appendTo(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, d.DOI)
	b = append(b, byte(d.Protocol), d.SPISize)
	b = binary.BigEndian.AppendUint16(b, uint16(len(d.SPIs)))
	for _, spi := range d.SPIs {
		b = append(b, spi...)
	}
	return b
}
