package wire

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

// valid returns message 1 of main mode in octets.
func valid() []byte { return (&Message{Header: header, Payloads: []Payload{offer1}}).Append(nil) }

// set returns a change of octets.
func set(at int, v ...byte) func([]byte) []byte {
	return func(b []byte) []byte {
		copy(b[at:], v)
		return b
	}
}

func TestHeaderRefused(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func([]byte) []byte
		offset int
		wanted string // part of the error
		notify NotifyType
	}{
		{"empty", func([]byte) []byte { return nil }, 0, "8 octets", 0},
		{"27 octets", func(b []byte) []byte { return b[:27] }, 24, "4 octets", 0},
		{"more than 16384 octets", func(b []byte) []byte { return append(b, make([]byte, 16384)...) }, 0, "at most 16384", 0},
		{"length one less", func(b []byte) []byte { b[27]--; return b }, 24, "datagram's", UnequalPayloadLengths},
		{"length one more", func(b []byte) []byte { b[27]++; return b }, 24, "datagram's", UnequalPayloadLengths},
		{"length of 4 GB", set(24, 0xff, 0xff, 0xff, 0xff), 24, "datagram's", UnequalPayloadLengths},
		{"length 0", set(24, 0, 0, 0, 0), 24, "datagram's", UnequalPayloadLengths},
		{"IKEv2", set(17, 0x20), 17, "1.0", InvalidMajorVersion},
		{"minor version 1", set(17, 0x11), 17, "1.0", InvalidMinorVersion},
		{"version 0.0", set(17, 0), 17, "1.0", InvalidMajorVersion},
		{"initiator cookie of zeros", set(0, make([]byte, 8)...), 0, "a cookie", InvalidCookie},
		{"base mode", set(18, 1), 18, "served", UnsupportedExchangeType},
		{"authentication only", set(18, 3), 18, "served", UnsupportedExchangeType},
		{"new group mode", set(18, 33), 18, "served", UnsupportedExchangeType},
		{"IKE_SA_INIT", set(18, 34), 18, "served", UnsupportedExchangeType},
		{"exchange type 0", set(18, 0), 18, "served", UnsupportedExchangeType},
		{"unknown flag", set(19, 0x08), 19, "none but", InvalidFlags},
		{"all flags", set(19, 0xff), 19, "none but", InvalidFlags},
		{"message ID in main mode", set(20, 0, 0, 0, 1), 20, "phase 1", InvalidMessageID},
		{"message ID in aggressive mode", set(18, 4, 0, 1, 0, 0, 0), 20, "phase 1", InvalidMessageID},
		{"quick mode without message ID", set(18, 32), 20, "another", InvalidMessageID},
		{"transaction without message ID", set(18, 6), 20, "another", InvalidMessageID},
		{"encrypted informational without message ID", set(18, 5, 1), 20, "another", InvalidMessageID},
	} {
		b := test.change(valid())
		_, _, body, err := ParseHeader(b)
		checkError(t, test.name, err, PayloadNone, test.offset, test.wanted)
		if syntax := (&SyntaxError{}); errors.As(err, &syntax) && syntax.Notify != test.notify {
			t.Errorf("%s: it is called %v, want %v", test.name, syntax.Notify, test.notify)
		}
		if body != nil {
			t.Errorf("%s: ParseHeader returned a body", test.name)
		}
		_, err = Parse(b)
		checkError(t, test.name, err, PayloadNone, test.offset, test.wanted)
	}
}

// checkError checks where and why something was refused.
func checkError(t *testing.T, name string, err error, in PayloadType, offset int, wanted string) {
	t.Helper()
	var syntax *SyntaxError
	if !errors.As(err, &syntax) {
		t.Errorf("%s: error is %v, want a *SyntaxError", name, err)
		return
	}
	if syntax.Payload != in || syntax.Offset != offset || !strings.Contains(syntax.Error(), wanted) {
		t.Errorf("%s: %v (octet %d of %v), want %q at octet %d of %v", name, err, syntax.Offset, syntax.Payload, wanted, offset, in)
	}
}

