package selection

import (
	"net/netip"
	"slices"
)

// A Route is one of the main table, as far as it matters where answers go.
type Route struct {
	Prefix netip.Prefix
	Device int // interface index; 0: none
	Metric int
}

// Spared returns clauses for the sources whose packets may come in clear to this box
// though a rule covers them: our answer would leave by no policy's device, and
// policies speak of what leaves theirs. They stand before all clauses, with wide
// access lists for the hosts of our own LANs. ours are the devices of policies.
func Spared(wanted []Clause, routes []Route, ours map[int]bool) []Clause {
	var list clauseList
	best := bestOf(routes)
	held := holes(best, ours)
	for _, r := range best {
		if r.Device == 0 || ours[r.Device] || !slices.ContainsFunc(wanted, func(c Clause) bool {
			return !c.Allow && c.From.Overlaps(r.Prefix)
		}) {
			continue
		}
		for _, piece := range without(r.Prefix, held) {
			list.add(Clause{Selection{From: piece, To: Anywhere}, true})
		}
	}
	return list.all
}

// bestOf returns for each prefix the route that the kernel takes.
func bestOf(routes []Route) []Route {
	routes = slices.Clone(routes)
	slices.SortStableFunc(routes, func(a, b Route) int {
		if c := a.Prefix.Addr().Compare(b.Prefix.Addr()); c != 0 {
			return c
		}
		if c := a.Prefix.Bits() - b.Prefix.Bits(); c != 0 {
			return c
		}
		return a.Metric - b.Metric
	})
	return slices.CompactFunc(routes, func(a, b Route) bool { return a.Prefix == b.Prefix })
}

// holes returns the prefixes that leave by a device of ours.
func holes(routes []Route, ours map[int]bool) (prefixes []netip.Prefix) {
	for _, r := range routes {
		if ours[r.Device] {
			prefixes = append(prefixes, r.Prefix)
		}
	}
	return prefixes
}

// without returns a prefix less those that lie within it: they are longer, and have
// routes of their own.
func without(p netip.Prefix, holes []netip.Prefix) []netip.Prefix {
	within := slices.DeleteFunc(slices.Clone(holes), func(h netip.Prefix) bool {
		return h.Bits() < p.Bits() || !p.Contains(h.Addr())
	})
	switch {
	case len(within) == 0:
		return []netip.Prefix{p}
	case slices.Contains(within, p):
		return nil
	}
	low, high := halves(p)
	return append(without(low, within), without(high, within)...)
}

// halves returns the two halves of an IPv4 prefix that is shorter than 32 bits.
func halves(p netip.Prefix) (low, high netip.Prefix) {
	n := p.Bits()
	second := p.Addr().As4()
	second[n/8] |= 0x80 >> (n % 8)
	return netip.PrefixFrom(p.Addr(), n+1), netip.PrefixFrom(netip.AddrFrom4(second), n+1)
}
