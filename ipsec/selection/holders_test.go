package selection

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"

	"sallyport/acl"
	"sallyport/ipsec"
)

// l2tp returns an instance of transport mode for UDP between one of our ports and one of the
// peer's.
func l2tp(n uint32, ours, theirs acl.Ports) *ipsec.Policy {
	r := permit(one(gateway), one(peer))
	r.Protocol, r.SourcePort, r.DestinationPort = acl.UDP, ours, theirs
	p := policy(r)
	p.ID, p.Mode = ipsec.PolicyID{Name: "t", Sequence: 1, Instance: n}, ipsec.Transport
	return p
}

// TestHolders: of two hosts behind one NAT the second has to send something else.
func TestHolders(t *testing.T) {
	port := func(n uint16) acl.Ports { return acl.Ports{Op: acl.Eq, Low: n} }
	first := l2tp(1, port(1701), port(1701))
	elsewhere, tunnel, entry := l2tp(2, port(1701), port(1701)), l2tp(2, port(1701), port(1701)), l2tp(0, port(1701), port(1701))
	elsewhere.Remote, tunnel.Mode = host, ipsec.Tunnel
	denied := l2tp(2, port(1701), port(1701))
	denied.ACL.Rules[0].Action = acl.Deny
	for _, test := range []struct {
		name string
		p    *ipsec.Policy
		held bool
	}{
		{"the same", l2tp(2, port(1701), port(1701)), true},
		{"any port of theirs", l2tp(2, port(1701), acl.Ports{}), true},
		{"a range with the port", l2tp(2, port(1701), acl.Ports{Op: acl.Range, Low: 1700, High: 1702}), true},
		{"another port", l2tp(2, port(1701), port(40000)), false},
		{"another of ours", l2tp(2, port(1702), port(1701)), false},
		{"itself", l2tp(1, port(1701), acl.Ports{}), false},
		{"another peer", elsewhere, false},
		{"tunnel mode", tunnel, false},
		{"an entry", entry, false},
		{"a deny rule", denied, false},
	} {
		var h Holders
		if err := h.Add(first); err != nil {
			t.Fatal(err)
		}
		err := h.Add(test.p)
		var held *ipsec.SelectorHeld
		if errors.As(err, &held) != test.held || test.held && (held.Policy != test.p.ID || held.Holder != first.ID || held.Peer != peer) {
			t.Errorf("%s: Add = %v, want that it is held: %v", test.name, err, test.held)
		}
		h.Remove(test.p)
		h.Remove(first)
		if len(h.byPeer) != 0 {
			t.Errorf("%s: left are %v", test.name, h.byPeer)
		}
	}
}

// TestOverlaps: two selections overlap if a packet is of both, as random ones show.
func TestOverlaps(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	both := 0
	for range 60000 {
		a, b := drawSelection(random), drawSelection(random)
		packet := drawPacket(random)
		if a.Overlaps(b) != b.Overlaps(a) {
			t.Fatalf("%v and %v overlap one way", a, b)
		}
		if a.Holds(packet) && b.Holds(packet) {
			both++
			if !a.Overlaps(b) {
				t.Fatalf("%+v is of %v and %v, which do not overlap", packet, a, b)
			}
		}
	}
	if both < 100 {
		t.Errorf("only %d packets were of two: the test has become blunt", both)
	}
	tcp := Selection{From: lan, To: remote, Protocol: acl.TCP}
	for _, other := range []Selection{
		{From: lan, To: remote, Protocol: acl.UDP}, {From: remote, To: remote}, {From: lan, To: netip.MustParsePrefix("10.1.3.0/24")},
	} {
		if tcp.Overlaps(other) {
			t.Errorf("%v overlaps %v", tcp, other)
		}
	}
	one, two := tcp, tcp
	one.ToPort, two.ToPort = PortBits{0x10, 0xfff0}, PortBits{0x18, 0xfff8}
	if !one.Overlaps(two) {
		t.Errorf("%v does not overlap %v", one, two)
	}
	if two.ToPort.Value = 0x28; one.Overlaps(two) {
		t.Errorf("%v overlaps %v", one, two)
	}
}

func drawSelection(r *rand.Rand) Selection {
	rule := drawRule(r)
	all, ok := Of(&rule, 16)
	if !ok || len(all) == 0 {
		return All()
	}
	return all[r.IntN(len(all))]
}
