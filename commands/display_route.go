package commands

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// The origins of routes as displays name them.
const (
	direct = "Direct"
	static = "Static"
)

var originNames = map[int]string{
	originKernel: direct, originBoot: static, originStatic: static, originOurs: static, originDHCP: "DHCP",
	originBGP: "BGP", originISIS: "ISIS", originOSPF: "OSPF", originRIP: "RIP",
}

// A routeDisplay is `display ip routing-table`.
type routeDisplay struct {
	Routes []routeEntry `json:"routes"`

	filter routeFilter `json:"-"`
}

// A routeEntry is one next hop of a route.
type routeEntry struct {
	Destination netip.Prefix `json:"destination"`
	Protocol    string       `json:"protocol"`
	Preference  int          `json:"preference"`
	Cost        int          `json:"cost"`
	Relayed     bool         `json:"relayed"` // the interface is that of the next hop, which is not said
	Active      bool         `json:"active"`
	NextHop     netip.Addr   `json:"next_hop"`
	Interface   string       `json:"interface"`
}

// anyLength is the Length of a filter by the longest match.
const anyLength = -1

// A routeFilter says which routes to display.
type routeFilter struct {
	To       netip.Addr `json:"-"` // zero: to anywhere
	Length   int        `json:"-"` // of the destination's mask; anyLength: the longest that matches
	Protocol string     `json:"-"` // empty: all
	Verbose  bool       `json:"-"` // with those that are not in use
}

// newRouteDisplay shows the routes that fit.
func newRouteDisplay(s *Session, filter routeFilter) (routeDisplay, error) {
	routes, err := s.device.Routes()
	if err != nil {
		return routeDisplay{}, err
	}
	all, err := s.device.Interfaces()
	if err != nil {
		return routeDisplay{}, err
	}
	names := s.interfaceNames(all)
	d := routeDisplay{Routes: []routeEntry{}, filter: filter}
	for _, r := range routes {
		e := newRouteEntry(r, names)
		_, e.Relayed = s.running.config.Routes[RouteKey{Destination: e.Destination, NextHop: r.NextHop}]
		e.Relayed = e.Relayed && r.NextHop.IsValid()
		if r.Device != "" && !e.NextHop.IsValid() {
			e.NextHop = primaryOf(all, r.Device)
		}
		if filter.wants(e) {
			d.Routes = append(d.Routes, e)
		}
	}
	d.Routes = filter.longest(d.Routes)
	return d, nil
}

// newRouteEntry reads a route of the host's. Its next hop is the box's own address
// if it goes to a neighbour without one.
func newRouteEntry(r RouteStatus, names map[string]string) routeEntry {
	e := routeEntry{
		Destination: r.Destination, Protocol: originNames[r.Origin], Preference: r.Metric,
		Active: r.InUse, NextHop: r.NextHop, Interface: names[r.Device],
	}
	if e.Protocol == "" {
		e.Protocol = strconv.Itoa(r.Origin)
	}
	if e.Protocol == direct {
		e.Preference = 0
	}
	switch {
	case r.Local:
		e.NextHop = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case r.Device == "":
		e.NextHop, e.Interface = netip.IPv4Unspecified(), nullInterface
	case !r.NextHop.IsValid():
		e.NextHop = r.Source
	}
	return e
}

// primaryOf returns the first address of a device, or 0.0.0.0.
func primaryOf(all []InterfaceStatus, device string) netip.Addr {
	for _, i := range all {
		if i.Device == device && len(i.Addresses) > 0 {
			return i.Addresses[0].Addr()
		}
	}
	return netip.IPv4Unspecified()
}

// wants reports whether a route fits, but for the longest match.
func (f routeFilter) wants(e routeEntry) bool {
	switch {
	case !e.Active && !f.Verbose && f.Protocol == "":
		return false
	case f.Protocol != "":
		return e.Protocol == f.Protocol
	case !f.To.IsValid():
		return true
	case f.Length == anyLength:
		return e.Destination.Contains(f.To)
	}
	want, _ := f.To.Prefix(f.Length)
	return e.Destination == want
}

