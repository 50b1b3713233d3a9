package tunnel

import (
	"net/netip"
	"testing"

	"sallyport/ipsec"
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
			policies := make([]*ipsec.Policy, 10000)
			for i := range policies {
				to := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 128 | byte(i>>8), byte(i), 0}), 24)
				policies[i] = policy(uint32(i), permit(lan, to))
			}
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

// BenchmarkPlan10000 is what a change of a list costs besides, before the kernel is
// asked.
func BenchmarkPlan10000(b *testing.B) {
	policies := make([]*ipsec.Policy, 10000)
	for i := range policies {
		to := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 128 | byte(i>>8), byte(i), 0}), 24)
		policies[i] = policy(uint32(i), permit(lan, to))
	}
	for b.Loop() {
		testPlanner.plan(policies)
	}
}
