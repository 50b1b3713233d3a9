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

func TestAccessors(t *testing.T) {
	p := shape{df: true, options: []byte{1, 1, 1, 1}, size: 77}.build()
	if headerLen(p) != 24 || totalLen(p) != 77 || !mustNotFragment(p) {
		t.Errorf("header %d, total %d, DF %v, want 24, 77, true", headerLen(p), totalLen(p), mustNotFragment(p))
	}
	if source(p) != host || destination(p) != server {
		t.Errorf("from %v to %v, want %v to %v", source(p), destination(p), host, server)
	}
}
