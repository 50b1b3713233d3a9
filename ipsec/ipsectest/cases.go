package ipsectest

import (
	"net"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/esp"
)

// headers is what a UDP datagram has around its octets.
const headers = 20 + 8

// passes installs an SA pair, has PC A talk to PC B and compares the counters.
func (l *lab) passes(f flow) {
	l.Helper()
	l.passesBetween(f, l.dial(echoPort))
}

// passesBetween installs an SA pair, sends with a socket, whose datagrams the pair is
// for, and compares the counters: those of a bundle's two parts are the same.
func (l *lab) passesBetween(f flow, c *net.UDPConn) {
	l.Helper()
	there, back := l.install(f)
	before := l.a.Statistics()
	var packets, octets uint64
	for _, size := range []int{0, 1, 2, 3, 15, 16, 100, 1300} {
		exchange(l, c, size)
		packets, octets = packets+1, octets+uint64(size+headers)
	}
	l.counted(&l.a, there.outbound, packets, octets)
	l.counted(&l.b, there.inbound, packets, octets)
	l.counted(&l.b, back.outbound, packets, octets)
	l.counted(&l.a, back.inbound, packets, octets)
	sums := before
	sums.OutPackets, sums.OutOctets = sums.OutPackets+packets, sums.OutOctets+octets
	sums.InPackets, sums.InOctets = sums.InPackets+packets, sums.InOctets+octets
	if !holds(func() bool { return l.a.Statistics() == sums }) {
		l.Errorf("statistics = %+v, want %+v", l.a.Statistics(), sums)
	}
}

func (l *lab) replay(t *testing.T) {
	l.protect()
	there, _ := l.install(flow{})
	wire := listen(t, l.b.namespace)
	exchange(t, l.dial(echoPort), 100)
	packet := wire.next("ESP for B", isESP(wanB))
	before := l.b.Statistics()
	inject(t, l.a.namespace, packet)
	l.b.dropped(t, before, ipsec.DropReplay, 1)
	l.counted(&l.b, there.inbound, 1, 100+headers)
}

func (l *lab) clearPacket(t *testing.T) {
	l.protect()
	l.install(flow{})
	l.state(&l.a) // A protects nothing any more
	before := l.b.Statistics()
	send(t, l.dial(echoPort), 100)
	l.b.dropped(t, before, ipsec.DropClear, 1)
}

// wrongSelector has A send what B never agreed to.
func (l *lab) wrongSelector(t *testing.T) {
	l.protect()
	there, back := flow{}.sas()
	half := ipsec.PrefixRange(netip.MustParsePrefix("10.1.2.128/25")) // not PC B's
	there.inbound.Selector.Local = half
	l.add(&l.b, there.inbound)
	l.add(&l.a, back.inbound)
	l.add(&l.a, there.outbound)
	before := l.b.Statistics()
	send(t, l.dial(echoPort), 100)
	l.b.dropped(t, before, ipsec.DropSelector, 1)
}

func (l *lab) unknownSPI(t *testing.T) {
	l.protect()
	there, _ := flow{}.sas()
	l.add(&l.a, there.outbound)
	before := l.b.Statistics()
	send(t, l.dial(echoPort), 100)
	l.b.dropped(t, before, ipsec.DropUnknownSPI, 1)
}

func (l *lab) encapsulation(t *testing.T) {
	l.protect()
	wire := listen(t, l.b.namespace)
	l.passes(flow{encapsulation: ipsec.Ports{Local: 4500, Remote: 4500}})
	p := wire.next("UDP from port 4500 to port 4500", func(p []byte) bool {
		return p[9] == acl.UDP && slices.Equal(p[20:24], []byte{4500 >> 8, 4500 & 0xff, 4500 >> 8, 4500 & 0xff})
	})
	if check := p[26:28]; check[0] != 0 || check[1] != 0 {
		t.Errorf("UDP checksum is % x, want 0 (RFC 3948 §2.1)", check)
	}
}

