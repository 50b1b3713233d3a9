package tunnel

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/selection"
)

func (r *rig) addPolicies(t testing.TB, policies ...*ipsec.Policy) {
	t.Helper()
	for _, p := range policies {
		if err := r.AddPolicy(p); err != nil {
			t.Fatal(err)
		}
	}
}

// parents are the policies of a churn that have instances.
var parents = [4]uint32{1, 3, 100, 101}

// churn changes templates, entries and instances at random.
type churn struct {
	*rand.Rand
	stated, instances []*ipsec.Policy // instances oldest first
}

// next makes one change.
func (r *churn) next(d *Dataplane, rule func() acl.Rule) error {
	n := uint32(r.IntN(12))
	switch {
	case r.stated == nil || r.IntN(8) == 0:
		r.stated = []*ipsec.Policy{policy(1, rule()), template(100, rule()), policy(2, rule()), template(101), policy(3, rule(), rule())}
		if r.IntN(3) == 0 {
			r.stated = r.stated[:3]
		}
		r.instances = slices.DeleteFunc(r.instances, func(p *ipsec.Policy) bool { return !r.has(p.ID) })
		return d.SetPolicies(r.stated)
	case r.IntN(3) == 0:
		id := instance(parents[n%4], n/4+1).ID
		r.instances = slices.DeleteFunc(r.instances, func(p *ipsec.Policy) bool { return p.ID == id })
		return d.RemovePolicy(id)
	case !r.has(id(parents[n%4])):
		return nil
	}
	p := instance(parents[n%4], n/4+1, rule(), rule())
	of := r.stated[slices.IndexFunc(r.stated, func(q *ipsec.Policy) bool { return q.ID == p.ID.Configured() })]
	if r.IntN(2) == 0 && of.ACL != nil { // what its policy has
		p = instance(parents[n%4], n/4+1, of.ACL.Rules[r.IntN(len(of.ACL.Rules))])
	}
	if i := slices.IndexFunc(r.instances, func(q *ipsec.Policy) bool { return q.ID == p.ID }); i >= 0 {
		r.instances[i] = p
	} else {
		r.instances = append(r.instances, p)
	}
	return d.AddPolicy(p)
}

func (r *churn) has(id ipsec.PolicyID) bool {
	return slices.ContainsFunc(r.stated, func(p *ipsec.Policy) bool { return p.ID == id.Configured() })
}

// list returns all in order of precedence, without the templates.
func (r *churn) list() (all []*ipsec.Policy) {
	for _, p := range r.stated {
		for _, i := range slices.Backward(r.instances) {
			if i.ID.Configured() == p.ID {
				all = append(all, i)
			}
		}
		if !p.Template {
			all = append(all, p)
		}
	}
	return all
}

// drawRule returns a rule about few addresses, sometimes with a port.
func drawRule(r *rand.Rand) acl.Rule {
	prefix := func() netip.Prefix {
		a := netip.AddrFrom4([4]byte{10, byte(r.IntN(2)), byte(r.IntN(2)), byte(r.IntN(2))})
		return netip.PrefixFrom(a, []int{8, 16, 24, 32}[r.IntN(4)]).Masked()
	}
	rule := permit(prefix(), prefix())
	rule.Action = acl.Action(r.IntN(3) & 1)
	if r.IntN(4) == 0 {
		rule = toPort(rule, 80)
	}
	return rule
}

// TestInstancesDecide: what instances say of a packet is what one list of all policies says.
func TestInstancesDecide(t *testing.T) {
	for seed := range uint64(20) {
		r, random := newRig(t), rand.New(rand.NewPCG(seed, 9))
		all := &churn{Rand: random}
		for range 60 {
			if err := all.next(r.Dataplane, func() acl.Rule { return drawRule(random) }); err != nil {
				t.Fatal(err)
			}
			plain, err := newSPD(all.list(), &spd{})
			if err != nil {
				t.Fatal(err)
			}
			for range 50 {
				packet := acl.Tuple{
					Source:      netip.AddrFrom4([4]byte{10, byte(random.IntN(2)), byte(random.IntN(2)), byte(random.IntN(2))}),
					Destination: netip.AddrFrom4([4]byte{10, byte(random.IntN(2)), byte(random.IntN(2)), byte(random.IntN(2))}),
					Protocol:    []uint8{1, acl.UDP}[random.IntN(2)],
				}
				if packet.HasPorts() {
					packet.DestinationPort = uint16(79 + random.IntN(2))
				}
				s := r.spd.Load()
				got, rule := s.outbound(packet)
				want, wantRule := plain.outbound(packet)
				if got != want || rule != wantRule || s.mustBeProtected(packet) != plain.mustBeProtected(packet) {
					t.Fatalf("seed %d: %+v is for %v rule %d, want %v rule %d", seed, packet, got, rule, want, wantRule)
				}
			}
			packet := acl.Tuple{Source: host, Destination: server, Protocol: acl.UDP, Fragment: true}
			if got := r.spd.Load().ambiguous(packet); got != plain.ambiguous(packet) && !r.spd.Load().ports {
				t.Fatalf("seed %d: a fragment is a guess: %v, want %v", seed, got, !got)
			}
		}
	}
}

