package wire

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
)

var header = Header{CookieI: Cookie{1, 2, 3, 4, 5, 6, 7, 8}, CookieR: Cookie{9}, Exchange: MainMode}

// quickHeader is one under which there may be two IDs.
var quickHeader = Header{CookieI: header.CookieI, CookieR: header.CookieR, Exchange: QuickMode, MessageID: 1}

// offer1 is what a phase 1 SA looks like.
var offer1 = NewSA(Proposal{Number: 1, Protocol: ProtoISAKMP, Transforms: []Transform{
	{Number: 1, ID: 1, Attributes: []Attribute{
		Basic(AttrEncryption, uint16(EncAES)), Basic(AttrKeyLength, 256), Basic(AttrHash, uint16(HashSHA256)),
		Basic(AttrGroup, uint16(Group14)), Basic(AttrAuthMethod, uint16(AuthPSK)),
		Basic(AttrLifeType, uint16(LifeSeconds)), Number(AttrLifeDuration, 86400),
	}},
	{Number: 2, ID: 1, Attributes: []Attribute{
		Basic(AttrLifeType, uint16(LifeSeconds)), Number(AttrLifeDuration, 3600), Basic(AttrAuthMethod, uint16(AuthPSK)),
		Basic(AttrGroup, uint16(Group2)), Basic(AttrHash, uint16(HashMD5)), Basic(AttrEncryption, uint16(Enc3DES)),
	}},
}})

// offer2 is what a phase 2 SA looks like, with two protocols in one bundle.
var offer2 = NewSA(
	Proposal{Number: 1, Protocol: ProtoESP, SPI: []byte{0xc0, 0x2e, 0xb8, 0x39}, Transforms: []Transform{
		{Number: 1, ID: uint8(ESPAESCBC), Attributes: []Attribute{
			Basic(AttributeType(Attr2KeyLength), 128), Basic(AttributeType(Attr2Authentication), uint16(HMACSHA1)),
			Basic(AttributeType(Attr2Encapsulation), uint16(EncapTunnel)), Basic(AttributeType(Attr2LifeType), uint16(LifeSeconds)),
			Basic(AttributeType(Attr2LifeDuration), 3600), Basic(AttributeType(Attr2LifeType), uint16(LifeKilobytes)),
			Number(AttributeType(Attr2LifeDuration), 4608000),
		}},
	}},
	Proposal{Number: 1, Protocol: ProtoIPComp, SPI: []byte{0xf0, 0x01}, Transforms: []Transform{
		{Number: 1, ID: uint8(IPCompDeflate), Attributes: []Attribute{Basic(AttributeType(Attr2Encapsulation), uint16(EncapTransport))}},
	}},
)

// payloadNATDCisco is what old releases of Cisco's sent as NAT-D. Others gave the number
// to something else: it is skipped.
const payloadNATDCisco PayloadType = 15

// samples has one of every payload type at least; the trials run over all.
var samples = []Payload{
	offer1, offer2,
	KeyExchange{bytes.Repeat([]byte{0xaa}, 256)},
	ID{IDType: IDIPv4Addr, Protocol: 17, Port: 500, Data: []byte{10, 0, 0, 1}},
	ID{IDType: IDFQDN},
	Certificate{Encoding: uint8(CertX509Signature), Data: []byte("DER")},
	CertificateRequest{Encoding: uint8(CertX509Signature)},
	Hash{bytes.Repeat([]byte{0xbb}, 20)},
	Signature{[]byte("signature")},
	Nonce{bytes.Repeat([]byte{0xcc}, 32)},
	Notify{DOI: 1, Protocol: ProtoESP, SPI: []byte{1, 2, 3, 4}, Notify: ResponderLifetime, Data: []byte{0x80, 1, 0, 1}},
	NewDPD(RUThere, header.CookieI, header.CookieR, 7),
	DeleteSA(ProtoESP, 0x1000, 0x1001),
	DeleteISAKMP(header.CookieI, header.CookieR),
	Delete{DOI: 1, Protocol: ProtoESP, SPISize: 4},
	VendorRFC3947,
	NATD{Hash: bytes.Repeat([]byte{0xdd}, 20)},
	NATD{Hash: bytes.Repeat([]byte{0xee}, 20), Draft: true},
	NATOA{Addr: netip.MustParseAddr("10.0.0.1")},
	NATOA{Addr: netip.MustParseAddr("fd00::1"), Draft: true},
	Attributes{Cfg: CfgReply, Identifier: 7, List: []CfgAttribute{
		CfgAddr(CfgIP4Address, netip.MustParseAddr("10.3.0.1")), CfgEmpty(CfgIP4DNS),
		CfgOctets(XAUTHUserPassword, []byte("rw-secret-1")), CfgBasic(XAUTHStatus, 1),
		CfgSplits(UnitySplitInclude, Split{Prefix: netip.MustParsePrefix("10.2.0.0/24"), Protocol: 6, DestinationPort: 80}),
	}},
	Fragment{ID: 1, Number: 2, Last: true, Data: []byte("part of a message")},
	Unknown{payloadNATDCisco, bytes.Repeat([]byte{0xff}, 20)},
}

