package wire

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"
)

// Where things are in a message whose only payload is an SA.
const (
	atSA        = HeaderLen
	atDOI       = atSA + genericLen
	atProposal  = atDOI + 8
	atTransform = atProposal + genericLen + 4 // of a proposal without SPI
	atAttribute = atTransform + genericLen + 4
)

// proposals returns n proposals of m transforms each.
func proposals(n, m int) SA {
	p := Proposal{Number: 1, Protocol: ProtoISAKMP}
	for i := range m {
		p.Transforms = append(p.Transforms, Transform{Number: uint8(i + 1), ID: 1})
	}
	s := NewSA()
	for range n {
		s.Proposals = append(s.Proposals, p)
	}
	return s
}

func octetsOf(s SA) []byte { return (&Message{Header: header, Payloads: []Payload{s}}).Append(nil) }

// cut removes n octets at the end and corrects the lengths of message and SA.
func cut(b []byte, n int) []byte {
	b = fitted(b[:len(b)-n])
	b[atSA+3] = byte(len(b) - HeaderLen)
	return b
}

func TestSARefused(t *testing.T) {
	one := octetsOf(proposals(1, 1))
	two := octetsOf(proposals(1, 2))
	withSPI := func(n int) SA {
		s := proposals(1, 1)
		s.Proposals[0].SPI = make([]byte, n)
		return s
	}
	attribute := func(a ...byte) []byte {
		s := octetsOf(proposals(1, 1))
		s = append(s, a...)
		s[atSA+3] += byte(len(a))
		s[atProposal+3] += byte(len(a))
		s[atTransform+3] += byte(len(a))
		return fitted(s)
	}
	for _, test := range []struct {
		name   string
		b      []byte
		in     PayloadType
		offset int
		wanted string
	}{
		{"DOI 0", set(atDOI+3, 0)(bytes.Clone(one)), PayloadSA, atDOI, "DOI 0, wanted 1"},
		{"DOI 2", set(atDOI+3, 2)(bytes.Clone(one)), PayloadSA, atDOI, "DOI 2"},
		{"situation with secrecy", set(atDOI+7, 3)(bytes.Clone(one)), PayloadSA, atDOI + 4, "identity only"},
		{"situation 0", set(atDOI+7, 0)(bytes.Clone(one)), PayloadSA, atDOI + 4, "identity only"},
		{"no proposal", octetsOf(NewSA()), PayloadProposal, atProposal, "1 octet"},
		{"no transform", octetsOf(proposals(1, 0)), PayloadTransform, atTransform, "1 octet"},
		{"33 proposals", octetsOf(proposals(33, 1)), PayloadProposal, atProposal + 32*16, "at most 32"},
		{"129 transforms", octetsOf(proposals(1, 129)), PayloadTransform, atTransform + 128*8, "at most 128"},
		{"129 transforms in three proposals", octetsOf(proposals(3, 43)), PayloadTransform, atProposal + 3*8 + 128*8, "at most 128"},
		{"proposal's next payload 3", set(atProposal, 3)(bytes.Clone(one)), PayloadProposal, atProposal + 16, "P or none"},
		{"proposal's next payload 2, nothing follows", set(atProposal, 2)(bytes.Clone(one)), PayloadProposal, atProposal + 16, "1 octet"},
		{"proposal's next payload 0, another follows", set(atProposal, 0)(octetsOf(proposals(2, 1))), PayloadProposal, atProposal + 16, "nothing after"},
		{"transform's next payload 2", set(atTransform, 2)(bytes.Clone(two)), PayloadTransform, atTransform + 8, "T or none"},
		{"transform's next payload 3, nothing follows", set(atTransform, 3)(bytes.Clone(one)), PayloadTransform, atTransform + 8, "1 octet"},
		{"transform's next payload 0, another follows", set(atTransform, 0)(bytes.Clone(two)), PayloadTransform, atTransform + 8, "nothing after"},
		{"count of transforms too low", set(atProposal+7, 1)(bytes.Clone(two)), PayloadProposal, atProposal + 7, "2, as there are"},
		{"count of transforms too high", set(atProposal+7, 255)(bytes.Clone(two)), PayloadProposal, atProposal + 7, "2, as there are"},
		{"count of transforms 0", set(atProposal+7, 0)(bytes.Clone(one)), PayloadProposal, atProposal + 7, "1, as there are"},
		{"SPI of 17 octets", octetsOf(withSPI(17)), PayloadProposal, atProposal + 6, "at most 16"},
		{"SPI past the end", set(atProposal+6, 16)(bytes.Clone(one)), PayloadProposal, atProposal + 8, "16 octets"},
		{"proposal length past the end", set(atProposal+3, 17)(bytes.Clone(one)), PayloadProposal, atProposal + 4, "13 octets"},
		{"proposal length 3", set(atProposal+3, 3)(bytes.Clone(one)), PayloadProposal, atProposal + 2, "at least 4"},
		{"proposal length too short", set(atProposal+3, 15)(bytes.Clone(one)), PayloadProposal, atProposal + 15, "nothing after"},
		{"transform length past the end", set(atTransform+3, 9)(bytes.Clone(one)), PayloadTransform, atTransform + 4, "5 octets"},
		{"transform length 7", cut(set(atProposal+3, 15)(set(atTransform+3, 7)(bytes.Clone(one))), 1), PayloadTransform, atTransform + 6, "2 octets"},
		{"attribute of 3 octets", attribute(0x80, 1, 0), PayloadTransform, atAttribute + 2, "2 octets"},
		{"attribute of 1 octet", attribute(0x80), PayloadTransform, atAttribute, "2 octets"},
		{"long attribute past the end", attribute(0, 12, 0, 5, 1, 2, 3, 4), PayloadTransform, atAttribute + 4, "5 octets"},
		{"long attribute of 65535 octets", attribute(0, 12, 0xff, 0xff, 1, 2, 3, 4), PayloadTransform, atAttribute + 4, "65535 octets"},
		{"SA of 7 octets", cut(bytes.Clone(one), 17), PayloadSA, atDOI + 4, "4 octets"},
	} {
		_, err := Parse(test.b)
		checkError(t, test.name, err, test.in, test.offset, test.wanted)
	}
}

