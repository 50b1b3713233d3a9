package selection

import (
	"math/rand/v2"
	"testing"

	"sallyport/acl"
	"sallyport/ipsec"
)

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
			if got := written(Clauses([]*ipsec.Policy{policy(test.rules...)})); got != test.want {
				t.Errorf("clauses are\n%swant\n%s", got, test.want)
			}
		})
	}
}

// TestClausesSayWhatTheSPDSays compares the two for random lists and packets.
func TestClausesSayWhatTheSPDSays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	held := 0
	for range 300 {
		var policies []*ipsec.Policy
		for range 1 + r.IntN(3) {
			var rules []acl.Rule
			for range 1 + r.IntN(4) {
				rule := drawRule(r)
				rules = append(rules, rule)
			}
			policies = append(policies, policy(rules...))
		}
		all := Clauses(policies)
		for range 100 {
			packet := drawPacket(r)
			got, want := blocked(all, packet), mustBeProtected(policies, packet)
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