func TestSampleOfEveryPayload(t *testing.T) {
	seen := map[PayloadType]bool{}
	for _, p := range samples {
		seen[p.Type()] = true
	}
	for known := range payloads {
		if !seen[known] {
			t.Errorf("no sample of %v", known)
		}
	}
	if !seen[payloadNATDCisco] {
		t.Error("no sample of an unknown payload")
	}
}

// messageWith returns a message with the payload: an unknown one is not first.
func messageWith(p Payload) *Message {
	m := &Message{Header: header, Payloads: []Payload{p}}
	if _, ok := p.(Unknown); ok {
		m.Payloads = []Payload{Hash{[]byte("hash")}, p}
	}
	return m
}

func TestTrials(t *testing.T) {
	for _, p := range samples {
		t.Run(p.Type().String(), func(t *testing.T) {
			m := messageWith(p)
			b := m.Append(nil)
			checkSame(t, b, m)
			checkPrefixes(t, b)
			checkDamaged(t, b)
		})
	}
	all := &Message{Header: quickHeader, Payloads: samples[1:]} // a message has one SA
	b := all.Append(nil)
	checkSame(t, b, all)
	checkPrefixes(t, b)
}

// checkSame checks that parsing b gives m, and that m gives b.
func checkSame(t *testing.T, b []byte, m *Message) {
	t.Helper()
	got, err := Parse(b)
	if err != nil {
		t.Fatalf("Parse(%x) = %v", b, err)
	}
	if got.Header != m.Header || !reflect.DeepEqual(got.Payloads, m.Payloads) {
		t.Errorf("Parse(%x) = %+v %v, want %+v %v", b, got.Header, got, m.Header, m)
	}
	if again := got.Append(nil); !bytes.Equal(again, b) {
		t.Errorf("Append = %x, want %x", again, b)
	}
	checkBodies(t, got, m)
}

// checkBodies checks that a message that was parsed and one that was built
// answer alike.
func checkBodies(t *testing.T, parsed, built *Message) {
	t.Helper()
	for i := range parsed.Payloads {
		if got, want := parsed.Body(i), built.Body(i); !bytes.Equal(got, want) {
			t.Errorf("Body(%d) = %x, want %x", i, got, want)
		}
		if got, want := parsed.After(i), built.After(i); !bytes.Equal(got, want) {
			t.Errorf("After(%d) = %x, want %x", i, got, want)
		}
	}
	if got, want := parsed.Len(), len(AppendPayloads(nil, built.Payloads)); got != want || built.Len() != 0 {
		t.Errorf("Len() = %d, want %d; of the built one %d, want 0", got, want, built.Len())
	}
}

// checkPrefixes checks that no part of b is a message, with the length field as
// it is and with one that fits.
func checkPrefixes(t *testing.T, b []byte) {
	t.Helper()
	for n := range b {
		checkSyntaxError(t, b[:n])
		if n >= HeaderLen {
			checkSyntaxError(t, fitted(b[:n]))
		}
	}
}

