package link

import (
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A Status is a network device as it is now.
type Status struct {
	Device    string
	Address   net.HardwareAddr // empty: it has none
	MTU       int              // octets
	Up        bool             // administratively
	Running   bool             // up, and its cable works
	Loopback  bool
	Ethernet  bool           // as [Link.Ethernet] says
	Speed     uint64         // bits per second; 0: not known
	Addresses []netip.Prefix // IPv4, in the kernel's order
	Counters  Counters
}

// Counters are a device's, since it was made.
type Counters struct {
	InPackets, InOctets, InErrors, InDrops, InMulticast uint64
	OutPackets, OutOctets, OutErrors, OutDrops          uint64
}

// Statuses returns the devices of the calling thread's network namespace in the
// kernel's order, without those that come with its tunnel modules and are down. It
// needs no privilege.
func Statuses() ([]Status, error) {
	return read(func(k *netlink.Handle) ([]Status, error) {
		links, err := list(k.LinkList)
		if err != nil {
			return nil, err
		}
		addresses, err := list(func() ([]netlink.Addr, error) { return k.AddrList(nil, netlink.FAMILY_V4) })
		if err != nil {
			return nil, err
		}
		links = slices.DeleteFunc(links, isFallback)
		slices.SortFunc(links, func(a, b netlink.Link) int { return a.Attrs().Index - b.Attrs().Index })
		statuses := make([]Status, len(links))
		for i, l := range links {
			statuses[i] = statusOf(l, addresses)
		}
		return statuses, nil
	})
}

// fallbacks are the devices that the kernel's tunnel modules put into every namespace.
var fallbacks = []string{"gre0", "gretap0", "erspan0", "tunl0", "sit0", "ip_vti0", "ip6tnl0"}

// isFallback reports whether a device is one of those that nobody uses.
func isFallback(l netlink.Link) bool {
	return l.Attrs().RawFlags&unix.IFF_UP == 0 && slices.Contains(fallbacks, l.Attrs().Name)
}

// read calls f with a handle on the calling thread's network namespace.
func read[T any](f func(*netlink.Handle) ([]T, error)) ([]T, error) {
	k, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, err
	}
	defer k.Close()
	return f(k)
}

// statusOf reads one device, to which some of the addresses belong.
func statusOf(l netlink.Link, addresses []netlink.Addr) Status {
	a := l.Attrs()
	s := Status{
		Device: a.Name, Address: a.HardwareAddr, MTU: a.MTU,
		Up:       a.RawFlags&unix.IFF_UP != 0,
		Running:  a.RawFlags&unix.IFF_UP != 0 && a.RawFlags&unix.IFF_LOWER_UP != 0,
		Loopback: a.RawFlags&unix.IFF_LOOPBACK != 0,
		Ethernet: isPort(l),
	}
	if s.Ethernet {
		s.Speed = speed(classNet, a.Name, a.HardwareAddr)
	}
	for _, address := range addresses {
		if address.LinkIndex == a.Index {
			s.Addresses = append(s.Addresses, prefix(address.IPNet))
		}
	}
	if c := a.Statistics; c != nil {
		s.Counters = Counters{
			InPackets: c.RxPackets, InOctets: c.RxBytes, InErrors: c.RxErrors, InDrops: c.RxDropped, InMulticast: c.Multicast,
			OutPackets: c.TxPackets, OutOctets: c.TxBytes, OutErrors: c.TxErrors, OutDrops: c.TxDropped,
		}
	}
	return s
}

// A Neighbour is an entry of the kernel's ARP table.
type Neighbour struct {
	Addr    netip.Addr
	Address net.HardwareAddr // empty: it has not answered
	Device  string
	Static  bool // somebody entered it
}

// Neighbours returns the ARP entries of the calling thread's network namespace,
// by address. Those of devices that need no ARP are left out.
func Neighbours() ([]Neighbour, error) {
	return read(func(k *netlink.Handle) ([]Neighbour, error) {
		names, err := namesOf(k)
		if err != nil {
			return nil, err
		}
		entries, err := list(func() ([]netlink.Neigh, error) { return k.NeighList(0, netlink.FAMILY_V4) })
		if err != nil {
			return nil, err
		}
		var found []Neighbour
		for _, n := range entries {
			if n.State == netlink.NUD_NONE || n.State&netlink.NUD_NOARP != 0 {
				continue
			}
			addr, _ := netip.AddrFromSlice(n.IP.To4())
			found = append(found, Neighbour{addr, n.HardwareAddr, names[n.LinkIndex], n.State&netlink.NUD_PERMANENT != 0})
		}
		slices.SortFunc(found, func(a, b Neighbour) int { return a.Addr.Compare(b.Addr) })
		return found, nil
	})
}

// namesOf returns the names of the devices by index.
func namesOf(k *netlink.Handle) (map[int]string, error) {
	links, err := list(k.LinkList)
	if err != nil {
		return nil, err
	}
	names := make(map[int]string, len(links))
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	return names, nil
}
