package tunnel

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/ipsec/selection"
	"sallyport/platform/tun"
)

// sysctls is where devices are configured. It is opened once, as the netlink socket
// is, so that both stay of one network namespace whichever thread uses them.
const sysctls = "/proc/sys/net/ipv4/conf"

// routing is the router of the real system.
type routing struct {
	planner
	kernel  *netlink.Handle
	lister  *netlink.Handle // for lists of routes
	changer *changer
	devices *devices
	names   [2]string // of our devices
	warn    func(string)
	gate    *gate // nil: the kernel has no XFRM
	changes changes

	mu        sync.Mutex         // for what follows
	stated    []*ipsec.Policy    // what is wanted
	added     added              // and besides
	base      map[routeKey]route // those of what is stated, without what was added
	moves     uint64             // how often the kernel was changed
	near      []selection.Route  // of the main table, as they were looked at last
	ours      map[int]bool       // devices of policies, and our own
	elsewhere []netip.Prefix     // of those routes that lead to neither
	pending   bool               // a preferred source was no address of ours yet
	failed    string             // why the kernel has not what is wanted; empty: it has

	closed atomic.Bool // the netlink socket is gone
}

func openRouting(c Config, inside, guard *tun.Device) (*routing, error) {
	r, err := newRouting(c)
	if err != nil {
		return nil, err
	}
	r.inside, r.guard = inside.Index(), guard.Index()
	r.names = [2]string{inside.Name(), guard.Name()}
	if err := r.begin(); err != nil {
		return nil, errors.Join(err, r.free())
	}
	return r, nil
}

// newRouting returns one that has changed nothing yet, and knows none of our devices.
func newRouting(c Config) (*routing, error) {
	kernel, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("netlink: %w%s", err, advice(err))
	}
	lister, err := openLister()
	if err != nil {
		kernel.Close()
		return nil, fmt.Errorf("netlink: %w%s", err, advice(err))
	}
	changer, err := openChanger()
	if err != nil {
		kernel.Close()
		lister.Close()
		return nil, fmt.Errorf("netlink: %w%s", err, advice(err))
	}
	conf, err := os.OpenRoot(sysctls)
	if err != nil {
		kernel.Close()
		lister.Close()
		changer.Close()
		return nil, err
	}
	return &routing{
		planner: planner{mark: c.Mark, table: c.Table},
		kernel:  kernel,
		lister:  lister,
		changer: changer,
		devices: newDevices(kernel, conf),
		added:   newAdded(),
		warn:    c.Warn,
	}, nil
}

// Sweep removes the rules and routes that a killed program left in the calling thread's
// namespace, where another dataplane takes over. What it left with the kernel's IPsec is
// that one's to find.
func Sweep() error {
	r, err := newRouting(Config{}.withDefaults())
	if err != nil {
		return err
	}
	return errors.Join(r.apply(nil), r.free())
}

// free frees what is open.
func (r *routing) free() error {
	r.changes.Close()
	r.kernel.Close()
	r.lister.Close()
	r.changer.Close()
	if r.gate == nil {
		return r.devices.conf.Close()
	}
	return errors.Join(r.gate.Close(), r.devices.conf.Close())
}

// begin makes our devices ready, and removes rules, unreachable routes and XFRM
// policies of ours that a program left which was killed. Its other routes went with
// its devices: where there are some, it lives, and nothing of it is touched.
func (r *routing) begin() error {
	for _, name := range r.names {
		if err := r.devices.prepareOurs(name); err != nil {
			return err
		}
	}
	taken, err := r.takenTable()
	if err != nil {
		return err
	}
	if taken != 0 {
		return fmt.Errorf("routing table %d is in use: does another sallyport run in this network namespace?", taken)
	}
	if err := r.changes.watch(unix.NETLINK_ROUTE, r.changer.port, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV4_RULE); err != nil {
		return err
	}
	if err := r.use(openGate(r.warn)); err != nil {
		return err
	}
	return r.apply(nil)
}

// Set makes the kernel route for the policies. On error it goes back to what was
// before, as far as that works. It asks the kernel only about what has changed, however
// many policies there are: what others undo is for Retry to repair.
func (r *routing) Set(policies []*ipsec.Policy) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed.Load() {
		return os.ErrClosed
	}
	if err := r.move(policies); err != nil {
		return errors.Join(err, r.restore())
	}
	r.stated, r.failed = policies, ""
	r.added.forget(policies)
	return nil
}

