package ipsec_test

import (
	"errors"
	"testing"

	"sallyport/ipsec"
)

// TestCheckInstance says which policies may be instances, and of which.
func TestCheckInstance(t *testing.T) {
	name := ipsec.PolicyID{Name: "map1", Sequence: 10}
	numbered := name
	numbered.Instance = 3
	plain := ipsec.Policy{ID: name, Device: "eth0"}
	for _, test := range []struct {
		name   string
		p      ipsec.Policy
		of     *ipsec.Policy
		itself bool // it is an instance
		ok     bool // of that policy
	}{
		{"an instance", ipsec.Policy{ID: numbered, Device: "eth0"}, &plain, true, true},
		{"of a template", ipsec.Policy{ID: numbered, Device: "eth0"}, &ipsec.Policy{ID: name, Device: "eth0", Template: true}, true, true},
		{"of nothing", ipsec.Policy{ID: numbered, Device: "eth0"}, nil, true, false},
		{"of configured SAs", ipsec.Policy{ID: numbered, Device: "eth0"}, &ipsec.Policy{ID: name, Device: "eth0", Manual: true}, true, false},
		{"of a tunnel interface", ipsec.Policy{ID: numbered, Device: "tun0"}, &ipsec.Policy{ID: name, Device: "tun0", Routed: true}, true, false},
		{"another device", ipsec.Policy{ID: numbered, Device: "eth1"}, &plain, true, false},
		{"without a number", plain, &plain, false, true},
		{"a template", ipsec.Policy{ID: numbered, Device: "eth0", Template: true}, &plain, false, true},
		{"with configured SAs", ipsec.Policy{ID: numbered, Device: "eth0", Manual: true}, &plain, false, true},
		{"a tunnel interface", ipsec.Policy{ID: numbered, Device: "eth0", Routed: true}, &plain, false, true},
	} {
		for what, got := range map[string]struct {
			err error
			ok  bool
		}{"CheckInstance": {test.p.CheckInstance(), test.itself}, "CheckInstanceOf": {test.p.CheckInstanceOf(test.of), test.ok}} {
			var refused *ipsec.InstanceRefused
			if (got.err == nil) != got.ok || got.err != nil && !errors.As(got.err, &refused) {
				t.Errorf("%s: %s = %v, want that it is refused: %v", test.name, what, got.err, !got.ok)
			}
		}
		if test.of != nil && test.of.MayHaveInstances() == (test.of.Manual || test.of.Routed) {
			t.Errorf("%s: MayHaveInstances() = %v", test.name, test.of.MayHaveInstances())
		}
	}
}