// moved has A's packets come from another port than B was told, as behind a NAT device
// that has forgotten them.
func (l *lab) moved(t *testing.T) {
	l.protect()
	f := flow{encapsulation: ipsec.Ports{Local: 4500, Remote: 4500}}
	there, back := f.sas()
	there.outbound.Encapsulation.Local = 40000
	l.add(&l.b, there.inbound)
	l.add(&l.b, back.outbound)
	l.add(&l.a, back.inbound)
	l.add(&l.a, there.outbound)
	c := l.dial(echoPort)
	exchange(t, c, 100)
	want := ipsec.Moved{SA: there.inbound.ID, Remote: netip.AddrPortFrom(wanA, 40000)}
	if got := l.event(&l.b); got != want {
		t.Errorf("event = %+v, want %+v", got, want)
	}
	exchange(t, c, 100)
	if len(l.b.events) > 0 {
		t.Errorf("event %+v, want none the second time", <-l.b.events)
	}
}

// unknownPeer has A protect what it cannot send before its peer has come: first to one
// address of it, then to another.
func (l *lab) unknownPeer(t *testing.T) {
	l.protect()
	l.state(&l.a, policy(wanA, netip.Addr{}, Permit(lanA, lanB)))
	c := l.dial(echoPort)
	first, _ := l.install(flow{})
	exchange(t, c, 100)
	l.counted(&l.a, first.outbound, 1, 100+headers)
	other := wanB.Next()
	l.must(l.b.namespace.AddAddress(wan, netip.PrefixFrom(other, 24)))
	second, back := l.install(flow{b: other, spi: 0x2000})
	exchange(t, c, 100)
	l.counted(&l.a, second.outbound, 1, 100+headers)
	l.counted(&l.a, back.inbound, 1, 100+headers)
	l.must(l.a.RemoveSA(second.outbound.ID))
	exchange(t, c, 100)
	l.counted(&l.a, first.outbound, 2, 2*(100+headers))
}

// dontFragment sends a datagram with DF that fits the cables but not the tunnel. The
// gateway's answer makes PC A's kernel refuse the next one.
func (l *lab) dontFragment(t *testing.T) {
	l.protect()
	there, _ := l.install(flow{})
	c := l.dial(echoPort)
	discover(t, c, unix.IP_PMTUDISC_DO)
	before := l.a.Statistics()
	send(t, c, 1500-headers)
	l.a.dropped(t, before, ipsec.DropTooBig, 1)
	want := esp.MaxInner(there.outbound, 1500)
	eventually(t, "PC A to learn the MTU", func() (learnt bool) {
		option(t, c, func(fd int) error {
			mtu, err := unix.GetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MTU)
			learnt = mtu == want
			return err
		})
		return learnt
	})
	option(t, c, func(fd int) error { // the ICMP message is an error of the socket's too: take it
		_, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
		return err
	})
	exchange(t, c, want-headers)
}

// fragments sends datagrams of many packets, so that inner and outer packets are
// fragmented, under a rule with a port, which only the first of them has.
func (l *lab) fragments(t *testing.T) {
	rule := ToPort(Permit(lanA, lanB), echoPort)
	l.protect(rule)
	s, _ := ipsec.SelectorOf(rule)
	l.install(flow{selector: s})
	wire := listen(t, l.b.namespace)
	c := l.dial(echoPort)
	discover(t, c, unix.IP_PMTUDISC_OMIT) // whatever MTU was learnt before
	exchange(t, c, 5000)
	wire.next("a fragment of ESP", func(p []byte) bool { return isESP(wanB)(p) && p[6]&0x20 != 0 })
}

func (l *lab) onePort(t *testing.T) {
	rule := ToPort(Permit(lanA, lanB), echoPort)
	l.protect(rule)
	s, _ := ipsec.SelectorOf(rule)
	there, _ := l.install(flow{selector: s})
	exchange(t, l.dial(otherPort), 100)
	l.counted(&l.a, there.outbound, 0, 0)
	exchange(t, l.dial(echoPort), 100)
	l.counted(&l.a, there.outbound, 1, 100+headers)
}

