package xfrm

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

func (r *rig) addPolicies(policies ...*ipsec.Policy) {
	r.memory.Helper()
	for _, p := range policies {
		if err := r.AddPolicy(p); err != nil {
			r.memory.Fatal(err)
		}
	}
}

func (r *rig) removePolicies(ids ...ipsec.PolicyID) {
	r.memory.Helper()
	for _, id := range ids {
		if err := r.RemovePolicy(id); err != nil {
			r.memory.Fatal(err)
		}
	}
}

// TestTemplate: a template by itself holds nothing.
func TestTemplate(t *testing.T) {
	r := newRig(t)
	r.state(template(10, permit(lan, remote), deny(lan, lan)), template(20))
	r.expect()
	p := policy(30, permit(lan, remote))
	r.state(template(10, permit(lan, remote)), p)
	if got := r.outbound(); got.N != 1 {
		t.Errorf("behind a template meets %v, want that it is protected", got)
	}
}

// TestInstance is one instance's life: three policies that come before those of entries
// behind its template, and its SAs, which go with it.
func TestInstance(t *testing.T) {
	r := newRig(t)
	r.state(policy(5, deny(lan, lan)), template(10), policy(20, permit(lan, selection.Anywhere)))
	r.memory.changes()
	one := instance(10, 1, permit(lan, remote))
	one.Remote = nomad
	r.addPolicies(one, one)
	r.expect("add policy", "add policy", "add policy")
	if got := r.outbound(); got.N != 1 || got.Templates[0].Destination != nomad {
		t.Fatalf("out meets %v, want the instance's with %v", got, nomad)
	}
	if got := r.inbound(); got.N != 1 || got.Templates[0].Optional {
		t.Fatalf("fwd meets %v, want that it must be protected", got)
	}
	other := func(sa *ipsec.SA) { sa.Policy, sa.Remote = one.ID, nomad }
	r.add(inboundOf(0x1000, other), outboundOf(0x1001, other))
	r.memory.changes()
	r.removePolicies(one.ID, one.ID)
	if len(r.memory.states) != 0 {
		t.Errorf("SAs %v are left", r.memory.states)
	}
	r.expect("delete policy", "delete policy", "delete policy", "delete state", "delete state")
	if got := r.outbound(); got.N != 1 || got.Templates[0].Destination != peer {
		t.Errorf("out meets %v, want the entry behind the template", got)
	}
}

// TestInstancesGo with what they are of, and stay while that may have some, however it changes.
func TestInstancesGo(t *testing.T) {
	r := newRig(t)
	r.state(template(10))
	one := instance(10, 1, permit(lan, remote))
	r.addPolicies(one)
	changed := template(10, permit(lan, remote))
	r.memory.changes()
	r.state(changed)
	r.expect()
	r.add(outboundOf(0x1001, func(sa *ipsec.SA) { sa.Policy = one.ID }))
	changed = policy(10, permit(lan, lan))
	if r.state(changed); len(r.memory.states) != 1 || r.byID[one.ID] == nil {
		t.Errorf("with another policy of its template's name there is %v, and %v", r.outbound(), r.memory.states)
	}
	manual := *changed
	manual.Manual = true
	r.state(&manual)
	if len(r.memory.states) != 0 || r.outbound().Index != 0 || r.byID[one.ID] != nil {
		t.Errorf("without its template there is %v, and %v", r.outbound(), r.memory.states)
	}
}

// TestInstancesEarly: those that a successor adds before the policies find what is left, and
// nothing changes.
func TestInstancesEarly(t *testing.T) {
	r := newRig(t)
	r.state(template(10), template(20))
	one, two := instance(10, 1, permit(lan, remote)), instance(10, 2, permit(remote, lan))
	r.addPolicies(one, two)
	r = newRigOver(r.memory)
	r.memory.changes()
	lost := instance(30, 1, permit(lan, lan))
	r.addPolicies(one, two, lost)
	r.removePolicies(instance(20, 9).ID)
	r.state(template(10), template(20))
	r.expect()
	if r.byID[lost.ID] != nil {
		t.Error("an instance without a template is there")
	}
	r.addPolicies(instance(20, 1, permit(remote, remote)))
	r.expect("add policy", "add policy", "add policy")
}

