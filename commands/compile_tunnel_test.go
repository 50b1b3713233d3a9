package commands

import (
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sallyport/acl"
	"sallyport/ike"
	"sallyport/ipsec"
	"sallyport/platform"
)

// routed is a configuration with a tunnel that is up, and a route into it.
const routed = `ipsec proposal a
ipsec proposal t
 encapsulation-mode transport
ike peer b
 undo version 2
 pre-shared-key sixteen-octets-or-more
 remote-address 198.51.100.7
ike peer c
 undo version 2
 pre-shared-key sixteen-octets-or-more
 remote-address 203.0.113.9
ipsec profile p
 ike-peer b
 proposal t
 proposal a
ipsec profile q
 ike-peer c
 proposal t
interface GigabitEthernet0/0/2
 ip address 192.0.2.1 24
 ipsec offload
interface Tunnel0/0/1
 ip address 10.0.0.1 30
 tunnel-protocol ipsec
 source GigabitEthernet0/0/2
 ipsec profile p
ip route-static 10.2.0.0 16 Tunnel0/0/1
`

// underGRE is the same with tunnel-protocol gre.
var underGRE = strings.Replace(routed, "tunnel-protocol ipsec", "tunnel-protocol gre", 1)

// tunnelPolicy returns the only policy of a configuration.
func tunnelPolicy(t *testing.T, lines string) (*Config, *ike.Policy) {
	t.Helper()
	c := replayed(t, lines)
	p, err := c.Protection(port)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.IKE.Policies) != 1 || len(p.Policies) != 1 || p.Policies[0] != &p.IKE.Policies[0].Policy {
		t.Fatalf("policies %v and %v, want one, of both", p.IKE.Policies, p.Policies)
	}
	return c, p.IKE.Policies[0]
}

// All that is routed into a tunnel is protected, in tunnel mode only.
func TestRoutedPolicy(t *testing.T) {
	c, p := tunnelPolicy(t, routed)
	want := ipsec.Policy{
		ID:     ipsec.PolicyID{Interface: "Tunnel0/0/1", Name: "p"},
		Device: "Tunnel0-0-1", Local: netip.MustParseAddr("192.0.2.1"), Remote: netip.MustParseAddr("198.51.100.7"),
		ACL: allTraffic, Window: 1024, Routed: true, Offload: true,
	}
	if p.Policy != want {
		t.Errorf("policy %+v, want %+v", p.Policy, want)
	}
	if want := []*ipsec.Proposal{c.IPsecProposals["a"]}; !slices.Equal(p.Proposals, want) || p.Peer != c.IKEPeers["b"] || !p.Auto {
		t.Errorf("policy %+v, want proposal a, peer b, auto", p)
	}
	v := p.ACL.Match(acl.Tuple{Source: netip.MustParseAddr("10.9.9.9"), Destination: netip.MustParseAddr("10.2.3.4"), Protocol: 1})
	if !v.Matched || v.Action != acl.Permit || p.ACL.Rules[v.Rule].ID != 5 {
		t.Errorf("verdict %+v of %+v, want permit by rule 5", v, p.ACL.Rules)
	}
}

// Of a GRE tunnel the GRE packets are protected where they leave.
func TestGREPolicy(t *testing.T) {
	c, p := tunnelPolicy(t, underGRE)
	want := ipsec.Policy{
		ID:     ipsec.PolicyID{Interface: "Tunnel0/0/1", Name: "p"},
		Device: "eth2", Local: netip.MustParseAddr("192.0.2.1"), Remote: netip.MustParseAddr("198.51.100.7"),
		ACL: p.ACL, Window: 1024, Mode: ipsec.Transport, Offload: true,
	}
	if p.Policy != want {
		t.Errorf("policy %+v, want %+v", p.Policy, want)
	}
	if want := []*ipsec.Proposal{c.IPsecProposals["t"], c.IPsecProposals["a"]}; !slices.Equal(p.Proposals, want) {
		t.Errorf("proposals %v, want t and a", p.Proposals)
	}
	if got, want := p.ACL.Rules[0].String(), "rule 5 permit 47 source 192.0.2.1 0 destination 198.51.100.7 0"; len(p.ACL.Rules) != 1 || strings.Replace(got, "gre", "47", 1) != want {
		t.Errorf("rules %v, want %s", p.ACL.Rules, want)
	}
}