// TestInstance is one instance's life: it protects, and its SAs go with it.
func TestInstance(t *testing.T) {
	r := newRig(t)
	if err := r.SetPolicies([]*ipsec.Policy{template(10, permit(lan, remote))}); err != nil {
		t.Fatal(err)
	}
	r.leave(shape{}.build())
	if len(r.wire.sent) != 1 || len(r.events) != 0 {
		t.Fatalf("without an instance %d packets left, events %v, want one in clear", len(r.wire.sent), r.events)
	}
	p := instance(10, 1, permit(lan, remote))
	r.addPolicies(t, p, p)
	if len(r.routes.added) != 1 {
		t.Errorf("routing was told of %d instances, want one", len(r.routes.added))
	}
	r.leave(shape{}.build())
	if len(r.events) != 1 || r.events[0].(ipsec.Acquire).Policy != p.ID {
		t.Errorf("events %v, want an acquire of %v", r.events, p.ID)
	}
	other := func(sa *ipsec.SA) { sa.Policy = p.ID }
	in := inboundOf(0x1000, other)
	r.add(t, in, outboundOf(0x1001, other))
	if len(r.wire.sent) != 2 {
		t.Errorf("%d packets left, want the one that waited too", len(r.wire.sent))
	}
	if r.guard.packet(shape{from: server, to: host}.build()); r.Statistics().Drops[ipsec.DropClear] != 1 {
		t.Error("a clear packet of an instance's passed")
	}
	if err := errors.Join(r.RemovePolicy(p.ID), r.RemovePolicy(p.ID)); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Counters(in.ID); ok || len(r.routes.removed) != 1 || len(r.sad.outbound)+len(r.sad.byPolicy) != 0 {
		t.Errorf("SA is there: %v, routing was told %d times", ok, len(r.routes.removed))
	}
	r.guard.packet(shape{from: server, to: host}.build())
	if r.Statistics().Drops[ipsec.DropClear] != 1 {
		t.Error("a clear packet was dropped for an instance that is gone")
	}
}

// TestInstancesGo with what they are of. Those that came before it wait.
func TestInstancesGo(t *testing.T) {
	r := newRig(t)
	one, two := instance(10, 1, permit(lan, remote)), instance(20, 1, permit(remote, lan))
	manual := policy(10)
	manual.Manual = true
	r.addPolicies(t, one, two, instance(10, 2))
	for _, test := range []struct {
		stated []*ipsec.Policy
		want   map[ipsec.PolicyID]bool
	}{
		{[]*ipsec.Policy{template(10)}, map[ipsec.PolicyID]bool{one.ID: true}},
		{[]*ipsec.Policy{template(10, permit(lan, lan)), template(20)}, map[ipsec.PolicyID]bool{one.ID: true}},
		{[]*ipsec.Policy{policy(10), template(20)}, map[ipsec.PolicyID]bool{one.ID: true}},
		{[]*ipsec.Policy{manual, template(20)}, nil},
		{[]*ipsec.Policy{template(10), template(20)}, nil},
	} {
		if err := r.SetPolicies(test.stated); err != nil {
			t.Fatal(err)
		}
		for _, id := range []ipsec.PolicyID{one.ID, two.ID} {
			if got := r.spd.Load().policy(id) != nil; got != test.want[id] {
				t.Errorf("%v is there: %v, want %v", id, got, test.want[id])
			}
		}
	}
	if len(r.instances.groups) != 0 {
		t.Errorf("%d groups are left", len(r.instances.groups))
	}
}

