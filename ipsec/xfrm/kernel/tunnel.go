package kernel

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A Tunnel is an XFRM interface: what is routed into it meets the policies with its
// identifier, and what states with it have decrypted comes out of it.
type Tunnel struct {
	Name  string
	IfID  uint32 // one of ours
	MTU   int    // 0: the kernel's choice
	Index int    // interface index; filled by the kernel
}

// AddTunnel makes an interface, brings it up, and returns its index. If it is there
// already, with this identifier, it stays as it is but for the MTU.
func (k *Kernel) AddTunnel(t Tunnel) (index int, err error) {
	link := &netlink.Xfrmi{LinkAttrs: netlink.NewLinkAttrs(), Ifid: t.IfID}
	link.Name = t.Name
	err = k.links.LinkAdd(link)
	switch {
	case errors.Is(err, unix.EEXIST):
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENODEV):
		return 0, fmt.Errorf("interface %s: this kernel has no tunnel interfaces (CONFIG_XFRM_INTERFACE): %s: %w", t.Name, withoutKernel, err)
	case err != nil:
		return 0, describe(err, "make interface %s", t.Name)
	}
	return k.prepareTunnel(t)
}

// prepareTunnel brings up an interface that is there, if it is that tunnel.
func (k *Kernel) prepareTunnel(t Tunnel) (index int, err error) {
	link, err := k.links.LinkByName(t.Name)
	if err != nil {
		return 0, describe(err, "interface %s", t.Name)
	}
	if x, ok := link.(*netlink.Xfrmi); !ok || x.Ifid != t.IfID {
		return 0, fmt.Errorf("interface %s: there is one of that name that is not ours", t.Name)
	}
	if t.MTU != 0 && link.Attrs().MTU != t.MTU {
		if err := k.links.LinkSetMTU(link, t.MTU); err != nil {
			return 0, describe(err, "MTU of interface %s", t.Name)
		}
	}
	return link.Attrs().Index, describe(k.links.LinkSetUp(link), "bring interface %s up", t.Name)
}

// RemoveTunnel removes an interface of ours. That there is none of that name is no error,
// and one that is not ours stays.
func (k *Kernel) RemoveTunnel(name string) error {
	link, err := k.links.LinkByName(name)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return nil
	}
	if err != nil {
		return describe(err, "interface %s", name)
	}
	if x, ok := link.(*netlink.Xfrmi); !ok || !IsOurs(x.Ifid) {
		return nil
	}
	return describe(k.links.LinkDel(link), "remove interface %s", name)
}

// Tunnels returns our interfaces.
func (k *Kernel) Tunnels() (ours []Tunnel, err error) {
	var all []netlink.Link
	for range attempts {
		if all, err = k.links.LinkList(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	for _, link := range all {
		if x, ok := link.(*netlink.Xfrmi); ok && IsOurs(x.Ifid) {
			ours = append(ours, Tunnel{Name: x.Name, IfID: x.Ifid, MTU: x.MTU, Index: x.Index})
		}
	}
	return ours, describe(err, "list interfaces")
}
