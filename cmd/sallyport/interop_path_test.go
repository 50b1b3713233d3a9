package main_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"sallyport/platform/netns"
	"sallyport/platform/netns/authority"
	"sallyport/platform/netns/strongswan"
)

// pathFeatures are those of what lies between the ends.
var pathFeatures = []feature{
	{name: "NAT before the one who begins", flow: func(f feature, t *testing.T, in role) { f.throughNAT(t, in, false) }, once: true},
	{name: "NAT before both", flow: func(f feature, t *testing.T, in role) { f.throughNAT(t, in, true) }, once: true},
	{name: "NAT before both, aggressive mode, FQDN", once: true,
		flow: func(f feature, t *testing.T, in role) { f.throughNAT(t, in, true) },
		ours: func(s *setup) { s.named("fqdn", ".test"); s.aggressive() },
		theirs: func(c *strongswan.Connection, s *setup) {
			c.Aggressive, c.LocalID, c.RemoteID = true, s.other()+".test", s.name()+".test"
		},
	},
	{name: "encapsulation in UDP without a NAT",
		ours:   func(s *setup) { s.peer = append(s.peer, "nat traversal force") },
		theirs: func(c *strongswan.Connection, _ *setup) { c.ForceEncap = true },
		seen:   func(t *testing.T, w *monitor) { w.onlyUDP(t) },
	},
}

// A natPath is two routers between the ends, each of which may be a NAT that lets the two ports of IKE in:
//
//	left 192.0.2.1 ---- 198.51.100.1 ---- 198.51.100.2 ---- 203.0.113.2 right
type natPath struct {
	left, right         *netns.Namespace // whose devices are called wan
	leftSeen, rightSeen string           // by the other end
	wire                *monitor         // between the routers
}

// The addresses of the ends.
const (
	leftEnd  = "192.0.2.1"
	rightEnd = "203.0.113.2"
)

func newNATPath(t *testing.T, natLeft, natRight bool) *natPath {
	t.Helper()
	requireLab(t)
	requireProgram(t, "nft")
	p := &natPath{left: newSpace(t), right: newSpace(t), leftSeen: leftEnd, rightSeen: rightEnd}
	l, r := newSpace(t), newSpace(t)
	cable(t, p.left, "wan", l, "inside")
	cable(t, p.right, "wan", r, "inside")
	cable(t, l, "outside", r, "outside")
	for _, end := range []struct {
		router             *netns.Namespace
		inside, own, other string
		behind             string // the other one's network
	}{
		{l, "192.0.2.254", "198.51.100.1", "198.51.100.2", "203.0.113.0/24"},
		{r, "203.0.113.254", "198.51.100.2", "198.51.100.1", "192.0.2.0/24"},
	} {
		address(t, end.router, "inside", end.inside+"/24")
		address(t, end.router, "outside", end.own+"/24")
		route(t, end.router, end.behind, end.other)
		must(t, end.router.Forward())
	}
	if natLeft {
		p.leftSeen = "198.51.100.1"
		translateFor(t, l, leftEnd, p.leftSeen)
	}
	if natRight {
		p.rightSeen = "198.51.100.2"
		translateFor(t, r, rightEnd, p.rightSeen)
	}
	p.wire = watchCable(t, port{l, "outside"}, port{r, "outside"})
	return p
}

// translateFor makes a router the NAT of one end.
func translateFor(t *testing.T, router *netns.Namespace, end, seen string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(fmt.Sprintf(`table ip nat {
  chain pre {
    type nat hook prerouting priority -100
    iifname "outside" udp dport { 500, 4500 } dnat to %s
  }
  chain post {
    type nat hook postrouting priority 100
    oifname "outside" meta l4proto udp snat to %s:20000-29999
  }
}
`, end, seen))
	must(t, router.Start(cmd))
	must(t, cmd.Wait())
}

// lies says where an end is, and where it sees the other one.
func (s *setup) lies(p *natPath) {
	s.wan, s.nextHop, s.gateway.peer = leftEnd, "192.0.2.254", p.rightSeen
	real := rightEnd
	if !s.left {
		s.wan, s.nextHop, s.gateway.peer, real = rightEnd, "203.0.113.254", p.leftSeen, leftEnd
	}
	if s.gateway.peer != real && !strings.Contains(strings.Join(s.peer, "\n"), "remote-id") {
		s.peer = append(s.peer, "remote-address authentication-address "+real)
	}
}

// throughNAT has the ends find each other with a NAT before the one who begins, or both.
func (f feature) throughNAT(t *testing.T, in role, both bool) {
	f.along(t, in, newNATPath(t, in != theyBegin || both, in == theyBegin || both))
}

// along has the ends find each other along a path where one at least is behind a NAT.
func (f feature) along(t *testing.T, in role, p *natPath) {
	t.Helper()
	if in == twoOfOurs {
		f.twinsAlong(t, p)
		return
	}
	strongswan.Require(t)
	s := newSetup(f, authority.New(t, "root"), true, in == weBegin)
	s.lies(p)
	lab := f.swanAlong(t, p, s)
	if in == theyBegin {
		must(t, lab.swan.Initiate())
		lab.fw.awaitTunnel()
	} else {
		lab.firstPing(t)
	}
	ping(t, lab.pc, swanHost, 5)
	p.wire.onlyUDP(t)
	lab.wire.nothingOfOursInClear(t)
}

// swanAlong puts strongSwan at the right end of a path, and one of ours at the left.
func (f feature) swanAlong(t *testing.T, p *natPath, s *setup) *mixedLab {
	t.Helper()
	c := f.against(s)
	c.Local, c.Remote = addrs(rightEnd)[0], addrs(p.leftSeen)[0]
	if c.LocalID == "" {
		c.LocalID, c.RemoteID = rightEnd, leftEnd
	}
	lab := &mixedLab{pc: newHost(t, p.left, "10.1.0.1/24", "10.1.0.254"), far: p.right, wire: p.wire}
	address(t, p.right, "wan", rightEnd+"/24")
	address(t, p.right, "lo", swanHost+"/32")
	route(t, p.right, "0.0.0.0/0", "203.0.113.254")
	lab.swan = strongswan.Start(t, p.right, c)
	lab.fw = startAppliance(t, p.left, "FW", s.config())
	return lab
}

// twinsAlong is along between two of ours.
func (f feature) twinsAlong(t *testing.T, p *natPath) {
	t.Helper()
	root := authority.New(t, "root")
	left, right := newSetup(f, root, true, true), newSetup(f, root, false, false)
	left.lies(p)
	right.lies(p)
	lab := startTwins(t, p, left, right)
	ping(t, lab.pcA, hostB, 3)
	ping(t, lab.pcB, hostA, 3)
	lab.tunnel(t, lab.a, lab.b)
	p.wire.onlyUDP(t)
	lab.wire.nothingInClear(t)
}

// startTwins puts two of ours at the ends of a path.
func startTwins(t *testing.T, p *natPath, left, right *setup) *twinLab {
	t.Helper()
	lab := &twinLab{wire: p.wire}
	lab.populate(t, p.left, p.right)
	lab.b = startAppliance(t, p.right, "FWB", right.config())
	lab.a = startAppliance(t, p.left, "FWA", left.config())
	return lab
}

// onlyUDP wants ESP to be in UDP.
func (w *monitor) onlyUDP(t *testing.T) {
	t.Helper()
	w.await(t, "ESP in UDP", &w.udpESP, 10)
	if esp := w.esp.Load(); esp != 0 {
		t.Errorf("%d packets of ESP passed, want all in UDP", esp)
	}
}
