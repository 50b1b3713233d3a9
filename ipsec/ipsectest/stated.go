package ipsectest

import (
	"net/netip"
	"testing"

	"sallyport/acl"
	"sallyport/ipsec"
)

// manual has one configured SA pair for a policy of two rules. Nobody is asked for it:
// before it is there, what would need it is dropped.
func (l *lab) manual(t *testing.T) {
	f := flow{manual: true, unchecked: true, selector: ipsec.Selector{
		Local: ipsec.PrefixRange(World), Remote: ipsec.PrefixRange(World),
	}}
	lans := Permit(lanA, lanB)
	l.protectBy(f, ToPort(lans, echoPort), ToPort(lans, otherPort))
	before := l.a.Statistics()
	send(t, l.dial(echoPort), 100)
	l.a.dropped(t, before, ipsec.DropNoSA, 1)
	there, _ := l.install(f)
	exchange(t, l.dial(echoPort), 100)
	exchange(t, l.dial(otherPort), 100)
	l.counted(&l.a, there.outbound, 2, 2*(100+headers))
	if len(l.a.events) > 0 {
		t.Errorf("event %+v, want none", <-l.a.events)
	}
}

// The tunnel interfaces of the gateways, and the network between them.
const tunnelDevice = "Tunnel1"

var tunnelA, tunnelB = netip.MustParseAddr("10.9.0.1"), netip.MustParseAddr("10.9.0.2")

// stateRouted gives the gateways a policy with a tunnel interface, an address on it, and a
// way through it to the other's PC.
func (l *lab) stateRouted(f flow) {
	l.Helper()
	for _, g := range []struct {
		*gateway
		peer, own, other, pc netip.Addr
	}{{&l.a, wanB, tunnelA, tunnelB, pcB}, {&l.b, wanA, tunnelB, tunnelA, pcA}} {
		p := f.stated(g.local, g.peer, Permit(World, World))
		p.Routed, p.Device = true, tunnelDevice
		l.state(g.gateway, p)
		l.must(g.namespace.AddAddress(tunnelDevice, netip.PrefixFrom(g.own, 24)))
		l.must(g.namespace.AddRoute(netip.PrefixFrom(g.pc, 32), g.other))
	}
}

// routed sends what routing leads into a tunnel interface. The dataplane makes it and
// brings it up, and takes it away with the policy; addresses and routes are others'. A
// packet that finds no SA there may be lost, though one is asked for.
func (l *lab) routed(t *testing.T) {
	f := flow{selector: ipsec.Selector{Local: ipsec.PrefixRange(World), Remote: ipsec.PrefixRange(World)}}
	l.stateRouted(f)
	send(t, l.dial(echoPort), 100)
	if e, ok := l.event(&l.a).(ipsec.Acquire); !ok || e.Policy != policyName || e.Rule != 5 || e.Packet.Destination != pcB {
		t.Errorf("event = %+v, want an acquire of %v, rule 5, to %v", e, policyName, pcB)
	}
	l.reset() // whatever waits
	l.stateRouted(f)
	there, back := l.install(f)
	c := l.dial(echoPort)
	exchange(t, c, 100)
	exchange(t, c, 1300)
	l.counted(&l.a, there.outbound, 2, 1400+2*headers)
	l.counted(&l.a, back.inbound, 2, 1400+2*headers)
	l.reset()
	if err := l.a.namespace.AddAddress(tunnelDevice, netip.PrefixFrom(tunnelA, 24)); err == nil {
		t.Errorf("%s is still there without its policy", tunnelDevice)
	}
}