func TestInstanceRefused(t *testing.T) {
	r := newRig(t)
	manual, tunnel := policy(20), policy(40, permit(world, world))
	manual.Manual, tunnel.Routed, tunnel.Device = true, true, "Tunnel0"
	r.spd.Store(&spd{instances: r.instances, byID: map[ipsec.PolicyID]*ipsec.Policy{id(10): template(10), id(20): manual, id(40): tunnel}})
	r.told = true
	elsewhere, routed := instance(10, 1), instance(10, 1)
	elsewhere.Device, routed.Routed = "eth0", true
	for name, p := range map[string]*ipsec.Policy{
		"an entry": policy(10), "configured SAs": instance(20, 1), "nothing": instance(30, 1), "another device": elsewhere, "routed": routed,
		"of a tunnel interface": instance(40, 1),
	} {
		var refused *ipsec.InstanceRefused
		if err := r.AddPolicy(p); !errors.As(err, &refused) {
			t.Errorf("%s: AddPolicy = %v, want that it is refused", name, err)
		}
	}
	r.routes.err = errors.New("no route")
	if err := r.AddPolicy(instance(10, 1, permit(lan, remote))); err == nil || r.instances.instance(instance(10, 1).ID) != nil {
		t.Errorf("AddPolicy without routes = %v, and it is there", err)
	}
}

// TestSameTransport: two hosts behind one NAT may not have the same packets.
func TestSameTransport(t *testing.T) {
	r := newRig(t)
	if err := r.SetPolicies([]*ipsec.Policy{template(10)}); err != nil {
		t.Fatal(err)
	}
	l2tp := func(n uint32) *ipsec.Policy {
		p := instance(10, n, toPort(permit(one(gateway), one(peer)), 1701))
		p.Mode = ipsec.Transport
		return p
	}
	r.addPolicies(t, l2tp(1))
	var held *ipsec.SelectorHeld
	if err := r.AddPolicy(l2tp(2)); !errors.As(err, &held) || held.Holder != l2tp(1).ID || held.Peer != peer {
		t.Errorf("AddPolicy = %v, want that %v holds it", err, l2tp(1).ID)
	}
	if err := r.RemovePolicy(l2tp(1).ID); err != nil {
		t.Fatal(err)
	}
	r.addPolicies(t, l2tp(2))
}

// TestPassClear opens a policy and closes it again.
func TestPassClear(t *testing.T) {
	r := newRig(t)
	p := r.state(t, permit(lan, remote))
	r.leave(shape{}.build())
	r.events = nil
	if err := r.PassClear(id(11), true); err == nil {
		t.Error("PassClear of no policy = nil, want an error")
	}
	open := func(whether bool) {
		t.Helper()
		if err := errors.Join(r.PassClear(p.ID, whether), r.PassClear(p.ID, whether)); err != nil {
			t.Fatal(err)
		}
	}
	open(true)
	r.leave(shape{}.build())
	r.guard.packet(shape{from: server, to: host}.build())
	if len(r.wire.sent) != 3 || len(r.events) != 0 {
		t.Fatalf("open: %d packets passed, events %v, want the one that waited and two more", len(r.wire.sent), r.events)
	}
	r.add(t, outboundOf(0x1001))
	if r.leave(shape{}.build()); r.wire.sent[3][ipProtocol] != byte(ipsec.ESP) {
		t.Error("with an SA a packet left in clear")
	}
	if err := r.RemoveSA(outboundOf(0x1001).ID); err != nil {
		t.Fatal(err)
	}
	open(false)
	r.leave(shape{}.build())
	r.guard.packet(shape{from: server, to: host}.build())
	if len(r.wire.sent) != 4 || len(r.events) != 1 {
		t.Errorf("closed: %d packets passed, events %v, want none and an acquire", len(r.wire.sent)-4, r.events)
	}
	open(true)
	r.state(t)
	if err := r.SetPolicies(nil); err != nil {
		t.Fatal(err)
	}
	if p := r.state(t, permit(lan, remote)); r.instances.passesClear(p.ID) {
		t.Error("a policy that was gone is open")
	}
	want := []string{fmt.Sprint(p.ID, true), fmt.Sprint(p.ID, false), fmt.Sprint(p.ID, true)}
	if !slices.Equal(r.routes.opened, want) {
		t.Errorf("routing was told %v, want %v", r.routes.opened, want)
	}
}

// TestInstancesInTheKernel: after each step the kernel has what a look at everything
// would leave there, but for sources that stay spared.
func TestInstancesInTheKernel(t *testing.T) {
	withDataplane(t, func(d *Dataplane) error {
		if err := haveAddresses("10.0.0.1", "10.0.1.0", "10.1.0.1"); err != nil {
			return err
		}
		router := d.router.(*routing)
		random := rand.New(rand.NewPCG(5, 7))
		all := &churn{Rand: random}
		for range 150 {
			if err := all.next(d, func() acl.Rule { return drawRule(random) }); err != nil {
				return err
			}
			if len(all.instances) > 0 && random.IntN(4) == 0 {
				if err := d.PassClear(all.instances[0].ID, random.IntN(2) == 0); err != nil {
					return err
				}
			}
			followed, err := router.inForce()
			if err != nil {
				return err
			}
			router.mu.Lock()
			err = router.restore()
			router.mu.Unlock()
			if err != nil {
				return err
			}
			if applied, err := router.inForce(); err != nil || applied != followed {
				return fmt.Errorf("there is\n%s\nand after a look at everything\n%s\n%w", followed, applied, err)
			}
			if err := hasRoutes(router, all.list()); err != nil {
				return err
			}
		}
		return nil
	})
}

