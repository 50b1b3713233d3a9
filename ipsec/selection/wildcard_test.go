package selection

import (
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"sallyport/acl"
)

func TestCovering(t *testing.T) {
	for _, test := range []struct {
		addr    string
		inverse uint32
		want    string
	}{
		{"10.1.2.0", 0xff, "10.1.2.0/24"},
		{"10.1.2.3", 0, "10.1.2.3/32"},
		{"0.0.0.0", 0xffffffff, "0.0.0.0/0"},
		{"10.1.2.0", 0x0000ff01, "10.1.0.0/16"},
		{"10.0.2.3", 0x00ff0000, "10.0.0.0/8"},
		{"10.1.2.3", 0x80000000, "0.0.0.0/0"},
	} {
		w := acl.NewWildcard(netip.MustParseAddr(test.addr), test.inverse)
		if got := Covering(w).String(); got != test.want {
			t.Errorf("Covering(%v) = %s, want %s", w, got, test.want)
		}
	}
}

func TestPrefixes(t *testing.T) {
	for _, test := range []struct {
		name    string
		addr    string
		inverse uint32
		limit   int
		want    []string // nil: too many
	}{
		{"a prefix", "10.1.2.0", 0xff, 1, []string{"10.1.2.0/24"}},
		{"a host", "10.1.2.3", 0, 1, []string{"10.1.2.3/32"}},
		{"any", "0.0.0.0", 0xffffffff, 1, []string{"0.0.0.0/0"}},
		{"two networks", "10.1.2.0", 0x100ff, 2, []string{"10.0.2.0/24", "10.1.2.0/24"}},
		{"even hosts of four", "10.1.2.0", 6, 4, []string{"10.1.2.0/32", "10.1.2.2/32", "10.1.2.4/32", "10.1.2.6/32"}},
		{"one too many", "10.1.2.0", 6, 3, nil},
		{"the first bit alone counts not", "10.1.2.3", 0x80000000, 2, []string{"10.1.2.3/32", "138.1.2.3/32"}},
		{"all but the last bit", "10.1.2.3", 0xfffffffe, 1 << 30, nil},
	} {
		got, ok := Prefixes(acl.NewWildcard(netip.MustParseAddr(test.addr), test.inverse), test.limit)
		var text []string
		for _, p := range got {
			text = append(text, p.String())
		}
		if !slices.Equal(text, test.want) || ok != (test.want != nil) {
			t.Errorf("%s: %v, %v, want %v", test.name, text, ok, test.want)
		}
	}
}

// TestPrefixesAreTheWildcard: as many addresses, and each one of the wildcard's.
func TestPrefixesAreTheWildcard(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 500 {
		inverse := r.Uint32() & r.Uint32() & r.Uint32()
		w := acl.NewWildcard(netip.AddrFrom4([4]byte{10, byte(r.IntN(256)), byte(r.IntN(256)), byte(r.IntN(256))}), inverse)
		all, ok := Prefixes(w, 1<<12)
		if !ok {
			continue
		}
		size := 0
		for i, p := range all {
			size += 1 << (32 - p.Bits())
			if p != p.Masked() || !w.Matches(p.Addr()) || i > 0 && all[i-1].Overlaps(p) {
				t.Fatalf("Prefixes(%v)[%d] = %v", w, i, p)
			}
		}
		if size != 1<<bits.OnesCount32(inverse) {
			t.Fatalf("Prefixes(%v) has %d addresses", w, size)
		}
	}
}