func TestInstanceRefused(t *testing.T) {
	r := newRig(t)
	manual, tunnel := policy(20, permit(lan, lan)), policy(40, permit(selection.Anywhere, selection.Anywhere))
	manual.Manual, tunnel.Routed, tunnel.Device = true, true, "Tunnel0"
	r.state(template(10), manual, tunnel)
	flows := len(r.flows.byReqID)
	elsewhere := instance(10, 1, permit(lan, remote))
	elsewhere.Device = "eth0"
	routed := instance(10, 1, permit(lan, remote))
	routed.Routed = true
	odd := permit(lan, remote)
	odd.Destination.Care = 0x55555555
	for name, p := range map[string]*ipsec.Policy{
		"an entry": policy(10, permit(lan, remote)), "configured SAs": instance(20, 1, permit(lan, remote)), "nothing": instance(30, 1),
		"of a tunnel interface": instance(40, 1, permit(lan, remote)),
		"another device":        elsewhere, "a tunnel interface": routed, "an unsayable rule": instance(10, 1, odd),
	} {
		var refused *ipsec.InstanceRefused
		if err := r.AddPolicy(p); err == nil || errors.As(err, &refused) == (name == "an unsayable rule") {
			t.Errorf("%s: AddPolicy = %v, want that it is refused", name, err)
		}
	}
	if len(r.flows.byReqID) != flows {
		t.Errorf("%d flows are left, want those of the policies, %d", len(r.flows.byReqID), flows)
	}
}

// TestInstanceFails: what the kernel refuses leaves all as it was, and can be tried again. So
// it is for an instance by itself, for one that wants the place of another policy, and for one
// that has its own policy's.
func TestInstanceFails(t *testing.T) {
	for name, test := range map[string]struct {
		of    *ipsec.Policy
		rules []acl.Rule
		what  string // is refused
		want  int    // policies
	}{
		"by itself":             {template(10), []acl.Rule{permit(lan, lan)}, "add policy", 3},
		"in a place":            {template(10), []acl.Rule{permit(lan, remote), permit(lan, lan)}, "add policy", 3},
		"in its policy's place": {policy(10, permit(lan, lan), permit(remote, remote)), []acl.Rule{permit(remote, remote)}, "change policy", 4},
	} {
		for spare := range 3 {
			r := newRig(t)
			r.state(test.of, policy(20, permit(lan, remote)))
			r.addPolicies(instance(10, 1, permit(remote, lan)))
			before := wanted(r.memory, r.memory)
			two := instance(10, 2, test.rules...)
			r.memory.fail[test.what], r.memory.spare = unix.ENOMEM, spare
			if err := r.AddPolicy(two); !errors.Is(err, unix.ENOMEM) {
				t.Fatalf("%s: AddPolicy = %v, want %v", name, err, unix.ENOMEM)
			}
			if got := wanted(r.memory, r.memory); !reflect.DeepEqual(got, before) {
				t.Errorf("%s: after the error there are\n%v\nwant\n%v", name, got, before)
			}
			r.addPolicies(two)
			if got := len(r.memory.ordered(kernel.Out)); got != test.want {
				t.Errorf("%s: %d policies, want %d", name, got, test.want)
			}
		}
	}
}

// TestInstancePorts: fragments are put together from the first rule with ports on.
func TestInstancePorts(t *testing.T) {
	r := newRig(t)
	r.state(template(10))
	if r.addPolicies(instance(10, 1, toPort(permit(lan, remote), 80))); !r.memory.reassembling {
		t.Error("with a rule for a port fragments are not put together")
	}
}