// longest keeps the longest match, if one is asked for.
func (f routeFilter) longest(routes []routeEntry) []routeEntry {
	if !f.To.IsValid() || f.Length != anyLength {
		return routes
	}
	most := 0
	for _, r := range routes {
		most = max(most, r.Destination.Bits())
	}
	return slices.DeleteFunc(routes, func(r routeEntry) bool { return r.Destination.Bits() < most })
}

// routeLegend begins every text of routes.
const routeLegend = "Route Flags: R - relay, D - download to fib"

func (d routeDisplay) text() string {
	var p page
	p.add(routeLegend)
	p.add(dashes(78))
	switch {
	case d.filter.Protocol != "":
		d.byProtocol(&p)
	case d.filter.Verbose, d.filter.To.IsValid():
		p.add("Routing Table : Public")
		p.addf("Summary Count : %d", len(d.Routes))
		d.found(&p)
	default:
		p.add("Routing Tables: Public")
		addSums(&p, d.Routes)
		addRoutes(&p, d.Routes)
	}
	return p.text()
}

// found writes the routes to one destination, or those of a verbose display.
func (d routeDisplay) found(p *page) {
	if !d.filter.Verbose {
		addRoutes(p, d.Routes)
		return
	}
	for _, r := range d.Routes {
		r.verbose(p)
	}
}

// byProtocol writes the routes in use, and then the others.
func (d routeDisplay) byProtocol(p *page) {
	p.addf("Public routing table : %s", d.filter.Protocol)
	addSums(p, d.Routes)
	for _, state := range []struct {
		name   string
		active bool
	}{{"Active", true}, {"Inactive", false}} {
		var routes []routeEntry
		for _, r := range d.Routes {
			if r.Active == state.active {
				routes = append(routes, r)
			}
		}
		p.add("")
		p.addf("%s routing table status : <%s>", d.filter.Protocol, state.name)
		addSums(p, routes)
		if len(routes) > 0 {
			addRoutes(p, routes)
		}
	}
}

// addSums counts destinations and routes.
func addSums(p *page, routes []routeEntry) {
	destinations := 0
	for i, r := range routes {
		if i == 0 || routes[i-1].Destination != r.Destination {
			destinations++
		}
	}
	p.addf("         Destinations : %-8d Routes : %d", destinations, len(routes))
}

// routeColumns are where the cells behind the destination begin.
var routeColumns = columns{0, 20, 28, 33, 43, 49, 65}

// addRoutes writes the table. A further next hop leaves the destination blank.
func addRoutes(p *page, routes []routeEntry) {
	p.add("")
	p.add(routeColumns.row("Destination/Mask", "Proto", "Pre", "Cost", "Flags", "NextHop", "Interface"))
	if len(routes) > 0 {
		p.add("")
	}
	for i, r := range routes {
		destination := fmt.Sprintf("%18v", r.Destination)
		if i > 0 && routes[i-1].Destination == r.Destination {
			destination = ""
		}
		p.add(routeColumns.row(destination, r.Protocol, strconv.Itoa(r.Preference), strconv.Itoa(r.Cost),
			fmt.Sprintf("%3s", r.flags()), r.NextHop.String(), r.Interface))
	}
}

// flags returns R for a relayed route and D for one in use.
func (r routeEntry) flags() string {
	switch {
	case r.Relayed && r.Active:
		return "RD"
	case r.Relayed:
		return "R"
	case r.Active:
		return "D"
	}
	return ""
}

// verbose writes what there is to say of one route.
func (r routeEntry) verbose(p *page) {
	state := "Inactive Adv"
	if r.Active {
		state = "Active Adv"
	}
	if r.Relayed {
		state += " Relied"
	}
	p.add("")
	p.addf("Destination: %v", r.Destination)
	p.addf("     Protocol: %s", r.Protocol)
	p.addf("   Preference: %-24dCost: %d", r.Preference, r.Cost)
	p.addf("      NextHop: %v", r.NextHop)
	p.addf("        State: %s", state)
	p.add(strings.TrimRight(fmt.Sprintf("    Interface: %-23sFlags: %s", r.Interface, r.flags()), " "))
}
