package ipsectest

import (
	"net"
	"net/netip"
	"testing"

	"sallyport/ipsec"
)

// allESP returns a flow for every pair of algorithms of ESP that may go together.
func allESP() (flows []flow) {
	for _, e := range ipsec.Encryptions() {
		for _, i := range append(ipsec.Integrities(), ipsec.NoIntegrity) {
			if ipsec.Compatible(e, i) {
				flows = append(flows, flow{encryption: e, integrity: i})
			}
		}
	}
	return append(flows, flow{encryption: ipsec.AES256, integrity: ipsec.SHA256Short}, flow{encryption: ipsec.Null, integrity: ipsec.SHA256Short})
}

// allAH returns a flow for every algorithm of AH.
func allAH() (flows []flow) {
	for _, i := range ipsec.Integrities() {
		flows = append(flows, flow{ah: i})
	}
	return append(flows, flow{ah: ipsec.SHA256Short})
}

// allBundles returns flows with AH around ESP: one that authenticates too, one with GCM,
// one that leaves authentication to AH, and NULL.
func allBundles() []flow {
	return []flow{
		{encryption: ipsec.AES256, integrity: ipsec.SHA256, ah: ipsec.SHA256},
		{encryption: ipsec.TripleDES, integrity: ipsec.MD5, ah: ipsec.SHA1},
		{encryption: ipsec.AES128GCM, ah: ipsec.SHA512},
		{encryption: ipsec.AES128, integrity: ipsec.SHA256Short, ah: ipsec.SHA256Short},
		{encryption: ipsec.AES128, ah: ipsec.SHA384},
		{encryption: ipsec.Null, integrity: ipsec.SHA1, ah: ipsec.MD5},
	}
}

// each runs a subtest for each flow, which is named by its algorithms, with policies
// for it.
func (l *lab) each(t *testing.T, flows []flow, run func(f flow)) {
	for _, f := range flows {
		there, _ := f.sas()
		t.Run(there.outbound.Offer().String(), func(t *testing.T) {
			l.TB = t
			defer l.reset()
			l.protectBy(f)
			run(f)
		})
	}
	l.TB = t
}

// algorithms sends datagrams of several sizes under every pair of algorithms that
// may go together.
func (l *lab) algorithms(t *testing.T) { l.each(t, allESP(), l.passes) }

func (l *lab) authenticated(t *testing.T) {
	wire := listen(t, l.b.namespace)
	l.each(t, allAH(), func(f flow) {
		l.passes(f)
		wire.next("AH for B", carries(ipsec.AH, wanB))
	})
}

func (l *lab) bundles(t *testing.T) {
	wire := listen(t, l.b.namespace)
	l.each(t, allBundles(), func(f flow) {
		l.passes(f)
		p := wire.next("AH for B", carries(ipsec.AH, wanB))
		if next := ipsec.Protocol(p[20]); next != ipsec.ESP {
			l.Errorf("in AH is %v, want ESP", next)
		}
	})
}

// transport protects what the gateways themselves say to each other.
func (l *lab) transport(t *testing.T) {
	at := netip.AddrPortFrom(wanB, echoPort)
	echo(t, l.b.namespace, at)
	rule := Permit(netip.PrefixFrom(wanA, 32), netip.PrefixFrom(wanB, 32))
	for _, f := range []flow{
		{encryption: ipsec.AES256, integrity: ipsec.SHA256}, {encryption: ipsec.AES128GCM},
		{ah: ipsec.SHA1}, {encryption: ipsec.AES128, integrity: ipsec.SHA512, ah: ipsec.SHA256},
		{encryption: ipsec.AES128GCM, encapsulation: ipsec.Ports{Local: 4500, Remote: 4500}, spi: 0x2000},
	} {
		f.mode = ipsec.Transport
		f.selector, _ = ipsec.SelectorOf(rule)
		there, _ := f.sas()
		t.Run(there.outbound.Offer().String(), func(t *testing.T) {
			l.TB = t
			defer l.reset()
			l.protectBy(f, rule)
			l.passesBetween(f, client(t, l.a.namespace, at))
		})
	}
	l.TB = t
}

// extended checks extended sequence numbers from the first packet on; how they go on
// beyond 32 bits is the dataplanes' own tests' question.
func (l *lab) extended(t *testing.T) {
	if !l.a.Capabilities().ESN || !l.b.Capabilities().ESN {
		return // nobody negotiates them then
	}
	for _, f := range []flow{
		{encryption: ipsec.AES256, integrity: ipsec.SHA256, esn: true},
		{encryption: ipsec.AES128GCM, esn: true, window: ipsec.MaxWindow},
		{ah: ipsec.SHA256, esn: true},
		{encryption: ipsec.AES128, integrity: ipsec.SHA1, ah: ipsec.SHA256, esn: true},
	} {
		there, _ := f.sas()
		t.Run(there.outbound.Offer().String(), func(t *testing.T) {
			l.TB = t
			defer l.reset()
			l.protectBy(f)
			l.passes(f)
		})
	}
	l.TB = t
}

// lateBy is how many packets overtake the first one: more than any window of 64 holds.
const lateBy = 150

// record has A send to B, which cannot know them, the first packet of the SA and those
// that overtake it, and returns the first and the last.
func (l *lab) record(c *net.UDPConn) (first, last []byte) {
	wire := listen(l, l.b.namespace)
	before := l.b.Statistics()
	for i := range lateBy + 1 {
		send(l, c, 100)
		last = wire.next("ESP for B", isESP(wanB))
		if i == 0 {
			first = last
		}
	}
	l.b.dropped(l, before, ipsec.DropUnknownSPI, lateBy+1)
	return first, last
}

// late has the first packet of an SA arrive long after it was sent: in a large window
// there is a place for it, in a small one there is none.
func (l *lab) late(t *testing.T) {
	for _, window := range []int{64, ipsec.MaxWindow} {
		l.protect()
		f := flow{window: window}
		there, back := f.sas()
		l.add(&l.a, there.outbound)
		c := l.dial(echoPort)
		first, last := l.record(c)
		l.add(&l.b, there.inbound)
		l.add(&l.b, back.outbound)
		l.add(&l.a, back.inbound)
		before := l.b.Statistics()
		inject(t, l.a.namespace, last)
		answer(t, c, 100)
		inject(t, l.a.namespace, first)
		if window < lateBy {
			l.b.dropped(t, before, ipsec.DropReplay, 1)
		} else {
			answer(t, c, 100)
		}
		l.reset()
	}
}

// unchecked repeats a packet to an SA that has no replay window, such as a configured
// one. It need not know the highest sequence number.
func (l *lab) unchecked(t *testing.T) {
	l.protect()
	there, _ := l.install(flow{unchecked: true})
	wire := listen(t, l.b.namespace)
	c := l.dial(echoPort)
	exchange(t, c, 100)
	p := wire.next("ESP for B", isESP(wanB))
	before := l.b.Statistics()
	inject(t, l.a.namespace, p)
	answer(t, c, 100)
	l.b.dropped(t, before, ipsec.DropReplay, 0)
	eventually(t, "both packets to be counted", func() bool {
		n, _ := l.b.Counters(there.inbound.ID)
		return n.Packets == 2 && n.Octets == 2*(100+headers)
	})
}
