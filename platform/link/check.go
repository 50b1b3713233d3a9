package link

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"sallyport/platform"
)

// check refuses what no kernel would take, before anything changes. A device
// that was wanted before may be missing: it was unplugged, and a line about
// something else is no occasion to refuse it.
func (l *Link) check(n platform.Network, devices map[string]device) error {
	known := func(name string) bool {
		_, there := devices[name]
		return there || name == "" || l.named(name) || makes(n, name)
	}
	for _, i := range n.Interfaces {
		if i.Device == "" || i.GRE == nil && !known(i.Device) {
			return missing(i.Device, devices)
		}
		if err := checkTunnel(i); err != nil {
			return err
		}
		for _, p := range i.Addresses {
			if !p.IsValid() || !p.Addr().Is4() {
				return fmt.Errorf("address %v of %s: want an IPv4 address and length", p, i.Device)
			}
		}
	}
	for _, r := range n.Routes {
		if err := checkRoute(r); err != nil {
			return err
		}
		if !known(r.Device) {
			return missing(r.Device, devices)
		}
	}
	return nil
}

// makes reports whether n has the device made.
func makes(n platform.Network, device string) bool {
	return slices.ContainsFunc(n.Interfaces, func(i platform.Interface) bool { return i.GRE != nil && i.Device == device })
}

// named reports whether the wanted state in force names a device.
func (l *Link) named(device string) bool {
	for _, i := range l.wanted.Interfaces {
		if i.Device == device {
			return true
		}
	}
	for _, r := range l.wanted.Routes {
		if r.Device == device {
			return true
		}
	}
	return false
}

// checkRoute is check for a route's addresses.
func checkRoute(r platform.Route) error {
	to := r.Destination
	switch {
	case !to.IsValid() || !to.Addr().Is4() || to != to.Masked():
		return fmt.Errorf("route to %v: want an IPv4 network", to)
	case r.NextHop == (netip.Addr{}) && r.Device == "":
		return fmt.Errorf("route to %v: no next hop and no device", to)
	case r.NextHop != (netip.Addr{}) && !r.NextHop.Is4():
		return fmt.Errorf("route to %v: next hop %v is not an IPv4 address", to, r.NextHop)
	}
	return nil
}

// missing says that a device is not there, and which are.
func missing(name string, devices map[string]device) error {
	var there []string
	for _, d := range inOrder(devices) {
		if d.ethernet {
			there = append(there, d.name)
		}
	}
	if there == nil {
		return fmt.Errorf("no device %s: the host has no Ethernet device", name)
	}
	return fmt.Errorf("no device %s: the host has %s", name, strings.Join(there, ", "))
}
