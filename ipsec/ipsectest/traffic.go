package ipsectest

import (
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/platform/netns"
)

// patience bounds every wait; what is waited for usually takes a millisecond.
const patience = 5 * time.Second

// echo answers datagrams to a port in a namespace until the test ends.
func echo(t testing.TB, n *netns.Namespace, at netip.AddrPort) {
	t.Helper()
	conn := dial(t, n, func() (*net.UDPConn, error) { return net.ListenUDP("udp4", net.UDPAddrFromAddrPort(at)) })
	go func() {
		b := make([]byte, 65535)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(b)
			if err != nil {
				return // closed by the test's end
			}
			conn.WriteToUDPAddrPort(b[:n], from)
		}
	}()
}

// client returns a socket in a namespace that is connected to the address.
func client(t testing.TB, n *netns.Namespace, to netip.AddrPort) *net.UDPConn {
	t.Helper()
	return dial(t, n, func() (*net.UDPConn, error) {
		return net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to))
	})
}

func dial(t testing.TB, n *netns.Namespace, open func() (*net.UDPConn, error)) (conn *net.UDPConn) {
	t.Helper()
	err := n.Do(func() (err error) { conn, err = open(); return err })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// exchange sends a datagram and waits for its echo.
func exchange(t testing.TB, c *net.UDPConn, size int) {
	t.Helper()
	send(t, c, size)
	answer(t, c, size)
}

func send(t testing.TB, c *net.UDPConn, size int) {
	t.Helper()
	if _, err := c.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
}

// answer waits for an echo of this size.
func answer(t testing.TB, c *net.UDPConn, size int) {
	t.Helper()
	b := make([]byte, 65535)
	c.SetReadDeadline(time.Now().Add(patience))
	n, err := c.Read(b)
	if err != nil {
		t.Fatalf("no echo of %d octets: %v", size, err)
	}
	if n != size {
		t.Fatalf("echo has %d octets, want %d", n, size)
	}
}

// option does something with a socket's descriptor.
func option(t testing.TB, c *net.UDPConn, do func(fd int) error) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = do(int(fd)) }); err != nil || inner != nil {
		t.Fatal(err, inner)
	}
}

// discover sets how a socket looks for the path MTU, an IP_PMTUDISC_ constant.
func discover(t testing.TB, c *net.UDPConn, how int) {
	t.Helper()
	option(t, c, func(fd int) error {
		return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, how)
	})
}

// eventually waits until the condition holds.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	if !holds(condition) {
		t.Fatalf("waited in vain: %s", what)
	}
}

// holds waits until the condition holds, and reports whether it does.
func holds(condition func() bool) bool {
	for end := time.Now().Add(patience); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// dropped waits until the gateway has dropped so many packets for a reason since
// before, and checks that none was dropped for another.
func (g *gateway) dropped(t testing.TB, before ipsec.Statistics, r ipsec.DropReason, want uint64) {
	t.Helper()
	eventually(t, r.String(), func() bool { return g.Statistics().Drops[r]-before.Drops[r] >= want })
	after := g.Statistics()
	before.Drops[r] += want
	if after.Drops != before.Drops {
		t.Errorf("drops = %v, want %v (%d more for %q)", after.Drops, before.Drops, want, r)
	}
}

// A tap listens to the cable between the gateways.
type tap struct {
	testing.TB
	file *os.File
}

// listen opens a tap at a gateway's end. It hears what comes and what goes.
func listen(t testing.TB, n *netns.Namespace) *tap {
	t.Helper()
	tp := &tap{TB: t}
	if err := n.Do(tp.open); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tp.file.Close() })
	return tp
}

func (tp *tap) open() error {
	dev, err := net.InterfaceByName(wan)
	if err != nil {
		return err
	}
	const ipv4 = unix.ETH_P_IP<<8 | unix.ETH_P_IP>>8 // in network order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	tp.file = os.NewFile(uintptr(fd), "tap")
	return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: ipv4 & 0xffff, Ifindex: dev.Index})
}

// next waits for an IPv4 packet that is wanted.
func (tp *tap) next(what string, wanted func(packet []byte) bool) []byte {
	tp.Helper()
	tp.file.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, 65535)
	for {
		n, err := tp.file.Read(b)
		if err != nil {
			tp.Fatalf("nothing on the cable that is %s: %v", what, err)
		}
		if n >= 20 && wanted(b[:n]) {
			return b[:n]
		}
	}
}

// isESP reports whether a packet is plain ESP for the gateway.
func isESP(to netip.Addr) func([]byte) bool { return carries(ipsec.ESP, to) }

// carries reports whether a packet is of the protocol and for the gateway.
func carries(p ipsec.Protocol, to netip.Addr) func([]byte) bool {
	return func(b []byte) bool { return b[9] == byte(p) && netip.AddrFrom4([4]byte(b[16:])) == to }
}

// inject sends an IPv4 packet from a namespace, as it is.
func inject(t testing.TB, n *netns.Namespace, packet []byte) {
	t.Helper()
	err := n.Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendto(fd, packet, 0, &unix.SockaddrInet4{Addr: [4]byte(packet[16:])})
	})
	if err != nil {
		t.Fatal(err)
	}
}
