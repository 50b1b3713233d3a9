package tunnel

import (
	"errors"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// use takes what openGate has returned. A kernel that can have no gate is no error.
func (r *routing) use(g *gate, err error) error {
	if errors.Is(err, kernel.ErrNoXFRM) {
		r.warn("clear packets to this box itself are not checked: " + err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	r.gate, g.look = g, r.changes.look
	return r.changes.watch(unix.NETLINK_XFRM, g.port, policyGroupXFRM)
}

// checkLocal has the kernel check the packets that are for this box itself, by a method
// of the gate. devices are the policies'.
func (r *routing) checkLocal(devices []string, want []selection.Clause, by func(*gate, []selection.Clause) error) error {
	if r.gate == nil {
		return nil
	}
	routes, ours, err := r.mainRoutes(devices, want)
	if err != nil {
		return err
	}
	return by(r.gate, append(selection.Spared(want, routes, ours), want...))
}

// Blocked returns how many packets the gate held back.
func (r *routing) Blocked() uint64 {
	if r.gate == nil {
		return 0
	}
	return r.gate.Blocked()
}

// mainRoutes returns the routes of the main table, and which devices are the
// policies' or our own. Where nothing is to be checked neither is needed.
func (r *routing) mainRoutes(devices []string, want []selection.Clause) (routes []selection.Route, ours map[int]bool, err error) {
	if len(want) == 0 {
		return nil, nil, nil
	}
	ours = map[int]bool{r.inside: true, r.guard: true}
	for _, name := range devices {
		link, err := r.kernel.LinkByName(name)
		if err != nil {
			return nil, nil, describe(err, "policy's device %s", name)
		}
		ours[link.Attrs().Index] = true
	}
	all, err := r.list(mainTable)
	for i := range all {
		routes = append(routes, selection.Route{Prefix: routeOf(&all[i]).prefix, Device: deviceOf(&all[i]), Metric: all[i].Priority})
	}
	return routes, ours, err
}

// deviceOf returns the device of a route, of several ways the first: so does the
// kernel where it compares interface groups.
func deviceOf(r *netlink.Route) int {
	if len(r.MultiPath) > 0 {
		return r.MultiPath[0].LinkIndex
	}
	return r.LinkIndex
}
