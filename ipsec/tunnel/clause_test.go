package tunnel

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"sallyport/acl"
	"sallyport/ipsec"
)

// written prints clauses, one a line, in order.
func written(all []clause) string {
	var b strings.Builder
	for _, c := range all {
		word := "block"
		if c.allow {
			word = "allow"
		}
		fmt.Fprintf(&b, "%s %v\n", word, c.selection)
	}
	return b.String()
}

func one(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, 32) }

// TestClauses is the table from access lists to what the kernel is told.
func TestClauses(t *testing.T) {
	tcp := func(r acl.Rule, source, destination acl.Ports) acl.Rule {
		r.Protocol, r.SourcePort, r.DestinationPort = acl.TCP, source, destination
		return r
	}
	everyProtocol := func(r acl.Rule) acl.Rule { r.Protocol = 0; return r }
	gre := func(r acl.Rule) acl.Rule { r.Protocol = 47; return r }
	odd := acl.NewWildcard(lan.Addr(), 0x0000fe01) // no prefix, all in 10.1.0.0/16
	for _, test := range []struct {
		name  string
		rules []acl.Rule
		want  string
	}{
		{"LAN to LAN", []acl.Rule{permit(lan, remote)}, "block src 10.1.2.0/24 dst 10.1.1.0/24\n"},
		{"host to host", []acl.Rule{permit(one(gateway), one(peer))},
			"allow src 0.0.0.0/0 dst 192.0.2.1/32 proto icmp sport 3/0xffff dport 4/0xffff\nblock src 192.0.2.2/32 dst 192.0.2.1/32\n"},
		{"everything", []acl.Rule{{Action: acl.Permit}},
			"allow src 0.0.0.0/0 dst 192.0.2.1/32 proto icmp sport 3/0xffff dport 4/0xffff\nblock src 0.0.0.0/0 dst 0.0.0.0/0\n"},
		{"a denial at its place", []acl.Rule{permit(one(host), remote), deny(lan, remote), permit(world, remote)},
			"allow src 0.0.0.0/0 dst 192.0.2.1/32 proto icmp sport 3/0xffff dport 4/0xffff\n" +
				"block src 10.1.2.0/24 dst 10.1.1.5/32\nallow src 10.1.2.0/24 dst 10.1.1.0/24\nblock src 10.1.2.0/24 dst 0.0.0.0/0\n"},
		{"of the same the first has a say", []acl.Rule{deny(lan, remote), permit(lan, remote)},
			"allow src 10.1.2.0/24 dst 10.1.1.0/24\nblock src 10.1.2.0/24 dst 10.1.1.0/24\n"},
		{"a protocol", []acl.Rule{gre(permit(lan, remote))}, "block src 10.1.2.0/24 dst 10.1.1.0/24 proto gre\n"},
		{"a port of ours", []acl.Rule{tcp(permit(lan, remote), acl.Ports{Op: acl.Eq, Low: 80}, acl.Ports{})},
			"block src 10.1.2.0/24 dst 10.1.1.0/24 proto tcp dport 80/0xffff\n"},
		{"a port of theirs", []acl.Rule{tcp(permit(lan, remote), acl.Ports{}, acl.Ports{Op: acl.Eq, Low: 80})},
			"block src 10.1.2.0/24 dst 10.1.1.0/24 proto tcp sport 80/0xffff\n"},
		{"port 0", []acl.Rule{tcp(permit(lan, remote), acl.Ports{}, acl.Ports{Op: acl.Eq})}, "block src 10.1.2.0/24 dst 10.1.1.0/24 proto tcp sport 0/0xffff\n"},
		{"a range in pieces", []acl.Rule{tcp(permit(lan, remote), acl.Ports{}, acl.Ports{Op: acl.Range, Low: 1023, High: 1025})},
			"block src 10.1.2.0/24 dst 10.1.1.0/24 proto tcp sport 1023/0xffff\nblock src 10.1.2.0/24 dst 10.1.1.0/24 proto tcp sport 1024/0xfffe\n"},
		{"ports of any protocol", []acl.Rule{everyProtocol(tcp(permit(lan, remote), acl.Ports{}, acl.Ports{Op: acl.Gt, Low: 32767}))},
			"block src 10.1.2.0/24 dst 10.1.1.0/24 proto tcp sport 32768/0x8000\nblock src 10.1.2.0/24 dst 10.1.1.0/24 proto udp sport 32768/0x8000\n"},
		{"ports of a protocol without", []acl.Rule{gre(tcp(permit(lan, remote), acl.Ports{}, acl.Ports{Op: acl.Eq, Low: 80}))}, ""},
		{"no port at all", []acl.Rule{tcp(permit(lan, remote), acl.Ports{}, acl.Ports{Op: acl.Lt})}, ""},
		{"a permission that is no prefix", []acl.Rule{{Action: acl.Permit, Source: odd}}, ""},
		{"a denial that is no prefix", []acl.Rule{{Source: odd, Destination: wildcard(remote)}, permit(world, remote)},
			"allow src 0.0.0.0/0 dst 192.0.2.1/32 proto icmp sport 3/0xffff dport 4/0xffff\nallow src 10.1.2.0/24 dst 10.1.0.0/16\nblock src 10.1.2.0/24 dst 0.0.0.0/0\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := written(clauses([]*ipsec.Policy{policy(10, test.rules...)})); got != test.want {
				t.Errorf("clauses are\n%swant\n%s", got, test.want)
			}
		})
	}
}

