package tunnel

import (
	"encoding/hex"
	"testing"
)

func TestSum(t *testing.T) {
	for _, test := range []struct {
		name string
		in   string
		want uint16
	}{
		{"nothing", "", 0},
		{"RFC 1071 §3", "0001f203f4f5f6f7", 0xddf2},
		{"odd length", "0102ff", 0x0003},
		{"carries twice", "ffffffff0001", 0x0001},
	} {
		in, err := hex.DecodeString(test.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := sum(in); got != test.want {
			t.Errorf("%s: sum(%s) = %#04x, want %#04x", test.name, test.in, got, test.want)
		}
	}
}

func TestSealHeader(t *testing.T) {
	for _, s := range []shape{{}, {tos: 0xb8, size: 1500}, {options: []byte{0x94, 4, 0, 0}}} {
		p := s.build()
		p[ipChecksum]++ // what was there must not count
		sealHeader(p[:headerLen(p)])
		checkHeader(t, p)
	}
}

func TestPayloadOf(t *testing.T) {
	whole := shape{options: []byte{1, 1, 1, 1}, size: 60}.build()
	broken := func(i int, v byte) []byte { p := append([]byte(nil), whole...); p[i] = v; return p }
	for _, test := range []struct {
		name   string
		packet []byte
		want   int // octets; -1: refused
	}{
		{"whole", whole, 36},
		{"octets behind it", append(broken(0, 0x46), 1, 2, 3), 36},
		{"nothing but a header", shape{size: 20}.build(), 0},
		{"cut off", whole[:59], -1},
		{"cut off in the header", whole[:19], -1},
		{"header too short", broken(0, 0x44), -1},
		{"header beyond the total length", broken(ipTotal+1, 23), -1},
		{"empty", nil, -1},
	} {
		p, ok := payloadOf(test.packet)
		if ok != (test.want >= 0) || ok && len(p) != test.want {
			t.Errorf("%s: payloadOf = %d octets, %v, want %d", test.name, len(p), ok, test.want)
		}
	}
}

func TestAccessors(t *testing.T) {
	p := shape{df: true, options: []byte{1, 1, 1, 1}, size: 77}.build()
	if headerLen(p) != 24 || totalLen(p) != 77 || !mustNotFragment(p) {
		t.Errorf("header %d, total %d, DF %v, want 24, 77, true", headerLen(p), totalLen(p), mustNotFragment(p))
	}
	if source(p) != host || destination(p) != server {
		t.Errorf("from %v to %v, want %v to %v", source(p), destination(p), host, server)
	}
}