// TestSameTransport: two hosts behind one NAT may not send the same packets.
func TestSameTransport(t *testing.T) {
	r := newRig(t)
	r.state(template(10))
	l2tp := func(n uint32, port acl.Ports) *ipsec.Policy {
		p := instance(10, n, permit(one(gateway), one(nomad)))
		p.Mode, p.Remote = ipsec.Transport, nomad
		p.ACL.Rules[0].Protocol, p.ACL.Rules[0].SourcePort, p.ACL.Rules[0].DestinationPort = acl.UDP, acl.Ports{Op: acl.Eq, Low: 1701}, port
		return p
	}
	fixed := acl.Ports{Op: acl.Eq, Low: 1701}
	r.addPolicies(l2tp(1, fixed), l2tp(2, acl.Ports{Op: acl.Eq, Low: 40000}), l2tp(1, fixed))
	for name, p := range map[string]*ipsec.Policy{"the same": l2tp(3, fixed), "any port": l2tp(4, acl.Ports{})} {
		var held *ipsec.SelectorHeld
		if err := r.AddPolicy(p); !errors.As(err, &held) || held.Peer != nomad || held.Holder.Instance > 2 || held.Policy != p.ID {
			t.Errorf("%s: AddPolicy = %v, want that it is held", name, err)
		}
	}
	r.removePolicies(l2tp(1, fixed).ID)
	r.addPolicies(l2tp(3, fixed))
}

// TestInstancesAsStated goes through additions, removals and statements at random: the
// kernel has what it would have if all had been stated as one list.
func TestInstancesAsStated(t *testing.T) {
	for seed := range uint64(15) {
		c := chance{rand.New(rand.NewPCG(seed, 6))}
		r := newRig(t)
		r.network.routes = nil
		c.litter(r.memory)
		var stated []*ipsec.Policy
		var instances []*ipsec.Policy // oldest first
		for range 40 {
			switch n := uint32(c.IntN(12)); {
			case stated == nil || c.IntN(6) == 0:
				stated = c.withParents()
				r.state(stated...)
				instances = slices.DeleteFunc(instances, func(p *ipsec.Policy) bool { return parent(stated, p.ID) == nil })
			case c.IntN(3) == 0:
				id := instance(100+n%2, n/2+1).ID
				r.removePolicies(id)
				instances = slices.DeleteFunc(instances, func(p *ipsec.Policy) bool { return p.ID == id })
			case parent(stated, id(100+n%2)) != nil:
				p := instance(100+n%2, n/2+1, c.rulesLike(parent(stated, id(100+n%2)))...)
				r.addPolicies(p)
				if i := slices.IndexFunc(instances, func(q *ipsec.Policy) bool { return q.ID == p.ID }); i >= 0 {
					instances[i] = p
				} else {
					instances = append(instances, p)
				}
			}
			clean := newRig(t)
			clean.network.routes = nil
			clean.state(expanded(stated, instances)...)
			for d, want := range wanted(clean.memory, r.memory) {
				if got := wanted(r.memory, r.memory)[d]; !slices.Equal(got, want) {
					t.Fatalf("seed %d, %v: kernel has\n%v\nwant\n%v", seed, kernel.Direction(d), got, want)
				}
			}
			if c.IntN(5) == 0 {
				c.spoil(r.memory)
				r.heard(kernel.Changed{})
				r.repair()
			}
		}
	}
}

// withParents returns policies, with one or two among them that may have instances.
func (c chance) withParents() []*ipsec.Policy {
	all := slices.DeleteFunc(c.policies(), func(p *ipsec.Policy) bool { return p.Routed })
	for n := range 1 + uint32(c.IntN(2)) {
		p := template(100+n, c.rule())
		if c.IntN(2) == 0 {
			p = policy(100+n, c.rule(), c.rule(), c.rule())
		}
		all = slices.Insert(all, c.IntN(len(all)+1), p)
	}
	return all
}

// rulesLike returns rules of an instance, some of them its policy's own.
func (c chance) rulesLike(of *ipsec.Policy) (rules []acl.Rule) {
	for range 1 + c.IntN(2) {
		rule := c.rule()
		if n := len(of.ACL.Rules); c.IntN(2) == 0 {
			rule = of.ACL.Rules[c.IntN(n)]
		}
		rules = append(rules, rule)
	}
	return rules
}

// parent returns what an instance is of.
func parent(stated []*ipsec.Policy, id ipsec.PolicyID) *ipsec.Policy {
	if i := slices.IndexFunc(stated, func(p *ipsec.Policy) bool { return p.ID == id.Configured() }); i >= 0 {
		return stated[i]
	}
	return nil
}

