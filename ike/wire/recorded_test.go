package wire

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"sallyport/ike/iketest/recorded"
)

// eachRecorded runs test for every recorded message.
func eachRecorded(t testing.TB, test func(recorded.Message)) {
	t.Helper()
	for _, c := range recorded.All(t) {
		for _, sa := range c.SAs {
			for _, m := range sa.Messages {
				test(m)
			}
		}
	}
}

// parseRecorded parses a message, from its plaintext if it is encrypted.
func parseRecorded(t testing.TB, m recorded.Message) *Message {
	t.Helper()
	if m.Plaintext == nil {
		got, err := Parse(m.Raw)
		if err != nil {
			t.Fatalf("frame %d: Parse = %v", m.Frame, err)
		}
		return got
	}
	h, first, body, err := ParseHeader(m.Raw)
	if err != nil || len(body) != len(m.Plaintext) {
		t.Fatalf("frame %d: ParseHeader = %v, %d octets of ciphertext, want %d", m.Frame, err, len(body), len(m.Plaintext))
	}
	got, err := ParsePayloads(h, first, m.Plaintext)
	if err != nil {
		t.Fatalf("frame %d: ParsePayloads = %v", m.Frame, err)
	}
	return got
}

func TestRecorded(t *testing.T) {
	count := 0
	eachRecorded(t, func(m recorded.Message) {
		count++
		got := parseRecorded(t, m)
		checkRecordedHeader(t, m, got.Header)
		checkRecordedPayloads(t, m, got)
		if got.Reserved != 0 {
			t.Errorf("frame %d: %d reserved fields are not zero", m.Frame, got.Reserved)
		}
		if m.Plaintext == nil {
			if again := got.Append(nil); !bytes.Equal(again, m.Raw) {
				t.Errorf("frame %d: Append = %x, want %x", m.Frame, again, m.Raw)
			}
			return
		}
		checkTransactions(t, m, got)
		want := m.Plaintext[:m.Length]
		if again := AppendPayloads(nil, got.Payloads); !bytes.Equal(again, want) {
			t.Errorf("frame %d: AppendPayloads = %x, want %x", m.Frame, again, want)
		}
		if again := got.Header.Append(nil, First(got.Payloads), len(m.Raw)); !bytes.HasPrefix(m.Raw, again) {
			t.Errorf("frame %d: header = %x, want %x", m.Frame, again, m.Raw[:HeaderLen])
		}
	})
	if count < 30*14 {
		t.Errorf("%d messages, want at least 14 in each of 30 cases", count)
	}
}

func checkRecordedHeader(t *testing.T, m recorded.Message, h Header) {
	t.Helper()
	if uint8(h.Exchange) != m.Exchange || uint8(h.Flags) != m.Flags || !bytes.Equal(messageIDOctets(h), m.MessageID) {
		t.Errorf("frame %d: header %+v, want exchange %d, flags %d, message ID %x", m.Frame, h, m.Exchange, m.Flags, m.MessageID)
	}
}

func messageIDOctets(h Header) []byte { return h.Append(nil, 0, 0)[offsetMessageID:offsetLength] }

func checkRecordedPayloads(t *testing.T, m recorded.Message, got *Message) {
	t.Helper()
	if m.Payloads[0].Type == uint8(PayloadFragment) {
		checkRecordedFragment(t, m, got)
		return
	}
	if len(got.Payloads) != len(m.Payloads) || got.Len() != m.Length {
		t.Fatalf("frame %d: %d payloads of %d octets, want %d of %d", m.Frame, len(got.Payloads), got.Len(), len(m.Payloads), m.Length)
	}
	for i, want := range m.Payloads {
		if p := got.Payloads[i]; uint8(p.Type()) != want.Type || p.Type().String() != want.Name {
			t.Errorf("frame %d: payload %d is %v (%d), want %s (%d)", m.Frame, i, p.Type(), p.Type(), want.Name, want.Type)
		}
		if !bytes.Equal(got.Body(i), want.Body) || !bytes.Equal(Body(got.Payloads[i]), want.Body) {
			t.Errorf("frame %d: body %d = %x, built again %x, want %x", m.Frame, i, got.Body(i), Body(got.Payloads[i]), want.Body)
		}
	}
}

// checkRecordedFragment compares what the files say of a fragment, which is all but its
// octets.
func checkRecordedFragment(t *testing.T, m recorded.Message, got *Message) {
	t.Helper()
	want := m.Payloads[0]
	f, ok := got.Payloads[0].(Fragment)
	if !ok || len(got.Payloads) != 1 || f.ID != want.FragmentID || f.Number != want.Number || f.Last != (want.Last != 0) {
		t.Errorf("frame %d: %v, want one fragment %+v", m.Frame, got, want)
	}
}

// checkTransactions compares the attributes of transactions.
func checkTransactions(t *testing.T, m recorded.Message, got *Message) {
	t.Helper()
	for i, p := range got.Payloads {
		a, ok := p.(Attributes)
		if !ok {
			continue
		}
		want := m.Payloads[i].Transaction
		if uint8(a.Cfg) != want.Type || a.Identifier != want.Identifier || len(a.List) != len(want.Attributes) {
			t.Fatalf("frame %d: %v with %d attributes, want %+v", m.Frame, a.Cfg, len(a.List), want)
		}
		for j, c := range a.List {
			w := want.Attributes[j]
			v, _ := c.Uint()
			basic := w.Format == "basic" && !c.Long && strconv.FormatUint(v, 10) == w.Value.String()
			variable := w.Format == "variable" && c.Long && bytes.Equal(c.Value, w.Octets)
			if uint16(c.Type) != w.Type || !basic && !variable {
				t.Errorf("frame %d: attribute %v of %x, want %+v", m.Frame, c.Type, []byte(c.Value), w)
			}
		}
	}
}