func TestSAAccepted(t *testing.T) {
	spi := proposals(1, 1)
	spi.Proposals[0].SPI = make([]byte, 16)
	unknown := proposals(1, 1)
	unknown.Proposals[0].Protocol = 77
	unknown.Proposals[0].Transforms[0] = Transform{ID: 99, Attributes: []Attribute{
		Basic(0x7fff, 1), {Type: 12, Long: true}, {Type: 12, Long: true, Value: make([]byte, 40)},
	}}
	for name, s := range map[string]SA{
		"32 proposals": proposals(32, 4), "128 transforms": proposals(1, 128), "SPI of 16 octets": spi,
		"unknown protocol, transform and attributes": unknown,
	} {
		m := &Message{Header: header, Payloads: []Payload{s}}
		t.Run(name, func(t *testing.T) { checkSame(t, m.Append(nil), m) })
	}
}

func TestAttributeUint(t *testing.T) {
	for _, test := range []struct {
		octets string
		long   bool
		want   uint64
		ok     bool
	}{
		{"7080", false, 28800, true},
		{"00", true, 0, true},
		{"0001", true, 1, true},
		{"015180", true, 86400, true},
		{"00015180", true, 86400, true},
		{"ffffffffffffffff", true, math.MaxUint64, true},
		{"00000000000000000001", true, 1, true},
		{"010000000000000000", true, math.MaxUint64, false},
		{"", true, 0, false},
	} {
		value, err := hex.DecodeString(test.octets)
		if err != nil {
			t.Fatal(err)
		}
		a := Attribute{Type: AttrLifeDuration, Long: test.long, Value: value}
		if got, ok := a.Uint(); got != test.want || ok != test.ok {
			t.Errorf("Uint of %q = %d, %t; want %d, %t", test.octets, got, ok, test.want, test.ok)
		}
	}
}

