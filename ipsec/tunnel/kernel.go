package tunnel

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// actNop is the action of a rule that only marks a place: FR_ACT_NOP of
// linux/fib_rules.h.
const actNop = 3

// netlink writes a rule the way package netlink wants it.
func (v rule) netlink() *netlink.Rule {
	r := netlink.NewRule()
	r.Family, r.Priority, r.Mark, r.Table = unix.AF_INET, v.priority, v.mark, v.table
	r.IifName, r.OifName = v.device, v.bound
	switch {
	case v.jump != 0:
		r.Goto = v.jump
	case v.table == 0:
		r.Type = actNop
	}
	if v.suppressGroup {
		r.SuppressIfgroup = policyGroup
	}
	return r
}

// ruleOf is the way back.
func ruleOf(r *netlink.Rule) rule {
	return rule{
		priority: r.Priority, mark: r.Mark, device: r.IifName, bound: r.OifName, table: r.Table,
		jump: max(r.Goto, 0), suppressGroup: r.SuppressIfgroup == policyGroup,
	}
}

// openLister returns a handle that has the kernel list one table alone, where it can
// (Linux 4.20): ours may hold many routes, and package netlink would leave them out only
// after they were sent.
func openLister() (*netlink.Handle, error) {
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err == nil {
		_ = handle.SetStrictCheck(true) // without it the list is the same, only slower
	}
	return handle, err
}

// attempts is how often a list is asked for that changes while it is read.
const attempts = 5

// list returns the routes of a table; none if there is no such table yet.
func (r *routing) list(table int) (all []netlink.Route, err error) {
	for range attempts {
		all, err = r.lister.RouteListFiltered(unix.AF_INET, &netlink.Route{Table: table}, netlink.RT_FILTER_TABLE)
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	if errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	return all, describe(err, "list routes")
}

// rulesNow returns the rules that the kernel has at our priorities: whoever put them
// there, they are in the way of ours.
func (r *routing) rulesNow() (now []rule, err error) {
	all, err := r.kernel.RuleList(unix.AF_INET)
	for i := range all {
		if p := all[i].Priority; p >= ruleMarked && p <= ruleEnd {
			now = append(now, ruleOf(&all[i]))
		}
	}
	return now, describe(err, "list")
}

// routesNow returns the routes in our tables.
func (r *routing) routesNow() (now []route, err error) {
	all, err := r.listed()
	for i := range all {
		now = append(now, routeOf(&all[i]))
	}
	return now, err
}

// withAddress returns routes without those with a single source that is no address of this
// box: the kernel may keep one in a table of ours when its source goes.
func (r *routing) withAddress(routes []route) ([]route, error) {
	if !slices.ContainsFunc(routes, func(v route) bool { return v.single }) {
		return routes, nil
	}
	all, err := r.list(unix.RT_TABLE_LOCAL)
	ours := make(map[netip.Prefix]bool, len(all))
	for i := range all {
		if all[i].Type == unix.RTN_LOCAL {
			ours[routeOf(&all[i]).prefix] = true
		}
	}
	return slices.DeleteFunc(routes, func(v route) bool { return v.single && !ours[netip.PrefixFrom(v.source, 32)] }), err
}

// listed returns the routes in our tables as package netlink has them.
func (r *routing) listed() (routes []netlink.Route, err error) {
	for _, table := range []int{r.table, r.table + 1} {
		all, err := r.list(table)
		if err != nil {
			return nil, err
		}
		routes = append(routes, all...)
	}
	return routes, nil
}

// takenTable returns one of our tables in which somebody has routes, or 0. Those of a
// program that was killed went with their devices, except for the unreachable ones.
func (r *routing) takenTable() (int, error) {
	routes, err := r.listed()
	for i := range routes {
		if !leftBehind(&routes[i]) {
			return routes[i].Table, err
		}
	}
	return 0, err
}

// leftBehind reports whether a route is one of those that stay when we are killed.
func leftBehind(r *netlink.Route) bool {
	return r.Type == unix.RTN_UNREACHABLE && r.Priority == route{}.metric()
}

// routeOf reads a route.
func routeOf(r *netlink.Route) route {
	v := route{table: r.Table, prefix: netip.PrefixFrom(netip.IPv4Unspecified(), 0), device: r.LinkIndex}
	if r.Dst != nil {
		addr, _ := netip.AddrFromSlice(r.Dst.IP)
		ones, _ := r.Dst.Mask.Size()
		v.prefix = netip.PrefixFrom(addr.Unmap(), ones)
	}
	if source, ok := netip.AddrFromSlice(r.Src); ok {
		v.source = source.Unmap()
		v.single = r.Priority == route{single: true, device: v.device}.metric()
	}
	return v
}
