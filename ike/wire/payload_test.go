package wire

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
)

func TestPayloadText(t *testing.T) {
	i, r := header.CookieI, header.CookieR
	for _, test := range []struct {
		p    Payload
		want string
	}{
		{KeyExchange{make([]byte, 256)}, "KE[256]"},
		{Nonce{make([]byte, 32)}, "NONCE[32]"},
		{Hash{make([]byte, 20)}, "HASH"},
		{Signature{make([]byte, 128)}, "SIG[128]"},
		{NATD{Hash: make([]byte, 20)}, "NAT-D"},
		{NATD{make([]byte, 20), true}, "NAT-D-draft"},
		{NATOA{Addr: netip.MustParseAddr("10.0.0.1")}, "NAT-OA[10.0.0.1]"},
		{NATOA{netip.MustParseAddr("fd00::1"), true}, "NAT-OA-draft[fd00::1]"},
		{Fragment{1, 2, false, make([]byte, 504)}, "FRAG[1 2 504]"},
		{Fragment{65535, 255, true, make([]byte, 1)}, "FRAG[65535 255 last 1]"},
		{Certificate{4, make([]byte, 780)}, "CERT[x509-signature 780]"},
		{CertificateRequest{99, nil}, "CERTREQ[99 0]"},
		{Unknown{payloadNATDCisco, make([]byte, 20)}, "15[20]"},
		{Unknown{99, nil}, "99[0]"},
		{NewNotify(InitialContact, i, r, nil), "N[INITIAL-CONTACT]"},
		{Notify{Notify: 9999}, "N[9999]"},
		{DeleteSA(ProtoESP, 1), "D[esp 1]"},
		{DeleteSA(ProtoAH, 1, 2), "D[ah 2]"},
		{DeleteISAKMP(i, r), "D[isakmp 1]"},
		{VendorRFC3947, "VID[RFC3947]"},
		{VendorNATT02N, "VID[NAT-T-02n]"},
		{VendorNATT02, "VID[NAT-T-02]"},
		{VendorNATT03, "VID[NAT-T-03]"},
		{VendorDPD, "VID[DPD]"},
		{VendorXAUTH, "VID[XAUTH]"},
		{VendorUnity, "VID[Unity]"},
		{VendorFragments, "VID[FRAGMENTATION]"},
		{VendorID{append(bytes.Clone(VendorFragments.Data), 0x80, 0, 0, 0)}, "VID[FRAGMENTATION]"},
		{VendorID{append(bytes.Clone(VendorFragments.Data), 0x80)}, "VID[4048b7d56ebce88525e7de7f00d6c2d380]"},
		{VendorID{append(bytes.Clone(VendorDPD.Data), 0, 0, 0, 0)}, "VID[afcad71368a1f1c96b8696fc7757010000000000]"},
		{VendorID{VendorDPD.Data[:8]}, "VID[afcad71368a1f1c9]"},
		{VendorID{}, "VID[]"},
		{VendorID{make([]byte, 64)}, "VID[" + strings.Repeat("0", 128) + "]"},
		{VendorID{make([]byte, 65)}, "VID[" + strings.Repeat("0", 124) + "...]"},
		{ID{IDType: IDIPv4Addr, Data: []byte{10, 0, 0, 1}}, "ID[10.0.0.1]"},
		{ID{IDType: IDIPv4Addr, Protocol: 17, Port: 500, Data: []byte{10, 0, 0, 1}}, "ID[10.0.0.1 17/500]"},
		{ID{IDType: IDIPv4Subnet, Data: []byte{10, 1, 0, 0, 255, 255, 255, 0}}, "ID[10.1.0.0/24]"},
		{ID{IDType: IDIPv4Subnet, Data: []byte{10, 1, 0, 0, 255, 255, 255, 255}}, "ID[10.1.0.0/32]"},
		{ID{IDType: IDIPv4Range, Data: []byte{10, 1, 0, 1, 10, 1, 0, 9}}, "ID[10.1.0.1-10.1.0.9]"},
		{ID{IDType: IDIPv4Addr, Data: []byte{10}}, "ID[ipv4:0a]"},
		{ID{IDType: IDFQDN, Data: []byte("gw.example")}, "ID[gw.example]"},
		{ID{IDType: IDUserFQDN, Data: []byte("a@b\x1b[2J\n")}, `ID[a@b\x1b[2J\x0a]`},
		{ID{IDType: IDKeyID, Data: []byte("group")}, "ID[key-id:67726f7570]"},
		{ID{IDType: IDDERASN1DN, Data: []byte{0x30, 0}}, "ID[dn:3000]"},
		{ID{IDType: 77, Data: []byte{1}}, "ID[77:01]"},
	} {
		if got := test.p.String(); got != test.want {
			t.Errorf("String() = %s, want %s", got, test.want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"", ""},
		{"gw.example", "gw.example"},
		{"two words", "two words"},
		{`back\slash`, `back\x5cslash`},
		{"\x00\x7f\xff", `\x00\x7f\xff`},
		{"ü", `\xc3\xbc`},
		{strings.Repeat("a", 128), strings.Repeat("a", 128)},
		{strings.Repeat("a", 129), strings.Repeat("a", 125) + "..."},
		{strings.Repeat("a", 4000), strings.Repeat("a", 125) + "..."},
		{strings.Repeat("\x00", 32), strings.Repeat(`\x00`, 32)},
		{strings.Repeat("\x00", 33), strings.Repeat(`\x00`, 31) + "..."},
	} {
		got := Printable([]byte(test.name))
		if got != test.want || len(got) > maxText {
			t.Errorf("Printable(%q) = %q, want %q", test.name, got, test.want)
		}
	}
}

// body returns a message whose only payload has that type and body.
func body(t PayloadType, octets ...byte) []byte {
	return (&Message{Header: header, Payloads: []Payload{Unknown{t, octets}}}).Append(nil)
}

func TestPayloadRefused(t *testing.T) {
	const at = HeaderLen + genericLen
	for _, test := range []struct {
		name   string
		of     PayloadType
		octets []byte
		offset int
		wanted string
	}{
		{"nonce of 7 octets", PayloadNonce, make([]byte, 7), at, "8 to 256"},
		{"nonce of 257 octets", PayloadNonce, make([]byte, 257), at, "8 to 256"},
		{"empty nonce", PayloadNonce, nil, at, "8 to 256"},
		{"empty ID", PayloadID, nil, at, "1 octet"},
		{"ID of 3 octets", PayloadID, make([]byte, 3), at + 2, "2 octets"},
		{"certificate without encoding", PayloadCert, nil, at, "1 octet"},
		{"request without encoding", PayloadCertReq, nil, at, "1 octet"},
		{"notify of 7 octets", PayloadNotify, make([]byte, 7), at + 6, "2 octets"},
		{"notify with SPI past the end", PayloadNotify, []byte{0, 0, 0, 1, 1, 16, 0x60, 2, 1, 2}, at + 8, "16 octets"},
		{"delete of 7 octets", PayloadDelete, make([]byte, 7), at + 6, "2 octets"},
		{"delete with an SPI too few", PayloadDelete, []byte{0, 0, 0, 1, 3, 4, 0, 2, 1, 2, 3, 4}, at + 8, "2 items of 4 octets"},
		{"delete with an SPI too many", PayloadDelete, []byte{0, 0, 0, 1, 3, 4, 0, 0, 1, 2, 3, 4}, at + 8, "0 items"},
		{"delete with half an SPI", PayloadDelete, []byte{0, 0, 0, 1, 3, 4, 0, 1, 1, 2}, at + 8, "1 items"},
		{"delete of 65535 SPIs of no octets", PayloadDelete, []byte{0, 0, 0, 1, 3, 0, 0xff, 0xff}, at + 8, "65535 items"},
		{"delete of 65535 SPIs of 255 octets", PayloadDelete, []byte{0, 0, 0, 1, 3, 0xff, 0xff, 0xff}, at + 8, "65535 items"},
		{"NAT-OA of the drafts too short", PayloadNATOADraft, []byte{1, 0, 0, 0, 10, 0, 0}, at + 4, "4 octets"},
		{"transaction of 3 octets", PayloadAttributes, []byte{1, 0, 0}, at + 2, "2 octets"},
		{"transaction with half an attribute", PayloadAttributes, []byte{1, 0, 0, 0, 0x40}, at + 4, "2 octets"},
		{"transaction with a value past the end", PayloadAttributes, []byte{1, 0, 0, 0, 0x40, 0x89, 0, 3, 1, 2}, at + 8, "3 octets"},
		{"transaction with a basic value cut", PayloadAttributes, []byte{1, 0, 0, 0, 0xc0, 0x8f, 0}, at + 6, "2 octets"},
		{"fragment of 3 octets", PayloadFragment, []byte{0, 1, 1}, at + 3, "1 octet"},
		{"fragment without contents", PayloadFragment, []byte{0, 1, 1, 0}, at + 4, "a piece"},
		{"fragment 0", PayloadFragment, []byte{0, 1, 0, 0, 9}, at + 2, "1 to 255"},
		{"NAT-OA of another ID type", PayloadNATOA, []byte{2, 0, 0, 0, 10, 0, 0, 1}, at, "address"},
		{"NAT-OA too short", PayloadNATOA, []byte{1, 0, 0, 0, 10, 0, 0}, at + 4, "4 octets"},
		{"NAT-OA too long", PayloadNATOA, []byte{1, 0, 0, 0, 10, 0, 0, 1, 2}, at + 8, "the end of the payload"},
		{"NAT-OA, IPv6 of 4 octets", PayloadNATOA, []byte{5, 0, 0, 0, 10, 0, 0, 1}, at + 4, "16 octets"},
	} {
		_, err := Parse(body(test.of, test.octets...))
		checkError(t, test.name, err, test.of, test.offset, test.wanted)
	}
}

func TestPayloadAccepted(t *testing.T) {
	for name, p := range map[string]Payload{
		"nonce of 8 octets":    Nonce{make([]byte, 8)},
		"nonce of 256 octets":  Nonce{make([]byte, 256)},
		"empty vendor ID":      VendorID{},
		"delete of nothing":    Delete{DOI: 1, Protocol: ProtoESP, SPISize: 4},
		"notify of DOI 0":      Notify{Protocol: ProtoISAKMP, Notify: NoProposalChosen},
		"notify with long SPI": Notify{SPI: make([]byte, 255), Notify: 40000},
		"delete with odd SPIs": Delete{SPISize: 3, SPIs: [][]byte{{1, 2, 3}, {4, 5, 6}}},
	} {
		m := messageWith(p)
		t.Run(name, func(t *testing.T) { checkSame(t, m.Append(nil), m) })
	}
}

func TestDPD(t *testing.T) {
	i, r := header.CookieI, header.CookieR
	n := NewDPD(RUThereAck, i, r, 0x01020304)
	want := []byte{0, 0, 0, 1, 1, 16, 0x8d, 0x29, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}
	if got := Body(n); !bytes.Equal(got, want) {
		t.Errorf("body of R-U-THERE-ACK = %x, want %x", got, want)
	}
	if got, ok := n.Sequence(); got != 0x01020304 || !ok {
		t.Errorf("Sequence() = %#x, %t", got, ok)
	}
	if !n.Names(i, r) || n.Names(r, i) || n.Names(i, Cookie{}) {
		t.Error("Names does not tell cookies apart")
	}
	n.Protocol = ProtoESP
	if n.Names(i, r) {
		t.Error("a notification about ESP names an ISAKMP SA")
	}
	for _, octets := range []int{0, 3, 5} {
		if _, ok := (Notify{Data: make([]byte, octets)}).Sequence(); ok {
			t.Errorf("a sequence number of %d octets", octets)
		}
	}
}

func TestDeleteBuilt(t *testing.T) {
	want := []byte{0, 0, 0, 1, 3, 4, 0, 2, 0, 0, 16, 0, 0xff, 0xff, 0xff, 0xff}
	if got := Body(DeleteSA(ProtoESP, 0x1000, 0xffffffff)); !bytes.Equal(got, want) {
		t.Errorf("body = %x, want %x", got, want)
	}
	want = append([]byte{0, 0, 0, 1, 1, 16, 0, 1}, append(header.CookieI[:], header.CookieR[:]...)...)
	if got := Body(DeleteISAKMP(header.CookieI, header.CookieR)); !bytes.Equal(got, want) {
		t.Errorf("body = %x, want %x", got, want)
	}
}

func TestVendorEqual(t *testing.T) {
	if !VendorDPD.Equal(VendorID{bytes.Clone(VendorDPD.Data)}) {
		t.Error("the same vendor ID is not equal")
	}
	for _, other := range []VendorID{{}, VendorXAUTH, {VendorDPD.Data[:15]}, {append(bytes.Clone(VendorDPD.Data), 0)}} {
		if VendorDPD.Equal(other) {
			t.Errorf("%v equals %v", VendorDPD, other)
		}
	}
}
