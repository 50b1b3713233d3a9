package tunnel

import (
	"encoding/binary"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// A changer changes routes. Its socket is our own, so that the messages about its
// changes can be told from those about others'.
type changer struct {
	sockets map[int]*nl.SocketHandle
	port    uint32 // of the socket
}

// openChanger opens a changer in the calling thread's namespace.
func openChanger() (*changer, error) {
	socket, err := nl.GetNetlinkSocketAt(-1, -1, unix.NETLINK_ROUTE) // -1: the thread's
	if err != nil {
		return nil, err
	}
	port, err := socket.GetPid()
	if err != nil {
		socket.Close()
		return nil, err
	}
	return &changer{map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: {Socket: socket}}, port}, nil
}

// replace adds a route, in the place of another with its prefix and metric.
func (c *changer) replace(v route) error {
	return c.do(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, v)
}

func (c *changer) remove(v route) error { return c.do(unix.RTM_DELROUTE, 0, v) }

// do sends a request about a route and waits for the answer.
func (c *changer) do(kind, flags int, v route) error {
	r := nl.NewNetlinkRequest(kind, flags|unix.NLM_F_ACK)
	r.Sockets = c.sockets
	for _, part := range v.message() {
		r.AddData(part)
	}
	_, err := r.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// message writes a route the way the kernel wants it. One that leads nowhere has the
// scope of the others, or it would not count for sockets with SO_DONTROUTE.
func (v route) message() []nl.NetlinkRequestData {
	m := nl.NewRtMsg()
	m.Family, m.Dst_len, m.Table, m.Scope = unix.AF_INET, uint8(v.prefix.Bits()), unix.RT_TABLE_UNSPEC, unix.RT_SCOPE_LINK
	parts := []nl.NetlinkRequestData{
		m, nl.NewRtAttr(unix.RTA_DST, v.prefix.Addr().AsSlice()),
		number(unix.RTA_TABLE, v.table), number(unix.RTA_PRIORITY, v.metric()),
	}
	if v.device == 0 {
		m.Type = unix.RTN_UNREACHABLE
	} else {
		parts = append(parts, number(unix.RTA_OIF, v.device))
	}
	if v.single {
		m.Protocol = unix.RTPROT_STATIC // to remove one of metric 0 is to remove one of any
	}
	if v.source.IsValid() {
		parts = append(parts, nl.NewRtAttr(unix.RTA_PREFSRC, v.source.AsSlice()))
	}
	return parts
}

// number is an attribute of four octets.
func number(attribute, value int) nl.NetlinkRequestData {
	return nl.NewRtAttr(attribute, binary.NativeEndian.AppendUint32(nil, uint32(value)))
}

// Close frees the socket.
func (c *changer) Close() {
	for _, s := range c.sockets {
		s.Close()
	}
}
