package link

import (
	"fmt"

	"sallyport/platform"
)

// aimRoutes writes the routes of n in the kernel's terms. Those of devices that are gone are
// left out, but for their backstops: these are for that very case.
func (t *target) aimRoutes(n platform.Network, devices map[string]device) {
	stopped := make(map[route]bool)
	add := func(r route, origin platform.Route) {
		t.routes, t.origin = append(t.routes, r), append(t.origin, origin)
	}
	for _, r := range n.Routes {
		if stop := backstop(r.Destination); r.Backstop && !stopped[stop] {
			stopped[stop] = true
			add(stop, r) // before the route itself: what comes next may fail
		}
		if d, ok := devices[r.Device]; ok || r.Device == "" {
			add(route{destination: r.Destination, nextHop: r.NextHop, index: d.index, metric: r.Preference, source: r.Source}, r)
		}
	}
}

// dropRoutes removes the routes that we added and that are not wanted now; backstops
// last, when nothing is left that they are behind.
func (l *Link) dropRoutes(t target) (first error) {
	wanted := make(map[route]bool, len(t.routes))
	for _, r := range t.routes {
		wanted[r] = true
	}
	for _, nowhere := range []bool{false, true} {
		for r := range l.added.routes {
			if r.nowhere != nowhere || wanted[r] || wanted[r.anywhere()] {
				continue
			}
			if err := l.dropRoute(r); err != nil && first == nil {
				first = err
			}
		}
	}
	return first
}

// dropRoute removes a route that we added, and forgets it if that works.
func (l *Link) dropRoute(r route) error {
	if err := l.kernel.removeRoute(r); err != nil {
		return fmt.Errorf("remove the %v: %w%s", r, err, advice(err))
	}
	delete(l.added.routes, r)
	return nil
}
