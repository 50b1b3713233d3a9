package tunnel

import (
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// changes tells whether others changed what the gate depends on: routes, since they
// say whose packets may come in clear, and the policies themselves, since programs
// that flush them take ours too.
type changes struct{ sockets []*nl.NetlinkSocket }

func watchChanges() (*changes, error) {
	c := new(changes)
	for _, group := range [][2]uint{{unix.NETLINK_ROUTE, unix.RTNLGRP_IPV4_ROUTE}, {unix.NETLINK_XFRM, policyGroupXFRM}} {
		socket, err := nl.Subscribe(int(group[0]), group[1])
		if err != nil {
			c.Close()
			return nil, describe(err, "watch netlink")
		}
		c.sockets = append(c.sockets, socket)
	}
	return c, nil
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