// fitted returns a copy of b with the length field right.
func fitted(b []byte) []byte {
	b = bytes.Clone(b)
	b[offsetLength], b[offsetLength+1], b[offsetLength+2], b[offsetLength+3] = 0, 0, byte(len(b)>>8), byte(len(b))
	return b
}

func checkSyntaxError(t *testing.T, b []byte) {
	t.Helper()
	var syntax *SyntaxError
	if m, err := Parse(b); !errors.As(err, &syntax) || m != nil {
		t.Fatalf("Parse(%x) = %v, %v; want a *SyntaxError", b, m, err)
	}
	if syntax.Offset < 0 || syntax.Offset > len(b) && syntax.Offset > HeaderLen {
		t.Errorf("Parse(%x): octet %d of %d", b, syntax.Offset, len(b))
	}
	if syntax.Got == "" || syntax.Wanted == "" {
		t.Errorf("Parse(%x): %v does not say what came and what was wanted", b, syntax)
	}
}

// checkDamaged changes octets at random: what still parses must go back and
// forth, nothing may panic.
func checkDamaged(t *testing.T, b []byte) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, uint64(len(b))))
	for range 2000 {
		damaged := bytes.Clone(b)
		for range 1 + random.IntN(4) {
			damaged[random.IntN(len(b))] = byte(random.Uint32())
		}
		m, err := Parse(damaged)
		if err == nil {
			checkCanonical(t, m)
		}
	}
}

// checkCanonical checks that what was parsed, appended and parsed again stays
// the same, and prints.
func checkCanonical(t *testing.T, m *Message) {
	t.Helper()
	b := m.Append(nil)
	again, err := Parse(b)
	if err != nil {
		t.Fatalf("Parse(Append) = %v of %v", err, m)
	}
	if !reflect.DeepEqual(again.Payloads, m.Payloads) || again.Header != m.Header {
		t.Errorf("Parse(Append) = %v, want %v", again, m)
	}
	if again.Reserved != 0 {
		t.Errorf("Append wrote %d reserved fields that are not zero", again.Reserved)
	}
	if text := m.String(); text == "" || !printable(text) {
		t.Errorf("String() = %q", text)
	}
	checkReaders(t, m)
}

// checkReaders calls what reads inside of payloads that were parsed: it may refuse,
// with the right error, and that is all.
func checkReaders(t *testing.T, m *Message) {
	t.Helper()
	for _, p := range m.Payloads {
		switch p := p.(type) {
		case ID:
			checkRefusal(t, p.Check())
		case Notify:
			_, err := p.Lifetime()
			checkRefusal(t, err)
		case Attributes:
			for _, c := range p.List {
				for _, err := range readCfg(c) {
					checkRefusal(t, err)
				}
			}
		}
	}
}

// readCfg reads an attribute as everything that it might be.
func readCfg(c CfgAttribute) []error {
	_, addr := c.Addr()
	_, mask := c.Netmask()
	_, prefix := c.Prefix()
	_, splits := c.Splits()
	_, name := c.Name()
	return []error{addr, mask, prefix, splits, name}
}

func checkRefusal(t *testing.T, err error) {
	t.Helper()
	var syntax *SyntaxError
	if err != nil && (!errors.As(err, &syntax) || syntax.Got == "" || syntax.Wanted == "") {
		t.Errorf("error %v, want a *SyntaxError that says what came and what was wanted", err)
	}
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// anyType returns the type of a payload, often a known one.
func anyType(random *rand.Rand) PayloadType {
	if n := random.IntN(32); n >= 24 {
		return PayloadType(n - 24 + 128)
	} else {
		return PayloadType(n)
	}
}

func TestRandomOctets(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 3))
	for range 20000 {
		b := make([]byte, random.IntN(200))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		if m, err := ParsePayloads(header, anyType(random), b); err == nil {
			checkCanonical(t, m)
		}
		if _, err := Parse(b); err == nil {
			t.Errorf("Parse(%x) of random octets is a message", b)
		}
	}
}
