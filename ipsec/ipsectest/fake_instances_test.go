package ipsectest

import (
	"errors"
	"net/netip"
	"testing"

	"sallyport/ipsec"
)

// TestFakeInstances: the fake keeps to what a dataplane does with instances.
func TestFakeInstances(t *testing.T) {
	var f Fake
	template := policy(wanA, netip.Addr{}, Permit(lanA, lanB))
	template.Template = true
	one := policy(wanA, wanB, Permit(lanA, lanB))
	one.ID = instanceName
	plain, changed, manual := policy(wanA, wanB, Permit(lanA, lanB)), policy(wanA, wanB), policy(wanA, wanB)
	manual.Manual = true
	there, _ := flow{policy: instanceName}.sas()
	lost := *one
	lost.ID.Sequence++
	for _, step := range []struct {
		name string
		do   func() error
		ok   bool
		want int // instances
	}{
		{"before all policies", func() error { return f.AddPolicy(one) }, true, 1},
		{"the template", func() error { return f.SetPolicies([]*ipsec.Policy{template}) }, true, 1},
		{"again", func() error { return f.AddPolicy(one) }, true, 1},
		{"of no template", func() error { return f.AddPolicy(&lost) }, false, 1},
		{"no instance", func() error { return f.AddPolicy(template) }, false, 1},
		{"its SA", func() error { return f.AddSA(there.outbound) }, true, 1},
		{"open", func() error { return f.PassClear(instanceName, true) }, true, 1},
		{"open nothing", func() error { return f.PassClear(lost.ID, true) }, false, 1},
		{"remove a template", func() error { return f.RemovePolicy(template.ID) }, true, 1},
		{"remove", func() error { return f.RemovePolicy(instanceName) }, true, 0},
		{"add", func() error { return f.AddPolicy(one) }, true, 1},
		{"without the template", func() error { return f.SetPolicies(nil) }, true, 0},
		{"a policy", func() error { return f.SetPolicies([]*ipsec.Policy{plain}) }, true, 0},
		{"of a policy", func() error { return f.AddPolicy(one) }, true, 1},
		{"the policy with a list of its own", func() error { return f.SetPolicies([]*ipsec.Policy{changed}) }, true, 1},
		{"which has configured SAs", func() error { return f.SetPolicies([]*ipsec.Policy{manual}) }, true, 0},
		{"of configured SAs", func() error { return f.AddPolicy(one) }, false, 0},
	} {
		if err := step.do(); (err == nil) != step.ok {
			t.Errorf("%s: %v", step.name, err)
		}
		if got := len(f.Instances()); got != step.want {
			t.Errorf("%s: %d instances, want %d", step.name, got, step.want)
		}
		if open := f.Clear(instanceName); open && step.name == "remove" {
			t.Error("what was removed is open")
		}
	}
	if len(f.SAs()) != 0 {
		t.Errorf("left are %v", f.SAs())
	}
}

func TestFakeMoves(t *testing.T) {
	var f Fake
	there, back := flow{encapsulation: ipsec.Ports{Local: 4500, Remote: 4500}}.sas()
	for _, sa := range []*ipsec.SA{there.outbound, back.inbound} {
		if err := f.AddSA(sa); err != nil {
			t.Fatal(err)
		}
	}
	f.Count(there.outbound.ID, ipsec.Counters{Packets: 7})
	to := netip.AddrPortFrom(wanB.Next(), 5000)
	id, err := f.MoveSA(there.outbound.ID, to)
	if c, ok := f.Counters(id); err != nil || id.Destination != to.Addr() || !ok || c.Packets != 7 {
		t.Errorf("MoveSA = %v, %v, counters %+v", id, err, c)
	}
	if id, err := f.MoveSA(back.inbound.ID, to); err != nil || id != back.inbound.ID {
		t.Errorf("MoveSA = %v, %v, want its own name", id, err)
	}
	if _, err := f.MoveSA(there.outbound.ID, to); err == nil {
		t.Error("MoveSA of what is not there = nil, want an error")
	}
	refused := errors.New("refused")
	f.Fail = func(string, *ipsec.SA) error { return refused }
	for name, do := range map[string]func() error{
		"MoveSA": func() error { _, err := f.MoveSA(id, to); return err }, "PassClear": func() error { return f.PassClear(policyName, true) },
		"AddPolicy":    func() error { return f.AddPolicy(policy(wanA, wanB)) },
		"RemovePolicy": func() error { return f.RemovePolicy(instanceName) },
	} {
		if err := do(); !errors.Is(err, refused) {
			t.Errorf("%s = %v, want %v", name, err, refused)
		}
	}
}
