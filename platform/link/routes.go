package link

import (
	"errors"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func (k *netlinkKernel) routes() ([]markedRoute, error) {
	all, err := k.mainTable()
	if err != nil {
		return nil, err
	}
	var found []markedRoute
	for _, r := range all {
		if r.Tos == 0 && len(r.MultiPath) == 0 && (r.Type == unix.RTN_UNICAST || r.Type == unix.RTN_UNREACHABLE) {
			m := markedRoute{route: routeOf(&r), ours: r.Protocol == Protocol}
			if m.ours {
				m.route.source, _ = netip.AddrFromSlice(r.Src.To4())
			}
			found = append(found, m)
		}
	}
	return found, nil
}

// routeOf reads a route of package netlink's.
func routeOf(r *netlink.Route) route {
	if r.Type == unix.RTN_UNREACHABLE {
		return route{destination: prefix(r.Dst), metric: r.Priority, nowhere: true}
	}
	hop, _ := netip.AddrFromSlice(r.Gw.To4())
	return route{destination: prefix(r.Dst), nextHop: hop, index: r.LinkIndex, metric: r.Priority}
}

// mainTable lists the main table. One that had no route yet may not be there.
func (k *netlinkKernel) mainTable() ([]netlink.Route, error) {
	all, err := list(func() ([]netlink.Route, error) {
		return k.lister.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: unix.RT_TABLE_MAIN}, netlink.RT_FILTER_TABLE)
	})
	if errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	return all, err
}

// addRoute adds a route with our mark, behind others of the same metric: the
// kernel then uses it when those go. The next hop's device is named: left to
// itself the kernel looks for it by all routing rules, and those may lead a wide
// prefix somewhere else than to a network that this host is on.
func (k *netlinkKernel) addRoute(r route) error {
	if r.index == 0 && !r.nowhere {
		var err error
		if r.index, err = k.towards(r.nextHop); err != nil {
			return err
		}
	}
	return k.handle.RouteAppend(r.marked())
}

// towards returns the device of the network that a next hop is in, by the main
// table, or ENETUNREACH.
func (k *netlinkKernel) towards(hop netip.Addr) (index int, err error) {
	all, err := k.mainTable()
	if err != nil {
		return 0, err
	}
	longest := -1
	for _, r := range all {
		p := prefix(r.Dst)
		if r.Type == unix.RTN_UNICAST && r.Gw == nil && len(r.MultiPath) == 0 && p.Contains(hop) && p.Bits() > longest {
			index, longest = r.LinkIndex, p.Bits()
		}
	}
	if index == 0 {
		return 0, unix.ENETUNREACH
	}
	return index, nil
}

func (k *netlinkKernel) removeRoute(r route) error {
	err := k.handle.RouteDel(r.marked())
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.ENODEV) {
		return nil
	}
	return err
}

// marked writes r the way package netlink wants it, as one of ours.
func (r route) marked() *netlink.Route {
	n := &netlink.Route{Dst: ipNet(r.destination), LinkIndex: r.index, Priority: r.metric, Protocol: Protocol}
	switch {
	case r.nowhere:
		n.Type = unix.RTN_UNREACHABLE
	case r.nextHop.IsValid():
		n.Gw = r.nextHop.AsSlice()
	default:
		n.Scope = netlink.SCOPE_LINK
	}
	if r.source.IsValid() {
		n.Src = r.source.AsSlice()
	}
	return n
}

// ipNet writes p the way package netlink wants it.
func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// prefix reads an IPv4 network of package netlink's; nil is the default route.
func prefix(n *net.IPNet) netip.Prefix {
	if n == nil {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	ip, _ := netip.AddrFromSlice(n.IP.To4())
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(ip, bits)
}
