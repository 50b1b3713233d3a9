package ipsectest

import (
	"net/netip"
	"testing"

	"sallyport/ipsec"
	"sallyport/platform/netns"
	"sallyport/platform/netns/netnstest"
)

// The topology, each box a network namespace, each line a cable:
//
//	10.1.1.2        10.1.1.1   192.0.2.1        192.0.2.2   10.1.2.1        10.1.2.2
//	┌───────┐ eth0   eth1 ┌──────────┐ eth0   eth0 ┌──────────┐ eth1   eth0 ┌───────┐
//	│ PC A  ├─────────────┤ gateway A├─────────────┤ gateway B├─────────────┤ PC B  │
//	└───────┘             └──────────┘             └──────────┘             └───────┘
var (
	pcA, lanA = netip.MustParseAddr("10.1.1.2"), netip.MustParsePrefix("10.1.1.0/24")
	pcB, lanB = netip.MustParseAddr("10.1.2.2"), netip.MustParsePrefix("10.1.2.0/24")
	wanA      = netip.MustParseAddr("192.0.2.1")
	wanB      = netip.MustParseAddr("192.0.2.2")
)

// wan is the gateways' device towards each other.
const wan = "eth0"

// An Opener opens a dataplane in the calling thread's namespace, in which local is
// the gateway's address, and has it closed when the test ends. If UDP encapsulation
// needs somebody to listen on port 4500, it listens. A dataplane whose SAs can go on
// without it has a method Keep() error, which ends it and leaves them to a successor.
type Opener func(t testing.TB, local netip.Addr, notify func(ipsec.Event)) ipsec.Dataplane

// A lab is the topology with two dataplanes in it.
type lab struct {
	testing.TB
	suite    testing.TB // of all cases: what lasts longer than one is closed at its end
	pcA, pcB *netns.Namespace
	a, b     gateway
}

// A gateway is one that is tested.
type gateway struct {
	ipsec.Dataplane
	opener    Opener
	namespace *netns.Namespace
	local     netip.Addr
	events    chan ipsec.Event
}

// newLab returns a lab in which gateway A has one dataplane and B another, of the same
// kind or not.
func newLab(t testing.TB, openA, openB Opener) *lab {
	t.Helper()
	l := &lab{TB: t, pcA: netnstest.New(t), pcB: netnstest.New(t)}
	l.a = gateway{opener: openA, namespace: netnstest.New(t), local: wanA, events: make(chan ipsec.Event, 100)}
	l.b = gateway{opener: openB, namespace: netnstest.New(t), local: wanB, events: make(chan ipsec.Event, 100)}
	l.connect()
	l.a.open(t)
	l.b.open(t)
	for _, port := range []uint16{echoPort, otherPort} {
		echo(t, l.pcB, netip.AddrPortFrom(pcB, port))
	}
	return l
}

// connect lays the cables and gives addresses and routes.
func (l *lab) connect() {
	a, b := l.a.namespace, l.b.namespace
	for _, err := range []error{
		netns.Cable(l.pcA, "eth0", a, "eth1"), netns.Cable(a, wan, b, wan), netns.Cable(b, "eth1", l.pcB, "eth0"),
		l.pcA.AddAddress("eth0", netip.PrefixFrom(pcA, 24)), l.pcB.AddAddress("eth0", netip.PrefixFrom(pcB, 24)),
		a.AddAddress("eth1", netip.PrefixFrom(lanA.Addr().Next(), 24)), b.AddAddress("eth1", netip.PrefixFrom(lanB.Addr().Next(), 24)),
		a.AddAddress(wan, netip.PrefixFrom(wanA, 24)), b.AddAddress(wan, netip.PrefixFrom(wanB, 24)),
		l.pcA.AddRoute(netip.MustParsePrefix("0.0.0.0/0"), lanA.Addr().Next()),
		l.pcB.AddRoute(netip.MustParsePrefix("0.0.0.0/0"), lanB.Addr().Next()),
		a.AddRoute(lanB, wanB), b.AddRoute(lanA, wanA),
		a.Forward(), b.Forward(),
	} {
		if err != nil {
			l.Fatal(err)
		}
	}
}

// open opens the gateway's dataplane. Events nobody waits for are lost when there
// are too many, as an owner's would be.
func (g *gateway) open(t testing.TB) {
	err := g.namespace.Do(func() error {
		g.Dataplane = g.opener(t, g.local, func(e ipsec.Event) {
			select {
			case g.events <- e:
			default:
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
