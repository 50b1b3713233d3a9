package ipsec

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"sallyport/acl"
)

// world draws from few addresses, protocols and ports, so that what is drawn often
// meets.
type world struct{ *rand.Rand }

func (w world) addr() netip.Addr {
	return netip.AddrFrom4([4]byte{10, 1, byte(w.IntN(2)), byte(w.IntN(8))})
}

// ranged returns a range that is a prefix, an address, any two ends, or wrong.
func (w world) ranged() Range {
	switch w.IntN(3) {
	case 0:
		return PrefixRange(netip.PrefixFrom(w.addr(), 22+w.IntN(11)))
	case 1:
		return AddrRange(w.addr())
	}
	return Range{w.addr(), w.addr()}
}

func (w world) protocol() uint8 { return []uint8{1, acl.TCP, acl.UDP}[w.IntN(3)] }

func (w world) selector() Selector {
	s := Selector{Local: w.ranged(), Remote: w.ranged()}
	if w.IntN(2) == 0 {
		s.Protocol = w.protocol()
	}
	if s.Protocol == acl.TCP || s.Protocol == acl.UDP {
		s.LocalPort, s.RemotePort = uint16(w.IntN(2)), uint16(w.IntN(2))
	}
	return s
}

func (w world) tuple() acl.Tuple {
	t := acl.Tuple{Source: w.addr(), Destination: w.addr(), Protocol: w.protocol(), Fragment: w.IntN(4) == 0}
	if t.HasPorts() {
		t.SourcePort, t.DestinationPort = uint16(w.IntN(2)), uint16(w.IntN(2))
	}
	return t
}

// TestCoversMeansContainsMore: what the inner selector contains, the outer does.
func TestCoversMeansContainsMore(t *testing.T) {
	w := world{rand.New(rand.NewPCG(1, 2))}
	covered := 0
	for range 20000 {
		outer, inner := w.selector(), w.selector()
		if !outer.Covers(inner) {
			continue
		}
		covered++
		for range 20 {
			if tuple := w.tuple(); inner.Contains(tuple) && !outer.Contains(tuple) {
				t.Fatalf("%v covers %v, but does not contain %+v", outer, inner, tuple)
			}
		}
	}
	if covered < 100 {
		t.Errorf("only %d pairs of selectors were tried", covered)
	}
}

// TestRangeCoversEachAddress compares Covers with asking for each address.
func TestRangeCoversEachAddress(t *testing.T) {
	w := world{rand.New(rand.NewPCG(3, 4))}
	for range 2000 {
		outer, inner := w.ranged(), w.ranged()
		want, empty := true, true
		for a := netip.MustParseAddr("10.0.255.255"); a.Less(netip.MustParseAddr("10.1.4.1")); a = a.Next() {
			if inner.Contains(a) {
				empty = false
				want = want && outer.Contains(a)
			}
		}
		if got := outer.Covers(inner); got != (want && !empty) {
			t.Fatalf("%v covers %v: %v, want %v", outer, inner, got, want && !empty)
		}
	}
}

// TestRangeIsComparable: equal traffic is one key, as the SAD needs.
func TestRangeIsComparable(t *testing.T) {
	seen := map[Selector]bool{}
	for _, prefix := range []string{"10.1.1.0/24", "10.1.1.77/24"} {
		seen[Selector{Local: lan(prefix), Remote: lan("0.0.0.0/0")}] = true
	}
	if len(seen) != 1 {
		t.Errorf("two ways to write a prefix are %d selectors: %v", len(seen), seen)
	}
}

// FuzzRange takes any two addresses: Prefix and PrefixRange are each other's inverse,
// and a range contains its ends or nothing.
func FuzzRange(f *testing.F) {
	f.Add([]byte{10, 1, 1, 0}, []byte{10, 1, 1, 255})
	f.Add([]byte{10, 1, 1, 5}, []byte{10, 1, 1, 4})
	f.Add(make([]byte, 16), make([]byte, 16))
	f.Add(make([]byte, 4), make([]byte, 16))
	f.Fuzz(func(t *testing.T, first, last []byte) {
		a, _ := netip.AddrFromSlice(first)
		b, _ := netip.AddrFromSlice(last)
		r := Range{a, b}
		if p, ok := r.Prefix(); ok && PrefixRange(p) != r {
			t.Errorf("%v has the prefix %v, which is %v", r, p, PrefixRange(p))
		} else if ok && !r.Covers(r) {
			t.Errorf("%v does not cover itself", r)
		}
		if r.Contains(a) != r.Contains(b) {
			t.Errorf("%v contains one of its ends", r)
		}
		if r.String() == "" {
			t.Error("a range has no text")
		}
	})
}