func (l *lab) denied(t *testing.T) {
	host := Permit(lanA, netip.PrefixFrom(pcB, 32))
	host.Action = acl.Deny
	l.protect(host, Permit(lanA, lanB))
	there, back := l.install(flow{})
	before := l.a.Statistics()
	exchange(t, l.dial(echoPort), 100)
	l.counted(&l.a, there.outbound, 0, 0)
	l.counted(&l.a, back.inbound, 0, 0)
	if after := l.a.Statistics(); after.Drops != before.Drops {
		t.Errorf("drops = %v, want %v", after.Drops, before.Drops)
	}
}

func (l *lab) acquire(t *testing.T) {
	l.protect()
	c := l.dial(echoPort)
	send(t, c, 100)
	send(t, c, 101)
	local := c.LocalAddr().(interface{ AddrPort() netip.AddrPort }).AddrPort()
	want := ipsec.Acquire{Policy: policyName, Rule: 5, Packet: acl.Tuple{
		Source: pcA, Destination: pcB, Protocol: acl.UDP, SourcePort: local.Port(), DestinationPort: echoPort,
	}}
	if got := l.event(&l.a); got != want {
		t.Errorf("event = %+v, want %+v", got, want)
	}
	there, _ := l.install(flow{})
	answer(t, c, 100)
	answer(t, c, 101)
	l.counted(&l.a, there.outbound, 2, 201+2*headers)
}

func (l *lab) takeover(t *testing.T) {
	l.protect()
	older, _ := l.install(flow{})
	c := l.dial(echoPort)
	exchange(t, c, 100)
	newer, _ := l.install(flow{spi: 0x2000})
	exchange(t, c, 100)
	l.counted(&l.a, older.outbound, 1, 100+headers)
	l.counted(&l.a, newer.outbound, 1, 100+headers)
	if err := l.a.RemoveSA(newer.outbound.ID); err != nil {
		t.Fatal(err)
	}
	exchange(t, c, 100)
	l.counted(&l.a, older.outbound, 2, 2*(100+headers))
	if err := l.a.RemoveSA(newer.outbound.ID); err != nil {
		t.Errorf("RemoveSA of what is not there = %v, want nil", err)
	}
	if _, ok := l.a.Counters(newer.outbound.ID); ok {
		t.Error("a removed SA still has counters")
	}
}

func (l *lab) softLimit(t *testing.T) {
	l.protect()
	there, _ := l.install(flow{soft: ipsec.Lifetime{Octets: 200}})
	c := l.dial(echoPort)
	for range 3 {
		exchange(t, c, 100)
	}
	want := ipsec.Expired{SA: there.outbound.ID}
	events := []ipsec.Event{l.event(&l.a), l.event(&l.a)} // of both directions
	if n := len(slices.DeleteFunc(events, func(e ipsec.Event) bool { return e != want })); n != 1 {
		t.Errorf("%+v came %d times, want once", want, n)
	}
}

// hardLimit lets two packets pass; then the SA is at its limit, and its owner hears so.
func (l *lab) hardLimit(t *testing.T) {
	l.protect()
	there, _ := l.install(flow{hard: ipsec.Lifetime{Octets: 2 * (100 + headers)}})
	c := l.dial(echoPort)
	exchange(t, c, 100)
	exchange(t, c, 100)
	before := l.a.Statistics()
	send(t, c, 100)
	if got, want := l.event(&l.a), (ipsec.Expired{SA: there.outbound.ID, Hard: true}); got != want {
		t.Errorf("event = %+v, want %+v", got, want)
	}
	l.a.dropped(t, before, ipsec.DropExpired, 1)
	l.counted(&l.a, there.outbound, 2, 2*(100+headers))
	send(t, c, 100)
	if e, ok := l.event(&l.a).(ipsec.Acquire); !ok {
		t.Errorf("after the limit came %+v, want an acquire", e)
	}
}