// inForce returns what the kernel has of ours, in order.
func (r *routing) inForce() (string, error) {
	text, err := now()
	if err != nil || r.gate == nil {
		return text, err
	}
	ours, others, err := r.gate.kernel.list()
	ours = slices.DeleteFunc(ours, func(p installed) bool { return p.Allow && p.To == selection.Anywhere })
	slices.SortFunc(ours, func(a, b installed) int { return int(a.priority) - int(b.priority) })
	for _, p := range ours {
		text += fmt.Sprintf("%+v\n", p.Clause)
	}
	return text + fmt.Sprint(others), err
}

// TestInstancesCost: what an instance costs the gate does not grow with what there is.
func TestInstancesCost(t *testing.T) {
	k := new(policyTable)
	g, _ := newGate(k)
	of := template(10)
	clauses, marks := selection.Marked([]*ipsec.Policy{policy(5, deny(lan, lan)), of, policy(20, permit(lan, remote))})
	g.marks = marks
	if err := g.apply(clauses); err != nil {
		t.Fatal(err)
	}
	for n := range uint32(500) {
		to := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 128 | byte(n>>8), byte(n), 0}), 24)
		come := newcomer{of: of.ID}
		come.first, come.clauses = selection.ClausesOf(instance(10, n+1, permit(lan, to), deny(one(host), to)))
		k.asked = 0
		done, err := g.insert(come)
		if !done || err != nil || k.asked != 2 {
			t.Fatalf("insert = %v, %v, the kernel was asked %d times, want twice", done, err, k.asked)
		}
		if n%2 == 0 {
			if done, err := g.withdraw(come); !done || err != nil || k.asked != 4 {
				t.Fatalf("withdraw = %v, %v, the kernel was asked %d times, want twice more", done, err, k.asked)
			}
		}
	}
	got := k.inForce()
	if len(got) != 2+2*250 || got[0] != clauses[0] || got[len(got)-1] != clauses[1] {
		t.Errorf("%d clauses are in force, from %v to %v", len(got), got[0], got[len(got)-1])
	}
}

// TestGateInstances: the first instance of a policy needs no look at all clauses, unless it
// is about the very same packets as another policy.
func TestGateInstances(t *testing.T) {
	k := new(policyTable)
	g, _ := newGate(k)
	g.learn(nil, nil)
	before, of, last := policy(5, deny(lan, lan)), policy(10, permit(lan, remote)), policy(20, permit(remote, lan))
	state := func(policies ...*ipsec.Policy) {
		t.Helper()
		if err := g.follow(selection.Clauses(policies)); err != nil {
			t.Fatal(err)
		}
	}
	come := func(alone bool, rule acl.Rule) newcomer {
		i := newcomer{of: of.ID, alone: alone}
		_, i.own = selection.ClausesOf(of)
		i.first, i.clauses = selection.ClausesOf(instance(10, 1, rule))
		return i
	}
	check := func(what string, do func(newcomer) (bool, error), i newcomer, want bool, asked, at int) {
		t.Helper()
		k.asked = 0
		if done, err := do(i); done != want || err != nil || k.asked != asked {
			t.Fatalf("%s: %v, %v, the kernel was asked %d times, want %v and %d", what, done, err, k.asked, want, asked)
		}
		if got := slices.Index(k.inForce(), i.clauses[0]); got != at {
			t.Fatalf("%s: it is the %d. of\n%swant the %d.", what, got, written(k.inForce()), at)
		}
	}
	whole, part := come(true, permit(lan, remote)), come(true, permit(lan, one(server)))
	state(before, of, last)
	check("the whole", g.insert, whole, true, 0, 1)
	check("the whole goes", g.withdraw, whole, true, 0, 1)
	check("a part", g.insert, part, true, 1, 1)
	check("the whole after it", g.insert, come(false, permit(lan, remote)), false, 0, 2)
	check("the part goes", g.withdraw, part, true, 1, -1)
	state(of, before, last)
	check("a part, elsewhere", g.insert, part, true, 1, 0)
	check("it goes", g.withdraw, part, true, 1, -1)
	state(policy(7, permit(lan, remote)), of, last)
	check("a part of what another has", g.insert, part, false, 0, -1)
	check("the whole of it", g.insert, whole, false, 0, 0)
}