func (l *lab) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// order states two policies for the same packets, in either order.
func (l *lab) order(t *testing.T) {
	host := Permit(lanA, netip.PrefixFrom(pcB, 32))
	narrow, wide := flow{}, flow{spi: 0x2000, policy: policyName}
	narrow.selector, _ = ipsec.SelectorOf(host)
	wide.policy.Sequence += 10
	stated := func(first, second *ipsec.Policy) { l.state(&l.a, first, second) }
	l.state(&l.b, narrow.stated(wanB, wanA, mirrored([]acl.Rule{host})...))
	a, b := narrow.stated(wanA, wanB, host), wide.stated(wanA, wanB, Permit(lanA, lanB))
	stated(a, b)
	there, _ := l.install(narrow)
	exchange(t, l.dial(echoPort), 100)
	l.counted(&l.a, there.outbound, 1, 100+headers)
	stated(b, a)
	l.state(&l.b, wide.stated(wanB, wanA, Permit(lanB, lanA)))
	there, _ = l.install(wide)
	exchange(t, l.dial(echoPort), 100)
	l.counted(&l.a, there.outbound, 1, 100+headers)
}

// otherRule has A send what B has a rule of its own for in the SA of B's next rule: A has
// but one. B answers by its own first rule.
func (l *lab) otherRule(t *testing.T) {
	wide, narrow := Permit(lanA, lanB), ToPort(Permit(lanA, lanB), echoPort)
	l.state(&l.a, policy(wanA, wanB, wide))
	l.state(&l.b, policy(wanB, wanA, mirrored([]acl.Rule{narrow, wide})...))
	there, _ := flow{}.sas()
	there.inbound.Rule = 10
	f := flow{spi: 0x2000}
	f.selector, _ = ipsec.SelectorOf(narrow)
	_, back := f.sas()
	l.add(&l.b, there.inbound)
	l.add(&l.a, back.inbound)
	l.add(&l.b, back.outbound)
	l.add(&l.a, there.outbound)
	exchange(t, l.dial(echoPort), 100)
	l.counted(&l.b, there.inbound, 1, 100+headers)
	l.counted(&l.a, back.inbound, 1, 100+headers)
}

// A keeper is a dataplane whose SAs can go on without it.
type keeper interface{ Keep() error }

// adopt ends a dataplane and leaves its SAs to a successor, with nothing lost in
// between. What the successor does not name goes. The userspace dataplane's SAs end with
// it: there is nothing to see then.
func (l *lab) adopt(t *testing.T) {
	old, can := l.a.Dataplane.(keeper)
	if !can {
		return
	}
	l.protect()
	there, _ := l.install(flow{})
	_, unused := flow{spi: 0x2000}.sas()
	l.add(&l.a, unused.inbound)
	c := l.dial(echoPort)
	exchange(t, c, 100)
	l.must(old.Keep())
	exchange(t, c, 100)
	l.a.open(l.suite)
	exchange(t, c, 100)
	configured, negotiated := flow{}.sas()
	negotiated.inbound.EncryptionKey, negotiated.inbound.IntegrityKey = nil, nil // a journal has none
	missing, _ := flow{spi: 0x3000}.sas()
	l.adopted(configured.outbound, negotiated.inbound, missing.outbound)
	l.add(&l.a, unused.inbound.Clone()) // the old one has gone
	exchange(t, c, 100)
	l.state(&l.a, policy(wanA, wanB, Permit(lanA, lanB)))
	exchange(t, c, 100)
	l.counted(&l.a, there.outbound, 5, 5*(100+headers))
	if n := l.a.Statistics(); n.OutPackets > 3 {
		t.Errorf("statistics count %d packets, want those since the start only", n.OutPackets)
	}
	newer, _ := l.install(flow{spi: 0x4000})
	exchange(t, c, 100)
	l.counted(&l.a, newer.outbound, 1, 100+headers)
}

// adopted has gateway A take over the first two of three SAs: the last is not there.
func (l *lab) adopted(sas ...*ipsec.SA) {
	l.Helper()
	kept, err := l.a.Adopt(sas)
	if err != nil || len(kept) != 2 || kept[0].ID != sas[0].ID || kept[1].ID != sas[1].ID {
		l.Fatalf("Adopt(%v) = %v, %v, want the first two", names(sas), names(kept), err)
	}
}

// names returns the names of SAs.
func names(sas []*ipsec.SA) (ids []ipsec.SAID) {
	for _, sa := range sas {
		ids = append(ids, sa.ID)
	}
	return ids
}