// move goes from what is stated to other policies: a short step by itself, a long one,
// or one to other devices, by a look at everything.
func (r *routing) move(policies []*ipsec.Policy) error {
	s := stepFrom(r.stated, policies)
	switch {
	case r.failed != "", s.length() > longestStep, !slices.Equal(devicesOf(r.stated), devicesOf(policies)):
		return r.apply(policies)
	case s.length() == 0:
		return nil
	}
	return r.follow(s, policies)
}

// follow changes what a step to policies changes, in the order of apply.
func (r *routing) follow(s step, policies []*ipsec.Policy) error {
	r.moves++
	near := s.prefixes()
	before, after := r.routes(r.stated, near), r.routes(policies, near)
	come, gone := minus(after, before), minus(before, after)
	if r.contested(slices.Concat(come, gone)) {
		return r.apply(policies)
	}
	if err := r.addRoutes(come); err != nil {
		return err
	}
	if err := each(r.dispensable(gone), r.removeRoute); err != nil {
		return err
	}
	for _, v := range before {
		delete(r.base, v.key())
	}
	for _, v := range after {
		r.base[v.key()] = v
	}
	return r.checkLocal(policies, (*gate).follow)
}

// each calls f for every one until an error.
func each[T any](all []T, f func(T) error) error {
	for _, v := range all {
		if err := f(v); err != nil {
			return err
		}
	}
	return nil
}

// addRoutes adds routes. One whose source is no address of this box is left for
// later: it only improves on another. A single source may well be some other host's: its
// coming will be noticed.
func (r *routing) addRoutes(routes []route) error {
	return each(routes, func(v route) error {
		err := r.changer.replace(v)
		r.changes.look()
		if v.source.IsValid() && errors.Is(err, unix.EINVAL) {
			r.pending = r.pending || !v.single
			return nil
		}
		return describe(err, "route %v table %d", v.prefix, v.table)
	})
}

func (r *routing) removeRoute(v route) error {
	err := r.changer.remove(v)
	r.changes.look()
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return describe(err, "remove route %v table %d", v.prefix, v.table)
}

func (r *routing) addRule(v rule) error {
	return describe(r.kernel.RuleAdd(v.netlink()), "routing rule %d", v.priority)
}

func (r *routing) removeRule(v rule) error {
	err := r.kernel.RuleDel(v.netlink())
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return describe(err, "remove routing rule %d", v.priority)
}

// describe says what an error is about, and what to do. It returns nil for nil.
func describe(err error, format string, args ...any) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EAFNOSUPPORT), errors.Is(err, unix.EOPNOTSUPP):
		return fmt.Errorf(format+": %w: the kernel lacks CONFIG_IP_MULTIPLE_TABLES", append(args, err)...)
	}
	return fmt.Errorf(format+": %w%s", append(args, err, advice(err))...)
}

// Path asks the kernel for the way of what we send: with our mark, so that our own
// tables are passed by.
func (r *routing) Path(to netip.Addr) (local netip.Addr, mtu int, err error) {
	if r.closed.Load() {
		return local, 0, os.ErrClosed
	}
	routes, err := r.kernel.RouteGetWithOptions(to.AsSlice(), &netlink.RouteGetOptions{Mark: r.mark})
	if err != nil || len(routes) == 0 {
		return local, 0, describe(err, "route to %v", to)
	}
	local, _ = netip.AddrFromSlice(routes[0].Src)
	if routes[0].MTU > 0 { // reported by a router, or set by the administrator
		return local.Unmap(), routes[0].MTU, nil
	}
	link, err := r.kernel.LinkByIndex(routes[0].LinkIndex)
	if err != nil {
		return local, 0, describe(err, "device of the route to %v", to)
	}
	return local.Unmap(), link.Attrs().MTU, nil
}

// Close takes everything back.
func (r *routing) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed.Swap(true) {
		return nil
	}
	return errors.Join(r.apply(nil), r.free())
}

// ipNet writes a prefix the way package netlink wants it.
func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), 32)}
}