// expanded returns a list with the instances, as plain entries, before their templates.
func expanded(stated, instances []*ipsec.Policy) (all []*ipsec.Policy) {
	for _, p := range stated {
		for _, i := range slices.Backward(instances) {
			if i.ID.Configured() == p.ID {
				all = append(all, i)
			}
		}
		all = append(all, p)
	}
	return all
}

// TestInstancesCost: what an instance costs does not grow with what there is, and there is
// room for many at one place: of a template from the start, of another policy when they come.
func TestInstancesCost(t *testing.T) {
	for _, of := range []*ipsec.Policy{template(10), policy(10, permit(lan, remote))} {
		r := newRig(t)
		r.state(policy(5, deny(lan, lan)), of, policy(20, permit(remote, lan)))
		policies, moves := len(r.memory.policies), 0
		for n := range uint32(1500) {
			r.memory.changes()
			r.addPolicies(instance(10, n+1, permit(lan, site(n))))
			if got := len(r.memory.done); got != 3 {
				moves++
			}
			if moves > 1 || moves > 0 && of.Template {
				t.Fatalf("the %d. instance changes %d policies of the kernel's, want 3", n, len(r.memory.done))
			}
			if n >= 500 {
				r.memory.changes()
				r.removePolicies(instance(10, n-499).ID)
				if got := len(r.memory.done); got != 3 {
					t.Fatalf("that the %d. instance goes changes %d policies of the kernel's, want 3", n-499, got)
				}
			}
		}
		if got := len(r.memory.policies); got != policies+3*500 {
			t.Errorf("%d policies, want %d", got, policies+1500)
		}
	}
}

// TestPart is an instance for a part of what its policy has: that alone is by its SAs.
func TestPart(t *testing.T) {
	r := newRig(t)
	r.state(policy(5, deny(lan, lan)), policy(10, permit(lan, remote)), policy(20, permit(remote, lan)))
	r.add(inboundOf(0x1000, ofRule(10, 5)), outboundOf(0x1001, ofRule(10, 5)))
	before := wanted(r.memory, r.memory)
	r.memory.changes()
	part := instance(10, 1, permit(one(host1), one(server)))
	part.Remote = nomad
	r.addPolicies(part)
	r.expect("add policy", "add policy", "add policy")
	for _, p := range r.memory.ordered(kernel.Out) {
		if want := map[bool]netip.Addr{true: nomad, false: peer}[p.Selection.From == one(host1)]; p.N > 0 && p.Templates[0].Destination != want {
			t.Errorf("%v: want that it goes to %v", p, want)
		}
	}
	if got := r.outbound(); got.Templates[0].Destination != nomad {
		t.Errorf("out meets %v, want the instance's", got)
	}
	asked := kernel.Acquire{ReqID: r.outbound().Templates[0].ReqID, Packet: acl.Tuple{Source: host1, Destination: server, Protocol: 1}}
	r.heard(asked)
	if told := r.told(); len(told) != 1 || told[0].(ipsec.Acquire).Policy != part.ID {
		t.Errorf("told %v, want an acquire of %v", told, part.ID)
	}
	r.memory.changes()
	r.removePolicies(part.ID)
	r.expect("delete policy", "delete policy", "delete policy")
	if got := wanted(r.memory, r.memory); !reflect.DeepEqual(got, before) {
		t.Errorf("without it there are\n%v\nwant\n%v", got, before)
	}
}

