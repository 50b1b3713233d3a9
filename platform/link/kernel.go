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

// A route is one of the main table: unicast, or one that leads nowhere.
type route struct {
	destination netip.Prefix
	nextHop     netip.Addr // zero: on the link
	index       int        // of the device; 0 in what is wanted: where the next hop is
	metric      int
	source      netip.Addr // of our own packets; zero: the kernel chooses
	nowhere     bool       // its destination is unreachable; nextHop and index are zero
}

// backstopMetric is the metric of what stands behind a route with a Backstop. It is worse than
// every preference, so that an operator's floating route to the same destination wins.
const backstopMetric = 4096

// backstop returns what remains of a route when its device has gone.
func backstop(destination netip.Prefix) route {
	return route{destination: destination, metric: backstopMetric, nowhere: true}
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
	if r.nowhere {
		return fmt.Sprintf("unreachable route to %v", r.destination)
	}
	if r.nextHop.IsValid() {
		return fmt.Sprintf("route to %v via %v", r.destination, r.nextHop)
	}
	return fmt.Sprintf("route to %v", r.destination)
}

// inOrder returns devices in the kernel's order.
func inOrder(devices map[string]device) []device {
	return slices.SortedFunc(maps.Values(devices), func(a, b device) int { return a.index - b.index })
}
