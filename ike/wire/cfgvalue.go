package wire

import (
	"encoding/binary"
	"net/netip"
)

// Uint returns the value as a number, as [Attribute.Uint] does.
func (c CfgAttribute) Uint() (v uint64, ok bool) { return c.attribute().Uint() }

// Addr returns the value as an address, of IPv4 or IPv6 as its length is. Errors are
// *SyntaxError: an empty value too.
func (c CfgAttribute) Addr() (netip.Addr, error) {
	a, ok := netip.AddrFromSlice(c.Value)
	if !ok {
		return netip.Addr{}, c.bad("4 or 16 octets")
	}
	return a, nil
}

// Netmask returns the length of the prefix that a mask stands for. Errors are
// *SyntaxError: no mask, a mask with holes.
func (c CfgAttribute) Netmask() (bits int, err error) {
	m, err := c.Addr()
	if err != nil {
		return 0, err
	}
	bits, ok := maskBits(m)
	if !ok {
		return 0, bad(PayloadAttributes, "one without holes", "mask %v", m)
	}
	return bits, nil
}

// Prefix returns the value as a subnet: an address and its mask, or of IPv6 an
// address and the length of the prefix. Host bits are cleared. Errors are
// *SyntaxError.
func (c CfgAttribute) Prefix() (netip.Prefix, error) {
	const withMask4, withLength6, withMask6 = 8, 17, 32
	switch len(c.Value) {
	case withMask4, withMask6:
		if p, ok := prefixOf(c.Value); ok {
			return p, nil
		}
		return netip.Prefix{}, bad(PayloadAttributes, "one without holes", "mask of %v", c.Type)
	case withLength6:
		a := netip.AddrFrom16([16]byte(c.Value))
		if p := netip.PrefixFrom(a, int(c.Value[16])); p.IsValid() {
			return p.Masked(), nil
		}
		return netip.Prefix{}, bad(PayloadAttributes, "at most 128", "prefix of %d bits", c.Value[16])
	}
	return netip.Prefix{}, c.bad("8, 17 or 32 octets")
}

// Name returns the value as a name, such as a user's. Errors are *SyntaxError: an
// empty name, one of more than 256 octets or with control characters.
func (c CfgAttribute) Name() (string, error) {
	if err := checkName(PayloadAttributes, c.Type, c.Value); err != nil {
		return "", err
	}
	return string(c.Value), nil
}

// A Split is one entry of Cisco's split tunnelling: what is to go through the
// tunnel, or around it. Protocol and ports of 0 are any.
type Split struct {
	Prefix                      netip.Prefix // of IPv4
	Protocol                    uint16
	SourcePort, DestinationPort uint16
}

const (
	splitLen      = 14 // octets: address, mask, protocol, two ports
	splitShortLen = 8  // octets: address and mask
)

// Splits returns the value as a list of split entries, of 14 octets each or, as some
// peers send them, of 8. Where both would fit it is 14, unless a mask has holes
// then. Errors are *SyntaxError: an empty value too.
func (c CfgAttribute) Splits() ([]Split, error) {
	for _, size := range []int{splitLen, splitShortLen} {
		if list := splits(c.Value, size); list != nil {
			return list, nil
		}
	}
	return nil, c.bad("entries of 14 or 8 octets with masks without holes")
}

// splits returns nil unless b is entries of that size with right masks.
func splits(b []byte, size int) []Split {
	if len(b)%size != 0 {
		return nil
	}
	var list []Split
	for ; len(b) != 0; b = b[size:] {
		p, ok := prefixOf(b[:splitShortLen])
		if !ok {
			return nil
		}
		s := Split{Prefix: p}
		if size == splitLen {
			s.Protocol = binary.BigEndian.Uint16(b[8:])
			s.SourcePort = binary.BigEndian.Uint16(b[10:])
			s.DestinationPort = binary.BigEndian.Uint16(b[12:])
		}
		list = append(list, s)
	}
	return list
}

// CfgSplits returns an attribute of split entries of 14 octets. Their prefixes must
// be of IPv4.
func CfgSplits(t CfgAttributeType, list ...Split) CfgAttribute {
	var b []byte
	for _, s := range list {
		b = append(b, prefixOctets(s.Prefix)...)
		b = binary.BigEndian.AppendUint16(b, s.Protocol)
		b = binary.BigEndian.AppendUint16(b, s.SourcePort)
		b = binary.BigEndian.AppendUint16(b, s.DestinationPort)
	}
	return CfgOctets(t, b)
}

// CfgPrefix returns an attribute of a subnet: of IPv4 address and mask, of IPv6
// address and length.
func CfgPrefix(t CfgAttributeType, p netip.Prefix) CfgAttribute {
	if p.Addr().Is4() {
		return CfgOctets(t, prefixOctets(p))
	}
	return CfgOctets(t, append(p.Masked().Addr().AsSlice(), byte(p.Bits())))
}

// bad returns the error about a value of the wrong length.
func (c CfgAttribute) bad(wanted string) error {
	return bad(PayloadAttributes, wanted, "%v of %s", c.Type, octets(len(c.Value)))
}
