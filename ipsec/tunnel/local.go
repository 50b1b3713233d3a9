package tunnel

import (
	"errors"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/ipsec"
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

// checkLocal has the kernel check the packets that are for this box itself, as policies and
// what was added to them want it, by a method of the gate.
func (r *routing) checkLocal(policies []*ipsec.Policy, by func(*gate, []selection.Clause) error) error {
	if r.gate == nil {
		return nil
	}
	want, marks := selection.Marked(r.added.closed(r.expanded(policies)))
	var err error
	if r.near, r.ours, err = r.mainRoutes(policies, want); err != nil {
		return err
	}
	r.elsewhere = nil
	for _, v := range r.near {
		if v.Device != 0 && !r.ours[v.Device] {
			r.elsewhere = append(r.elsewhere, v.Prefix)
		}
	}
	spared := selection.Spared(want, r.near, r.ours)
	r.gate.marks = marks
	for i := range marks {
		r.gate.marks[i].At += len(spared)
	}
	return by(r.gate, append(spared, want...))
}

// Blocked returns how many packets the gate held back.
func (r *routing) Blocked() uint64 {
	if r.gate == nil {
		return 0
	}
	return r.gate.Blocked()
}

// mainRoutes returns the routes of the main table, and which devices are the
// policies' or our own. Where nothing is to be checked neither is needed, nor will be.
func (r *routing) mainRoutes(policies []*ipsec.Policy, want []selection.Clause) (routes []selection.Route, ours map[int]bool, err error) {
	if len(want) == 0 && !slices.ContainsFunc(policies, isTemplate) {
		return nil, nil, nil
	}
	ours = map[int]bool{r.inside: true, r.guard: true}
	for _, name := range devicesOf(policies) {
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
