package link

import (
	"errors"
	"net"
	"os"
	"slices"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/platform/gre"
)

// A netlinkKernel is the kernel of this host, in the network namespace of the
// thread that opened it.
type netlinkKernel struct {
	handle  *netlink.Handle
	lister  *netlink.Handle          // for lists of routes
	sockets map[int]*nl.SocketHandle // for the requests that handle has no words for
	forward *os.File                 // ip_forward of the same namespace
	space   *os.File                 // the namespace
	tunnels map[string]*gre.Device   // those in userspace, by name
}

var _ kernel = (*netlinkKernel)(nil)

// openNetlink opens all that depends on the thread's namespace.
func openNetlink() (*netlinkKernel, error) {
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, err
	}
	k := &netlinkKernel{handle: handle, tunnels: make(map[string]*gre.Device)}
	if k.lister, err = openLister(); err != nil {
		handle.Close()
		return nil, err
	}
	socket, err := nl.GetNetlinkSocketAt(-1, -1, unix.NETLINK_ROUTE) // -1: the thread's
	if err != nil {
		k.close() // the first error is the one to report
		return nil, err
	}
	k.sockets = map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: {Socket: socket}}
	if k.forward, err = openSwitch("/proc/sys/net/ipv4/ip_forward"); err == nil {
		k.space, err = os.Open(namespaceOfThread)
	}
	if err != nil {
		k.close() // the first error is the one to report
		return nil, err
	}
	return k, nil
}

// openLister returns a handle that has the kernel list one table alone, where it can
// (Linux 4.20): others may hold many routes, and package netlink would leave them out
// only after they were sent.
func openLister() (*netlink.Handle, error) {
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err == nil {
		_ = handle.SetStrictCheck(true) // without it the list is the same, only slower
	}
	return handle, err
}

// openSwitch opens a file of /proc/sys, for reading alone if writing is not
// allowed: it may be as it has to be already.
func openSwitch(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return os.Open(path)
	}
	return file, nil
}

func (k *netlinkKernel) close() error {
	k.handle.Close()
	k.lister.Close()
	for _, s := range k.sockets {
		s.Close()
	}
	var errs []error
	for _, t := range k.tunnels {
		errs = append(errs, t.Close())
	}
	for _, f := range []*os.File{k.forward, k.space} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// tries is how often a list is asked for that changes while it is sent.
const tries = 5

// list calls dump until it gives a list that is of one moment.
func list[T any](dump func() ([]T, error)) (items []T, err error) {
	for range tries {
		if items, err = dump(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	return items, err
}

func (k *netlinkKernel) devices() ([]device, error) {
	links, err := list(k.handle.LinkList)
	if err != nil {
		return nil, err
	}
	var devices []device
	for _, l := range links {
		a := l.Attrs()
		devices = append(devices, device{
			index: a.Index, name: a.Name, mtu: a.MTU,
			up:       a.Flags&net.FlagUp != 0,
			ethernet: isPort(l), gre: k.greOf(l),
		})
	}
	slices.SortFunc(devices, func(a, b device) int { return a.index - b.index })
	return devices, nil
}

// isPort reports whether a cable may be in l: it is hardware, or what stands
// for it in a container, and not part of a bridge or bond.
func isPort(l netlink.Link) bool {
	switch l.Type() {
	case "device", "veth", "macvlan":
		return l.Attrs().EncapType == "ether" && l.Attrs().MasterIndex == 0
	}
	return false
}

func (k *netlinkKernel) setUp(d device, up bool) error {
	link := &netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: d.index}} // the index is all that is read
	if up {
		return unlessGone(k.handle.LinkSetUp(link))
	}
	return unlessGone(k.handle.LinkSetDown(link))
}

func (k *netlinkKernel) setMTU(d device, octets int) error {
	return unlessGone(k.handle.LinkSetMTU(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: d.index}}, octets))
}

// unlessGone returns err, or nil if it says that there is no such device: the dataplane
// removes its tunnels itself.
func unlessGone(err error) error {
	if errors.Is(err, unix.ENODEV) {
		return nil
	}
	return err
}

func (k *netlinkKernel) forwarding() (bool, error) {
	var text [1]byte
	_, err := k.forward.ReadAt(text[:], 0)
	return text[0] != '0', err
}

func (k *netlinkKernel) setForwarding(on bool) error {
	text := "0\n"
	if on {
		text = "1\n"
	}
	_, err := k.forward.WriteAt([]byte(text), 0)
	return err
}
