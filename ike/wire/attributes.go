package wire

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"sallyport/ipsec/secret"
)

// Attributes are the payload of the transaction exchange, which carries mode config
// and XAUTH: draft-ietf-ipsec-isakmp-mode-cfg-05 §3.2.
type Attributes struct {
	Cfg        CfgType
	Identifier uint16 // the same in all transactions that belong together
	List       []CfgAttribute
}

// A CfgAttribute keeps the form it came in, like an [Attribute]. Any value may be
// somebody's password, so none is printed unless its type says what it is.
type CfgAttribute struct {
	Type  CfgAttributeType
	Long  bool          // TLV form
	Value secret.Octets // 2 octets unless Long; empty where a value is asked for
}

// CfgEmpty returns an attribute without value, which asks for one or acknowledges
// one.
func CfgEmpty(t CfgAttributeType) CfgAttribute { return CfgAttribute{Type: t, Long: true} }

// CfgBasic returns a TV attribute.
func CfgBasic(t CfgAttributeType, v uint16) CfgAttribute {
	return CfgAttribute{Type: t, Value: binary.BigEndian.AppendUint16(nil, v)}
}

// CfgOctets returns a TLV attribute of octets, which it shares. At most 65535 fit.
func CfgOctets(t CfgAttributeType, v []byte) CfgAttribute {
	return CfgAttribute{Type: t, Long: true, Value: v}
}

// CfgAddr returns a TLV attribute of an address or a mask.
func CfgAddr(t CfgAttributeType, a netip.Addr) CfgAttribute {
	return CfgOctets(t, a.Unmap().AsSlice())
}

// Find returns the first attribute of a type.
func (a Attributes) Find(t CfgAttributeType) (found CfgAttribute, ok bool) {
	i := slices.IndexFunc(a.List, func(c CfgAttribute) bool { return c.Type == t })
	if i < 0 {
		return CfgAttribute{}, false
	}
	return a.List[i], true
}

// Type returns PayloadAttributes.
func (Attributes) Type() PayloadType { return PayloadAttributes }

// String returns, for example, "ATTR[reply ip4-address=10.3.0.1 ip4-dns=10.2.0.53]",
// cut where it gets very long. Passwords and their like are asterisks.
func (a Attributes) String() string {
	words := []string{a.Cfg.String()}
	if a.Identifier != 0 {
		words[0] += fmt.Sprintf("#%d", a.Identifier)
	}
	for _, c := range a.List {
		words = append(words, c.String())
	}
	return "ATTR[" + shortened(strings.Join(words, " ")) + "]"
}

func parseCfg(r *reader) Payload {
	a := Attributes{Cfg: CfgType(r.uint8())}
	r.skip(1)
	a.Identifier = r.uint16()
	for _, c := range parseAttributes(r) {
		a.List = append(a.List, CfgAttribute{CfgAttributeType(c.Type), c.Long, secret.Octets(c.Value)})
	}
	return a
}

func (a Attributes) appendTo(b []byte) []byte {
	b = append(b, byte(a.Cfg), 0)
	b = binary.BigEndian.AppendUint16(b, a.Identifier)
	for _, c := range a.List {
		b = c.attribute().appendTo(b)
	}
	return b
}

// attribute returns the same as an attribute of a transform, whose form on the wire
// it has.
func (c CfgAttribute) attribute() Attribute {
	return Attribute{Type: AttributeType(c.Type), Long: c.Long, Value: c.Value}
}