// holds is the kernel's __xfrm4_selector_match.
func (s selection) holds(t acl.Tuple) bool {
	return s.from.Contains(t.Source) && s.to.Contains(t.Destination) && (s.protocol == 0 || s.protocol == t.Protocol) &&
		t.SourcePort&s.fromPort.mask == s.fromPort.value && t.DestinationPort&s.toPort.mask == s.toPort.value
}

// blocked is the kernel's verdict on a packet.
func blocked(all []clause, t acl.Tuple) bool {
	i := slices.IndexFunc(all, func(c clause) bool { return c.selection.holds(t) })
	return i >= 0 && !all[i].allow
}

// TestClausesSayWhatTheSPDSays compares the two for random lists and packets.
func TestClausesSayWhatTheSPDSays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	prefix := func() netip.Prefix {
		p, err := netip.AddrFrom4([4]byte{10, 1, byte(r.IntN(3)), byte(r.IntN(4))}).Prefix([]int{0, 16, 24, 30, 32}[r.IntN(5)])
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	ports := func() acl.Ports {
		low := uint16(r.IntN(8))
		return acl.Ports{Op: acl.PortOp(r.IntN(int(acl.Range) + 1)), Low: low, High: low + uint16(r.IntN(8))}
	}
	held := 0
	for range 300 {
		var policies []*ipsec.Policy
		for n := range uint32(1 + r.IntN(3)) {
			var rules []acl.Rule
			for range 1 + r.IntN(4) {
				rule := permit(prefix(), prefix())
				rule.Action, rule.Protocol = acl.Action(r.IntN(2)), []uint8{0, 1, acl.TCP, acl.UDP}[r.IntN(4)]
				if rule.Protocol != 1 {
					rule.SourcePort, rule.DestinationPort = ports(), ports()
				}
				rules = append(rules, rule)
			}
			policies = append(policies, policy(n, rules...))
		}
		s, err := newSPD(policies, &spd{})
		if err != nil {
			t.Fatal(err)
		}
		all := clauses(policies)
		for range 100 {
			packet := acl.Tuple{Source: prefix().Addr(), Destination: prefix().Addr(), Protocol: []uint8{1, acl.TCP, acl.UDP, 47}[r.IntN(4)]}
			if packet.HasPorts() {
				packet.SourcePort, packet.DestinationPort = uint16(r.IntN(16)), uint16(r.IntN(16))
			}
			got, want := blocked(all, packet), s.mustBeProtected(packet)
			if got != want {
				t.Fatalf("%+v is blocked: %v, want %v, by\n%s", packet, got, want, written(all))
			}
			if got {
				held++
			}
		}
	}
	if held < 1000 {
		t.Errorf("only %d packets were held back: the test has become blunt", held)
	}
}

// TestMasked looks at every port.
func TestMasked(t *testing.T) {
	for _, p := range []acl.Ports{
		{}, {Op: acl.Eq}, {Op: acl.Eq, Low: 65535}, {Op: acl.Gt}, {Op: acl.Gt, Low: 65534}, {Op: acl.Gt, Low: 65535}, {Op: acl.Gt, Low: 1023},
		{Op: acl.Lt}, {Op: acl.Lt, Low: 1}, {Op: acl.Lt, Low: 65535}, {Op: acl.Neq}, {Op: acl.Neq, Low: 65535}, {Op: acl.Neq, Low: 500},
		{Op: acl.Range, High: 65535}, {Op: acl.Range, Low: 1, High: 65534}, {Op: acl.Range, Low: 9, High: 8}, {Op: acl.Range + 1},
	} {
		pieces := masked(p)
		if len(pieces) > 30 {
			t.Errorf("masked(%v) has %d pieces, want 30 at most", p, len(pieces))
		}
		for port := range 1 << 16 {
			in := slices.ContainsFunc(pieces, func(b portBits) bool { return uint16(port)&b.mask == b.value })
			if want := p.Contains(uint16(port)); in != want {
				t.Fatalf("masked(%v) = %v has port %d: %v, want %v", p, pieces, port, in, want)
			}
		}
	}
}
