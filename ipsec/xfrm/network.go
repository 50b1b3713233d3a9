package xfrm

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/ipsec/selection"
)

// attempts is how often a list is asked for that changes while it is read.
const attempts = 5

// A host is the network of a network namespace.
type host struct {
	kernel *netlink.Handle
	news   *nl.NetlinkSocket // of devices and routes
}

// openHost opens the calling thread's namespace.
func openHost() (*host, error) {
	kernel, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("netlink: %w", err)
	}
	news, err := nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_ROUTE)
	if err != nil {
		kernel.Close()
		return nil, fmt.Errorf("netlink: %w", err)
	}
	return &host{kernel, news}, nil
}

// Device returns the interface index of a device.
func (h *host) Device(name string) (int, error) {
	link, err := h.kernel.LinkByName(name)
	if err != nil {
		return 0, err
	}
	return link.Attrs().Index, nil
}

// Routes returns those of the main table that lead somewhere.
func (h *host) Routes() (routes []selection.Route, err error) {
	var all []netlink.Route
	for range attempts {
		all, err = h.kernel.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: unix.RT_TABLE_MAIN}, netlink.RT_FILTER_TABLE)
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list routes: %w", err)
	}
	routes = make([]selection.Route, 0, len(all))
	for i := range all {
		routes = append(routes, selection.Route{Prefix: prefixOf(&all[i]), Device: deviceOf(&all[i]), Metric: all[i].Priority})
	}
	return routes, nil
}

// prefixOf returns the destination of a route; the default route has none.
func prefixOf(r *netlink.Route) netip.Prefix {
	if r.Dst == nil {
		return selection.Anywhere
	}
	a, _ := netip.AddrFromSlice(r.Dst.IP)
	n, _ := r.Dst.Mask.Size()
	return netip.PrefixFrom(a.Unmap(), n)
}

// deviceOf returns the device of a route, of several ways the first.
func deviceOf(r *netlink.Route) int {
	if len(r.MultiPath) > 0 {
		return r.MultiPath[0].LinkIndex
	}
	return r.LinkIndex
}

// Changed reads what the kernel has told since it was called last: only that there was
// something counts.
func (h *host) Changed() (changed bool) {
	var b [1]byte // the rest of a message is cut off
	for {
		_, _, err := unix.Recvfrom(h.news.GetFd(), b[:], unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EINTR):
		case err == nil, errors.Is(err, unix.ENOBUFS): // some were lost
			changed = true
		default:
			return changed
		}
	}
}

// Close frees the sockets.
func (h *host) Close() error {
	h.kernel.Close()
	h.news.Close()
	return nil
}
