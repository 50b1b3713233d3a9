package ipsec

import (
	"net/netip"
	"testing"

	"sallyport/acl"
)

var (
	pcA    = netip.MustParseAddr("10.1.1.5")
	pcB    = netip.MustParseAddr("10.1.2.7")
	nobody = netip.MustParseAddr("203.0.113.9")
)

// wildcard returns the wildcard of a prefix.
func wildcard(prefix string) acl.Wildcard {
	p := netip.MustParsePrefix(prefix)
	return acl.NewWildcard(p.Addr(), uint32(uint64(1)<<(32-p.Bits())-1))
}

var sites = Selector{Local: lan("10.1.1.0/24"), Remote: lan("10.1.2.0/24")}

// web returns the selector of TCP from any port to the remote port 80.
func web() Selector {
	s := sites
	s.Protocol, s.RemotePort = acl.TCP, 80
	return s
}

func TestSelectorOf(t *testing.T) {
	between := acl.Rule{ID: 5, Action: acl.Permit, Source: wildcard("10.1.1.0/24"), Destination: wildcard("10.1.2.0/24")}
	with := func(change func(*acl.Rule)) acl.Rule {
		r := between
		change(&r)
		return r
	}
	gap := acl.NewWildcard(pcA, 0x00ff0000)
	all := lan("0.0.0.0/0")
	for _, test := range []struct {
		name string
		rule acl.Rule
		want Selector // zero: cannot be said
	}{
		{"two nets", between, sites},
		{"anything", acl.Rule{}, Selector{Local: all, Remote: all}},
		{
			"two hosts, GRE",
			acl.Rule{Protocol: 47, Source: acl.Host(pcA), Destination: acl.Host(pcB)},
			Selector{Local: AddrRange(pcA), Remote: AddrRange(pcB), Protocol: 47},
		},
		{
			"one remote port",
			with(func(r *acl.Rule) { r.Protocol, r.DestinationPort = acl.TCP, acl.Ports{Op: acl.Eq, Low: 80} }),
			web(),
		},
		{
			"one local port",
			with(func(r *acl.Rule) { r.Protocol, r.SourcePort = acl.UDP, acl.Ports{Op: acl.Eq, Low: 1701} }),
			Selector{Local: sites.Local, Remote: sites.Remote, Protocol: acl.UDP, LocalPort: 1701},
		},
		{
			"other port conditions are lost",
			with(func(r *acl.Rule) {
				r.Protocol = acl.TCP
				r.SourcePort = acl.Ports{Op: acl.Range, Low: 5, High: 9}
				r.DestinationPort = acl.Ports{Op: acl.Neq, Low: 80}
			}),
			Selector{Local: sites.Local, Remote: sites.Remote, Protocol: acl.TCP},
		},
		{"source with a gap", with(func(r *acl.Rule) { r.Source = gap }), Selector{}},
		{"destination with a gap", with(func(r *acl.Rule) { r.Destination = gap }), Selector{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := SelectorOf(test.rule)
			if got != test.want || ok != (test.want != Selector{}) {
				t.Errorf("SelectorOf(%v) = %v, %v, want %v", test.rule, got, ok, test.want)
			}
		})
	}
}

func TestSelectorContains(t *testing.T) {
	l2tp := Selector{Local: sites.Local, Remote: sites.Remote, Protocol: acl.UDP, LocalPort: 1701}
	for _, test := range []struct {
		name     string
		selector Selector
		tuple    acl.Tuple
		want     bool
	}{
		{"between the sites", sites, acl.Tuple{Source: pcA, Destination: pcB, Protocol: 1}, true},
		{"the way back", sites, acl.Tuple{Source: pcB, Destination: pcA, Protocol: 1}, false},
		{"another destination", sites, acl.Tuple{Source: pcA, Destination: nobody}, false},
		{"another source", sites, acl.Tuple{Source: nobody, Destination: pcB}, false},
		{"a fragment, no ports asked", sites, acl.Tuple{Source: pcA, Destination: pcB, Protocol: acl.TCP, Fragment: true}, true},
		{"remote port", web(), acl.Tuple{Source: pcA, Destination: pcB, Protocol: acl.TCP, SourcePort: 9, DestinationPort: 80}, true},
		{"another remote port", web(), acl.Tuple{Source: pcA, Destination: pcB, Protocol: acl.TCP, SourcePort: 80}, false},
		{"another protocol", web(), acl.Tuple{Source: pcA, Destination: pcB, Protocol: acl.UDP, DestinationPort: 80}, false},
		{"a fragment, ports asked", web(), acl.Tuple{Source: pcA, Destination: pcB, Protocol: acl.TCP, DestinationPort: 80, Fragment: true}, false},
		{"local port", l2tp, acl.Tuple{Source: pcA, Destination: pcB, Protocol: acl.UDP, SourcePort: 1701, DestinationPort: 9}, true},
		{"another local port", l2tp, acl.Tuple{Source: pcA, Destination: pcB, Protocol: acl.UDP, DestinationPort: 1701}, false},
		{"ports of what has none", Selector{Local: sites.Local, Remote: sites.Remote, LocalPort: 7}, acl.Tuple{Source: pcA, Destination: pcB, Protocol: 1}, false},
		{"zero selector", Selector{}, acl.Tuple{Source: pcA, Destination: pcB}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.selector.Contains(test.tuple); got != test.want {
				t.Errorf("%v contains %+v: %v, want %v", test.selector, test.tuple, got, test.want)
			}
			if got := test.selector.ContainsInbound(test.tuple.Reverse()); got != test.want {
				t.Errorf("%v contains %+v inbound: %v, want %v", test.selector, test.tuple.Reverse(), got, test.want)
			}
		})
	}
}

