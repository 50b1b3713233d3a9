package ipsectest

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/platform/netns"
)

// toGateway sends PC A's packets to gateway B's own address in B's LAN: under
// protection they arrive, in clear none does, whatever its protocol.
func (l *lab) toGateway(t *testing.T) {
	self := netip.AddrPortFrom(lanB.Addr().Next(), echoPort)
	echo(t, l.b.namespace, self)
	l.protect()
	l.install(flow{})
	c := client(t, l.pcA, self)
	exchange(t, c, 100)
	l.state(&l.a) // A protects nothing any more
	before := l.b.Statistics()
	send(t, c, 100)
	inject(t, l.pcA, ping(pcA, self.Addr()))
	inject(t, l.pcA, syn(pcA, self))
	l.b.dropped(t, before, ipsec.DropClear, 3)
	l.protect()
	l.install(flow{spi: 0x2000})
	exchange(t, c, 100)
	converse(t, l.pcA, l.b.namespace, self)
}

// hostToHost protects all between the gateways themselves: ESP goes between the very
// addresses that the rule names, plain and in UDP, and nothing else does in clear.
func (l *lab) hostToHost(t *testing.T) {
	at := netip.AddrPortFrom(wanB, echoPort)
	echo(t, l.b.namespace, at)
	rule := Permit(netip.PrefixFrom(wanA, 32), netip.PrefixFrom(wanB, 32))
	l.protect(rule)
	s, _ := ipsec.SelectorOf(rule)
	c := client(t, l.a.namespace, at)
	for i, ports := range []ipsec.Ports{{}, {Local: 4500, Remote: 4500}} {
		l.install(flow{selector: s, encapsulation: ports, spi: ipsec.SPI(0x1000 * (i + 1))})
		exchange(t, c, 100)
	}
	l.state(&l.a)
	before := l.b.Statistics()
	send(t, c, 100)
	inject(t, l.a.namespace, ping(wanA, wanB))
	inject(t, l.a.namespace, syn(wanA, at))
	l.b.dropped(t, before, ipsec.DropClear, 3)
}

// everything protects all that leaves: what a gateway's own LAN sends it is no
// business of the policy's, since the answer does not leave.
func (l *lab) everything(t *testing.T) {
	self := netip.AddrPortFrom(lanA.Addr().Next(), echoPort)
	echo(t, l.a.namespace, self)
	all := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	l.state(&l.a, policy(wanA, wanB, Permit(all, all)))
	before := l.a.Statistics()
	exchange(t, client(t, l.pcA, self), 100)
	l.a.dropped(t, before, ipsec.DropClear, 0)
	inject(t, l.b.namespace, ping(wanB, wanA))
	l.a.dropped(t, before, ipsec.DropClear, 1)
}

// converse has a TCP connection between two namespaces that goes back and forth.
func converse(t *testing.T, from, to *netns.Namespace, at netip.AddrPort) {
	t.Helper()
	var listener, conn net.Conn
	open := func() error {
		l, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(at))
		if err != nil {
			return err
		}
		defer l.Close()
		err = from.Do(func() (err error) { conn, err = net.DialTimeout("tcp4", at.String(), patience); return err })
		if err != nil {
			return err
		}
		listener, err = l.Accept()
		return err
	}
	if err := to.Do(open); err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	defer listener.Close()
	b := make([]byte, 100)
	for i := range 6 {
		a, z := conn, listener
		if i%2 == 1 {
			a, z = z, a
		}
		z.SetDeadline(time.Now().Add(patience))
		_, err := a.Write(b)
		if _, e := io.ReadFull(z, b); e != nil || err != nil {
			t.Fatalf("turn %d of a TCP connection: %v, %v", i, err, e)
		}
	}
	// A reset that has arrived is the end: what closes in peace is repeated if the tunnel goes first.
	err := errors.Join(conn.(*net.TCPConn).SetLinger(0), conn.Close())
	if _, end := listener.Read(b); err != nil || !errors.Is(end, unix.ECONNRESET) {
		t.Errorf("at the end of a TCP connection: %v, %v, want %v", err, end, unix.ECONNRESET)
	}
}

// packet returns an IPv4 packet; the system fills in lengths and checksum.
func packet(from, to netip.Addr, protocol byte, payload ...byte) []byte {
	p := make([]byte, 20, 20+len(payload))
	p[0], p[8], p[9] = 0x45, 64, protocol
	copy(p[12:], from.AsSlice())
	copy(p[16:], to.AsSlice())
	return append(p, payload...)
}

// ping returns an ICMP echo request: RFC 792.
func ping(from, to netip.Addr) []byte {
	return packet(from, to, 1, 8, 0, 0xf7, 0xff, 0, 0, 0, 0)
}

// syn returns the start of a TCP connection: RFC 9293 §3.1.
func syn(from netip.Addr, to netip.AddrPort) []byte {
	const port = 40000
	p := packet(from, to.Addr(), 6, port>>8, port&0xff, byte(to.Port()>>8), byte(to.Port()),
		0, 0, 0, 1, 0, 0, 0, 0, 5<<4, 2, 0x40, 0, 0, 0, 0, 0)
	sum := uint32(6 + len(p) - 20) // the rest of the pseudo-header
	for i := 12; i < len(p); i += 2 {
		sum += uint32(p[i])<<8 | uint32(p[i+1])
	}
	sum = sum&0xffff + sum>>16
	sum = ^(sum + sum>>16)
	p[36], p[37] = byte(sum>>8), byte(sum)
	return p
}
