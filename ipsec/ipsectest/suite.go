package ipsectest

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/ipsec"
)

// A testCase is one thing that a dataplane must do.
type testCase struct {
	name string
	run  func(*lab, *testing.T)
}

// Suite runs what every dataplane must do, with real packets. It needs root.
func Suite(t *testing.T, open Opener) {
	newLab(t, open, open).run(t, []testCase{
		{"algorithms", (*lab).algorithms},
		{"a repeated packet is dropped", (*lab).replay},
		{"a clear packet is dropped", (*lab).clearPacket},
		{"a clear packet to the gateway itself is dropped", (*lab).toGateway},
		{"gateway to gateway, only ESP passes", (*lab).hostToHost},
		{"a LAN reaches its gateway though everything is protected", (*lab).everything},
		{"traffic of another selector is dropped", (*lab).wrongSelector},
		{"an unknown SPI is dropped", (*lab).unknownSPI},
		{"UDP encapsulation", (*lab).encapsulation},
		{"a peer that moved is told", (*lab).moved},
		{"SAs go to a peer that was not known", (*lab).unknownPeer},
		{"a packet that must stay whole is refused with its MTU", (*lab).dontFragment},
		{"larger packets go in fragments", (*lab).fragments},
		{"only the port of the rule is protected", (*lab).onePort},
		{"what a deny rule names goes in clear", (*lab).denied},
		{"the first packet waits for its SA", (*lab).acquire},
		{"a newer SA takes over and gives back", (*lab).takeover},
		{"a soft limit is told once", (*lab).softLimit},
		{"a hard limit ends an SA", (*lab).hardLimit},
		{"AH", (*lab).authenticated},
		{"AH around ESP", (*lab).bundles},
		{"transport mode", (*lab).transport},
		{"extended sequence numbers", (*lab).extended},
		{"a large replay window lets late packets in", (*lab).late},
		{"without a replay window repeated packets pass", (*lab).unchecked},
		{"configured SAs serve all rules", (*lab).manual},
		{"what is routed into a tunnel interface is protected", (*lab).routed},
		{"the first of two policies decides", (*lab).order},
		{"the peer may take another rule's SA", (*lab).otherRule},
		{"a successor goes on with the SAs", (*lab).adopt},
		{"instances of a template come and go", (*lab).instances},
		{"an instance has a part of its policy's traffic", (*lab).partOf},
		{"an instance has all of its policy's traffic", (*lab).wholeOf},
		{"an SA follows its peer", (*lab).follows},
		{"some SAs stay where they are", (*lab).stay},
		{"a policy may be open", (*lab).open},
		{"a peer that cuts SHA2-256 otherwise is known", (*lab).otherICV},
		// The last one: what it sends a kernel may hold back, and let go under somebody else's SAs.
		{"nothing is in clear while an instance comes and goes", (*lab).betweenTimes},
	})
}

// run runs cases, one after the other.
func (l *lab) run(t *testing.T, cases []testCase) {
	l.suite = t
	for _, c := range cases {
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
	l.protectBy(flow{}, rules...)
}

// protectBy is protect with the policy that a flow's SAs are for.
func (l *lab) protectBy(f flow, rules ...acl.Rule) {
	l.Helper()
	if len(rules) == 0 {
		rules = []acl.Rule{Permit(lanA, lanB)}
	}
	l.state(&l.a, f.stated(wanA, wanB, rules...))
	l.state(&l.b, f.stated(wanB, wanA, mirrored(rules)...))
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

// counted waits until an SA has done so many packets. Both parts of a bundle count the
// same.
func (l *lab) counted(g *gateway, sa *ipsec.SA, packets, octets uint64) {
	l.Helper()
	want := ipsec.Counters{Packets: packets, Octets: octets, Sequence: packets}
	names := []ipsec.SAID{sa.ID}
	if id, ok := sa.AHID(); ok {
		names = append(names, id)
	}
	for _, id := range names {
		var got ipsec.Counters
		if !holds(func() (same bool) {
			got, same = g.Counters(id)
			same = same && got.LastUsed.IsZero() == (packets == 0)
			got.LastUsed = time.Time{} // it was looked at
			return same && got == want
		}) {
			l.Fatalf("%v counted %+v, want %+v", id, got, want)
		}
	}
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