// checkSyntax checks why something was refused, not where.
func checkSyntax(t *testing.T, name string, err error, in PayloadType, wanted string) {
	t.Helper()
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || syntax.Payload != in || !strings.Contains(syntax.Error(), wanted) {
		t.Errorf("%s: error is %v, want a *SyntaxError of %v with %q", name, err, in, wanted)
	}
}

func TestHeaderAccepted(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func([]byte) []byte
	}{
		{"main mode", set(18, 2)},
		{"responder cookie of zeros", set(8, make([]byte, 8)...)},
		{"responder cookie", set(8, 1, 2, 3, 4, 5, 6, 7, 8)},
		{"aggressive mode", set(18, 4)},
		{"commit bit", set(19, 2)},
		{"authentication bit", set(18, 5, 4, 0, 0, 0, 1)},
		{"clear informational without message ID", set(18, 5)},
		{"quick mode", set(18, 32, 0, 0, 0, 0, 9)},
	} {
		if _, err := Parse(test.change(valid())); err != nil {
			t.Errorf("%s: Parse = %v, want a message", test.name, err)
		}
	}
}

func TestParseRefusesEncrypted(t *testing.T) {
	b := set(offsetFlags, 1)(valid())
	if _, _, body, err := ParseHeader(b); err != nil || len(body) != len(b)-HeaderLen {
		t.Errorf("ParseHeader = %d octets, %v; want %d", len(body), err, len(b)-HeaderLen)
	}
	_, err := Parse(b)
	checkError(t, "encrypted", err, PayloadNone, offsetFlags, "a clear one")
}

var (
	anAddress = NATOA{Addr: netip.MustParseAddr("10.0.0.1")}
	aFragment = Fragment{ID: 1, Number: 1, Data: []byte{1}}
)

// repeated returns n payloads of a kind.
func repeated(p Payload, n int) []Payload {
	var list []Payload
	for range n {
		list = append(list, p)
	}
	return list
}

func TestCounts(t *testing.T) {
	for _, test := range []struct {
		p     Payload
		limit int
	}{
		{offer1, 1}, {KeyExchange{}, 1}, {Nonce{make([]byte, 8)}, 1}, {Hash{}, 1}, {Signature{}, 1},
		{ID{}, 2}, {Certificate{}, 8}, {CertificateRequest{}, 20}, {Notify{}, 20}, {Delete{}, 20},
		{VendorRFC3947, 32}, {NATD{}, 10}, {anAddress, 2},
		{NATD{Draft: true}, 10}, {NATOA{anAddress.Addr, true}, 2}, {Attributes{}, 1}, {aFragment, 1},
	} {
		most := Message{Header: quickHeader, Payloads: repeated(test.p, test.limit)}
		if _, err := Parse(most.Append(nil)); err != nil {
			t.Errorf("%d of %v: Parse = %v, want a message", test.limit, test.p.Type(), err)
		}
		most.Payloads = append(most.Payloads, test.p)
		offset := HeaderLen + test.limit*(genericLen+len(Body(test.p)))
		_, err := Parse(most.Append(nil))
		checkError(t, "one more "+test.p.Type().String(), err, test.p.Type(), offset, "another one")
		_, err = ParsePayloads(quickHeader, test.p.Type(), AppendPayloads(nil, most.Payloads))
		checkError(t, "one more "+test.p.Type().String(), err, test.p.Type(), offset, "another one")
	}
}

func TestCountOfIDs(t *testing.T) {
	for exchange, most := range map[ExchangeType]int{MainMode: 1, Aggressive: 1, QuickMode: 2, Informational: 2} {
		h := quickHeader
		if h.Exchange = exchange; most == 1 {
			h.MessageID = 0
		}
		for n := range 4 {
			m := Message{Header: h, Payloads: append([]Payload{Hash{}}, repeated(ID{}, n)...)}
			_, err := Parse(m.Append(nil))
			switch {
			case n > most:
				checkSyntax(t, "too many IDs", err, PayloadID, "another one")
			case err != nil:
				t.Errorf("%v with %d IDs: Parse = %v, want a message", exchange, n, err)
			}
		}
	}
}