// TestTunnelLacks has lines that keep the tunnel down, and what is said to be missing.
func TestTunnelLacks(t *testing.T) {
	const tunnel = "interface Tunnel 0/0/1\n "
	for _, test := range []struct{ name, base, lines, want string }{
		{"nothing", routed, "", ""},
		{"nothing of GRE", underGRE, "", ""},
		{"plain GRE", underGRE, tunnel + "undo ipsec profile\n destination 198.51.100.7", ""},
		{"no protocol", "interface Tunnel 0/0/1\n", "", "tunnel-protocol"},
		{"the peer's local address is the source", routed, "ike peer b\n local-address 192.0.2.1\n" + tunnel + "undo source", ""},
		{"the peer's local address is not of a port", routed, "ike peer b\n local-address 192.0.2.9\n" + tunnel + "undo source", ""},
		{"the peer's remote address is the destination", routed, tunnel + "destination 198.51.100.7", ""},
		{"no source", routed, tunnel + "undo source", "source"},
		{"a port without an address", routed, "interface g0/0/2\n undo ip address", "ip address of GigabitEthernet0/0/2"},
		{"no destination", underGRE, tunnel + "undo ipsec profile", "destination"},
		{"a tunnel to itself", underGRE, tunnel + "undo ipsec profile\n destination 192.0.2.1", "destination other than the source"},
		{"no profile", routed, tunnel + "undo ipsec profile", "ipsec profile"},
		{"no peer", routed, "ipsec profile p\n undo ike-peer", "ike-peer of ipsec profile p"},
		{"no key", routed, "ike peer b\n undo pre-shared-key", "pre-shared-key of ike peer b"},
		{"no proposal", underGRE, "ipsec profile p\n undo proposal", "usable proposal of ipsec profile p"},
		{"transport mode only", routed, "ipsec profile p\n undo proposal a", "usable proposal of ipsec profile p"},
		{"no key but certificates", routed, "ike proposal 10\n authentication-method rsa-signature\nike peer b\n undo pre-shared-key", ""},
		{"a host", routed, "ipsec profile p\n undo ike-peer\nike peer b\n undo remote-address\n remote-address host-name hub.example\nipsec profile p\n ike-peer b\n" + tunnel + "undo destination", ""},
		{"another destination", routed, tunnel + "destination 198.51.100.8", "destination that is the remote-address of ike peer b"},
		{"another source", routed, "ike peer b\n local-address 192.0.2.9", "source that is the local-address of ike peer b"},
		{"GRE from an address of no port", underGRE, tunnel + "source 192.0.2.9", "interface that is up with the address 192.0.2.9"},
		{"GRE from a port that is down", underGRE, "interface g0/0/2\n shutdown", "interface that is up with the address 192.0.2.1"},
		{"IPsec from a port that is down", routed, "interface g0/0/2\n shutdown", ""},
	} {
		c := replayed(t, test.base+test.lines)
		states := c.tunnelStates()
		if got := strings.Join(states[0].missing, "; "); len(states) != 1 || got != test.want {
			t.Errorf("%s: missing %q, want %q", test.name, got, test.want)
		}
		network, err := c.Network(port)
		if err != nil {
			t.Fatal(err)
		}
		up := slices.ContainsFunc(network.Interfaces, func(i platform.Interface) bool { return i.Device == "Tunnel0-0-1" })
		if up != (test.want == "") || up != (len(network.Routes) == 1) && test.base != "interface Tunnel 0/0/1\n" {
			t.Errorf("%s: the host is told of %+v", test.name, network)
		}
		p, err := c.Protection(port)
		if err != nil || test.want != "" && len(p.Policies) > 0 {
			t.Errorf("%s: policies %v, %v", test.name, p, err)
		}
	}
}

// TestTunnelsShare has a second tunnel that is like the first in part.
func TestTunnelsShare(t *testing.T) {
	const second = "interface Tunnel1\n tunnel-protocol gre\n source 192.0.2.1\n "
	for _, test := range []struct{ name, lines, want string }{
		{"another peer", routed + second + "ipsec profile q", ""},
		{"the same peer", routed + "ipsec profile q\n ike-peer b\n" + second + "ipsec profile q", "ike-peer that Tunnel0/0/1 does not have"},
		{"the same peer, the first is down", routed + "ipsec profile q\n ike-peer b\ninterface Tunnel0/0/1\n shutdown\n" + second + "ipsec profile q", ""},
		{"the same ends", underGRE + second + "destination 198.51.100.7", "source, destination and key that Tunnel0/0/1 does not have"},
		{"the same ends and another key", underGRE + second + "destination 198.51.100.7\n gre key 0", ""},
	} {
		states := replayed(t, test.lines).tunnelStates()
		if len(states) != 2 || strings.Join(states[1].missing, "; ") != test.want {
			t.Errorf("%s: %+v, want missing %q", test.name, states, test.want)
		}
	}
}

