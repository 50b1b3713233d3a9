package link

import (
	"errors"
	"net/netip"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/platform"
	"sallyport/platform/gre"
)

// greAlias is the alias of the kernel's tunnels that are ours, by which the next daemon
// finds what a crashed one left. Tunnels in userspace end with their process.
const greAlias = "sallyport"

// What the kernel's tunnels have in common with those of package gre.
const (
	greTTL            = 255
	discoverPath      = 1 // the outer packets are not fragmented: whoever sends too large ones is told
	namespaceOfThread = "/proc/thread-self/ns/net"
)

// makeGRE makes a tunnel: the kernel's, or one in userspace if the kernel has none.
func (k *netlinkKernel) makeGRE(name string, t platform.GRE) error {
	link := &netlink.Gretun{
		LinkAttrs: netlink.LinkAttrs{Name: name},
		Local:     t.Local.AsSlice(), Remote: t.Remote.AsSlice(), IKey: t.Key, OKey: t.Key,
		Ttl: greTTL, PMtuDisc: discoverPath,
	}
	if t.HasKey { // the library says so of keys that are not 0
		link.IFlags, link.OFlags = nl.GRE_KEY, nl.GRE_KEY
	}
	err := k.handle.LinkAdd(link)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return k.openGRE(name, t)
	}
	if err != nil {
		return err
	}
	if err := k.handle.LinkSetAlias(link, greAlias); err != nil {
		return errors.Join(err, k.handle.LinkDel(link))
	}
	return nil
}

// openGRE makes a tunnel in userspace, in the place of one that others have deleted.
func (k *netlinkKernel) openGRE(name string, t platform.GRE) error {
	if old := k.tunnels[name]; old != nil {
		delete(k.tunnels, name)
		if err := old.Close(); err != nil {
			return err
		}
	}
	return k.inside(func() error {
		d, err := gre.Open(name, t)
		if err == nil {
			k.tunnels[name] = d
		}
		return err
	})
}

// removeGRE removes a tunnel. One that is gone is no error.
func (k *netlinkKernel) removeGRE(d device) error {
	if open := k.tunnels[d.name]; open != nil {
		delete(k.tunnels, d.name)
		return open.Close()
	}
	return unlessGone(k.handle.LinkDel(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: d.index}})) // the index is all that is read
}

// greOf returns the tunnel that a device is, if it is one of ours.
func (k *netlinkKernel) greOf(l netlink.Link) *platform.GRE {
	if open := k.tunnels[l.Attrs().Name]; open != nil && open.Index() == l.Attrs().Index {
		ends := open.Ends()
		return &ends
	}
	t, is := l.(*netlink.Gretun)
	if !is || t.Alias != greAlias {
		return nil
	}
	local, _ := netip.AddrFromSlice(t.Local)
	remote, _ := netip.AddrFromSlice(t.Remote)
	return &platform.GRE{Local: local.Unmap(), Remote: remote.Unmap(), Key: t.IKey, HasKey: t.IFlags&nl.GRE_KEY != 0}
}

// inside calls f in the namespace that the kernel's side was opened in. That is nearly
// always the thread's own.
func (k *netlinkKernel) inside(f func() error) error {
	here, err := os.Open(namespaceOfThread)
	if err != nil {
		return err
	}
	defer here.Close()
	same, err := sameFile(here, k.space)
	if err != nil {
		return err
	}
	if same {
		return f()
	}
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // and not unlocked: the thread ends with its goroutine
		err := unix.Setns(int(k.space.Fd()), unix.CLONE_NEWNET)
		if err == nil {
			err = f()
		}
		failed <- err
	}()
	return <-failed
}

// sameFile reports whether two files are one.
func sameFile(a, b *os.File) (bool, error) {
	x, err := a.Stat()
	if err != nil {
		return false, err
	}
	y, err := b.Stat()
	return err == nil && os.SameFile(x, y), err
}
