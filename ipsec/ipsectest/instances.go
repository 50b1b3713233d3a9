package ipsectest

import (
	"net/netip"
	"slices"
	"testing"

	"sallyport/ipsec"
)

// instanceName is an instance of the policy of both gateways.
var instanceName = ipsec.PolicyID{Interface: policyName.Interface, Name: policyName.Name, Sequence: policyName.Sequence, Instance: 7}

// stateTemplates gives both gateways a template, and an instance of it for a flow.
func (l *lab) stateTemplates(f flow) {
	l.Helper()
	lans := Permit(lanA, lanB)
	for _, g := range []struct {
		*gateway
		peer netip.Addr
		from netip.Prefix
		to   netip.Prefix
	}{{&l.a, wanB, lanA, lanB}, {&l.b, wanA, lanB, lanA}} {
		template := policy(g.local, netip.Addr{}, lans)
		template.Template = true
		l.state(g.gateway, template)
		p := f.stated(g.local, g.peer, Permit(g.from, g.to))
		p.ID = instanceName
		l.must(g.AddPolicy(p))
	}
}

// instances has the gateways protect what instances of a template say. What the template
// permits, and no instance has, goes in clear.
func (l *lab) instances(t *testing.T) {
	f := flow{policy: instanceName}
	l.stateTemplates(f)
	l.passes(f)
	c := l.dial(echoPort)
	l.must(l.a.RemovePolicy(instanceName))
	before := l.b.Statistics()
	send(t, c, 100)
	l.b.dropped(t, before, ipsec.DropClear, 1)
	there, _ := f.sas()
	if _, ok := l.b.Counters(there.inbound.ID); !ok {
		t.Error("B's SA is gone with A's instance")
	}
	l.must(l.b.RemovePolicy(instanceName))
	if _, ok := l.b.Counters(there.inbound.ID); ok {
		t.Error("an instance's SA is there without it")
	}
	exchange(t, c, 100)
	l.stateTemplates(f)
	send(t, c, 100)
	if e, ok := l.event(&l.a).(ipsec.Acquire); !ok || e.Policy != instanceName || e.Rule != 5 {
		t.Errorf("event = %+v, want an acquire of %v, rule 5", e, instanceName)
	}
	l.install(f)
	answer(t, c, 100)
}

// follows has A's SA go to another address of B's: with its keys, for B has the same SA
// there, and its counters.
func (l *lab) follows(t *testing.T) {
	l.protect()
	f := flow{encapsulation: ipsec.Ports{Local: 4500, Remote: 4500}}
	there, back := l.install(f)
	c := l.dial(echoPort)
	exchange(t, c, 100)
	other := wanB.Next().Next()
	l.must(l.b.namespace.AddAddress(wan, netip.PrefixFrom(other, 24)))
	f.b = other
	elsewhere, _ := f.sas()
	l.add(&l.b, elsewhere.inbound)
	id, err := l.a.MoveSA(there.outbound.ID, netip.AddrPortFrom(other, 4500))
	if err != nil || id != elsewhere.outbound.ID {
		t.Fatalf("MoveSA = %v, %v, want %v", id, err, elsewhere.outbound.ID)
	}
	exchange(t, c, 100)
	l.counted(&l.a, back.inbound, 2, 2*(100+headers))
	n, _ := l.a.Counters(id)
	if n.Packets != 2 || n.Octets != 2*(100+headers) || n.Sequence < 2 {
		t.Errorf("after the move counters are %+v, want 2 packets", n)
	}
	if _, ok := l.a.Counters(there.outbound.ID); ok {
		t.Error("the SA has its old name, too")
	}
	if len(l.a.events) > 0 {
		t.Errorf("event %+v, want none", <-l.a.events)
	}
	if _, err := l.a.MoveSA(back.inbound.ID, netip.AddrPortFrom(wanB, 40000)); err != nil {
		t.Fatal(err)
	}
	exchange(t, c, 100)
	want := ipsec.Moved{SA: back.inbound.ID, Remote: netip.AddrPortFrom(wanB, 4500)}
	if got := l.event(&l.a); got != want {
		t.Errorf("event = %+v, want %+v", got, want)
	}
	l.must(l.a.RemoveSA(id))
}

// stay are SAs that cannot move.
func (l *lab) stay(t *testing.T) {
	l.protect()
	plain, _ := l.install(flow{})
	encapsulated, _ := l.install(flow{encapsulation: ipsec.Ports{Local: 4500, Remote: 4500}, mode: ipsec.Transport, spi: 0x2000})
	for name, id := range map[string]ipsec.SAID{
		"plain": plain.outbound.ID, "transport mode": encapsulated.outbound.ID, "none": {Destination: wanB, Protocol: ipsec.ESP, SPI: 0x9999},
	} {
		if _, err := l.a.MoveSA(id, netip.AddrPortFrom(wanB.Next(), 4500)); err == nil {
			t.Errorf("%s: MoveSA = nil, want an error", name)
		}
	}
}

// open has a policy's packets go in clear until it is closed again. What comes protected is
// taken all the while.
func (l *lab) open(t *testing.T) {
	self := netip.AddrPortFrom(lanB.Addr().Next(), echoPort)
	echo(t, l.b.namespace, self)
	l.protect()
	for _, g := range []*gateway{&l.a, &l.b} {
		l.must(g.PassClear(policyName, true))
	}
	c, own := l.dial(echoPort), client(t, l.pcA, self)
	exchange(t, c, 100)
	exchange(t, own, 100)
	there, back := l.install(flow{})
	exchange(t, c, 100)
	exchange(t, own, 100)
	l.counted(&l.a, there.outbound, 2, 2*(100+headers))
	l.counted(&l.a, back.inbound, 2, 2*(100+headers))
	l.must(l.b.PassClear(policyName, false))
	exchange(t, c, 100)
	l.must(l.a.RemoveSA(there.outbound.ID))
	before := l.b.Statistics()
	send(t, c, 100)
	send(t, own, 100)
	l.b.dropped(t, before, ipsec.DropClear, 2)
	if len(l.a.events) > 0 {
		t.Errorf("event %+v, want none", <-l.a.events)
	}
}

// otherICV has A cut its ICVs of SHA2-256 as old peers do: B refuses its packets and knows why.
func (l *lab) otherICV(t *testing.T) {
	l.protect()
	f := flow{encryption: ipsec.AES256, integrity: ipsec.SHA256}
	there, _ := f.sas()
	there.outbound.Integrity = ipsec.SHA256Short
	l.add(&l.b, there.inbound)
	l.add(&l.a, there.outbound)
	before := l.b.Statistics()
	c := l.dial(echoPort)
	const packets = 5
	for range packets {
		send(t, c, 100)
	}
	l.b.dropped(t, before, ipsec.DropAuthentication, packets)
	if n, _ := l.b.Counters(there.inbound.ID); n.ICVFailures != packets || !n.OtherICV {
		t.Errorf("counters are %+v, want %d wrong ICVs of the other length", n, packets)
	}
	want := ipsec.OtherICVFault(packets)
	if faults := l.b.Faults(); !slices.Contains(faults, want) {
		t.Errorf("faults are %+v, want %+v among them", faults, want)
	}
}
