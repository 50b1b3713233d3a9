package link

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A RouteStatus is a route that the kernel has.
type RouteStatus struct {
	Destination netip.Prefix
	NextHop     netip.Addr // zero: on the link
	Source      netip.Addr // the host's address in packets that go there; zero: any
	Device      string     // empty: packets are dropped
	Local       bool       // the destination is the host itself
	Origin      int        // RTPROT_…: who added it, 2 the kernel, 4 an operator, [Protocol] we
	Metric      int        // the lowest of a destination wins
	InUse       bool       // no other route to the same destination wins
}

// RouteStatuses returns the routes of table main and the host's own addresses, in
// the calling thread's network namespace, by destination and metric. A route with
// several next hops is several.
func RouteStatuses() ([]RouteStatus, error) {
	return read(func(k *netlink.Handle) ([]RouteStatus, error) {
		names, err := namesOf(k)
		if err != nil {
			return nil, err
		}
		var found [][]RouteStatus
		for _, table := range []int{unix.RT_TABLE_LOCAL, unix.RT_TABLE_MAIN} { // as the kernel asks them
			routes, err := list(func() ([]netlink.Route, error) {
				return k.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: table}, netlink.RT_FILTER_TABLE)
			})
			if err != nil {
				return nil, err
			}
			for _, r := range routes {
				if hops := routeStatuses(r, names); hops != nil {
					found = append(found, hops)
				}
			}
		}
		slices.SortStableFunc(found, func(a, b []RouteStatus) int { return compareStatus(a[0], b[0]) })
		return inUse(found), nil
	})
}

// inUse marks the next hops of the first route to each destination, and returns
// those of all routes.
func inUse(routes [][]RouteStatus) (all []RouteStatus) {
	for i, hops := range routes {
		first := i == 0 || routes[i-1][0].Destination != hops[0].Destination
		for _, hop := range hops {
			hop.InUse = first
			all = append(all, hop)
		}
	}
	return all
}

// routeStatuses reads one route of the kernel's. Broadcast and multicast
// addresses are none.
func routeStatuses(r netlink.Route, names map[int]string) []RouteStatus {
	s := RouteStatus{Destination: prefix(r.Dst), Origin: int(r.Protocol), Metric: r.Priority}
	s.Source, _ = netip.AddrFromSlice(r.Src.To4())
	switch r.Type {
	case unix.RTN_UNICAST, unix.RTN_LOCAL:
		s.Local = r.Type == unix.RTN_LOCAL
	case unix.RTN_BLACKHOLE, unix.RTN_UNREACHABLE, unix.RTN_PROHIBIT:
		return []RouteStatus{s}
	default:
		return nil
	}
	if len(r.MultiPath) == 0 {
		s.NextHop, _ = netip.AddrFromSlice(r.Gw.To4())
		s.Device = names[r.LinkIndex]
		return []RouteStatus{s}
	}
	all := make([]RouteStatus, len(r.MultiPath))
	for i, hop := range r.MultiPath {
		all[i] = s
		all[i].NextHop, _ = netip.AddrFromSlice(hop.Gw.To4())
		all[i].Device = names[hop.LinkIndex]
	}
	return all
}

func compareStatus(a, b RouteStatus) int {
	return cmp.Or(
		a.Destination.Addr().Compare(b.Destination.Addr()),
		cmp.Compare(a.Destination.Bits(), b.Destination.Bits()),
		cmp.Compare(a.Metric, b.Metric),
	)
}
