package ipsectest

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/ipsec"
)

// Suite runs what every dataplane must do, with real packets. It needs root.
func Suite(t *testing.T, open Opener) {
	l := newLab(t, open)
	for _, port := range []uint16{echoPort, otherPort} {
		echo(t, l.pcB, netip.AddrPortFrom(pcB, port))
	}
	for _, c := range []struct {
		name string
		run  func(*lab, *testing.T)
	}{
		{"algorithms", (*lab).algorithms},
		{"a repeated packet is dropped", (*lab).replay},
		{"a clear packet is dropped", (*lab).clearPacket},
		{"a clear packet to the gateway itself is dropped", (*lab).toGateway},
		{"gateway to gateway, only ESP passes", (*lab).hostToHost},
		{"a LAN reaches its gateway though everything is protected", (*lab).everything},
		{"traffic of another selector is dropped", (*lab).wrongSelector},
		{"an unknown SPI is dropped", (*lab).unknownSPI},
		{"UDP encapsulation", (*lab).encapsulation},
		{"a packet that must stay whole is refused with its MTU", (*lab).dontFragment},
		{"larger packets go in fragments", (*lab).fragments},
		{"only the port of the rule is protected", (*lab).onePort},
		{"what a deny rule names goes in clear", (*lab).denied},
		{"the first packet waits for its SA", (*lab).acquire},
		{"a newer SA takes over and gives back", (*lab).takeover},
		{"a soft limit is told once", (*lab).softLimit},
	} {
		t.Run(c.name, func(t *testing.T) {
			l.TB = t
			defer l.reset()
			c.run(l, t)
		})
	}
}

// The ports on which PC B answers.
const (
	echoPort  = 7007
	otherPort = 7008
)

func (l *lab) dial(port uint16) *net.UDPConn {
	return client(l, l.pcA, netip.AddrPortFrom(pcB, port))
}

// reset takes policies away, and with them the SAs, and empties the events.
func (l *lab) reset() {
	for _, g := range []*gateway{&l.a, &l.b} {
		if err := g.SetPolicies(nil); err != nil {
			l.Error(err)
		}
		for len(g.events) > 0 {
			<-g.events
		}
	}
}

// protect gives both gateways the policy, B's mirrored; without rules that is all
// traffic between the LANs.
func (l *lab) protect(rules ...acl.Rule) {
	l.Helper()
	if len(rules) == 0 {
		rules = []acl.Rule{between(lanA, lanB)}
	}
	l.state(&l.a, policy(wanA, wanB, rules...))
	l.state(&l.b, policy(wanB, wanA, mirrored(rules)...))
}

func (l *lab) state(g *gateway, policies ...*ipsec.Policy) {
	l.Helper()
	if err := g.SetPolicies(policies); err != nil {
		l.Fatal(err)
	}
}

// install gives both gateways the SA pair, inbound before outbound.
func (l *lab) install(f flow) (there, back ends) {
	l.Helper()
	there, back = f.sas()
	l.add(&l.b, there.inbound)
	l.add(&l.a, back.inbound)
	l.add(&l.b, back.outbound)
	l.add(&l.a, there.outbound)
	return there, back
}

func (l *lab) add(g *gateway, sa *ipsec.SA) {
	l.Helper()
	if err := g.AddSA(sa); err != nil {
		l.Fatal(err)
	}
}

// counted waits until an SA has done so many packets.
func (l *lab) counted(g *gateway, sa *ipsec.SA, packets, octets uint64) {
	l.Helper()
	want := ipsec.Counters{Packets: packets, Octets: octets, Sequence: packets}
	eventually(l, fmt.Sprintf("%v to count %+v", sa.ID, want), func() bool {
		got, ok := g.Counters(sa.ID)
		return ok && got == want
	})
}

// event waits for an event of the gateway's.
func (l *lab) event(g *gateway) ipsec.Event {
	l.Helper()
	select {
	case e := <-g.events:
		return e
	case <-time.After(patience):
		l.Fatal("no event came")
		return nil
	}
}
