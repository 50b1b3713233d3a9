package ike

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestPoliciesOf compares the roster with a look at all policies, before and after changes.
func TestPoliciesOf(t *testing.T) {
	names := []string{"b", "a", "c", "a", "ab", "b", "a"}
	c := &Config{}
	for i, name := range names {
		p := *kitConfig(0).Policies[0]
		p.ID.Sequence, p.Peer = uint32(i), &Peer{Name: name}
		c.Policies = append(c.Policies, &p)
	}
	e := New(c, nil)
	less := &Config{Policies: slices.Delete(slices.Clone(c.Policies), 3, 4)}
	other := &Config{Policies: slices.Clone(c.Policies)}
	changed := *c.Policies[0]
	changed.PFS = 19
	other.Policies[0] = &changed
	for i, now := range []*Config{c, less, c, other, {}} {
		e.Step(time.Time{}, SetConfig{now})
		for _, name := range []string{"a", "ab", "b", "c", "", "zz"} {
			var want []*Policy
			for _, p := range now.Policies {
				if p.Peer.Name == name {
					want = append(want, p)
				}
			}
			if got := e.policiesOf(&Peer{Name: name}); !slices.Equal(got, want) {
				t.Errorf("configuration %d: policiesOf(%q) = %v, want %v", i, name, sequences(got), sequences(want))
			}
		}
	}
}

// sequences names policies.
func sequences(all []*Policy) (text string) {
	for _, p := range all {
		text += fmt.Sprint(p.ID.Sequence, " ")
	}
	return text
}

// TestSettled has an ISAKMP SA and its pair keep nothing that only repetitions need: no
// negotiation, and of the keys not SKEYID.
func TestSettled(t *testing.T) {
	w := connected(t, 1, nil)
	for _, n := range w.ends {
		if s := kitSA(n); s.phase1 == nil || s.keys.SKEYID == nil || s.children[0].negotiation == nil {
			t.Errorf("%s has forgotten the negotiation at once", n.name)
		}
	}
	w.run(2*linger + time.Second)
	for _, n := range w.ends {
		s := kitSA(n)
		if s.phase1 != nil || s.keys.SKEYID != nil || s.quick != nil || s.children[0].negotiation != nil {
			t.Errorf("%s still has phase 1 %v, SKEYID %v, %d quick modes, the pair's %v",
				n.name, s.phase1 != nil, s.keys.SKEYID != nil, len(s.quick), s.children[0].negotiation != nil)
		}
	}
	w.mustAgree()
}