// TestCountsOfDrafts checks that the numbers of the drafts do not double a limit.
func TestCountsOfDrafts(t *testing.T) {
	payloads := append(repeated(NATD{}, 9), NATD{Draft: true})
	if _, err := Parse((&Message{Header: header, Payloads: payloads}).Append(nil)); err != nil {
		t.Errorf("10 NAT-D of both numbers: Parse = %v, want a message", err)
	}
	payloads = append(payloads, NATD{})
	_, err := Parse((&Message{Header: header, Payloads: payloads}).Append(nil))
	checkError(t, "11 NAT-D of both numbers", err, PayloadNATD, HeaderLen+10*genericLen, "at most 10")
	payloads = []Payload{Hash{}, anAddress, NATOA{anAddress.Addr, true}, anAddress}
	_, err = Parse((&Message{Header: header, Payloads: payloads}).Append(nil))
	checkError(t, "3 NAT-OA of both numbers", err, PayloadNATOA, HeaderLen+genericLen+2*12, "at most 2")
}

func TestChain(t *testing.T) {
	unknown := Unknown{99, []byte{1}}
	long := append([]Payload{Hash{}}, repeated(unknown, 63)...)
	clear := func(payloads ...Payload) []byte {
		return (&Message{Header: header, Payloads: payloads}).Append(nil)
	}
	for _, test := range []struct {
		name   string
		b      []byte
		in     PayloadType
		offset int
		wanted string // empty: the message is accepted
	}{
		{"64 payloads", clear(long...), 0, 0, ""},
		{"65 payloads", clear(append(long, unknown)...), 99, HeaderLen + 4 + 63*5, "at most 64"},
		{"no payload", clear(), 0, HeaderLen, "a payload"},
		{"unknown payload first", clear(unknown, Hash{}), 99, HeaderLen, "a known one"},
		{"GDOI's payload, which Cisco used", clear(Hash{}, Unknown{payloadNATDCisco, make([]byte, 20)}), 0, 0, ""},
		{"and first", clear(Unknown{payloadNATDCisco, make([]byte, 20)}, Hash{}), payloadNATDCisco, HeaderLen, "a known one"},
		{"proposal outside of an SA", clear(Hash{}, Unknown{PayloadProposal, nil}), PayloadProposal, HeaderLen + 4, "inside"},
		{"transform outside of an SA", clear(Hash{}, Unknown{PayloadTransform, nil}), PayloadTransform, HeaderLen + 4, "inside"},
		{"octet after the last payload", fitted(append(clear(Hash{}), 0)), PayloadHash, HeaderLen + 4, "the end of the message"},
		{"payload length 3", set(HeaderLen+3, 3)(clear(Hash{})), PayloadHash, HeaderLen + 2, "at least 4"},
		{"payload length 0", set(HeaderLen+3, 0)(clear(Hash{})), PayloadHash, HeaderLen + 2, "at least 4"},
		{"payload length past the end", set(HeaderLen+3, 5)(clear(Hash{})), PayloadHash, HeaderLen + 4, "1 octet"},
		{"payload length of 65535", set(HeaderLen+2, 0xff, 0xff)(clear(Hash{})), PayloadHash, HeaderLen + 4, "65531 octets"},
		{"chain goes on after the end", set(HeaderLen, 10)(clear(Hash{})), PayloadNonce, HeaderLen + 4, "1 octet"},
	} {
		_, err := Parse(test.b)
		if test.wanted != "" {
			checkError(t, test.name, err, test.in, test.offset, test.wanted)
		} else if err != nil {
			t.Errorf("%s: Parse = %v, want a message", test.name, err)
		}
	}
}

func TestPadding(t *testing.T) {
	payloads := []Payload{Hash{[]byte("hash")}, VendorDPD}
	plain := AppendPayloads(nil, payloads)
	for _, padding := range []string{"", "\x00", strings.Repeat("\x00", 16), "random octets", strings.Repeat("\xff", 31)} {
		m, err := ParsePayloads(header, PayloadHash, append(bytes.Clone(plain), padding...))
		if err != nil {
			t.Errorf("padding %q: ParsePayloads = %v", padding, err)
			continue
		}
		if got := m.After(0); !bytes.Equal(got, plain[8:]) || m.Len() != len(plain) {
			t.Errorf("padding %q: After(0) = %x, want %x", padding, got, plain[8:])
		}
		if after := m.After(1); len(after) != 0 {
			t.Errorf("padding %q: After the last = %x, want nothing", padding, after)
		}
	}
	_, err := ParsePayloads(header, PayloadHash, make([]byte, 16385))
	checkError(t, "too long", err, PayloadNone, HeaderLen, "at most 16384")
	_, err = ParsePayloads(header, PayloadHash, nil)
	checkError(t, "empty", err, PayloadHash, HeaderLen, "1 octet")
}

