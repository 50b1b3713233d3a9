package ipsec

import "net/netip"

// A Range is the addresses from First to Last, both included. It is comparable.
// The zero value has no address in it.
type Range struct{ First, Last netip.Addr }

// PrefixRange returns the addresses of a prefix. Bits of its address beyond the
// prefix do not count.
func PrefixRange(p netip.Prefix) Range {
	p = p.Masked()
	return Range{First: p.Addr(), Last: lastOf(p)}
}

// AddrRange returns the range of one address.
func AddrRange(a netip.Addr) Range { return Range{First: a, Last: a} }

// Contains reports whether the address is in the range.
func (r Range) Contains(a netip.Addr) bool {
	sameFamily := a.BitLen() == r.First.BitLen() && a.BitLen() == r.Last.BitLen() && a.IsValid()
	return sameFamily && !a.Less(r.First) && !r.Last.Less(a)
}

// Covers reports whether all of the other range is in this one. A range without
// addresses is covered by none.
func (r Range) Covers(other Range) bool {
	return other.Contains(other.First) && r.Contains(other.First) && r.Contains(other.Last)
}

// overlaps reports whether an address is in both ranges.
func (r Range) overlaps(other Range) bool {
	return r.Contains(other.First) || other.Contains(r.First)
}

// Prefix returns the range as a prefix, and false if it is not one.
func (r Range) Prefix() (netip.Prefix, bool) {
	if !r.Contains(r.First) {
		return netip.Prefix{}, false
	}
	// The prefix is as long as what the two ends have in common.
	first, last := r.First.AsSlice(), r.Last.AsSlice()
	n := 0
	for n < len(first)*8 && bit(first, n) == bit(last, n) {
		n++
	}
	p := netip.PrefixFrom(r.First, n)
	return p, PrefixRange(p) == r
}

// String returns the range as an address, a prefix, or its two ends.
func (r Range) String() string {
	p, ok := r.Prefix()
	switch {
	case !ok:
		return r.First.String() + "-" + r.Last.String()
	case p.IsSingleIP():
		return r.First.String()
	}
	return p.String()
}

// lastOf returns the last address of a masked prefix.
func lastOf(p netip.Prefix) netip.Addr {
	octets := p.Addr().AsSlice()
	for n := max(p.Bits(), 0); n < len(octets)*8; n++ {
		octets[n/8] |= 0x80 >> (n % 8)
	}
	last, _ := netip.AddrFromSlice(octets)
	return last
}

func bit(octets []byte, n int) byte { return octets[n/8] >> (7 - n%8) & 1 }