// TestWhole is an instance for all that a rule of its policy has: the kernel's policies are
// the instance's while it is there, in one change of each, and go back in one.
func TestWhole(t *testing.T) {
	r := newRig(t)
	r.state(policy(5, deny(lan, lan)), policy(10, permit(lan, one(server)), permit(lan, remote)), policy(20, permit(remote, lan)))
	before := wanted(r.memory, r.memory)
	r.memory.changes()
	whole, newer := instance(10, 1, permit(lan, remote)), instance(10, 2, permit(lan, remote))
	whole.Remote, newer.Remote = nomad, gateway
	for _, test := range []struct {
		do   func()
		what string
		want netip.Addr
	}{
		{func() { r.addPolicies(whole) }, "an instance", nomad},
		{func() { r.addPolicies(newer) }, "a newer one", gateway},
		{func() { r.removePolicies(whole.ID) }, "without the older", gateway},
		{func() { r.addPolicies(whole) }, "that again, the newest", nomad},
		{func() { r.removePolicies(whole.ID) }, "without the newest", gateway},
	} {
		test.do()
		if got := r.outbound().Templates[0].Destination; got != test.want {
			t.Errorf("%s: out goes to %v, want %v", test.what, got, test.want)
		}
		if got := r.inbound(); got.N != 1 || got.Templates[0].ReqID != 0 {
			t.Errorf("%s: fwd meets %v, want that any SA's selector decides", test.what, got)
		}
		for _, change := range r.memory.changes() {
			if change != "change policy" {
				t.Errorf("%s: %q, want changes alone", test.what, change)
			}
		}
	}
	r.removePolicies(newer.ID)
	r.expect("change policy", "change policy", "change policy")
	if got := wanted(r.memory, r.memory); !reflect.DeepEqual(got, before) {
		t.Errorf("without any there are\n%v\nwant\n%v", got, before)
	}
}

// TestElsewhere: an instance whose peer is at another address keeps its place, and its SAs.
func TestElsewhere(t *testing.T) {
	r := newRig(t)
	r.state(policy(10, permit(lan, remote)))
	older, newer, moved := instance(10, 1, permit(lan, remote)), instance(10, 2, permit(remote, lan)), instance(10, 1, permit(lan, remote))
	older.Remote, moved.Remote = nomad, nomad.Next()
	r.addPolicies(older, newer)
	r.add(inboundOf(0x1000, func(sa *ipsec.SA) { sa.Policy = older.ID }))
	r.memory.fail["change policy"] = unix.ENOMEM
	if err := r.AddPolicy(moved); !errors.Is(err, unix.ENOMEM) || r.outbound().Templates[0].Destination != nomad {
		t.Fatalf("AddPolicy = %v, and out meets %v, want that it goes to %v", err, r.outbound(), nomad)
	}
	r.memory.changes()
	r.addPolicies(moved)
	r.expect("change policy")
	if got := r.outbound().Templates[0].Destination; got != moved.Remote || len(r.memory.states) != 1 {
		t.Errorf("out goes to %v, want %v, and there are %v", got, moved.Remote, r.memory.states)
	}
	r.removePolicies(moved.ID)
	if got := r.outbound().Templates[0].Destination; got != peer {
		t.Errorf("without it out goes to %v, want %v", got, peer)
	}
}

// TestPassClear opens a policy and closes it again.
func TestPassClear(t *testing.T) {
	r := newRig(t)
	p := policy(10, toPort(permit(lan, remote), 80), permit(lan, remote))
	r.state(p)
	closed := wanted(r.memory, r.memory)
	if err := r.PassClear(id(11), true); err == nil {
		t.Error("PassClear of no policy = nil, want an error")
	}
	open := func(whether bool) {
		t.Helper()
		if err := r.PassClear(p.ID, whether); err != nil {
			t.Fatal(err)
		}
	}
	open(true)
	check := func(when string, n int) {
		t.Helper()
		if got := r.outbound(); got.N != n || got.Block {
			t.Errorf("%s: out meets %v, want %d templates", when, got, n)
		}
		if got := r.inbound(); got.N != 1 || got.Block || !got.Templates[0].Optional {
			t.Errorf("%s: fwd meets %v, want that it may be protected", when, got)
		}
	}
	check("open", 0)
	sa := outboundOf(0x1001, ofRule(10, 10))
	r.add(sa)
	check("with an SA", 1)
	if err := r.RemoveSA(sa.ID); err != nil {
		t.Fatal(err)
	}
	check("without it", 0)
	r.state(policy(10, permit(lan, remote)))
	check("stated otherwise", 0)
	r.state(p)
	r.memory.changes()
	open(true)
	r.expect()
	open(false)
	if got := wanted(r.memory, r.memory); !reflect.DeepEqual(got, closed) {
		t.Errorf("closed again there are\n%v\nwant\n%v", got, closed)
	}
}
