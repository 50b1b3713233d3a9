package link

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"sallyport/platform"
)

// A target is what is wanted, in the kernel's terms. Devices that are gone are
// left out.
type target struct {
	devices    map[string]device
	interfaces map[int]platform.Interface // by interface index
	addresses  []address
	routes     []route
	origin     []platform.Route // of each route; a backstop's is any route that it is behind
}

// reconcile makes the host what n says and undoes what n no longer says. It
// may be called again after an error.
func (l *Link) reconcile(n platform.Network) error {
	devices, err := l.deviceMap()
	if err != nil {
		return err
	}
	if err := l.check(n, devices); err != nil {
		return err
	}
	if devices, err = l.setTunnels(n, devices); err != nil {
		return err
	}
	t := aim(n, devices)
	for _, step := range l.steps() {
		if err := step(t); err != nil {
			return err
		}
	}
	return nil
}

// undo is reconcile for nothing wanted. It goes on after an error and returns
// the first.
func (l *Link) undo() error {
	devices, first := l.deviceMap()
	t := aim(platform.Network{}, devices)
	for _, step := range append(l.steps(), l.dropTunnels) {
		if err := step(t); first == nil {
			first = err
		}
	}
	return first
}

// steps returns the parts of reconcile in order. What goes, goes first; an
// interface gets its addresses when it is up, because a route can only be
// added to one that is up and has the next hop in its network.
func (l *Link) steps() []func(target) error {
	return []func(target) error{
		l.dropRoutes, l.dropAddresses, l.restoreDevices,
		l.setDevices, l.addAddresses, l.addRoutes, l.setForwarding,
	}
}

// deviceMap lists the devices by name.
func (l *Link) deviceMap() (map[string]device, error) {
	list, err := l.kernel.devices()
	if err != nil {
		return nil, fmt.Errorf("list the interfaces: %w", err)
	}
	devices := make(map[string]device, len(list))
	for _, d := range list {
		devices[d.name] = d
	}
	return devices, nil
}

// aim writes n in the kernel's terms.
func aim(n platform.Network, devices map[string]device) target {
	t := target{devices: devices, interfaces: make(map[int]platform.Interface)}
	for _, i := range n.Interfaces {
		d, ok := devices[i.Device]
		if !ok {
			continue
		}
		t.interfaces[d.index] = i
		for _, p := range i.Addresses {
			t.addresses = append(t.addresses, address{d.index, p})
		}
	}
	t.aimRoutes(n, devices)
	return t
}

// dropAddresses removes the addresses that we added and that are not wanted
// now, or not in this order: the first one added is the primary of its network.
func (l *Link) dropAddresses(t target) (first error) {
	if len(l.added.addresses) == 0 {
		return nil
	}
	there, err := l.kernel.addresses()
	if err != nil {
		return fmt.Errorf("list the addresses: %w", err)
	}
	foreign := slices.DeleteFunc(slices.Clone(there), func(m markedAddress) bool { return l.added.addresses[m.address] })
	for a := range l.added.addresses {
		if slices.Contains(t.addresses, a) && !tooEarly(a, there, t.addresses) {
			continue
		}
		err := l.kernel.removeAddress(a)
		if err == nil {
			delete(l.added.addresses, a)
		} else if first == nil {
			first = fmt.Errorf("remove %v: %w%s", a.prefix, err, advice(err))
		}
	}
	if err := l.putBack(foreign); first == nil {
		first = err
	}
	return first
}

// putBack adds those of others' addresses that are gone: the kernel takes the
// secondary addresses along with the primary of their network, which was ours.
// A lifetime that one had is lost; whoever keeps it renews it.
func (l *Link) putBack(foreign []markedAddress) error {
	there, err := l.kernel.addresses()
	if err != nil {
		return fmt.Errorf("list the addresses: %w", err)
	}
	for _, a := range foreign {
		if slices.Contains(there, a) {
			continue
		}
		if err := l.kernel.addAddress(a); err != nil {
			return fmt.Errorf("put %v back: %w%s", a.prefix, err, advice(err))
		}
	}
	return nil
}

// tooEarly reports whether the device has a before an address of the same
// network that is wanted before a, or has that one not yet.
func tooEarly(a address, there []markedAddress, wanted []address) bool {
	for _, w := range wanted[:slices.Index(wanted, a)] {
		if w.index != a.index || w.prefix.Masked() != a.prefix.Masked() {
			continue
		}
		at := func(x address) int {
			return slices.IndexFunc(there, func(m markedAddress) bool { return m.address == x })
		}
		if at(a) >= 0 && (at(w) < 0 || at(a) < at(w)) {
			return true
		}
	}
	return false
}

// addAddresses adds what is wanted and not there.
func (l *Link) addAddresses(t target) error {
	if len(t.addresses) == 0 {
		return nil
	}
	there, err := l.kernel.addresses()
	if err != nil {
		return fmt.Errorf("list the addresses: %w", err)
	}
	for _, a := range t.addresses {
		if slices.ContainsFunc(there, func(m markedAddress) bool { return m.address == a }) {
			continue
		}
		if err := l.kernel.addAddress(markedAddress{a, true}); err != nil {
			return fmt.Errorf("add %v to %s: %w%s", a.prefix, t.interfaces[a.index].Device, err, advice(err))
		}
		l.added.addresses[a] = true
	}
	return nil
}

// addRoutes adds what is wanted and not there, as far as the kernel can take
// it: taking away an address or an interface has taken its routes with it.
func (l *Link) addRoutes(t target) error {
	l.pending = nil
	if len(t.routes) == 0 {
		return nil
	}
	there, err := l.kernel.routes()
	if err != nil {
		return fmt.Errorf("list the routes: %w", err)
	}
	has := make(map[route]bool, 2*len(there))
	for _, m := range there {
		has[m.route], has[m.anywhere()] = true, true
	}
	for i, r := range t.routes {
		if has[r] {
			continue
		}
		err := l.kernel.addRoute(r)
		switch {
		case unreachable(err):
			l.pending = append(l.pending, t.origin[i])
		case err != nil:
			return fmt.Errorf("add the %v: %w%s", r, err, advice(err))
		default:
			l.added.routes[r] = true
		}
	}
	return nil
}

// setForwarding makes the host a router while an interface is named.
func (l *Link) setForwarding(t target) error {
	want := len(t.interfaces) > 0
	if !want && !l.added.forward {
		return nil
	}
	on, err := l.kernel.forwarding()
	if err == nil && on != want {
		err = l.kernel.setForwarding(want)
	}
	if err != nil {
		return fmt.Errorf("switch IP forwarding %s: %w%s", onOrOff(want), err, advice(err))
	}
	l.added.forward = want && (l.added.forward || !on)
	return nil
}

// unreachable reports whether the kernel says that the next hop is in no
// network of an interface that is up.
func unreachable(err error) bool {
	return errors.Is(err, unix.ENETUNREACH) || errors.Is(err, unix.EHOSTUNREACH) || errors.Is(err, unix.ENETDOWN)
}

// advice says what to do about an error of the privilege kind.
func advice(err error) string {
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return ": run as root or with CAP_NET_ADMIN"
	case errors.Is(err, unix.EROFS):
		return ": set net.ipv4.ip_forward from outside, this program sees it read-only"
	}
	return ""
}

func upOrDown(up bool) string {
	if up {
		return "up"
	}
	return "down"
}

func onOrOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
