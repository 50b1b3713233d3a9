package wire

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
)

// An ID is IDii, IDir, IDci or IDcr: RFC 2407 §4.6.2. Parsing does not look at
// Data; [ID.Check], [ID.Range] and [ID.Prefix] do.
type ID struct {
	IDType   IDType
	Protocol uint8  // of IP; 0: any
	Port     uint16 // 0: any
	Data     []byte
}

// AddrID returns the ID of an address.
func AddrID(a netip.Addr) ID {
	a = a.Unmap()
	t := IDIPv4Addr
	if a.Is6() {
		t = IDIPv6Addr
	}
	return ID{IDType: t, Data: a.AsSlice()}
}

// PrefixID returns the ID of a subnet, or of an address if that is all it holds.
func PrefixID(p netip.Prefix) ID {
	p = p.Masked()
	if p.IsSingleIP() {
		return AddrID(p.Addr())
	}
	t := IDIPv4Subnet
	if p.Addr().Is6() {
		t = IDIPv6Subnet
	}
	return ID{IDType: t, Data: prefixOctets(p)}
}

// RangeID returns the ID of the addresses from first to last.
func RangeID(first, last netip.Addr) ID {
	t := IDIPv4Range
	if first.Is6() {
		t = IDIPv6Range
	}
	return ID{IDType: t, Data: append(first.AsSlice(), last.AsSlice()...)}
}

// mask returns size bits of which the first ones are set.
func mask(ones, size int) []byte {
	b := make([]byte, size/8)
	for i := range ones {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return b
}

// Range returns the first and the last address of an ID that is an address, a
// subnet or a range. Errors are *SyntaxError: another type, a wrong length, a
// mask with holes, a last address before the first. Host bits of a subnet are
// ignored.
func (id ID) Range() (first, last netip.Addr, err error) {
	switch id.IDType {
	case IDIPv4Addr, IDIPv6Addr:
		first, _, err = id.addrs(1)
		return first, first, err
	case IDIPv4Range, IDIPv6Range:
		first, last, err = id.addrs(2)
		if err == nil && last.Less(first) {
			err = badID("one that ascends", "range from %v to %v", first, last)
		}
	case IDIPv4Subnet, IDIPv6Subnet:
		var p netip.Prefix
		p, err = id.subnet()
		first, last = p.Addr(), lastOf(p)
	default:
		err = badID("an address, a subnet or a range", "ID type %v", id.IDType)
	}
	if err != nil {
		return netip.Addr{}, netip.Addr{}, err
	}
	return first, last, nil
}

// Prefix returns the addresses of an ID if they are a prefix: a range may be
// one too. Errors are those of [ID.Range], and a range that is none.
func (id ID) Prefix() (netip.Prefix, error) {
	first, last, err := id.Range()
	if err != nil {
		return netip.Prefix{}, err
	}
	for bits := range first.BitLen() + 1 {
		if p := netip.PrefixFrom(first, bits); p.Masked() == p && lastOf(p) == last {
			return p, nil
		}
	}
	return netip.Prefix{}, badID("one that is a subnet", "range from %v to %v", first, last)
}

// addrs reads n addresses; one for n of 1 is both.
func (id ID) addrs(n int) (first, last netip.Addr, err error) {
	size := 4
	switch id.IDType {
	case IDIPv6Addr, IDIPv6Subnet, IDIPv6Range:
		size = 16
	}
	if len(id.Data) != n*size {
		return first, last, badID(octets(n*size), "%v of %s", id.IDType, octets(len(id.Data)))
	}
	first, _ = netip.AddrFromSlice(id.Data[:size])
	last, _ = netip.AddrFromSlice(id.Data[len(id.Data)-size:])
	return first, last, nil
}

func (id ID) subnet() (netip.Prefix, error) {
	_, m, err := id.addrs(2)
	if err != nil {
		return netip.Prefix{}, err
	}
	p, ok := prefixOf(id.Data)
	if !ok {
		return netip.Prefix{}, badID("one without holes", "mask %v", m)
	}
	return p, nil
}

// prefixOf returns the subnet of an address and a mask after it; not ok if the mask
// has holes.
func prefixOf(b []byte) (p netip.Prefix, ok bool) {
	addr, _ := netip.AddrFromSlice(b[:len(b)/2])
	m, _ := netip.AddrFromSlice(b[len(b)/2:])
	bits, ok := maskBits(m)
	if !ok {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(addr, bits).Masked(), true
}

// maskBits returns how many bits of a mask are set; not ok if one that is not set
// comes before one that is.
func maskBits(m netip.Addr) (bits int, ok bool) {
	for bits := range m.BitLen() + 1 {
		if slices.Equal(mask(bits, m.BitLen()), m.AsSlice()) {
			return bits, true
		}
	}
	return 0, false
}

// prefixOctets returns the address of a subnet and its mask.
func prefixOctets(p netip.Prefix) []byte {
	p = p.Masked()
	return append(p.Addr().AsSlice(), mask(p.Bits(), p.Addr().BitLen())...)
}

// lastOf returns the last address of a prefix, the zero Addr for the zero Prefix.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i, m := range mask(max(p.Bits(), 0), len(b)*8) {
		b[i] |= ^m
	}
	last, _ := netip.AddrFromSlice(b)
	return last
}

// badID returns the error about an ID's contents; format says what came.
func badID(wanted, format string, args ...any) error {
	return bad(PayloadID, wanted, format, args...)
}

// Type returns PayloadID.
func (ID) Type() PayloadType { return PayloadID }

// String returns, for example, "ID[10.0.0.1]" or "ID[10.1.0.0/24 17/1701]".
func (id ID) String() string { return "ID[" + id.Text() + "]" }

// Text returns the identity alone, printable whatever the peer sent: an
// address, subnet or range, a name, or octets in hexadecimal. Protocol and port
// follow unless both are 0.
func (id ID) Text() string {
	s := id.name()
	if id.Protocol != 0 || id.Port != 0 {
		s += fmt.Sprintf(" %d/%d", id.Protocol, id.Port)
	}
	return s
}

func (id ID) name() string {
	if id.IDType == IDFQDN || id.IDType == IDUserFQDN {
		return Printable(id.Data)
	}
	first, last, err := id.Range()
	switch {
	case err != nil:
		return id.IDType.String() + ":" + hexText(id.Data)
	case id.IDType == IDIPv4Subnet || id.IDType == IDIPv6Subnet:
		p, _ := id.subnet() // Range has called it
		return p.String()
	case first == last:
		return first.String()
	}
	return first.String() + "-" + last.String()
}

func parseID(r *reader) Payload {
	return ID{IDType: IDType(r.uint8()), Protocol: r.uint8(), Port: r.uint16(), Data: r.rest()}
}

func (id ID) appendTo(b []byte) []byte {
	b = append(b, byte(id.IDType), id.Protocol)
	b = binary.BigEndian.AppendUint16(b, id.Port)
	return append(b, id.Data...)
}