// BenchmarkInstance measures an instance that comes and goes on top of others.
func BenchmarkInstance(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprintf("instances=%d", n), func(b *testing.B) {
			withDataplane(b, func(d *Dataplane) error {
				errs := []error{d.SetPolicies([]*ipsec.Policy{template(10)})}
				for i, p := range tenThousand()[:n] {
					errs = append(errs, d.AddPolicy(instance(10, uint32(i+1), p.ACL.Rules...)))
				}
				if err := errors.Join(errs...); err != nil {
					return err
				}
				for b.Loop() {
					p := instance(10, uint32(n+1), permit(remote, lan))
					if err := errors.Join(d.AddPolicy(p), d.RemovePolicy(p.ID)); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
}

// BenchmarkInstanceOfPolicy measures an instance of one of 10,000 policies that comes and
// goes: for a part of its traffic, or for all of it.
func BenchmarkInstanceOfPolicy(b *testing.B) {
	policies := tenThousand()
	for name, rule := range map[string]acl.Rule{
		"part": permit(lan, netip.MustParsePrefix("10.147.136.7/32")), "whole": policies[5000].ACL.Rules[0],
	} {
		b.Run(name, func(b *testing.B) {
			withDataplane(b, func(d *Dataplane) error {
				if err := d.SetPolicies(policies); err != nil {
					return err
				}
				for b.Loop() {
					p := instance(5000, 1, rule)
					if err := errors.Join(d.AddPolicy(p), d.RemovePolicy(p.ID)); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
}

// BenchmarkTemplateGoes measures the end of a template with instances.
func BenchmarkTemplateGoes(b *testing.B) {
	withDataplane(b, func(d *Dataplane) error {
		for b.Loop() {
			b.StopTimer()
			errs := []error{d.SetPolicies([]*ipsec.Policy{template(10), policy(20, permit(lan, remote))})}
			for i, p := range tenThousand()[:2000] {
				errs = append(errs, d.AddPolicy(instance(10, uint32(i+1), p.ACL.Rules...)))
			}
			b.StartTimer()
			errs = append(errs, d.SetPolicies([]*ipsec.Policy{policy(20, permit(lan, remote))}))
			if err := errors.Join(errs...); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkInstanceMatch measures the way of a packet to its instance.
func BenchmarkInstanceMatch(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("instances=%d", n), func(b *testing.B) {
			r := newRig(b)
			if err := r.SetPolicies([]*ipsec.Policy{template(10)}); err != nil {
				b.Fatal(err)
			}
			for i, p := range tenThousand()[:n] {
				r.addPolicies(b, instance(10, uint32(i+1), p.ACL.Rules...))
			}
			packet := acl.Tuple{Source: host, Destination: netip.MustParseAddr("10.128.5.1"), Protocol: 1}
			for b.Loop() {
				if p, _ := r.spd.Load().outbound(packet); p == nil {
					b.Fatal("nobody's")
				}
			}
		})
	}
}

// BenchmarkCounters measures a question about one SA.
func BenchmarkCounters(b *testing.B) {
	r := newRig(b)
	sa := inboundOf(0x1000)
	r.add(b, sa)
	for b.Loop() {
		if _, ok := r.Counters(sa.ID); !ok {
			b.Fatal("it is not there")
		}
	}
}

// TestInstanceSpares: the LAN may talk to this box though an instance protects everything,
// from its beginning.
func TestInstanceSpares(t *testing.T) {
	withDataplane(t, func(d *Dataplane) error {
		router := d.router.(*routing)
		if router.gate == nil {
			return nil
		}
		err := errors.Join(d.SetPolicies([]*ipsec.Policy{template(10)}), d.AddPolicy(instance(10, 1, permit(world, world))))
		if err != nil {
			return err
		}
		ours, _, err := router.gate.kernel.list()
		slices.SortFunc(ours, func(a, b installed) int { return int(a.priority) - int(b.priority) })
		packet := acl.Tuple{Source: host, Destination: netip.MustParseAddr("10.1.1.1"), Protocol: 1}
		i := slices.IndexFunc(ours, func(p installed) bool { return p.Holds(packet) })
		if i < 0 || !ours[i].Allow {
			t.Errorf("what comes from the LAN meets %d of %v, want that it passes", i, ours)
		}
		return err
	})
}