func TestNumber(t *testing.T) {
	for _, test := range []struct {
		v    uint64
		want string // as in RFC 2408 §3.3
	}{
		{0, "800c0000"}, {28800, "800c7080"}, {65535, "800cffff"},
		{65536, "000c000400010000"}, {86400, "000c000400015180"}, {1<<32 - 1, "000c0004ffffffff"},
		{1 << 32, "000c00080000000100000000"}, {math.MaxUint64, "000c0008ffffffffffffffff"},
	} {
		a := Number(AttrLifeDuration, test.v)
		if got := hex.EncodeToString(a.appendTo(nil)); got != test.want {
			t.Errorf("Number(%d) = %s, want %s", test.v, got, test.want)
		}
		if back, ok := a.Uint(); back != test.v || !ok {
			t.Errorf("Number(%d).Uint() = %d, %t", test.v, back, ok)
		}
	}
}

func TestTransformEqual(t *testing.T) {
	base := offer1.Proposals[0].Transforms[0]
	change := func(f func(*Transform)) Transform {
		u := base
		u.Attributes = append([]Attribute(nil), base.Attributes...)
		f(&u)
		return u
	}
	for _, test := range []struct {
		name  string
		other Transform
		want  bool
	}{
		{"itself", change(func(*Transform) {}), true},
		{"number", change(func(u *Transform) { u.Number = 9 }), false},
		{"ID", change(func(u *Transform) { u.ID = 9 }), false},
		{"value", change(func(u *Transform) { u.Attributes[1] = Basic(AttrKeyLength, 128) }), false},
		{"type", change(func(u *Transform) { u.Attributes[1].Type = AttrPRF }), false},
		{"form", change(func(u *Transform) { u.Attributes[1].Long = true }), false},
		{"one less", change(func(u *Transform) { u.Attributes = u.Attributes[1:] }), false},
	} {
		if got := base.Equal(test.other); got != test.want {
			t.Errorf("%s: Equal = %t, want %t", test.name, got, test.want)
		}
		p, q := Proposal{Transforms: []Transform{base}}, Proposal{Transforms: []Transform{test.other}}
		if got := p.Equal(q); got != test.want {
			t.Errorf("%s: Equal of proposals = %t, want %t", test.name, got, test.want)
		}
	}
	p := offer2.Proposals[0]
	for name, q := range map[string]Proposal{
		"number": {2, p.Protocol, p.SPI, p.Transforms}, "protocol": {1, ProtoAH, p.SPI, p.Transforms}, "SPI": {1, p.Protocol, nil, p.Transforms},
	} {
		if p.Equal(q) {
			t.Errorf("proposals that differ in %s are equal", name)
		}
	}
}

func TestTransformAttribute(t *testing.T) {
	transform := offer2.Proposals[0].Transforms[0]
	if a, ok := transform.Attribute(AttributeType(Attr2LifeDuration)); !ok || a.text() != "3600" {
		t.Errorf("first duration = %v, %t; want 3600", a, ok)
	}
	if a, ok := transform.Attribute(AttributeType(Attr2Group)); ok {
		t.Errorf("group = %v, want none", a)
	}
}

