package main_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"sallyport/platform/netns"
	"sallyport/platform/netns/strongswan"
)

// A star is a hub, two spokes of ours and one that is strongSwan, around a router. The hub has
// 10.1.0.0/24 and is at 192.0.2.1; spoke n has 10.n.0.0/24 and is at 198.51.n.2:
//
//	pc 10.n.0.1 ---- 10.n.0.254 spoke 198.51.n.2 ---- 198.51.n.1 router 192.0.2.254 ---- hub
type star struct {
	router *netns.Namespace
	pcs    map[int]*netns.Namespace
	hub    *appliance
	wire   *monitor // the cable of the hub
}

// hubConfig is the hub's: a policy template, one ike peer for all spokes, who say themselves what they
// have.
func hubConfig() string {
	return "sysname HUB\n#\n" + ikeProposal(plain, "") +
		join("ike peer spokes", "undo version 2", "exchange-mode main", "pre-shared-key "+interopKey, "ike-proposal 10") +
		ipsecProposal(plain) +
		join("ipsec policy-template anybody 10", "ike-peer spokes", "proposal a") +
		"ipsec policy policy1 100 isakmp template anybody\n#\n" +
		join("interface GigabitEthernet0/0/1", "ip address 10.1.0.254 255.255.255.0") +
		join("interface GigabitEthernet0/0/2", "ip address 192.0.2.1 255.255.255.0", "ipsec policy policy1") +
		"ip route-static 0.0.0.0 0.0.0.0 192.0.2.254\n#\nreturn\n"
}

// spokeConfig is the configuration of a spoke of ours: all of 10.0.0.0/8 is behind the hub.
func spokeConfig(n int) string {
	g := gateway{name: fmt.Sprintf("SPOKE%d", n), lan: fmt.Sprintf("10.%d.0.254", n), wan: fmt.Sprintf("198.51.%d.2", n), peer: "192.0.2.1",
		nextHop: fmt.Sprintf("198.51.%d.1", n), far: "10.0.0.0"}
	g.rules = fmt.Sprintf("rule 5 permit ip source 10.%d.0.0 0.0.0.255 destination 10.0.0.0 0.255.255.255", n)
	return strings.Replace(g.config(plain), "ip route-static 10.0.0.0 255.255.255.0", "ip route-static 10.0.0.0 255.0.0.0", 1)
}

func newStar(t *testing.T) *star {
	t.Helper()
	requireLab(t)
	hub := newSpace(t)
	s := &star{router: newSpace(t), pcs: map[int]*netns.Namespace{}}
	cable(t, hub, "wan", s.router, "hub")
	address(t, s.router, "hub", "192.0.2.254/24")
	must(t, s.router.Forward())
	s.pcs[1] = newHost(t, hub, "10.1.0.1/24", "10.1.0.254")
	s.wire = watchCable(t, port{hub, "wan"}, port{s.router, "hub"})
	s.hub = startAppliance(t, hub, "HUB", hubConfig())
	return s
}

// place lays the cable of a spoke.
func (s *star) place(t *testing.T, n int) *netns.Namespace {
	t.Helper()
	spoke, device := newSpace(t), fmt.Sprintf("spoke%d", n)
	cable(t, spoke, "wan", s.router, device)
	address(t, s.router, device, fmt.Sprintf("198.51.%d.1/24", n))
	return spoke
}

// spoke adds one of ours.
func (s *star) spoke(t *testing.T, n int) {
	t.Helper()
	space := s.place(t, n)
	s.pcs[n] = newHost(t, space, fmt.Sprintf("10.%d.0.1/24", n), fmt.Sprintf("10.%d.0.254", n))
	startAppliance(t, space, fmt.Sprintf("SPOKE%d", n), spokeConfig(n))
}

// strongSwan adds one that holds an address of its network itself.
func (s *star) strongSwan(t *testing.T, n int) *strongswan.Daemon {
	t.Helper()
	space := s.place(t, n)
	s.pcs[n] = space
	address(t, space, "wan", fmt.Sprintf("198.51.%d.2/24", n))
	address(t, space, "lo", fmt.Sprintf("10.%d.0.1/32", n))
	route(t, space, "0.0.0.0/0", fmt.Sprintf("198.51.%d.1", n))
	c := swanConnection("aes128-sha1-modp2048", "aes128-sha1")
	c.Local, c.Remote = addrs(fmt.Sprintf("198.51.%d.2", n))[0], addrs("192.0.2.1")[0]
	c.LocalTS, c.RemoteTS = fmt.Sprintf("10.%d.0.0/24", n), "10.0.0.0/8"
	return strongswan.Start(t, space, c)
}

// translate makes the router a NAT, behind which all spokes have one address.
func (s *star) translate(t *testing.T) {
	t.Helper()
	requireProgram(t, "nft")
	cmd := exec.CommandContext(t.Context(), "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(`table ip nat {
  chain post {
    type nat hook postrouting priority 100
    oifname "hub" meta l4proto udp snat to 192.0.2.254:20000-29999
  }
}
`)
	must(t, s.router.Start(cmd))
	must(t, cmd.Wait())
}

// TestHub: spokes of different makers reach the hub, and each other through it.
func TestHub(t *testing.T) {
	t.Parallel()
	newStar(t).reachesAll(t)
}

// TestHubBeforeNAT: the same with all spokes behind one NAT.
func TestHubBeforeNAT(t *testing.T) {
	t.Parallel()
	s := newStar(t)
	s.translate(t)
	s.reachesAll(t)
	if n := s.wire.esp.Load(); n > 0 {
		t.Errorf("%d packets of ESP passed the NAT, want all in UDP", n)
	}
}

// reachesAll adds three spokes and has each of them reach the hub, and most each other.
func (s *star) reachesAll(t *testing.T) {
	t.Helper()
	strongswan.Require(t)
	s.spoke(t, 2)
	s.spoke(t, 3)
	swan := s.strongSwan(t, 4)
	for n := 2; n <= 3; n++ {
		ping(t, s.pcs[n], hostA, 3)
	}
	must(t, swan.Initiate())
	pingFrom(t, s.pcs[4], "10.4.0.1", hostA, 3)
	for _, way := range [][2]int{{2, 3}, {3, 2}, {2, 4}, {3, 4}, {1, 2}, {1, 3}, {1, 4}} {
		ping(t, s.pcs[way[0]], fmt.Sprintf("10.%d.0.1", way[1]), 3)
	}
	pingFrom(t, s.pcs[4], "10.4.0.1", "10.2.0.1", 3)
	if one, two := s.hub.phase("v1:1"), s.hub.phase("v1:2"); one != 3 || two != 3 {
		t.Errorf("HUB has %d and %d SAs of the phases, want 3 of each", one, two)
	}
	s.wire.nothingInClear(t)
}
