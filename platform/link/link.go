// Package link makes the host's interfaces, addresses and static routes what a
// [platform.Network] says. It finds the difference itself, touches only what
// the Network names, leaves alone what was there before, and removes what it
// added when that is no longer wanted, or at Close. It moves no packets.
//
// Addresses and routes carry a protocol number of ours ([Protocol]), by which
// the next daemon finds what a crashed one left. An interface that was brought
// up and the switch of IP forwarding cannot be marked and stay as they are
// after a crash.
//
// Start at [Link.Apply]; the steps are in reconcile.go.
package link

import (
	"fmt"
	"maps"

	"sallyport/platform"
)

// Protocol marks our addresses and routes in the kernel, as `ip route` and,
// from Linux 5.18, `ip address` show it. Older kernels keep no such mark on
// addresses.
const Protocol = 83

// A Link applies what is wanted of the host to the network namespace in which
// it was opened. It has one owner: its methods are not for several goroutines.
type Link struct {
	kernel  kernel
	wanted  platform.Network // what is in force
	pending []platform.Route // of those, the routes that the kernel cannot take yet
	added   changes
}

// changes is what Apply did to the host and has to undo.
type changes struct {
	addresses map[address]bool
	routes    map[route]bool
	up        map[int]bool // by interface index: what it was before
	mtu       map[int]int
	forward   bool // IP forwarding was off before
}

// Open takes hold of the host's network, and of what a crashed daemon left: the first
// Apply keeps of it what is wanted, and removes the rest; Clean removes nearly all. Both
// need CAP_NET_ADMIN.
func Open() (*Link, error) {
	k, err := openNetlink()
	if err != nil {
		return nil, fmt.Errorf("open the host's network: %w", err)
	}
	l, err := open(k)
	if err != nil {
		k.close() // the first error is the one to report
		return nil, err
	}
	return l, nil
}

// open is Open for a kernel of any kind.
func open(k kernel) (*Link, error) {
	l := &Link{kernel: k, added: changes{
		addresses: make(map[address]bool),
		routes:    make(map[route]bool),
		up:        make(map[int]bool),
		mtu:       make(map[int]int),
	}}
	if err := l.adopt(); err != nil {
		return nil, fmt.Errorf("look for what an earlier run left: %w", err)
	}
	return l, nil
}

// Clean removes what an earlier run left, but for the backstops of its routes: nothing is
// there yet that could protect what they hold back. The first Apply removes them, or keeps
// those that it wants.
func (l *Link) Clean() error {
	stops := maps.Clone(l.added.routes)
	maps.DeleteFunc(stops, func(r route, _ bool) bool { return !r.nowhere })
	maps.DeleteFunc(l.added.routes, func(r route, _ bool) bool { return r.nowhere })
	err := l.reconcile(platform.Network{})
	maps.Copy(l.added.routes, stops)
	if err != nil {
		return fmt.Errorf("remove what an earlier run left: %w", err)
	}
	return nil
}

// adopt takes what carries our mark as added by us.
func (l *Link) adopt() error {
	addresses, err := l.kernel.addresses()
	if err != nil {
		return err
	}
	routes, err := l.kernel.routes()
	if err != nil {
		return err
	}
	for _, a := range addresses {
		if a.ours {
			l.added.addresses[a.address] = true
		}
	}
	for _, r := range routes {
		if r.ours {
			l.added.routes[r.route] = true
		}
	}
	return nil
}

// Apply makes n the wanted state. Doing so again changes nothing, but repairs
// what others changed meanwhile. After an error, which is one line, the
// previous wanted state is in force again.
//
// A route whose next hop cannot be reached, because its interface is down or
// has no address yet, is not an error: as on a router it waits, and each Apply
// tries it again. See [Link.Pending].
func (l *Link) Apply(n platform.Network) error {
	err := l.reconcile(n)
	if err == nil {
		l.wanted = n
		return nil
	}
	if back := l.reconcile(l.wanted); back != nil {
		return fmt.Errorf("%w (and then: %w)", err, back)
	}
	return err
}

// Pending returns the wanted routes that the kernel could not take, because
// their next hop is not reachable, in the order wanted.
func (l *Link) Pending() []platform.Route {
	return append([]platform.Route(nil), l.pending...)
}

// Close removes what Apply added and nothing else. It goes on after an error,
// and returns the first.
func (l *Link) Close() error {
	err := l.undo()
	if e := l.kernel.close(); err == nil {
		err = e
	}
	return err
}

// Leave lets go of the host's network and leaves all as it is, for a successor.
func (l *Link) Leave() error { return l.kernel.close() }

// Ethernet returns the names of the Ethernet devices in the kernel's order: the
// N-th is GigabitEthernet0/0/N unless the operator says otherwise. It leaves
// out lo, tunnels, bridges and what is part of one.
func (l *Link) Ethernet() ([]string, error) {
	devices, err := l.kernel.devices()
	if err != nil {
		return nil, fmt.Errorf("list the Ethernet devices: %w", err)
	}
	var names []string
	for _, d := range devices {
		if d.ethernet {
			names = append(names, d.name)
		}
	}
	return names, nil
}
