package platform

import (
	"net/netip"
	"slices"
)

// NextHop returns the next hop of the wanted state's way to an address: by the longest match, of
// those the lowest preference. It is zero if there is none to go by: the address is on the network
// of an interface that is up, or the way is into a device, or there is no way.
func (n Network) NextHop(to netip.Addr) netip.Addr {
	best := Route{Destination: netip.PrefixFrom(to, -1)}
	consider := func(r Route) {
		longer := r.Destination.Bits() - best.Destination.Bits()
		if r.Destination.Contains(to) && (longer > 0 || longer == 0 && r.Preference < best.Preference) {
			best = r
		}
	}
	for _, i := range n.Interfaces {
		for _, p := range i.Addresses {
			if !i.Down {
				consider(Route{Destination: p})
			}
		}
	}
	for _, r := range n.Routes {
		consider(r)
	}
	return best.NextHop
}

// With returns the interface with one more address, a host's, unless it has it already.
func (i Interface) With(a netip.Addr) Interface {
	has := func(p netip.Prefix) bool { return p.Addr() == a }
	if !slices.ContainsFunc(i.Addresses, has) {
		i.Addresses = append(slices.Clip(i.Addresses), netip.PrefixFrom(a, a.BitLen()))
	}
	return i
}
