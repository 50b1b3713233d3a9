package ipsec

import (
	"net/netip"
	"testing"
)

// between returns the range from one address to another; of one if last is empty.
func between(first, last string) Range {
	if last == "" {
		return AddrRange(netip.MustParseAddr(first))
	}
	return Range{netip.MustParseAddr(first), netip.MustParseAddr(last)}
}

func lan(prefix string) Range { return PrefixRange(netip.MustParsePrefix(prefix)) }

// TestRangeForms checks that a range, its prefix and its text are the same thing.
func TestRangeForms(t *testing.T) {
	for _, test := range []struct {
		r      Range
		prefix string // empty: the range is not one
		text   string
	}{
		{between("10.1.1.5", ""), "10.1.1.5/32", "10.1.1.5"},
		{between("10.1.1.0", "10.1.1.255"), "10.1.1.0/24", "10.1.1.0/24"},
		{between("0.0.0.0", "255.255.255.255"), "0.0.0.0/0", "0.0.0.0/0"},
		{between("10.1.1.4", "10.1.1.5"), "10.1.1.4/31", "10.1.1.4/31"},
		{between("10.1.1.5", "10.1.1.6"), "", "10.1.1.5-10.1.1.6"},
		{between("10.1.1.0", "10.1.1.254"), "", "10.1.1.0-10.1.1.254"},
		{between("10.1.1.1", "10.1.1.255"), "", "10.1.1.1-10.1.1.255"},
		{between("127.255.255.255", "128.0.0.0"), "", "127.255.255.255-128.0.0.0"},
		{between("10.1.1.6", "10.1.1.5"), "", "10.1.1.6-10.1.1.5"},
		{between("2001:db8::", "2001:db8::ffff"), "2001:db8::/112", "2001:db8::/112"},
		{between("0.0.0.0", "::"), "", "0.0.0.0-::"},
		{Range{}, "", "invalid IP-invalid IP"},
	} {
		t.Run(test.text, func(t *testing.T) {
			if got := test.r.String(); got != test.text {
				t.Errorf("String() = %q, want %q", got, test.text)
			}
			p, ok := test.r.Prefix()
			if ok != (test.prefix != "") {
				t.Fatalf("Prefix() = %v, %v, want %q", p, ok, test.prefix)
			}
			if ok && (p.String() != test.prefix || PrefixRange(p) != test.r) {
				t.Errorf("Prefix() = %v, which is %v, want %s", p, PrefixRange(p), test.prefix)
			}
		})
	}
}

func TestPrefixRangeOfEveryLength(t *testing.T) {
	addr := netip.MustParseAddr("172.20.213.77")
	for bits := range 33 {
		p := netip.PrefixFrom(addr, bits)
		r := PrefixRange(p)
		if got, ok := r.Prefix(); !ok || got != p.Masked() {
			t.Errorf("PrefixRange(%v) = %v, whose prefix is %v", p, r, got)
		}
		if !r.Contains(addr) || r.First.Prev().IsValid() && r.Contains(r.First.Prev()) || r.Contains(r.Last.Next()) {
			t.Errorf("PrefixRange(%v) = %v contains the wrong addresses", p, r)
		}
	}
}

func TestPrefixRangeOfNothing(t *testing.T) {
	if got := PrefixRange(netip.Prefix{}); got != (Range{}) {
		t.Errorf("PrefixRange of the zero prefix = %v, want none", got)
	}
}

func TestRangeContains(t *testing.T) {
	odd := between("10.1.1.5", "10.1.1.9")
	for _, test := range []struct {
		r    Range
		addr string
		want bool
	}{
		{odd, "10.1.1.4", false}, {odd, "10.1.1.5", true}, {odd, "10.1.1.7", true}, {odd, "10.1.1.9", true},
		{odd, "10.1.1.10", false}, {odd, "::ffff:10.1.1.7", false}, {odd, "2001:db8::1", false},
		{between("10.1.1.9", "10.1.1.5"), "10.1.1.7", false},
		{between("::", "ffff::"), "10.1.1.7", false},
		{lan("0.0.0.0/0"), "255.255.255.255", true},
		{Range{}, "0.0.0.0", false},
	} {
		if got := test.r.Contains(netip.MustParseAddr(test.addr)); got != test.want {
			t.Errorf("%v contains %s: %v, want %v", test.r, test.addr, got, test.want)
		}
	}
	if (Range{}).Contains(netip.Addr{}) {
		t.Error("the zero range contains the zero address")
	}
}

func TestRangeCovers(t *testing.T) {
	for _, test := range []struct {
		outer, inner Range
		want         bool
	}{
		{lan("10.1.0.0/16"), lan("10.1.1.0/24"), true},
		{lan("10.1.0.0/16"), lan("10.1.0.0/16"), true},
		{lan("10.1.1.0/24"), lan("10.1.0.0/16"), false},
		{lan("10.1.1.0/24"), between("10.1.1.255", "10.1.2.0"), false},
		{lan("10.1.1.0/24"), between("10.1.0.255", "10.1.1.0"), false},
		{lan("10.1.1.0/24"), between("10.1.1.9", "10.1.1.5"), false},
		{lan("0.0.0.0/0"), lan("::/0"), false},
		{lan("0.0.0.0/0"), Range{}, false},
		{Range{}, Range{}, false},
	} {
		if got := test.outer.Covers(test.inner); got != test.want {
			t.Errorf("%v covers %v: %v, want %v", test.outer, test.inner, got, test.want)
		}
	}
}
