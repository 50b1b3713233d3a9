package tunnel

import (
	"net/netip"
	"testing"

	"sallyport/acl"
	"sallyport/ipsec"
)

// tuple is UDP from host to server, unless changed.
func tuple(change ...func(*acl.Tuple)) acl.Tuple {
	t := acl.Tuple{Source: host, Destination: server, Protocol: acl.UDP, SourcePort: 1000, DestinationPort: 53}
	for _, f := range change {
		f(&t)
	}
	return t
}

func later(t *acl.Tuple) { t.Fragment, t.SourcePort, t.DestinationPort = true, 0, 0 }

func database(t *testing.T, policies ...*ipsec.Policy) *spd {
	t.Helper()
	s, err := newSPD(policies, &spd{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOutboundVerdict(t *testing.T) {
	single := netip.PrefixFrom(server, 32)
	for _, test := range []struct {
		name     string
		policies []*ipsec.Policy
		policy   uint32 // sequence; 0: in clear
		rule     uint32
	}{
		{"no policies", nil, 0, 0},
		{"permit", []*ipsec.Policy{policy(10, permit(lan, remote))}, 10, 5},
		{"no rule for it", []*ipsec.Policy{policy(10, permit(remote, lan))}, 0, 0},
		{"deny before permit", []*ipsec.Policy{policy(10, deny(lan, single), permit(lan, remote))}, 0, 0},
		{"permit before deny", []*ipsec.Policy{policy(10, permit(lan, single), deny(lan, remote))}, 10, 5},
		{"deny decides for later policies", []*ipsec.Policy{policy(10, deny(lan, single)), policy(20, permit(lan, remote))}, 0, 0},
		{"a policy without a rule for it does not", []*ipsec.Policy{policy(10, permit(lan, lan)), policy(20, permit(lan, lan), permit(lan, remote))}, 20, 10},
		{"the first policy wins", []*ipsec.Policy{policy(20, permit(lan, remote)), policy(10, permit(lan, remote))}, 20, 5},
		{"right port", []*ipsec.Policy{policy(10, toPort(permit(lan, remote), 53))}, 10, 5},
		{"wrong port", []*ipsec.Policy{policy(10, toPort(permit(lan, remote), 54))}, 0, 0},
	} {
		got, rule := database(t, test.policies...).outbound(tuple())
		var sequence uint32
		if got != nil {
			sequence = got.ID.Sequence
		}
		if sequence != test.policy || rule != test.rule {
			t.Errorf("%s: policy %d rule %d, want %d and %d", test.name, sequence, rule, test.policy, test.rule)
		}
	}
}

func TestMustBeProtected(t *testing.T) {
	s := database(t, policy(10, deny(lan, netip.PrefixFrom(server, 32)), permit(lan, remote)))
	for _, test := range []struct {
		name string
		from string
		want bool
	}{
		{"mirror of a permit rule", "10.1.2.7", true},
		{"mirror of a deny rule", "10.1.2.6", false},
		{"of nobody's business", "8.8.8.8", false},
	} {
		packet := acl.Tuple{Source: netip.MustParseAddr(test.from), Destination: host, Protocol: acl.TCP}
		if got := s.mustBeProtected(packet); got != test.want {
			t.Errorf("%s: mustBeProtected(%+v) = %v, want %v", test.name, packet, got, test.want)
		}
	}
	if s.mustBeProtected(tuple()) {
		t.Error("a packet of the outbound direction must be protected inbound")
	}
}

func TestAdmits(t *testing.T) {
	s := database(t, policy(10, permit(lan, remote)), policy(20, deny(lan, remote)))
	for _, test := range []struct {
		name   string
		policy uint32
		packet acl.Tuple
		want   bool
	}{
		{"mirror of a permit rule", 10, tuple().Reverse(), true},
		{"the rule itself", 10, tuple(), false},
		{"mirror of a deny rule", 20, tuple().Reverse(), false},
		{"policy that is not known", 30, tuple(), true},
	} {
		if got := s.admits(id(test.policy), test.packet); got != test.want {
			t.Errorf("%s: admits = %v, want %v", test.name, got, test.want)
		}
	}
}

func TestAmbiguous(t *testing.T) {
	ports, none := database(t, policy(10, toPort(permit(lan, remote), 53))), database(t, policy(10, permit(lan, remote)))
	icmp := func(t *acl.Tuple) { t.Protocol = protoICMP }
	for _, test := range []struct {
		name  string
		spd   *spd
		tuple acl.Tuple
		want  bool
	}{
		{"whole packet", ports, tuple(), false},
		{"later fragment, rules with ports", ports, tuple(later), true},
		{"later fragment, rules without ports", none, tuple(later), false},
		{"later fragment of a protocol without ports", ports, tuple(later, icmp), false},
	} {
		if got := test.spd.ambiguous(test.tuple); got != test.want {
			t.Errorf("%s: ambiguous = %v, want %v", test.name, got, test.want)
		}
	}
}

func TestPolicyListedTwice(t *testing.T) {
	if _, err := newSPD([]*ipsec.Policy{policy(10), policy(20), policy(10)}, &spd{}); err == nil {
		t.Error("newSPD takes a list with the same policy twice")
	}
}
