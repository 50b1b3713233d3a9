package tunnel

import (
	"net/netip"
	"slices"
)

// A mainRoute is a route of the main table, as far as it matters where answers go.
type mainRoute struct {
	prefix netip.Prefix
	device int // interface index; 0: none
	metric int
}

// spared returns clauses for the sources whose packets may come in clear to this box
// though a rule covers them: our answer would leave by no policy's device, and
// policies speak of what leaves theirs. They stand before all clauses, with wide
// access lists for the hosts of our own LANs. ours are the devices of policies.
func spared(wanted []clause, routes []mainRoute, ours map[int]bool) []clause {
	var list clauseList
	best := bestOf(routes)
	held := holes(best, ours)
	for _, r := range best {
		if r.device == 0 || ours[r.device] || !slices.ContainsFunc(wanted, func(c clause) bool {
			return !c.allow && c.from.Overlaps(r.prefix)
		}) {
			continue
		}
		for _, piece := range without(r.prefix, held) {
			list.add(clause{selection{from: piece, to: anywhere}, true})
		}
	}
	return list.all
}

// bestOf returns for each prefix the route that the kernel takes.
func bestOf(routes []mainRoute) []mainRoute {
	routes = slices.Clone(routes)
	slices.SortStableFunc(routes, func(a, b mainRoute) int {
		if c := a.prefix.Addr().Compare(b.prefix.Addr()); c != 0 {
			return c
		}
		if c := a.prefix.Bits() - b.prefix.Bits(); c != 0 {
			return c
		}
		return a.metric - b.metric
	})
	return slices.CompactFunc(routes, func(a, b mainRoute) bool { return a.prefix == b.prefix })
}

// holes returns the prefixes that leave by a device of ours.
func holes(routes []mainRoute, ours map[int]bool) (prefixes []netip.Prefix) {
	for _, r := range routes {
		if ours[r.device] {
			prefixes = append(prefixes, r.prefix)
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
