package commands

import (
	"net/netip"
	"testing"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

func TestCipherName(t *testing.T) {
	tests := []struct {
		cipher keymat.Cipher
		want   string
	}{
		{keymat.Cipher{}, ""},
		{keymat.Cipher{Algorithm: wire.EncDES}, "DES"},
		{keymat.Cipher{Algorithm: wire.Enc3DES}, "3DES"},
		{keymat.Cipher{Algorithm: wire.EncAES, KeyBits: 128}, "AES-128"},
		{keymat.Cipher{Algorithm: wire.EncAES, KeyBits: 256}, "AES-256"},
		{keymat.Cipher{Algorithm: 8, KeyBits: 256}, "8-256"},
	}
	for _, test := range tests {
		if got := cipherName(test.cipher); got != test.want {
			t.Errorf("cipherName(%v) = %q, want %q", test.cipher, got, test.want)
		}
	}
}

func TestNameOf(t *testing.T) {
	tests := []struct {
		group wire.Group
		want  string
	}{
		{0, ""},
		{wire.Group1, "MODP-768"},
		{wire.Group2, "MODP-1024"},
		{wire.Group5, "MODP-1536"},
		{wire.Group14, "MODP-2048"},
		{wire.Group15, "MODP-3072"},
		{wire.Group16, "MODP-4096"},
		{wire.Group19, "ECP-256"},
		{wire.Group20, "ECP-384"},
		{wire.Group21, "ECP-521"},
		{99, "99"},
	}
	for _, test := range tests {
		if got := nameOf(groupNames, test.group); got != test.want {
			t.Errorf("nameOf(group %d) = %q, want %q", uint16(test.group), got, test.want)
		}
	}
}

func TestHashName(t *testing.T) {
	tests := []struct {
		hash wire.HashAlgorithm
		want string
	}{
		{0, ""},
		{wire.HashMD5, "MD5"},
		{wire.HashSHA1, "SHA1"},
		{wire.HashSHA256, "SHA2-256"},
		{wire.HashSHA384, "SHA2-384"},
		{wire.HashSHA512, "SHA2-512"},
		{3, "3"},
	}
	for _, test := range tests {
		if got := hashName(test.hash); got != test.want {
			t.Errorf("hashName(%d) = %q, want %q", uint16(test.hash), got, test.want)
		}
	}
}

func TestEndText(t *testing.T) {
	tests := []struct {
		end  netip.AddrPort
		want string
	}{
		{netip.AddrPort{}, "-"},
		{netip.MustParseAddrPort("198.51.100.7:500"), "198.51.100.7"},
		{netip.MustParseAddrPort("198.51.100.7:4500"), "198.51.100.7:4500"},
		{netip.MustParseAddrPort("203.0.113.20:1026"), "203.0.113.20:1026"},
	}
	for _, test := range tests {
		if got := endText(test.end); got != test.want {
			t.Errorf("endText(%v) = %q, want %q", test.end, got, test.want)
		}
	}
}

func TestSecondsLeft(t *testing.T) {
	tests := []struct {
		name     string
		now      time.Time
		lifetime time.Duration
		want     int64
	}{
		{"just made", established, time.Hour, 3600},
		{"part of a second counts as none", established.Add(time.Millisecond), time.Hour, 3599},
		{"past it", established.Add(2 * time.Hour), time.Hour, 0},
		{"a clock that was set back", established.Add(-time.Hour), time.Hour, 7200},
		{"no lifetime", established, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := secondsLeft(test.now, established, test.lifetime); got != test.want {
				t.Errorf("secondsLeft(%v, %v) = %d, want %d", test.now, test.lifetime, got, test.want)
			}
		})
	}
}

func TestWords(t *testing.T) {
	for _, test := range []struct{ call, got, want string }{
		{"modeName(Tunnel)", modeName(ipsec.Tunnel), "Tunnel"},
		{"modeName(Transport)", modeName(ipsec.Transport), "Transport"},
		{"enable(true)", enable(true), "Enable"},
		{"enable(false)", enable(false), "Disable"},
		{"orEmpty(0)", orEmpty(0), ""},
		{"orEmpty(4294967295)", orEmpty(4294967295), "4294967295"},
		{"orDash of nothing", orDash(""), "-"},
		{"orDash(b)", orDash("b"), "b"},
		{"addrText of none", addrText(netip.Addr{}), "-"},
		{"orBlank of none", orBlank(netip.Addr{}), ""},
		{"orBlank", orBlank(there), "198.51.100.7"},
	} {
		if test.got != test.want {
			t.Errorf("%s = %q, want %q", test.call, test.got, test.want)
		}
	}
}

func TestMapped(t *testing.T) {
	if got := mapped(nil, utoa); got == nil || len(got) != 0 {
		t.Errorf("mapped(nil) = %#v, want an empty slice", got)
	}
	if got := spaced(mapped([]uint32{1, 2}, utoa)); got != "1 2" {
		t.Errorf("mapped([1 2]) joined = %q, want %q", got, "1 2")
	}
}
