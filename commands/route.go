package commands

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// routeRow is `ip route-static`. Its undo may leave off the next hop: then all
// routes to the destination go.
func routeRow() grammar.Row[Config] {
	kw := grammar.Kw[Route]
	path := grammar.Path[Route]("ip", helpIP, "route-static", "Static route")
	destination := grammar.Arg(kind.Network(), "", func(r *Route) *netip.Prefix { return &r.Destination })
	nextHop := grammar.Arg(kind.Address(), "Next hop", func(r *Route) *netip.Addr { return &r.NextHop })
	through := grammar.Arg(kind.Interface(), "", func(r *Route) *string { return &r.Interface })
	hop := grammar.OneOf(grammar.Sequence(through, grammar.Optional(nextHop)), nextHop)
	preference := grammar.Optional(kw("preference", "Preference, the lowest wins"),
		grammar.Arg(kind.Integer(1, 255), "Preference", func(r *Route) *int { return &r.Preference }))
	return grammar.List(grammar.Items[Config, Route]{
		All:    sortedRoutes,
		New:    func() Route { return Route{Preference: DefaultPreference} },
		Put:    func(x any, c *Config, r Route) error { return x.(*edit).addRoute(c, r) },
		Remove: func(_ any, c *Config, r Route) error { return removeRoute(c, r.RouteKey) },
		Undo:   []grammar.Element[Route]{path, destination, grammar.Optional(hop), preference},
	}, path, destination, hop, preference)
}

// addRoute adds a route. A tunnel that it goes into must be configured, any other
// interface be there.
func (e *edit) addRoute(c *Config, r Route) error {
	switch {
	case kind.IsTunnel(r.Interface):
		if err := e.interfaceExists(r.Interface); err != nil {
			return err
		}
	case r.Interface != "" && e.port != nil:
		if err := e.port(r.Interface); err != nil {
			return because(err)
		}
	}
	own(c, partRoutes, &c.Routes)[r.RouteKey] = &r
	return nil
}

// removeRoute removes the routes that k names.
func removeRoute(c *Config, k RouteKey) error {
	removed := false
	for other := range c.Routes {
		if other == k || other.Destination == k.Destination && !k.NextHop.IsValid() && k.Interface == "" {
			delete(own(c, partRoutes, &c.Routes), other)
			removed = true
		}
	}
	if !removed {
		return grammar.ErrNotConfigured
	}
	return nil
}

// sortedRoutes returns the routes by destination, the default route first.
func sortedRoutes(c *Config) []Route {
	all := make([]Route, 0, len(c.Routes))
	for _, r := range c.Routes {
		all = append(all, *r)
	}
	slices.SortFunc(all, func(a, b Route) int { return compareRoutes(a.RouteKey, b.RouteKey) })
	return all
}

func compareRoutes(a, b RouteKey) int {
	return cmp.Or(
		a.Destination.Addr().Compare(b.Destination.Addr()),
		cmp.Compare(a.Destination.Bits(), b.Destination.Bits()),
		a.NextHop.Compare(b.NextHop),
		strings.Compare(a.Interface, b.Interface),
	)
}
