package commands

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
	"sallyport/platform"
)

// addr parses an address of a test.
func (*Session) addr(text string) netip.Addr { return netip.MustParseAddr(text) }

// branch is a configuration with one policy entry that is complete.
const branch = `acl number 3000
 rule 5 permit ip source 192.168.0.0 0.0.0.255 destination 172.16.0.0 0.0.0.255
ipsec proposal a
ike proposal 10
ike peer b
 undo version 2
 pre-shared-key sixteen-octets-or-more
 remote-address 192.0.2.2
ipsec policy policy1 5 isakmp
 security acl 3000
 ike-peer b
 proposal a
interface GigabitEthernet0/0/2
 ip address 192.0.2.1 24
 ipsec policy policy1
`

func built(t *testing.T, c *Config) *ike.Config {
	t.Helper()
	return protection(t, c).IKE
}

// protection returns what the test's box is told.
func protection(t *testing.T, c *Config) *Protection {
	t.Helper()
	p, err := c.Protection(port)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestIKE(t *testing.T) {
	c := replayed(t, branch)
	config := built(t, c)
	if len(config.Policies) != 1 {
		t.Fatalf("%d policies, want 1", len(config.Policies))
	}
	p := config.Policies[0]
	want := ipsec.Policy{
		ID:     ipsec.PolicyID{Interface: "GigabitEthernet0/0/2", Name: "policy1", Sequence: 5},
		Device: "eth2", Local: netip.MustParseAddr("192.0.2.1"), Remote: netip.MustParseAddr("192.0.2.2"),
		ACL: c.ACLs["3000"], Window: 1024,
	}
	if p.Policy != want {
		t.Errorf("policy %+v, want %+v", p.Policy, want)
	}
	if p.Peer != c.IKEPeers["b"] || len(p.Proposals) != 1 || p.Proposals[0] != c.IPsecProposals["a"] || p.PFS != 0 || p.Auto {
		t.Errorf("policy %+v", p)
	}
	if want := (ipsec.Lifetime{Duration: time.Hour, Octets: 1843200 << 10}); p.Lifetime != want {
		t.Errorf("lifetime %+v, want %+v", p.Lifetime, want)
	}
	if n := len(config.Proposals); n != 2 || config.Proposals[0] != &c.IKEProposals[10].Proposal || config.Proposals[1].Number != 0 {
		t.Errorf("%d proposals", n)
	}
}

// TestIKEOfOneMoreLine shows what further lines make of the branch.
func TestIKEOfOneMoreLine(t *testing.T) {
	for _, test := range []struct {
		name, lines string
		check       func(*ike.Policy) bool // nil: the entry is left out
	}{
		{"its own lifetime", "ipsec policy policy1 5\n sa duration time-based 600", func(p *ike.Policy) bool {
			return p.Lifetime == ipsec.Lifetime{Duration: 10 * time.Minute, Octets: 1843200 << 10}
		}},
		{"the global lifetime", "ipsec sa global-duration traffic-based 2560", func(p *ike.Policy) bool { return p.Lifetime.Octets == 2560<<10 }},
		{"a local address", "ike peer b\n local-address 192.0.2.77", func(p *ike.Policy) bool { return p.Local.String() == "192.0.2.77" }},
		{"trigger mode", "ipsec policy policy1 5\n sa trigger-mode auto", func(p *ike.Policy) bool { return p.Auto }},
		{"auto-neg", "interface g0/0/2\n ipsec policy policy1 auto-neg", func(p *ike.Policy) bool { return p.Auto }},
		{"perfect forward secrecy", "ipsec policy policy1 5\n pfs dh-group19", func(p *ike.Policy) bool { return p.PFS == 19 }},
		{"a window", "ipsec policy policy1 5\n anti-replay window 64", func(p *ike.Policy) bool { return p.Window == 64 }},
		{"no address but a local one", "ike peer b\n local-address 192.0.2.7\ninterface g0/0/2\n undo ip address", func(p *ike.Policy) bool { return p.Local.String() == "192.0.2.7" }},
		{"a host", "ipsec policy policy1 5\n undo ike-peer\nike peer b\n undo remote-address\n remote-address host-name hub.example\nipsec policy policy1 5\n ike-peer b", func(p *ike.Policy) bool {
			return p.Remote.String() == "192.0.0.8" && p.Peer.RemoteHost == "hub.example" && !p.Peer.Remote.IsValid()
		}},
		{"a backup", "ike peer b\n remote-address 192.0.2.3", func(p *ike.Policy) bool { return p.Remote.String() == "192.0.2.2" && len(p.Peer.Backups) == 1 }},
		{"no key but certificates", "ike proposal 10\n authentication-method rsa-signature\nike peer b\n undo pre-shared-key", func(*ike.Policy) bool { return true }},
		{"no key for its own proposal", "ike proposal 10\n authentication-method rsa-signature\nike proposal 20\nike peer b\n undo pre-shared-key\n ike-proposal 20", nil},
		{"no list", "ipsec policy policy1 5\n undo security acl", nil},
		{"no peer", "ipsec policy policy1 5\n undo ike-peer", nil},
		{"no proposal", "ipsec policy policy1 5\n undo proposal", nil},
		{"a proposal without authentication", "ipsec proposal a\n undo esp authentication-algorithm", nil},
		{"no key", "ike peer b\n undo pre-shared-key", nil},
		{"no address", "interface g0/0/2\n undo ip address", nil},
		{"shut down", "interface g0/0/2\n shutdown", nil},
		{"not applied", "interface g0/0/2\n undo ipsec policy", nil},
	} {
		policies := built(t, replayed(t, branch+test.lines)).Policies
		switch {
		case test.check == nil && len(policies) > 0:
			t.Errorf("%s: %+v", test.name, policies[0])
		case test.check != nil && (len(policies) != 1 || !test.check(policies[0])):
			t.Errorf("%s: %d policies", test.name, len(policies))
		}
	}
}

// TestIKESharesWhatDidNotChange compares the pointers of two versions.
func TestIKESharesWhatDidNotChange(t *testing.T) {
	other := strings.NewReplacer("policy1 5", "policy1 10", "acl number 3000", "acl number 3001", "acl 3000", "acl 3001",
		"peer b", "peer c", "ike-peer b", "ike-peer c", "192.0.2.2", "192.0.2.3").Replace(branch)
	for _, test := range []struct {
		line          string
		first, second bool // whether the policy stays
	}{
		{"ip route-static 10.0.0.0 8 192.0.2.2", true, true},
		{"ike proposal 20", true, true},
		{"ipsec sa global-duration time-based 600", false, false},
		{"ike peer c\n local-address 192.0.2.1", true, false},
		{"acl 3000\n rule permit icmp", false, true},
		{"ipsec proposal a\n esp encryption-algorithm aes-128", false, false},
		{"ipsec policy policy1 5\n pfs dh-group14", false, true},
		{"interface g0/0/2\n ip address 192.0.2.9 24", false, false},
	} {
		before := replayed(t, branch+other)
		first := built(t, before)
		after, refused := Replay(before, Script{Text: test.line})
		if len(refused) > 0 {
			t.Fatalf("%q: %v", test.line, refused[0])
		}
		second := built(t, after)
		if same := first.Policies[0] == second.Policies[0]; same != test.first {
			t.Errorf("%q: entry 5 is the same: %v", test.line, same)
		}
		if same := first.Policies[1] == second.Policies[1]; same != test.second {
			t.Errorf("%q: entry 10 is the same: %v", test.line, same)
		}
		if first.Proposals[len(first.Proposals)-1] != second.Proposals[len(second.Proposals)-1] {
			t.Errorf("%q: the built-in proposal is another", test.line)
		}
	}
}

func TestIKEOrder(t *testing.T) {
	c := replayed(t, hub(12)+"system-view\ninterface GigabitEthernet0/0/0\n ip address 198.51.100.1 24\n ipsec policy hub\n")
	var last ipsec.PolicyID
	for _, p := range built(t, c).Policies {
		if p.ID.Interface < last.Interface || p.ID.Interface == last.Interface && p.ID.Sequence <= last.Sequence {
			t.Errorf("%v after %v", p.ID, last)
		}
		last = p.ID
	}
}

func TestNetwork(t *testing.T) {
	c := replayed(t, branch+`interface g0/0/3
 ip address 198.51.100.1 24
 ip address 203.0.113.1 24 sub
 mtu 1400
 shutdown
ip route-static 10.0.0.0 8 192.0.2.2
ip route-static 0.0.0.0 0 g0/0/3 198.51.100.9 preference 100
ip route-static 172.16.0.0 16 g0/0/3
`)
	n, err := c.Network(port)
	if err != nil {
		t.Fatal(err)
	}
	p := netip.MustParsePrefix
	wantPort := platform.Interface{Device: "eth3", Addresses: []netip.Prefix{p("198.51.100.1/24"), p("203.0.113.1/24")}, MTU: 1400, Down: true}
	if len(n.Interfaces) != 2 || n.Interfaces[0].Device != "eth2" || n.Interfaces[0].Down || !sameInterface(n.Interfaces[1], wantPort) {
		t.Errorf("interfaces %+v", n.Interfaces)
	}
	want := []platform.Route{
		{Destination: p("0.0.0.0/0"), NextHop: netip.MustParseAddr("198.51.100.9"), Device: "eth3", Preference: 100},
		{Destination: p("10.0.0.0/8"), NextHop: netip.MustParseAddr("192.0.2.2"), Preference: 60},
		{Destination: p("172.16.0.0/16"), Device: "eth3", Preference: 60},
	}
	for i, r := range n.Routes {
		if r != want[i] {
			t.Errorf("route %d is %+v, want %+v", i, r, want[i])
		}
	}
	if len(n.Routes) != len(want) {
		t.Errorf("%d routes, want %d", len(n.Routes), len(want))
	}
}

func sameInterface(a, b platform.Interface) bool {
	return a.Device == b.Device && a.MTU == b.MTU && a.Down == b.Down && len(a.Addresses) == len(b.Addresses) && a.Addresses[1] == b.Addresses[1]
}

// TestNoDevice has a box without the interfaces.
func TestNoDevice(t *testing.T) {
	gone := errors.New("no such device")
	none := func(name string) (string, error) { return "", gone }
	c := replayed(t, branch+"ip route-static 10.0.0.0 8 g0/0/3\n")
	if _, err := c.Protection(none); !errors.Is(err, gone) || !strings.Contains(err.Error(), "GigabitEthernet0/0/2") {
		t.Errorf("IKE: %v", err)
	}
	if _, err := c.Network(none); !errors.Is(err, gone) || !strings.Contains(err.Error(), "GigabitEthernet0/0/2") {
		t.Errorf("Network: %v", err)
	}
	only2 := func(name string) (string, error) {
		if name == "GigabitEthernet0/0/2" {
			return "eth2", nil
		}
		return none(name)
	}
	if _, err := c.Network(only2); !errors.Is(err, gone) || !strings.Contains(err.Error(), "10.0.0.0/8") {
		t.Errorf("Network: %v", err)
	}
}