func TestSAText(t *testing.T) {
	esp := func(id ESPTransform, a ...Attribute) SA {
		return NewSA(Proposal{1, ProtoESP, []byte{0, 0, 0x10, 0}, []Transform{{1, uint8(id), a}}})
	}
	phase1 := func(a ...Attribute) SA {
		return NewSA(Proposal{1, ProtoISAKMP, nil, []Transform{{1, 1, a}}})
	}
	b2 := func(t AttributeType2, v uint16) Attribute { return Basic(AttributeType(t), v) }
	for _, test := range []struct {
		sa   SA
		want string
	}{
		{offer1, "SA[1 aes-cbc-256 sha2-256 psk modp2048 86400s | 3des-cbc md5 psk modp1024 3600s]"},
		{offer2, "SA[1 esp-aes-cbc-128 hmac-sha1 tunnel 3600s 4608000kB spi=c02eb839 / 1 ipcomp-deflate transport spi=f001]"},
		{esp(ESPAESGCM16, b2(Attr2KeyLength, 256), b2(Attr2ESN, 1), b2(Attr2Group, 19), b2(Attr2Encapsulation, 3)),
			"SA[1 esp-aes-gcm16-256 udp-tunnel ecp256 esn spi=00001000]"},
		{NewSA(Proposal{2, ProtoAH, nil, []Transform{{1, uint8(AHSHA1), []Attribute{b2(Attr2Authentication, 2)}}}}), "SA[2 ah-sha hmac-sha1]"},
		{esp(99, b2(99, 7), b2(Attr2Authentication, 77)), "SA[1 esp-99 77 99=7 spi=00001000]"},
		{phase1(Basic(AttrGroupType, 1), Basic(AttrEncryption, 99), Basic(AttrKeyLength, 64)), "SA[1 99-64 group-type=1]"},
		{phase1(Basic(AttrLifeType, 9), Basic(AttrLifeDuration, 5)), "SA[1 5 of unit 9]"},
		{phase1(Attribute{AttrEncryption, true, []byte{1, 0, 0}}), "SA[1 65536]"},
		{phase1(Attribute{AttrGroupPrime, true, make([]byte, 0)}), "SA[1 group-prime=0x]"},
		{phase1(Attribute{AttrGroupPrime, true, bytes.Repeat([]byte{0xff}, 9)}), "SA[1 group-prime=0xffffffffffffffffff]"},
		{NewSA(Proposal{1, ProtoISAKMP, nil, []Transform{{1, 2, nil}}}), "SA[1 transform-2]"},
		{NewSA(Proposal{1, 9, nil, []Transform{{1, 2, nil}}}), "SA[1 9-2]"},
	} {
		if got := test.sa.String(); got != test.want {
			t.Errorf("String() = %s, want %s", got, test.want)
		}
	}
}

// TestSATextIsBounded checks that a peer cannot fill a log with one message.
func TestSATextIsBounded(t *testing.T) {
	var many []Attribute
	for range 4000 {
		many = append(many, Basic(99, 99))
	}
	for name, a := range map[string][]Attribute{
		"a long attribute":   {{AttrGroupPrime, true, bytes.Repeat([]byte{0xff}, 4000)}},
		"thousands of them":  many,
		"and none is a name": append(many, Attribute{AttrEncryption, true, []byte("\x1b[2J")}),
	} {
		got := NewSA(Proposal{1, ProtoISAKMP, nil, []Transform{{1, 1, a}}}).String()
		if len(got) > 2100 || !printable(got) || !strings.HasPrefix(got, "SA[1 ") || !strings.HasSuffix(got, "]") {
			t.Errorf("%s: %d characters, %.40q...", name, len(got), got)
		}
	}
}

func TestIPComp(t *testing.T) {
	deflate := []Transform{{1, uint8(IPCompDeflate), []Attribute{Basic(AttributeType(Attr2Encapsulation), 1)}}}
	for _, test := range []struct {
		name string
		p    Proposal
		text string
	}{
		{"2 octets", Proposal{1, ProtoIPComp, []byte{0xf0, 1}, deflate}, "1 ipcomp-deflate tunnel spi=f001"},
		{"4 octets", Proposal{1, ProtoIPComp, []byte{0, 0, 0xf0, 1}, deflate}, "1 ipcomp-deflate tunnel spi=0000f001"},
		{"3 octets", Proposal{1, ProtoIPComp, []byte{0, 0xf0, 1}, deflate}, "1 ipcomp-deflate tunnel spi=00f001"},
		{"no SPI", Proposal{1, ProtoIPComp, nil, deflate}, "1 ipcomp-deflate tunnel"},
		{"ESP", Proposal{1, ProtoESP, []byte{0, 0, 0xf0, 1}, nil}, "1  spi=0000f001"},
	} {
		if got := test.p.String(); got != test.text {
			t.Errorf("%s: String() = %s, want %s", test.name, got, test.text)
		}
		if len(test.p.Transforms) > 0 {
			m := &Message{Header: header, Payloads: []Payload{NewSA(test.p)}}
			checkSame(t, m.Append(nil), m)
		}
	}
}
