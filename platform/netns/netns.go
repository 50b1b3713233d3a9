// Package netns makes network namespaces and the cables between them, for the
// demo, the lab and the tests. A namespace is held by a descriptor and has no
// name in /run/netns: it goes when the last program that holds it goes. The
// package never touches the namespace it was started in.
//
// Start at [New] and [Cable].
package netns

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A Namespace is a network namespace of our own. Its methods may be called
// from any goroutine, except Close, which must be the last.
type Namespace struct {
	file   *os.File        // /proc/…/ns/net; keeps the namespace alive
	kernel *netlink.Handle // a netlink socket inside
}

// New makes an empty namespace whose lo is up. It needs CAP_SYS_ADMIN, which
// root of a user namespace has too: see [Unprivileged].
func New() (*Namespace, error) {
	var n Namespace
	err := elsewhere(func() error { return unix.Unshare(unix.CLONE_NEWNET) }, n.open)
	if err != nil {
		return nil, fmt.Errorf("make a network namespace: %w%s", err, advice(err))
	}
	return &n, nil
}

// open fills n from the namespace of the calling thread.
func (n *Namespace) open() error {
	file, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	kernel, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	n.file, n.kernel = file, kernel
	if err := n.up("lo"); err != nil {
		return errors.Join(err, n.Close())
	}
	return nil
}

// Do runs f inside the namespace and returns its error. Sockets and files that
// f opens stay of that namespace and can be used anywhere afterwards. What f
// starts with a go statement is not inside.
func (n *Namespace) Do(f func() error) error {
	enter := func() error { return unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET) }
	return elsewhere(enter, f)
}

// Start starts c inside the namespace; its children inherit it.
func (n *Namespace) Start(c *exec.Cmd) error {
	return n.Do(c.Start)
}

// Path returns a name of the namespace that other programs can open while this
// one runs and holds it: `nsenter --net=PATH`. Inside a user namespace the
// program has to enter that first: `nsenter -t PID -U --preserve-credentials`,
// where PID is in the path.
func (n *Namespace) Path() string {
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), n.file.Fd())
}

// Close lets the namespace go. Programs that run in it keep it until they end.
func (n *Namespace) Close() error {
	n.kernel.Close()
	return n.file.Close()
}

// errEnded says that a function given to Do did not return.
var errEnded = errors.New("the function ended its goroutine")

// elsewhere calls enter, which changes the calling thread's namespace, and then
// f, on a thread of their own. The thread is put back afterwards so that what
// f started may outlive it (a child with Pdeathsig dies with the thread that
// started it). A thread that cannot be put back ends, by ending the goroutine
// that is locked to it.
func elsewhere(enter, f func() error) error {
	err := errEnded // what f leaves when it calls runtime.Goexit, as t.Fatal does
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		home, e := os.Open("/proc/thread-self/ns/net")
		if e != nil {
			err = e
			return
		}
		defer home.Close()
		defer func() {
			if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
				runtime.UnlockOSThread()
			}
		}()
		if err = enter(); err != nil {
			return
		}
		err = errEnded
		err = f()
	}()
	<-done
	return err
}

// Cable joins a and b with a pair of Ethernet devices and brings both up. The
// devices may join a namespace with itself.
func Cable(a *Namespace, aName string, b *Namespace, bName string) error {
	pair := netlink.NewVeth(netlink.LinkAttrs{Name: aName})
	pair.PeerName = bName
	pair.PeerNamespace = netlink.NsFd(b.file.Fd())
	if err := a.kernel.LinkAdd(pair); err != nil {
		return fmt.Errorf("lay a cable from %s to %s: %w", aName, bName, err)
	}
	if err := a.up(aName); err != nil {
		return err
	}
	return b.up(bName)
}

// AddAddress gives a device an address.
func (n *Namespace) AddAddress(device string, p netip.Prefix) error {
	link, err := n.kernel.LinkByName(device)
	if err != nil {
		return fmt.Errorf("add %v to %s: %w", p, device, err)
	}
	if err := n.kernel.AddrAdd(link, &netlink.Addr{IPNet: ipNet(p)}); err != nil {
		return fmt.Errorf("add %v to %s: %w", p, device, err)
	}
	return nil
}

// AddRoute sends what is for dst to via, which must be a neighbour.
func (n *Namespace) AddRoute(dst netip.Prefix, via netip.Addr) error {
	route := &netlink.Route{Dst: ipNet(dst.Masked()), Gw: via.AsSlice()}
	if err := n.kernel.RouteAdd(route); err != nil {
		return fmt.Errorf("route %v via %v: %w", dst, via, err)
	}
	return nil
}

// Forward makes the namespace a router.
func (n *Namespace) Forward() error {
	return n.Do(func() error {
		return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0)
	})
}

// up brings a device up.
func (n *Namespace) up(device string) error {
	link, err := n.kernel.LinkByName(device)
	if err != nil {
		return fmt.Errorf("bring %s up: %w", device, err)
	}
	if err := n.kernel.LinkSetUp(link); err != nil {
		return fmt.Errorf("bring %s up: %w", device, err)
	}
	return nil
}

// ipNet writes p the way package netlink wants it.
func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// advice says what to do about an error of the privilege kind.
func advice(err error) string {
	if errors.Is(err, unix.EPERM) {
		return ": run as root, or as root of a user namespace"
	}
	return ""
}
