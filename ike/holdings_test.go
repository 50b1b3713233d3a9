package ike

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"sallyport/ipsec"
)

// TestHoldings compares the search with one that looks at all instances.
func TestHoldings(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	prefix := func() ipsec.Range {
		a := netip.AddrFrom4([4]byte{10, byte(rng.IntN(4)), byte(rng.IntN(4)), byte(rng.IntN(256))})
		return ipsec.PrefixRange(netip.PrefixFrom(a, 8+rng.IntN(25)))
	}
	var h holdings
	var all []*instance
	for n := range 2000 {
		traffic := ipsec.Selector{Local: prefix(), Remote: prefix()}
		with := party{"spokes", string(rune('a' + rng.IntN(3)))}
		if n%5 == 4 {
			gone := all[rng.IntN(len(all))]
			h.remove(gone)
			all = slices.DeleteFunc(all, func(i *instance) bool { return i == gone })
		}
		want := map[*instance]bool{}
		for _, i := range all {
			if i.key.with != with && i.key.traffic.Overlaps(traffic) {
				want[i] = true
			}
		}
		got := h.others(traffic, with)
		for _, i := range got {
			if !want[i] {
				t.Fatalf("others(%v) has %v", traffic, i.key.traffic)
			}
			delete(want, i)
		}
		if len(want) > 0 {
			t.Fatalf("others(%v) lacks %d", traffic, len(want))
		}
		i := &instance{key: instanceKey{with: with, traffic: traffic}}
		h.add(i)
		all = append(all, i)
	}
	if len(h) != len(all) {
		t.Errorf("%d instances are listed, want %d", len(h), len(all))
	}
}
