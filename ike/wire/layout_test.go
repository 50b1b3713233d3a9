package wire

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

// octetsIn reads hexadecimal with spaces where fields meet.
func octetsIn(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestLayouts compares bodies with octets written down from the RFCs' figures,
// field by field, so that a field that is read and written in the wrong place
// does not pass.
func TestLayouts(t *testing.T) {
	for _, test := range []struct {
		figure string
		octets string
		want   Payload
	}{
		{"RFC 2408 §3.4-3.6, SA of phase 1",
			"00000001 00000001" + // DOI, situation
				" 00 00 0024 01 01 00 01" + // proposal: next, reserved, length; number, protocol, SPI size, transforms
				" 00 00 001c 01 01 0000" + // transform: next, reserved, length; number, ID, reserved
				" 8001 0005 8002 0002 8003 0001 8004 0002 000c 0000",
			NewSA(Proposal{1, ProtoISAKMP, nil, []Transform{{1, 1, []Attribute{
				Basic(AttrEncryption, 5), Basic(AttrHash, 2), Basic(AttrAuthMethod, 1), Basic(AttrGroup, 2),
				{AttrLifeDuration, true, nil},
			}}}})},
		{"RFC 2408 §3.4-3.6, SA of phase 2 with two alternatives",
			"00000001 00000001" +
				" 02 00 001c 01 03 04 02 c02eb839" +
				" 03 00 0008 01 03 0000" +
				" 00 00 0008 02 0c 0000" +
				" 00 00 0018 02 02 04 01 c02eb840" +
				" 00 00 000c 01 03 0000 8005 0002",
			NewSA(
				Proposal{1, ProtoESP, []byte{0xc0, 0x2e, 0xb8, 0x39}, []Transform{{1, 3, nil}, {2, 12, nil}}},
				Proposal{2, ProtoAH, []byte{0xc0, 0x2e, 0xb8, 0x40}, []Transform{{1, 3, []Attribute{Basic(5, 2)}}}},
			)},
		{"RFC 2408 §3.7, KE", "0102030405", KeyExchange{[]byte{1, 2, 3, 4, 5}}},
		{"RFC 2407 §4.6.2, ID", "04 11 06a5 0a010000 ffffff00", ID{IDIPv4Subnet, 17, 1701, []byte{10, 1, 0, 0, 255, 255, 255, 0}}},
		{"RFC 2408 §3.9, CERT", "04 3000", Certificate{4, []byte{0x30, 0}}},
		{"RFC 2408 §3.10, CERTREQ", "07", CertificateRequest{7, nil}},
		{"RFC 2408 §3.11, HASH", "aabb", Hash{[]byte{0xaa, 0xbb}}},
		{"RFC 2408 §3.12, SIG", "aabbcc", Signature{[]byte{0xaa, 0xbb, 0xcc}}},
		{"RFC 2408 §3.13, NONCE", "0102030405060708", Nonce{[]byte{1, 2, 3, 4, 5, 6, 7, 8}}},
		{"RFC 2407 §4.6.3.1, RESPONDER-LIFETIME", "00000001 03 04 6000 c02eb839 80010001 80020e10",
			Notify{1, ProtoESP, []byte{0xc0, 0x2e, 0xb8, 0x39}, ResponderLifetime, []byte{0x80, 1, 0, 1, 0x80, 2, 0x0e, 0x10}}},
		{"RFC 2408 §3.14, an error without SPI", "00000000 01 00 000e", Notify{0, ProtoISAKMP, nil, NoProposalChosen, nil}},
		{"RFC 2408 §3.15, D", "00000001 03 04 0002 c02eb839 c02eb840",
			Delete{1, ProtoESP, 4, [][]byte{{0xc0, 0x2e, 0xb8, 0x39}, {0xc0, 0x2e, 0xb8, 0x40}}}},
		{"RFC 2408 §3.16, VID", "4a131c81070358455c5728f20e95452f", VendorRFC3947},
		{"RFC 3947 §3.2, NAT-D", "aabbccdd", NATD{Hash: []byte{0xaa, 0xbb, 0xcc, 0xdd}}},
		{"RFC 3947 §5.2, NAT-OA", "01 000000 0a000001", NATOA{Addr: netip.MustParseAddr("10.0.0.1")}},
		{"RFC 3947 §5.2, NAT-OA of IPv6", "05 000000 fd000000000000000000000000000001", NATOA{Addr: netip.MustParseAddr("fd00::1")}},
		{"draft-ietf-ipsec-nat-t-ike-03 §3.2, NAT-D", "aabbccdd", NATD{[]byte{0xaa, 0xbb, 0xcc, 0xdd}, true}},
		{"draft-ietf-ipsec-nat-t-ike-03 §5.2, NAT-OA", "01 000000 0a000001", NATOA{netip.MustParseAddr("10.0.0.1"), true}},
		{"draft-ietf-ipsec-isakmp-mode-cfg-05 §3.2, a request", "01 00 beef 0001 0000 c08f 0001 4089 0002 6162", Attributes{CfgRequest, 0xbeef, []CfgAttribute{
			CfgEmpty(CfgIP4Address), CfgBasic(XAUTHStatus, 1), CfgOctets(XAUTHUserName, []byte("ab")),
		}}},
		{"a fragment", "0102 03 00 616263", Fragment{0x0102, 3, false, []byte("abc")}},
		{"the last fragment", "0001 ff 01 61", Fragment{1, 255, true, []byte("a")}},
	} {
		want := octetsIn(t, test.octets)
		if got := Body(test.want); !bytes.Equal(got, want) {
			t.Errorf("%s: body = %x, want %x", test.figure, got, want)
		}
		m, err := Parse(body(test.want.Type(), want...))
		if err != nil {
			t.Errorf("%s: Parse = %v", test.figure, err)
			continue
		}
		if !reflect.DeepEqual(m.Payloads[0], test.want) {
			t.Errorf("%s: Parse = %+v, want %+v", test.figure, m.Payloads[0], test.want)
		}
	}
}

// TestHeaderLayout is RFC 2408 §3.1's figure.
func TestHeaderLayout(t *testing.T) {
	want := octetsIn(t, "0102030405060708 1112131415161718 08 10 20 03 deadbeef 00000024 00 00 0008 61626364")
	m := &Message{
		Header: Header{
			CookieI: Cookie{1, 2, 3, 4, 5, 6, 7, 8}, CookieR: Cookie{0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18},
			Exchange: QuickMode, Flags: FlagEncrypted | FlagCommit, MessageID: 0xdeadbeef,
		},
		Payloads: []Payload{Hash{[]byte("abcd")}},
	}
	if got := m.Append(nil); !bytes.Equal(got, want) {
		t.Errorf("Append = %x, want %x", got, want)
	}
	h, first, rest, err := ParseHeader(want)
	if err != nil || h != m.Header || first != PayloadHash || !bytes.Equal(rest, want[HeaderLen:]) {
		t.Errorf("ParseHeader = %+v, %v, %x, %v; want %+v, HASH", h, first, rest, err, m.Header)
	}
}

// TestPeersForms has octets as peers are known to send them, which all are to
// be accepted: notes on interoperation, ikev1.md §18 of the project.
func TestPeersForms(t *testing.T) {
	for _, test := range []struct {
		name   string
		of     PayloadType
		octets string
		text   string
	}{
		{"Cisco: lifetime of 4 octets, then kilobytes", PayloadSA,
			"0000000100000001 00000034 01030401 c02eb839 00000028 01030000" +
				" 80040001 80010001 0002000400000e10 80010002 0002000400465000 80050002",
			"SA[1 esp-3des-cbc hmac-sha1 tunnel 3600s 4608000kB spi=c02eb839]"},
		{"lifetime with leading zeros", PayloadSA,
			"0000000100000001 00000024 01010001 0000001c 01010000 80010005 800b0001 000c00080000000000015180",
			"SA[1 3des-cbc 86400s]"},
		{"cookies as the SPI of phase 1", PayloadSA,
			"0000000100000001 00000024 01011001 0102030405060708 1112131415161718 0000000c 01010000 80010005",
			"SA[1 3des-cbc spi=01020304050607081112131415161718]"},
		{"an attribute nobody knows", PayloadSA,
			"0000000100000001 00000018 01010001 00000010 01010000 80010007 c0000001", "SA[1 aes-cbc 16384=1]"},
		{"Windows' version after its vendor ID", PayloadVendorID, "1e2b516905991c7d7c96fcbfb587e46100000009", "VID[Windows]"},
		{"Cisco's port for an ID", PayloadID, "01110000 0a000001", "ID[10.0.0.1 17/0]"},
		{"notification of DOI 0", PayloadNotify, "00000000 01 00 0018", "N[AUTHENTICATION-FAILED]"},
		{"deletion of the ISAKMP SA", PayloadDelete, "00000001 01 10 0001 0102030405060708 1112131415161718", "D[isakmp 1]"},
	} {
		m, err := Parse(body(test.of, octetsIn(t, test.octets)...))
		if err != nil {
			t.Errorf("%s: Parse = %v", test.name, err)
			continue
		}
		if got := m.String(); got != test.text {
			t.Errorf("%s: %s, want %s", test.name, got, test.text)
		}
		if got := Body(m.Payloads[0]); !bytes.Equal(got, m.Body(0)) {
			t.Errorf("%s: body built again = %x, want %x as received", test.name, got, m.Body(0))
		}
	}
}

// TestEveryOctetEveryValue changes each octet of short messages to all values.
func TestEveryOctetEveryValue(t *testing.T) {
	messages := [][]byte{octetsOf(proposals(2, 2))}
	for _, p := range samples[2:] {
		if len(Body(p)) <= 40 {
			messages = append(messages, messageWith(p).Append(nil))
		}
	}
	for _, b := range messages {
		for at := range b {
			was := b[at]
			for v := range 256 {
				b[at] = byte(v)
				if m, err := Parse(b); err == nil {
					checkCanonical(t, m)
				}
			}
			b[at] = was
		}
	}
}

// TestHostileMessagesAreCheap bounds what a datagram that claims a lot makes us
// allocate: a small multiple of what its sender paid.
func TestHostileMessagesAreCheap(t *testing.T) {
	claims := func(count, size byte) []byte {
		return body(PayloadDelete, 0, 0, 0, 1, 3, size, 0xff, count)
	}
	for _, test := range []struct {
		name string
		b    []byte
		most float64 // allocations
	}{
		{"65535 SPIs of 4 octets", claims(0xff, 4), 20},
		{"65280 SPIs of no octets", claims(0, 0), 20},
		{"255 transforms", set(atProposal+7, 255)(octetsOf(proposals(1, 1))), 30},
		{"attribute of 65535 octets", set(atAttribute-8+3, 12)(append(octetsOf(proposals(1, 1)), 0, 12, 0xff, 0xff)), 30},
		{"64 empty payloads", (&Message{Header: header, Payloads: append([]Payload{Hash{}}, repeated(Unknown{99, nil}, 63)...)}).Append(nil), 200},
	} {
		got := testing.AllocsPerRun(10, func() {
			if m, err := Parse(test.b); err == nil && len(m.Payloads) > maxChain {
				t.Errorf("%s: %d payloads", test.name, len(m.Payloads))
			}
		})
		if got > test.most {
			t.Errorf("%s: %v allocations, want at most %v", test.name, got, test.most)
		}
	}
}
