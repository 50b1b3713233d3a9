package wire

import (
	"bytes"
	"reflect"
	"testing"

	"sallyport/ike/iketest/recorded"
)

func FuzzParse(f *testing.F) {
	for _, p := range samples {
		f.Add(messageWith(p).Append(nil))
	}
	eachRecorded(f, func(m recorded.Message) { f.Add([]byte(m.Raw)) })
	f.Fuzz(func(t *testing.T, b []byte) {
		h, first, body, err := ParseHeader(b)
		if err == nil && !bytes.Equal(append(h.Append(nil, first, len(b)), body...), b) {
			t.Errorf("header of %x does not go back", b)
		}
		if m, err := Parse(b); err == nil {
			checkCanonical(t, m)
			checkSmall(t, m, b)
		}
	})
}

func FuzzParsePayloads(f *testing.F) {
	for _, p := range samples {
		m := messageWith(p)
		f.Add(uint8(First(m.Payloads)), AppendPayloads(nil, m.Payloads))
	}
	eachRecorded(f, func(m recorded.Message) {
		if m.Plaintext != nil {
			f.Add(m.Payloads[0].Type, []byte(m.Plaintext))
		}
	})
	f.Fuzz(func(t *testing.T, first uint8, b []byte) {
		m, err := ParsePayloads(quickHeader, PayloadType(first), b)
		if err != nil {
			return
		}
		checkCanonical(t, m)
		checkSmall(t, m, b)
		if !bytes.Equal(b[:m.Len()], bytes.Join([][]byte{b[:genericLen+len(m.Body(0))], m.After(0)}, nil)) {
			t.Errorf("Body and After of %x do not add up", b)
		}
	})
}

// checkSmall checks that a message holds no more than its octets can say.
func checkSmall(t *testing.T, m *Message, b []byte) {
	t.Helper()
	if len(m.Payloads) > maxChain || len(m.Payloads)*genericLen > len(b) {
		t.Errorf("%d payloads of %d octets", len(m.Payloads), len(b))
	}
	for _, p := range m.Payloads {
		switch p := p.(type) {
		case SA:
			transforms := 0
			for _, q := range p.Proposals {
				transforms += len(q.Transforms)
			}
			if len(p.Proposals) > maxProposals || transforms > maxTransforms {
				t.Errorf("%d proposals, %d transforms", len(p.Proposals), transforms)
			}
		case Delete:
			if len(p.SPIs) > len(b) {
				t.Errorf("%d SPIs of %d octets", len(p.SPIs), len(b))
			}
		}
	}
}

func FuzzAttributes(f *testing.F) {
	for _, s := range []SA{offer1, offer2} {
		for _, p := range s.Proposals {
			for _, transform := range p.Transforms {
				f.Add(transform.appendTo(nil)[4:])
			}
		}
	}
	f.Add([]byte{0, 12, 0, 4, 0, 1, 0x51, 0x80}) // vpnc's and Cisco's form of a lifetime
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &reader{progress: &progress{}, b: b}
		list := parseAttributes(r)
		if r.err != nil {
			return
		}
		again := Transform{Attributes: list}.appendTo(nil)[4:]
		if !bytes.Equal(again, b) {
			t.Errorf("attributes %x came back as %x", b, again)
		}
		for _, a := range list {
			if v, ok := a.Uint(); ok && v <= 0xffff && !a.Long && !reflect.DeepEqual(Basic(a.Type, uint16(v)), a) {
				t.Errorf("%+v is not Basic(%v, %d)", a, a.Type, v)
			}
		}
		for p := range ProtocolID(5) {
			if text := (Transform{Attributes: list}).Text(p); !printable(text) {
				t.Errorf("Text(%v) = %q", p, text)
			}
		}
	})
}
