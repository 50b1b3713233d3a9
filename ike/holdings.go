package ike

import (
	"cmp"
	"net/netip"
	"slices"

	"sallyport/ipsec"
)

// holdings are the instances by the peer's side of their traffic, so that the search for who has
// some of it does not grow with their number. Two prefixes overlap only if one is
// part of the other.
type holdings []*instance

// compareRanges sorts prefixes: a wider one comes before what is part of it.
func compareRanges(a, b ipsec.Range) int {
	return cmp.Or(a.First.Compare(b.First), b.Last.Compare(a.Last))
}

// at returns where the instances of a range begin.
func (h holdings) at(r ipsec.Range) int {
	i, _ := slices.BinarySearchFunc(h, r, func(i *instance, r ipsec.Range) int { return compareRanges(i.key.traffic.Remote, r) })
	return i
}

// add enters an instance, behind those of the same range.
func (h *holdings) add(i *instance) {
	r := i.key.traffic.Remote
	at := h.at(r)
	for at < len(*h) && (*h)[at].key.traffic.Remote == r {
		at++
	}
	*h = slices.Insert(*h, at, i)
}

// remove takes an instance out, if it is in.
func (h *holdings) remove(i *instance) {
	for at := h.at(i.key.traffic.Remote); at < len(*h) && (*h)[at].key.traffic.Remote == i.key.traffic.Remote; at++ {
		if (*h)[at] == i {
			*h = slices.Delete(*h, at, at+1)
			return
		}
	}
}

// others returns the instances of other parties of many that have some of a traffic.
func (h holdings) others(traffic ipsec.Selector, with party) (all []*instance) {
	for _, i := range h.near(traffic.Remote) {
		if i.key.with.who != "" && i.key.with != with && i.key.traffic.Overlaps(traffic) {
			all = append(all, i)
		}
	}
	return all
}

// near returns the instances whose peer's side a prefix is part of, and those whose is part of it.
func (h holdings) near(r ipsec.Range) (all []*instance) {
	for at := h.at(r); at < len(h) && r.Contains(h[at].key.traffic.Remote.First); at++ {
		all = append(all, h[at])
	}
	p, ok := r.Prefix()
	for bits := p.Bits() - 1; ok && bits >= 0; bits-- {
		wider := ipsec.PrefixRange(netip.PrefixFrom(p.Addr(), bits))
		for at := h.at(wider); at < len(h) && h[at].key.traffic.Remote == wider; at++ {
			all = append(all, h[at])
		}
	}
	return all
}
