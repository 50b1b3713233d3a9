package tunnel

import (
	"net/netip"
	"slices"
	"testing"

	"sallyport/ipsec"
	"sallyport/ipsec/selection"
)

// BenchmarkSetPolicies10000 states many policies, of which one has changed. The
// kernel is left out.
func BenchmarkSetPolicies10000(b *testing.B) {
	for _, bench := range []struct {
		name   string
		change func(*ipsec.Policy)
	}{
		{"Nothing", func(*ipsec.Policy) {}},
		{"Remote", func(p *ipsec.Policy) { p.Remote = p.Remote.Next() }},
		{"List", func(p *ipsec.Policy) { p.ACL = p.ACL.Clone() }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			r := newRig(b)
			policies := tenThousand()
			for b.Loop() {
				p := *policies[5000]
				bench.change(&p)
				next := append([]*ipsec.Policy(nil), policies...)
				next[5000] = &p
				if err := r.SetPolicies(next); err != nil {
					b.Fatal(err)
				}
				r.routes.set = nil
				policies = next
			}
		})
	}
}

// tenThousand returns many policies.
func tenThousand() []*ipsec.Policy {
	policies := make([]*ipsec.Policy, 10000)
	for i := range policies {
		to := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 128 | byte(i>>8), byte(i), 0}), 24)
		policies[i] = policy(uint32(i), permit(lan, to))
	}
	return policies
}

// BenchmarkPlan10000 is what a look at everything costs, before the kernel is asked.
func BenchmarkPlan10000(b *testing.B) {
	policies := tenThousand()
	for b.Loop() {
		testPlanner.plan(policies)
	}
}

// BenchmarkStep10000 is what a change of one list costs, before the kernel is asked.
func BenchmarkStep10000(b *testing.B) {
	policies := tenThousand()
	g, _ := newGate(new(policyTable))
	if err := g.apply(nil); err != nil {
		b.Fatal(err)
	}
	for _, p := range g.difference(selection.Clauses(policies)).added {
		g.places[p.Selection].installed = p
	}
	for b.Loop() {
		next := slices.Clone(policies)
		p := *policies[5000]
		p.ACL = p.ACL.Clone()
		next[5000] = &p
		near := stepFrom(policies, next).prefixes()
		if len(minus(testPlanner.routes(next, near), testPlanner.routes(policies, near))) > 0 || len(g.difference(selection.Clauses(next)).added) > 0 {
			b.Fatal("the list says the same")
		}
		policies = next
	}
}