// TestRecordedFragments puts fragments together: the recorded whole is what they
// are pieces of, and both ways it is the same message.
func TestRecordedFragments(t *testing.T) {
	whole := 0
	var pieces []byte
	eachRecorded(t, func(m recorded.Message) {
		if m.Whole {
			whole++
			if !bytes.Equal(pieces, m.Raw) {
				t.Errorf("frame %d: %d octets of fragments, want the %d of the message", m.Frame, len(pieces), len(m.Raw))
			}
			pieces = nil
			return
		}
		if f, ok := parseRecorded(t, m).Payloads[0].(Fragment); ok {
			pieces = append(pieces, f.Data...)
		}
	})
	if whole != 4 || pieces != nil {
		t.Errorf("%d messages of fragments and %d octets more, want 4 and none", whole, len(pieces))
	}
}

// TestRecordedPasswords checks that no text of a recorded message has the password
// that is in it.
func TestRecordedPasswords(t *testing.T) {
	hidden := 0
	eachRecorded(t, func(m recorded.Message) {
		if !bytes.Contains(m.Plaintext, []byte("rw-secret-1")) {
			return
		}
		hidden++
		text := parseRecorded(t, m).String()
		if want := "xauth-user-name=rwuser xauth-user-password=******]"; !strings.HasSuffix(text, want) {
			t.Errorf("frame %d: %s, want ...%s", m.Frame, text, want)
		}
	})
	if hidden != 3 {
		t.Errorf("%d messages with passwords, want 3", hidden)
	}
}

// TestRecordedIDs checks every recorded ID.
func TestRecordedIDs(t *testing.T) {
	seen := map[IDType]int{}
	eachRecorded(t, func(m recorded.Message) {
		for _, p := range parseRecorded(t, m).Payloads {
			id, ok := p.(ID)
			if !ok {
				continue
			}
			seen[id.IDType]++
			if err := id.Check(); err != nil {
				t.Errorf("frame %d: Check of %v = %v", m.Frame, id, err)
			}
		}
	})
	for _, of := range []IDType{IDIPv4Addr, IDFQDN, IDIPv4Subnet, IDDERASN1DN, IDKeyID} {
		if seen[of] == 0 {
			t.Errorf("no recorded ID is of type %v", of)
		}
	}
}

// TestRecordedText compares the words for every recorded message with a file
// that people have read; `go test -update` writes it anew.
func TestRecordedText(t *testing.T) {
	var got strings.Builder
	for _, c := range recorded.All(t) {
		fmt.Fprintf(&got, "# %s\n", c.Name)
		for _, sa := range c.SAs {
			for _, m := range sa.Messages {
				parsed := parseRecorded(t, m)
				of := map[bool]string{true: " (of fragments)"}[m.Whole]
				fmt.Fprintf(&got, "%s %v %v %v%s\n", m.Direction, parsed.Exchange, parsed.MessageID, parsed, of)
			}
		}
	}
	const file = "../../testdata/ike/recorded/messages.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	checkLines(t, got.String(), string(want))
}

var update = flag.Bool("update", false, "write the golden files anew")

// checkLines reports the first lines that differ.
func checkLines(t *testing.T, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("line %d is\n%s\nwant\n%s", i+1, g[i], w[i])
		}
	}
	if len(g) != len(w) {
		t.Errorf("%d lines, want %d", len(g), len(w))
	}
}

// someCases has all kinds of messages; the other cases differ in numbers only.
func someCases(t *testing.T) []recorded.Message {
	t.Helper()
	var list []recorded.Message
	for _, name := range []string{"psk-main-pfs14", "ipcomp", "xauth-psk-aggr", "cert-main-frag"} {
		list = append(list, recorded.Load(t, name).SAs[0].Messages...)
	}
	return list
}

// TestRecordedPrefixes checks that no recorded message can be cut and still be
// one: clear ones anywhere, decrypted ones before their padding.
func TestRecordedPrefixes(t *testing.T) {
	for _, m := range someCases(t) {
		if m.Plaintext == nil {
			checkPrefixes(t, m.Raw)
			continue
		}
		h, first, _, err := ParseHeader(m.Raw)
		if err != nil {
			t.Fatal(err)
		}
		for n := range m.Length {
			var syntax *SyntaxError
			if got, err := ParsePayloads(h, first, m.Plaintext[:n]); !errors.As(err, &syntax) {
				t.Errorf("frame %d cut to %d octets: ParsePayloads = %v, %v; want a *SyntaxError", m.Frame, n, got, err)
			}
		}
	}
}

// TestRecordedDamaged changes recorded messages at random.
func TestRecordedDamaged(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 5))
	for _, m := range someCases(t) {
		if m.Plaintext == nil {
			checkDamaged(t, m.Raw)
			continue
		}
		for range 500 {
			damaged := bytes.Clone(m.Plaintext)
			damaged[random.IntN(len(damaged))] ^= byte(1 + random.IntN(255))
			if got, err := ParsePayloads(quickHeader, PayloadType(m.Payloads[0].Type), damaged); err == nil {
				checkCanonical(t, got)
			}
		}
	}
}

// TestWrongKeyIsNonsense decrypts with the wrong key, as far as this package can
// tell: what comes out is random, and is practically never a message.
func TestWrongKeyIsNonsense(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 7))
	accepted := 0
	const tries = 20000
	for range tries {
		b := make([]byte, 64)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		if _, err := ParsePayloads(header, PayloadID, b); err == nil {
			accepted++
		}
	}
	if accepted > tries/1000 {
		t.Errorf("%d of %d random plaintexts are messages, want one in a thousand at most", accepted, tries)
	}
}
