package link

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"sallyport/platform"
)

// A kernel is what package link asks of the operating system. The lists hold
// IPv4 only, and of the routes those in the main table.
type kernel interface {
	devices() ([]device, error)
	setUp(d device, up bool) error             // nil if it is gone
	setMTU(d device, octets int) error         // likewise
	makeGRE(name string, t platform.GRE) error // down, without an address, with our mark
	removeGRE(device) error                    // nil if it is gone

	addresses() ([]markedAddress, error) // of a device, in the order they have there
	addAddress(markedAddress) error
	removeAddress(address) error // nil if it is gone

	routes() ([]markedRoute, error)
	addRoute(route) error
	removeRoute(route) error // nil if it is gone

	forwarding() (bool, error)
	setForwarding(bool) error

	close() error
}

// A device is a network device of the host.
type device struct {
	index    int
	name     string
	up       bool
	mtu      int
	ethernet bool          // a port, and not a tunnel, a bridge or part of one
	gre      *platform.GRE // the tunnel that it is; nil: none that we made
}

// An address is one that a device has.
type address struct {
	index  int // of the device
	prefix netip.Prefix
}

// A markedAddress is an address and whether it carries our mark.
type markedAddress struct {
	address
	ours bool
}

// A route is a unicast route of the main table.
type route struct {
	destination netip.Prefix
	nextHop     netip.Addr // zero: on the link
	index       int        // of the device; 0 in what is wanted: where the next hop is
	metric      int
}

// A markedRoute is a route and whether it carries our mark.
type markedRoute struct {
	route
	ours bool
}

// anywhere returns r without its device: what is wanted of a route that may lead to
// wherever its next hop is.
func (r route) anywhere() route {
	r.index = 0
	return r
}

// String writes r in the words of an operator.
func (r route) String() string {
	if r.nextHop.IsValid() {
		return fmt.Sprintf("route to %v via %v", r.destination, r.nextHop)
	}
	return fmt.Sprintf("route to %v", r.destination)
}

// inOrder returns devices in the kernel's order.
func inOrder(devices map[string]device) []device {
	return slices.SortedFunc(maps.Values(devices), func(a, b device) int { return a.index - b.index })
}