// TestTunnelNetwork compares what the host is told of tunnels.
func TestTunnelNetwork(t *testing.T) {
	ends := platform.GRE{Local: netip.MustParseAddr("192.0.2.1"), Remote: netip.MustParseAddr("198.51.100.7")}
	keyed := ends
	keyed.HasKey = true
	address := []netip.Prefix{netip.MustParsePrefix("10.0.0.1/30")}
	for _, test := range []struct {
		name, lines string
		want        platform.Interface
	}{
		{"IPsec", routed, platform.Interface{Addresses: address}},
		{"GRE under IPsec", underGRE, platform.Interface{Addresses: address, GRE: &ends}},
		{"a key and an MTU", underGRE + "interface Tunnel0/0/1\n gre key 0\n mtu 1400", platform.Interface{Addresses: address, GRE: &keyed, MTU: 1400}},
		{"unnumbered", routed + "interface Tunnel0/0/1\n undo ip address\n ip address unnumbered interface g0/0/2",
			platform.Interface{Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}}},
		{"unnumbered, and there is no address", routed + "interface eth5\ninterface Tunnel0/0/1\n undo ip address\n ip address unnumbered interface eth5",
			platform.Interface{}},
	} {
		network, err := replayed(t, test.lines).Network(port)
		if err != nil {
			t.Fatal(err)
		}
		test.want.Device = "Tunnel0-0-1"
		if !slices.ContainsFunc(network.Interfaces, func(i platform.Interface) bool { return reflect.DeepEqual(i, test.want) }) {
			t.Errorf("%s: the host is told of %+v, want %+v among them", test.name, network.Interfaces, test.want)
		}
		if len(network.Routes) != 1 || network.Routes[0].Device != "Tunnel0-0-1" {
			t.Errorf("%s: routes %+v", test.name, network.Routes)
		}
	}
}

// TestBackstop has the routes whose destination must be unreachable, rather than go another
// way, when a tunnel's device disappears: those that lead into one that is protected.
func TestBackstop(t *testing.T) {
	const plainGRE = "interface Tunnel0/0/1\n undo ipsec profile\n destination 198.51.100.7\n"
	const group = "acl 3000\n rule permit gre\nipsec policy g 1 isakmp\n security acl 3000\n ike-peer b\n proposal a\ninterface g0/0/2\n ipsec policy g\n"
	for _, test := range []struct {
		name, lines string
		want        string // destinations with a backstop
		without     string // and those without
	}{
		{"IPsec", routed, "10.2.0.0/16", ""},
		{"GRE under IPsec", underGRE, "10.2.0.0/16", ""},
		{"GRE alone", underGRE + plainGRE, "", "10.2.0.0/16"},
		{"GRE alone, by its next hop", underGRE + plainGRE + "ip route-static 10.3.0.0 16 10.0.0.2\n", "", "10.2.0.0/16 10.3.0.0/16"},
		{"GRE under a policy", underGRE + plainGRE + group, "10.2.0.0/16", ""},
		{"shut down", routed + "interface Tunnel0/0/1\n shutdown\nip route-static 10.3.0.0 16 10.0.0.2\n", "", "10.3.0.0/16"},
		{"with a next hop", routed + "ip route-static 10.3.0.0 16 Tunnel0/0/1 10.0.0.2\n", "10.2.0.0/16 10.3.0.0/16", ""},
		{"by a next hop", routed + "ip route-static 10.3.0.0 16 10.0.0.2\n", "10.2.0.0/16 10.3.0.0/16", ""},
		{"by a next hop behind it", routed + "ip route-static 10.3.0.0 16 10.2.0.2\n", "10.2.0.0/16 10.3.0.0/16", ""},
		{"by a next hop of a longer network", routed + "interface g0/0/3\n ip address 10.2.9.1 24\nip route-static 10.3.0.0 16 10.2.9.2\n", "10.2.0.0/16", "10.3.0.0/16"},
		{"by one of a port that is down", routed + "interface g0/0/3\n ip address 10.2.9.1 24\n shutdown\nip route-static 10.3.0.0 16 10.2.9.2\n", "10.2.0.0/16 10.3.0.0/16", ""},
		{"by a port", routed + "ip route-static 0.0.0.0 0 192.0.2.254\nip route-static 10.3.0.0 16 g0/0/2\n", "10.2.0.0/16", "0.0.0.0/0 10.3.0.0/16"},
		{"a floating one", routed + "ip route-static 10.2.0.0 16 192.0.2.254 preference 255\n", "10.2.0.0/16", "10.2.0.0/16"},
	} {
		network, err := replayed(t, test.lines).Network(port)
		if err != nil {
			t.Fatal(err)
		}
		got := map[bool][]string{}
		for _, r := range network.Routes {
			got[r.Backstop] = append(got[r.Backstop], r.Destination.String())
		}
		if with, without := strings.Join(got[true], " "), strings.Join(got[false], " "); with != test.want || without != test.without {
			t.Errorf("%s: with a backstop %q, without %q, want %q and %q", test.name, with, without, test.want, test.without)
		}
	}
}