func TestSelectorContainsDoesNotAllocate(t *testing.T) {
	s, tuple := web(), acl.Tuple{Source: pcA, Destination: pcB, Protocol: acl.TCP, DestinationPort: 80}
	if n := testing.AllocsPerRun(100, func() { s.Contains(tuple); s.ContainsInbound(tuple) }); n != 0 {
		t.Errorf("Contains and ContainsInbound allocate %v times", n)
	}
}

// TestSelectorAgreesWithRule asks both about many packets: what an exact rule
// matches is just what its selector contains.
func TestSelectorAgreesWithRule(t *testing.T) {
	rule := acl.Rule{Action: acl.Permit, Protocol: acl.TCP, Source: wildcard("10.1.1.4/30"), Destination: wildcard("10.1.2.7/32"), DestinationPort: acl.Ports{Op: acl.Eq, Low: 80}}
	list := acl.New(3000)
	list.Put(rule)
	selector, _ := SelectorOf(rule)
	matched := 0
	for _, protocol := range []uint8{1, acl.TCP, acl.UDP} {
		for last := range 12 {
			for _, port := range []uint16{0, 79, 80} {
				tuple := acl.Tuple{
					Source: netip.AddrFrom4([4]byte{10, 1, 1, byte(last)}), Destination: pcB,
					Protocol: protocol, SourcePort: 80, DestinationPort: port,
				}
				want := list.Match(tuple).Matched
				if got := selector.Contains(tuple); got != want {
					t.Errorf("%v contains %+v: %v, rule matches: %v", selector, tuple, got, want)
				}
				if want {
					matched++
				}
			}
		}
	}
	if matched != 4 {
		t.Errorf("%d packets matched, want the 4 of the /30", matched)
	}
}

func TestSelectorCovers(t *testing.T) {
	narrow := web()
	narrow.Local, narrow.LocalPort = AddrRange(pcA), 9
	wider := sites
	wider.Remote = lan("10.1.0.0/16")
	for _, test := range []struct {
		name         string
		outer, inner Selector
		want         bool
	}{
		{"itself", web(), web(), true},
		{"narrower in all", sites, narrow, true},
		{"one of its ports", web(), narrow, true},
		{"wider", narrow, sites, false},
		{"wider remote", sites, wider, false},
		{"wider local", narrow, web(), false},
		{"all protocols", web(), sites, false},
		{"another port", web(), Selector{Local: sites.Local, Remote: sites.Remote, Protocol: acl.TCP, RemotePort: 81}, false},
		{"any port", web(), Selector{Local: sites.Local, Remote: sites.Remote, Protocol: acl.TCP}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.outer.Covers(test.inner); got != test.want {
				t.Errorf("%v covers %v: %v, want %v", test.outer, test.inner, got, test.want)
			}
		})
	}
}

func TestSelectorString(t *testing.T) {
	for _, test := range []struct {
		selector Selector
		want     string
	}{
		{sites, "ip 10.1.1.0/24 to 10.1.2.0/24"},
		{web(), "tcp 10.1.1.0/24 to 10.1.2.0/24 port 80"},
		{Selector{Local: AddrRange(pcA), Remote: AddrRange(pcB), Protocol: 132, LocalPort: 7}, "132 10.1.1.5 port 7 to 10.1.2.7"},
	} {
		if got := test.selector.String(); got != test.want {
			t.Errorf("String() = %q, want %q", got, test.want)
		}
	}
}

func BenchmarkSelectorContains(b *testing.B) {
	s, tuple := web(), acl.Tuple{Source: pcB, Destination: pcA, Protocol: acl.TCP, SourcePort: 80}
	b.ReportAllocs()
	for b.Loop() {
		if !s.ContainsInbound(tuple) {
			b.Fatal("not contained")
		}
	}
}
