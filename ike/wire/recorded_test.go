package wire

import (
	"bytes"
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
		want := m.Plaintext[:m.Length]
		if again := AppendPayloads(nil, got.Payloads); !bytes.Equal(again, want) {
			t.Errorf("frame %d: AppendPayloads = %x, want %x", m.Frame, again, want)
		}
		if again := got.Header.Append(nil, First(got.Payloads), len(m.Raw)); !bytes.HasPrefix(m.Raw, again) {
			t.Errorf("frame %d: header = %x, want %x", m.Frame, again, m.Raw[:HeaderLen])
		}
	})
	if count < 19*13 {
		t.Errorf("%d messages, want at least 13 in each of 19 cases", count)
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

// TestRecordedText shows recorded messages in the words of golden sessions.
func TestRecordedText(t *testing.T) {
	sa := recorded.Load(t, "psk-main").SAs[0]
	for i, want := range []string{
		"SA[1 aes-cbc-128 sha1 psk modp1024 15840s] VID[XAUTH] VID[DPD] VID[FRAGMENTATION] VID[RFC3947] VID[NAT-T-02n]",
		"SA[1 aes-cbc-128 sha1 psk modp1024 15840s] VID[XAUTH] VID[DPD] VID[FRAGMENTATION] VID[RFC3947]",
		"KE[128] NONCE[32] NAT-D NAT-D",
		"KE[128] NONCE[32] NAT-D NAT-D",
		"ID[10.99.0.1] HASH N[INITIAL-CONTACT]",
		"ID[10.99.0.2] HASH",
		"HASH SA[1 esp-aes-cbc-128 hmac-sha1 udp-tunnel 3960s spi=85a1efa9] NONCE[32] ID[10.1.0.0/24] ID[10.2.0.0/24]",
		"HASH SA[1 esp-aes-cbc-128 hmac-sha1 udp-tunnel 3960s spi=a129d494] NONCE[32] ID[10.1.0.0/24] ID[10.2.0.0/24]",
		"HASH",
	} {
		if got := parseRecorded(t, sa.Messages[i]).String(); got != want {
			t.Errorf("message %d is %s, want %s", i+1, got, want)
		}
	}
}
