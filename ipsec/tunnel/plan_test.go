package tunnel

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"sallyport/ipsec"
)

// String prints a plan in the style of ip-rule(8) and ip-route(8).
func (p plan) String() string {
	var b strings.Builder
	rules := slices.Clone(p.rules)
	slices.SortStableFunc(rules, func(a, b rule) int { return a.priority - b.priority })
	for _, r := range rules {
		fmt.Fprintf(&b, "%d:", r.priority)
		if r.mark != 0 {
			fmt.Fprintf(&b, " fwmark %#x", r.mark)
		}
		if r.device != "" {
			fmt.Fprintf(&b, " iif %s", r.device)
		}
		if r.bound != "" {
			fmt.Fprintf(&b, " oif %s", r.bound)
		}
		switch {
		case r.jump != 0:
			fmt.Fprintf(&b, " goto %d", r.jump)
		case r.table != 0:
			fmt.Fprintf(&b, " lookup %d", r.table)
		default:
			b.WriteString(" nop")
		}
		if r.suppressGroup {
			b.WriteString(" suppress_ifgroup")
		}
		b.WriteByte('\n')
	}
	for _, r := range p.routes {
		where := fmt.Sprintf("%v dev %d", r.prefix, r.device)
		if r.device == 0 {
			where = fmt.Sprintf("unreachable %v", r.prefix)
		}
		fmt.Fprintf(&b, "%s table %d metric %d", where, r.table, r.metric())
		if r.source.IsValid() {
			fmt.Fprintf(&b, " src %v", r.source)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

var testPlanner = planner{mark: 0x53, table: 4500, inside: 7, guard: 8}

func TestPlan(t *testing.T) {
	first := policy(10, permit(lan, remote), deny(lan, world), permit(lan, world))
	second := policy(20, permit(lan, remote), permit(netip.MustParsePrefix("10.9.0.0/16"), remote))
	second.Device, second.Local = "eth2", netip.MustParseAddr("198.51.100.1")
	third := policy(30, permit(lan, netip.MustParsePrefix("10.7.0.0/16")))
	third.Local = netip.Addr{}
	inner, other := netip.MustParseAddr("10.99.0.1"), netip.MustParseAddr("10.99.0.2")
	fourth := policy(40, toPort(permit(one(other), remote), 80), deny(one(other), remote), permit(one(gateway), remote), permit(one(inner), remote), permit(one(other), remote))
	want := `4500: fwmark 0x53 goto 4504
4500: oif eth1 goto 4504
4500: oif eth2 goto 4504
4501: iif eth1 lookup 4500
4501: iif eth2 lookup 4500
4502: lookup 254 suppress_ifgroup
4503: lookup 4501
4504: nop
unreachable 10.1.1.0/24 table 4500 metric 3
10.1.1.0/24 dev 8 table 4500 metric 2
unreachable 10.1.2.0/24 table 4501 metric 3
10.1.2.0/24 dev 7 table 4501 metric 2
10.1.2.0/24 dev 7 table 4501 metric 1 src 192.0.2.1
unreachable 0.0.0.0/0 table 4501 metric 3
0.0.0.0/0 dev 7 table 4501 metric 2
0.0.0.0/0 dev 7 table 4501 metric 1 src 192.0.2.1
unreachable 10.9.0.0/16 table 4500 metric 3
10.9.0.0/16 dev 8 table 4500 metric 2
unreachable 10.7.0.0/16 table 4501 metric 3
10.7.0.0/16 dev 7 table 4501 metric 2
unreachable 10.99.0.2/32 table 4500 metric 3
10.99.0.2/32 dev 8 table 4500 metric 2
unreachable 192.0.2.1/32 table 4500 metric 3
192.0.2.1/32 dev 8 table 4500 metric 2
unreachable 10.99.0.1/32 table 4500 metric 3
10.99.0.1/32 dev 8 table 4500 metric 2
10.1.2.0/24 dev 7 table 4501 metric 0 src 10.99.0.1
`
	if got := testPlanner.plan([]*ipsec.Policy{first, second, third, fourth}).String(); got != want {
		t.Errorf("plan is\n%swant\n%s", got, want)
	}
}

func TestPlanOfNothing(t *testing.T) {
	if got := testPlanner.plan(nil).String(); got != "" {
		t.Errorf("without policies the plan is\n%s", got)
	}
}

func TestMinus(t *testing.T) {
	for _, test := range []struct{ a, b, want []int }{
		{nil, nil, nil},
		{[]int{1, 2, 3}, nil, []int{1, 2, 3}},
		{[]int{1, 2, 3}, []int{2, 4}, []int{1, 3}},
		{[]int{1}, []int{1}, nil},
	} {
		if got := minus(test.a, test.b); !slices.Equal(got, test.want) {
			t.Errorf("minus(%v, %v) = %v, want %v", test.a, test.b, got, test.want)
		}
	}
}

// TestKernelForm: what is written for the kernel reads back as the same.
func TestKernelForm(t *testing.T) {
	p := testPlanner.plan([]*ipsec.Policy{policy(10, permit(lan, remote), permit(lan, world), permit(one(host), remote))})
	for _, want := range p.rules {
		if got := ruleOf(want.netlink()); got != want {
			t.Errorf("rule %+v reads back as %+v", want, got)
		}
	}
	for _, want := range p.routes {
		if got := routeOf(want.netlink()); got != want {
			t.Errorf("route %+v reads back as %+v", want, got)
		}
	}
}

func BenchmarkPlan(b *testing.B) {
	var policies []*ipsec.Policy
	for i := range uint32(1000) {
		to := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 128 | byte(i>>8), byte(i), 0}), 24)
		policies = append(policies, policy(i, permit(lan, to)))
	}
	for b.Loop() {
		testPlanner.plan(policies)
	}
}
