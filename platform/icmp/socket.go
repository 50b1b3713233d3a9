package icmp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// A socket carries ICMP messages without their IP header.
type socket interface {
	send(message []byte, to netip.Addr) error
	// receive waits for a message. After the deadline its error wraps
	// os.ErrDeadlineExceeded.
	receive(buffer []byte) (int, sender, error)
	setDeadline(time.Time) error
	// identifier returns the identifier that the kernel puts into what is
	// sent here, if it does that.
	identifier() (id uint16, fixed bool)
	close()
}

// A sender is where a message came from.
type sender struct {
	addr netip.Addr
	ttl  int // as it arrived
}

// open makes a raw socket, or where that is not allowed a ping socket, bound to
// the source and shaped as is asked for.
func open(r Request) (socket, error) {
	source := r.Source
	if !source.IsValid() {
		source = netip.IPv4Unspecified()
	}
	shape := shape{ttl: r.TTL, tos: r.TOS, whole: r.NoFragment, device: r.Device}
	raw := true
	c, err := shape.listen("ip4:icmp", source)
	if errors.Is(err, unix.EPERM) {
		raw = false
		c, err = shape.pingSocket(source)
	}
	switch {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return nil, errors.New("ping: not permitted: run as root or with CAP_NET_RAW, " +
			"or let net.ipv4.ping_group_range name the group")
	case err != nil:
		return nil, fmt.Errorf("ping%w", opening(err, source, r.Device))
	}
	k := &kernel{conn: c, ip: ipv4.NewPacketConn(c), raw: raw}
	if err := k.prepare(); err != nil {
		c.Close()
		return nil, fmt.Errorf("ping: prepare the socket: %w", err)
	}
	return k, nil
}

// A kernel is a raw ICMP socket, which sees all ICMP messages to this host, or
// a ping socket, which sees the replies to its own requests.
type kernel struct {
	conn net.PacketConn
	ip   *ipv4.PacketConn // the same socket
	raw  bool
}

var _ socket = (*kernel)(nil)

// prepare asks for the TTL of what arrives, and for nothing but echo replies.
func (k *kernel) prepare() error {
	if err := k.ip.SetControlMessage(ipv4.FlagTTL, true); err != nil || !k.raw {
		return err
	}
	var f ipv4.ICMPFilter
	f.SetAll(true) // block
	f.Accept(ipv4.ICMPTypeEchoReply)
	return k.ip.SetICMPFilter(&f)
}

func (k *kernel) send(message []byte, to netip.Addr) error {
	var addr net.Addr = &net.IPAddr{IP: to.AsSlice()}
	if !k.raw {
		addr = &net.UDPAddr{IP: to.AsSlice()}
	}
	_, err := k.conn.WriteTo(message, addr)
	return err
}

func (k *kernel) receive(buffer []byte) (int, sender, error) {
	n, control, from, err := k.ip.ReadFrom(buffer)
	if err != nil {
		return 0, sender{}, err
	}
	var s sender
	if control != nil {
		s.ttl = control.TTL
	}
	switch from := from.(type) {
	case *net.IPAddr:
		s.addr, _ = netip.AddrFromSlice(from.IP)
	case *net.UDPAddr:
		s.addr, _ = netip.AddrFromSlice(from.IP)
	}
	s.addr = s.addr.Unmap()
	return n, s, nil
}

func (k *kernel) setDeadline(t time.Time) error { return k.conn.SetReadDeadline(t) }

func (k *kernel) close() { k.conn.Close() }

func (k *kernel) identifier() (uint16, bool) {
	if local, ok := k.conn.LocalAddr().(*net.UDPAddr); ok {
		return uint16(local.Port), true
	}
	return 0, false
}
