package tunnel

import (
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// changes tells whether others changed what we made or depend on: rules and routes,
// also those that say whose packets may come in clear; devices, since the routes of
// one that goes down go without a word; XFRM policies, since programs that flush them
// take ours too.
type changes struct{ sockets []*nl.NetlinkSocket }

// watch begins to listen to groups of a netlink protocol, in the calling thread's
// namespace.
func (c *changes) watch(protocol int, groups ...uint) error {
	socket, err := nl.Subscribe(protocol, groups...)
	if err != nil {
		return describe(err, "watch netlink")
	}
	c.sockets = append(c.sockets, socket)
	return nil
}

// any reports whether something has changed since it was called last.
func (c *changes) any() (changed bool) {
	var b [1]byte // that there is a message says it all; the rest of it is cut off
	for _, s := range c.sockets {
		for {
			_, _, err := unix.Recvfrom(s.GetFd(), b[:], unix.MSG_DONTWAIT)
			if err != nil && !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EINTR) {
				break
			}
			changed = true
		}
	}
	return changed
}

// Close frees the sockets.
func (c *changes) Close() {
	for _, s := range c.sockets {
		s.Close()
	}
}