// TestReserved checks that reserved octets are counted and change nothing else.
func TestReserved(t *testing.T) {
	natoa := messageWith(anAddress).Append(nil)
	fragment, transaction := messageWith(aFragment).Append(nil), messageWith(Attributes{Cfg: CfgSet}).Append(nil)
	sa := HeaderLen + genericLen + 8 // the first proposal
	for _, test := range []struct {
		name string
		b    []byte
		want int
	}{
		{"none", valid(), 0},
		{"payload", set(HeaderLen+1, 1)(valid()), 1},
		{"proposal", set(sa+1, 0x80)(valid()), 1},
		{"transform's header", set(sa+8+1, 2)(valid()), 1},
		{"transform", set(sa+8+6, 0, 7)(valid()), 1},
		{"all of them", set(sa+8+6, 1, 1)(set(sa+9, 1)(set(sa+1, 1)(set(HeaderLen+1, 1)(valid())))), 4},
		{"NAT-OA", set(HeaderLen+5, 0, 0, 9)(natoa), 1},
		{"fragment's flags", set(HeaderLen+7, 0xfe)(fragment), 1},
		{"transaction", set(HeaderLen+5, 1)(transaction), 1},
	} {
		m, err := Parse(test.b)
		if err != nil {
			t.Errorf("%s: Parse = %v", test.name, err)
			continue
		}
		if m.Reserved != test.want {
			t.Errorf("%s: Reserved = %d, want %d", test.name, m.Reserved, test.want)
		}
	}
}

func TestFind(t *testing.T) {
	m := &Message{Header: header, Payloads: []Payload{Hash{}, offer2, Nonce{make([]byte, 8)}, ID{}, ID{}}}
	for of, want := range map[PayloadType]int{PayloadHash: 0, PayloadSA: 1, PayloadID: 3, PayloadKE: -1} {
		if got := m.Find(of); got != want {
			t.Errorf("Find(%v) = %d, want %d", of, got, want)
		}
	}
}

// TestSharing checks that appending to what was parsed cannot reach the octets
// behind it.
func TestSharing(t *testing.T) {
	b := (&Message{Header: header, Payloads: []Payload{Hash{[]byte("hash")}, VendorDPD}}).Append(nil)
	before := bytes.Clone(b)
	m, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	_ = append(m.Payloads[0].(Hash).Data, "overwritten"...)
	if !bytes.Equal(b, before) {
		t.Error("appending to a payload changed the next one")
	}
}

func TestAppendAfterOthers(t *testing.T) {
	got := (&Message{Header: header, Payloads: []Payload{offer1}}).Append([]byte{0, 0, 0, 0})
	if want := append([]byte{0, 0, 0, 0}, valid()...); !bytes.Equal(got, want) {
		t.Errorf("Append after a marker = %x, want %x", got, want)
	}
}

func TestSyntaxErrorText(t *testing.T) {
	for _, test := range []struct {
		err  *SyntaxError
		want string
	}{
		{&SyntaxError{PayloadSA, 42, "SPI of 17 octets", "at most 16", 0}, "SA payload, octet 42: SPI of 17 octets, wanted at most 16"},
		{&SyntaxError{0, 17, "version 2.0", "1.0", InvalidMajorVersion}, "header, octet 17: version 2.0, wanted 1.0"},
		{&SyntaxError{99, 30, "1 octet", "2 octets", 0}, "99 payload, octet 30: 1 octet, wanted 2 octets"},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("Error() = %q, want %q", got, test.want)
		}
	}
}

// BenchmarkParse reads a clear message 1 with three vendor IDs.
func BenchmarkParse(b *testing.B) {
	m := Message{Header: header, Payloads: []Payload{offer1, VendorRFC3947, VendorDPD, VendorNATT02N}}
	octets := m.Append(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(octets); err != nil {
			b.Fatal(err)
		}
	}
}
