package tunnel

import (
	"encoding/binary"
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// changes tells whether others changed what we made or depend on: rules and routes,
// also those that say whose packets may come in clear; devices, since the routes of
// one that goes down go without a word; XFRM policies, since programs that flush them
// take ours too.
type changes struct {
	watches []watch
	noticed bool // and not told yet
}

// A watch is a socket that hears of changes. Those that our socket with port own asked
// for are no news.
type watch struct {
	socket *nl.NetlinkSocket
	own    uint32
}

// watch begins to listen to groups of a netlink protocol, in the calling thread's
// namespace.
func (c *changes) watch(protocol int, own uint32, groups ...uint) error {
	socket, err := nl.Subscribe(protocol, groups...)
	if err != nil {
		return describe(err, "watch netlink")
	}
	c.watches = append(c.watches, watch{socket, own})
	return nil
}

// any reports whether others have changed something since it was called last.
func (c *changes) any() (changed bool) {
	c.look()
	changed, c.noticed = c.noticed, false
	return changed
}

// look takes note of changes. It is to be called during many changes of ours: the
// kernel keeps some hundred for us, and says then that more were lost.
func (c *changes) look() {
	for _, w := range c.watches {
		for {
			news, more := w.next()
			c.noticed = c.noticed || news
			if !more {
				break
			}
		}
	}
}

// next reads one message, and reports whether it is news, and whether there may be more.
func (w watch) next() (news, more bool) {
	var header [unix.SizeofNlMsghdr]byte // the rest of the message is cut off
	n, _, err := unix.Recvfrom(w.socket.GetFd(), header[:], unix.MSG_DONTWAIT)
	switch {
	case errors.Is(err, unix.EINTR):
		return false, true
	case errors.Is(err, unix.ENOBUFS): // some were lost
		return true, true
	case err != nil:
		return false, false
	}
	asked := binary.NativeEndian.Uint32(header[12:]) // nlmsg_pid: 0 is the kernel itself
	return n < len(header) || asked == 0 || asked != w.own, true
}

// Close frees the sockets.
func (c *changes) Close() {
	for _, w := range c.watches {
		w.socket.Close()
	}
}