// TestTunnelSharesWhatDidNotChange compares the pointers of two versions.
func TestTunnelSharesWhatDidNotChange(t *testing.T) {
	for _, test := range []struct {
		line string
		same bool
	}{
		{"sysname X", true},
		{"ike proposal 20", true},
		{"interface Tunnel0/0/1\n mtu 1400", true},
		{"interface Tunnel0/0/1\n destination 198.51.100.7", true},
		{"ipsec proposal z", true},
		{"ipsec profile p\n pfs dh-group14", false},
		{"ipsec proposal a\n esp encryption-algorithm aes-128", false},
		{"ike peer b\n local-address 192.0.2.1", false},
		{"interface g0/0/2\n undo ipsec offload", false},
		{"ipsec sa global-duration time-based 600", false},
		{"interface Tunnel0/0/1\n source 192.0.2.2", false},
	} {
		for _, lines := range []string{routed, underGRE} {
			c, before := tunnelPolicy(t, lines)
			next, refused := Replay(c, Script{Text: test.line, Open: open, Port: port})
			if len(refused) > 0 {
				t.Fatalf("%q: %v", test.line, refused)
			}
			p, err := next.Protection(port)
			if err != nil {
				t.Fatal(err)
			}
			same := len(p.IKE.Policies) == 1 && p.IKE.Policies[0] == before
			if same != test.same {
				t.Errorf("%q: the same policy: %v, want %v", test.line, same, test.same)
			}
		}
	}
}

// An interface without a device is an error, a tunnel's port too.
func TestTunnelWithoutDevice(t *testing.T) {
	gone := errors.New("gone")
	for _, lines := range []string{routed, underGRE} {
		c := replayed(t, lines)
		none := func(string) (string, error) { return "", gone }
		if _, err := c.Protection(none); !errors.Is(err, gone) {
			t.Errorf("Protection() = %v, want %v", err, gone)
		}
		if _, err := c.Network(none); !errors.Is(err, gone) {
			t.Errorf("Network() = %v, want %v", err, gone)
		}
	}
}

// A policy group under a tunnel's: what the tunnel protects comes first.
func TestTunnelsComeFirst(t *testing.T) {
	c := replayed(t, branch+`ike peer c
 undo version 2
 pre-shared-key sixteen-octets-or-more
 remote-address 198.51.100.7
ipsec profile p
 ike-peer c
 proposal a
interface Tunnel1
 tunnel-protocol gre
 source 192.0.2.1
 ipsec profile p
`)
	policies := built(t, c).Policies
	if len(policies) != 2 || policies[0].ID.Name != "p" || policies[1].ID.Name != "policy1" || policies[0].Device != policies[1].Device {
		t.Errorf("policies %+v", policies)
	}
}

// What a configuration that was put together by hand may have wrong.
func TestValidateTunnels(t *testing.T) {
	c := replayed(t, routed)
	c.Interfaces["Tunnel5"] = &Interface{Name: "Tunnel5", Unnumbered: "eth7", Tunnel: Tunnel{SourcePort: "eth8", Profile: "none"}}
	c.Interfaces["Tunnel6"] = &Interface{Name: "Tunnel6", Tunnel: Tunnel{Profile: "p"}}
	c.Profiles["x"] = &Policy{PolicyKey: PolicyKey{Name: "x"}, Peer: "nobody", Proposals: []string{"nothing"}}
	c.Routes[RouteKey{Interface: "Tunnel9"}] = &Route{RouteKey: RouteKey{Interface: "Tunnel9"}}
	var got []string
	for _, err := range c.Validate() {
		got = append(got, err.Error())
	}
	slices.Sort(got)
	want := []string{
		"Error: The IKE peer nobody of IPSec profile x does not exist.",
		"Error: The IPSec profile none of interface Tunnel5 does not exist.",
		"Error: The IPSec proposal nothing of IPSec profile x does not exist.",
		"Error: The interface Tunnel9 of the route to invalid Prefix does not exist.",
		"Error: The interface eth7 that interface Tunnel5 refers to does not exist.",
		"Error: The interface eth8 that interface Tunnel5 refers to does not exist.",
		"Error: The interfaces Tunnel0/0/1 and Tunnel6 have the same IPSec profile.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("faults\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
