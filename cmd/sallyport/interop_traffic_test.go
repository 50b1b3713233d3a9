package main_test

import (
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/platform/netns/authority"
	"sallyport/platform/netns/strongswan"
)

// trafficFeatures are those of phase 2: what is protected, and how.
var trafficFeatures = []feature{
	{name: "AH", kernel: true, protocol: "AH",
		ours:   func(s *setup) { s.ipsec = append(s.ipsec, "transform ah", "ah authentication-algorithm sha1") },
		theirs: func(c *strongswan.Connection, _ *setup) { c.AH = "sha1" },
		seen:   func(t *testing.T, w *monitor) { onlyOf(t, w, &w.ah) },
	},
	{name: "AH around ESP", alone: true,
		ours: func(s *setup) { s.ipsec = append(s.ipsec, "transform ah-esp", "ah authentication-algorithm sha1") },
		seen: func(t *testing.T, w *monitor) { onlyOf(t, w, &w.ah) },
	},
	{name: "transport mode", kernel: true, flow: feature.betweenGateways,
		ours: func(s *setup) {
			s.rules = "rule 5 permit icmp source " + s.wan + " 0 destination " + s.gateway.peer + " 0"
			s.ipsec = append(s.ipsec, "encapsulation-mode transport")
		},
		theirs: func(c *strongswan.Connection, _ *setup) {
			c.Transport, c.LocalTS, c.RemoteTS = true, "192.0.2.2/32[icmp]", "192.0.2.1/32[icmp]"
		},
	},
	{name: "transport mode, NAT before the one who begins", kernel: true, once: true, flow: feature.transportThroughNAT,
		ours:   func(s *setup) { s.ipsec = append(s.ipsec, "encapsulation-mode transport") },
		theirs: func(c *strongswan.Connection, _ *setup) { c.Transport, c.LocalTS, c.RemoteTS = true, "", "" },
	},
	{name: "extended sequence numbers", kernel: true, answers: true, unasked: true, flow: feature.extendsSequence,
		ours: func(s *setup) { s.entry = append(s.entry, "sa duration time-based 60") },
		theirs: func(c *strongswan.Connection, _ *setup) {
			c.ESP = "aes128-sha1-esn"
			c.Retransmit.Tries = 8 // an emulated kernel takes its time to load what it does this with
		},
	},
	{name: "several selectors, with protocols and ports", flow: feature.severalFlows,
		ours: func(s *setup) { s.rules = s.flowRules() },
		theirs: func(c *strongswan.Connection, _ *setup) {
			c.LocalTS, c.RemoteTS = "10.2.0.0/24[icmp]", "10.1.0.0/24[icmp]"
			c.Children = []strongswan.Traffic{
				{Name: "web", LocalTS: "10.2.0.0/24[tcp/7000]", RemoteTS: "10.1.0.0/24[tcp]"},
				{Name: "more", LocalTS: "10.2.0.0/24[tcp/7001]", RemoteTS: "10.1.0.0/24[tcp]"},
			}
		},
	},
	{name: "IPComp is offered, and left out",
		theirs: func(c *strongswan.Connection, _ *setup) { c.IPComp = true },
		swan: func(t *testing.T, sas []strongswan.SA) {
			if cpi := sas[0].Children[0].CPIIn; cpi != "" {
				t.Errorf("strongSwan has IPComp's CPI %s, want none", cpi)
			}
		},
	},
	{name: "SHA2-256 cut to 96 bits", alone: true,
		ours: func(s *setup) {
			s.system += "ipsec authentication sha2 compatible enable\n#\n"
			s.suite.esp = "aes-128 sha2-256"
		},
		check: func(t *testing.T, end *appliance) {
			if text := end.console("display ipsec sa brief"); !strings.Contains(text, "HMAC-SHA2-256-96") {
				t.Errorf("%s does not show that the ICV has 96 bits:\n%s", end.name, text)
			}
		},
	},
}

// onlyOf wants all that was protected to be of one kind.
func onlyOf(t *testing.T, w *monitor, kind *atomic.Int64) {
	t.Helper()
	w.await(t, "the kind that is wanted", kind, 10)
	if all, n := w.protected(), kind.Load(); all > n {
		t.Errorf("%d of %d protected packets are of the kind that is wanted, want all", n, all)
	}
}

// betweenGateways pings from one gateway to the other.
func (f feature) betweenGateways(t *testing.T, in role) {
	if in == twoOfOurs {
		lab := f.newTwins(t)
		ping(t, lab.a.space, "192.0.2.2", 3)
		ping(t, lab.b.space, "192.0.2.1", 3)
		lab.tunnel(t, lab.a, lab.b)
		lab.wire.await(t, "ESP", &lab.wire.esp, 12)
		return
	}
	s := newSetup(f, authority.New(t, "root"), true, in == weBegin)
	lab := newMixedLab(t, s.config(), f.against(s))
	if in == theyBegin {
		must(t, lab.swan.Initiate())
		lab.fw.awaitTunnel()
	} else {
		awaitAnswer(t, lab.fw.space, "192.0.2.2")
	}
	ping(t, lab.fw.space, "192.0.2.2", 4)
	if c := lab.sas(t)[0].Children[0]; c.Mode != "TRANSPORT" || c.PacketsIn < 4 || c.PacketsOut < 4 {
		t.Errorf("strongSwan's child is %+v, want transport mode, and 4 packets each way", c)
	}
}

// transportThroughNAT has the ends themselves talk through a NAT. TCP's sums are over addresses that change under way, unlike
// those of ping: the ends tell each other the addresses that they know (NAT-OA).
func (f feature) transportThroughNAT(t *testing.T, in role) {
	p := newNATPath(t, in != theyBegin, in == theyBegin)
	if in == twoOfOurs {
		f.twinsTalk(t, p)
		return
	}
	strongswan.Require(t)
	s := newSetup(f, authority.New(t, "root"), true, in == weBegin)
	s.lies(p)
	s.betweenEnds()
	lab := f.swanAlong(t, p, s)
	if in == theyBegin {
		must(t, lab.swan.Initiate())
		lab.fw.awaitTunnel()
	} else {
		awaitAnswer(t, p.left, p.rightSeen)
	}
	p.talk(t)
	lab.fw.isTold()
	if c := lab.sas(t)[0].Children[0]; c.Mode != "TRANSPORT" || !c.Encap || c.PacketsIn < 4 || c.PacketsOut < 4 {
		t.Errorf("strongSwan's child is %+v, want transport mode in UDP, and 4 packets each way", c)
	}
}

// twinsTalk is transportThroughNAT between two of ours.
func (f feature) twinsTalk(t *testing.T, p *natPath) {
	t.Helper()
	root := authority.New(t, "root")
	left, right := newSetup(f, root, true, true), newSetup(f, root, false, false)
	for _, end := range []*setup{left, right} {
		end.lies(p)
		end.betweenEnds()
	}
	lab := startTwins(t, p, left, right)
	p.talk(t)
	lab.tunnel(t, lab.a, lab.b)
	lab.a.isTold()
	lab.b.isTold()
}

// betweenEnds has an end protect what it says itself, to the other one as it sees it.
func (s *setup) betweenEnds() {
	s.rules = "rule 5 permit ip source " + s.wan + " 0 destination " + s.gateway.peer + " 0"
}

// talk has the left end of a path ping the right one, and send to it by TCP, all protected.
func (p *natPath) talk(t *testing.T) {
	t.Helper()
	ping(t, p.left, p.rightSeen, 4)
	client, server := dialAs(t, p.left, p.right, p.rightSeen+":7000", rightEnd+":7000")
	send(t, client, server, 10_000)
	p.wire.onlyUDP(t)
}

// isTold wants two NAT-OA payloads in a message that the appliance has received.
func (a *appliance) isTold() {
	a.t.Helper()
	if !regexp.MustCompile(` received .* NAT-OA\[.* NAT-OA\[`).MatchString(a.log.String()) {
		a.t.Errorf("%s has received no NAT-OA of both addresses", a.name)
	}
}

// extendsSequence has strongSwan ask for extended sequence numbers, and ours keep to them
// in the rekey that it begins.
func (f feature) extendsSequence(t *testing.T, _ role) {
	s := newSetup(f, authority.New(t, "root"), true, false)
	lab := newMixedLab(t, s.config(), f.against(s))
	lab.swanInitiates(t)
	if c := lab.newestChild(t); !c.ESN {
		t.Errorf("strongSwan's child is %+v, want ESN", c)
	}
	lab.fw.awaitRekey("v1:2", lab.fw.newest("v1:2"), 60*time.Second)
	always, _ := start(t, lab.pc, pingArgs(swanHost, 10_000)...)
	lab.carries(t)
	must(t, always.Process.Kill())
	always.Wait()
	if c := lab.newestChild(t); !c.ESN {
		t.Errorf("strongSwan's child after FW's rekey is %+v, want ESN still", c)
	}
	lab.wire.nothingOfOursInClear(t)
}

// flowRules are ping and TCP to two ports of the right end.
func (s *setup) flowRules() string {
	if s.left {
		return "rule 5 permit icmp source 10.1.0.0 0.0.0.255 destination 10.2.0.0 0.0.0.255\n" +
			"rule 10 permit tcp source 10.1.0.0 0.0.0.255 destination 10.2.0.0 0.0.0.255 destination-port eq 7000\n" +
			"rule 15 permit tcp source 10.1.0.0 0.0.0.255 destination 10.2.0.0 0.0.0.255 destination-port eq 7001"
	}
	return "rule 5 permit icmp source 10.2.0.0 0.0.0.255 destination 10.1.0.0 0.0.0.255\n" +
		"rule 10 permit tcp source 10.2.0.0 0.0.0.255 source-port eq 7000 destination 10.1.0.0 0.0.0.255\n" +
		"rule 15 permit tcp source 10.2.0.0 0.0.0.255 source-port eq 7001 destination 10.1.0.0 0.0.0.255"
}

// severalFlows has each rule get SAs of its own, under one ISAKMP SA.
func (f feature) severalFlows(t *testing.T, in role) {
	if in == twoOfOurs {
		lab := f.newTwins(t)
		ping(t, lab.pcA, hostB, 2)
		transfer(t, lab.pcA, lab.pcB, hostB+":7000", 10_000)
		transfer(t, lab.pcA, lab.pcB, hostB+":7001", 10_000)
		for _, end := range []*appliance{lab.a, lab.b} {
			end.hasFlows()
		}
		lab.wire.nothingInClear(t)
		return
	}
	s := newSetup(f, authority.New(t, "root"), true, in == weBegin)
	lab := newMixedLab(t, s.config(), f.against(s))
	if in == theyBegin {
		for _, child := range []string{"net", "web", "more"} {
			must(t, lab.swan.InitiateNamed(child))
		}
	} else {
		lab.firstPing(t)
	}
	ping(t, lab.pc, swanHost, 2)
	transfer(t, lab.pc, lab.far, swanHost+":7000", 10_000)
	transfer(t, lab.pc, lab.far, swanHost+":7001", 10_000)
	lab.fw.hasFlows()
	sas := lab.sas(t)
	if len(sas) != 1 || len(sas[0].Children) != 3 {
		t.Fatalf("strongSwan's SAs are %+v, want one with three children", sas)
	}
	for _, c := range sas[0].Children {
		if c.PacketsIn == 0 || c.PacketsOut == 0 {
			t.Errorf("strongSwan's child %s has carried nothing: %+v", c.Name, c)
		}
	}
	lab.wire.nothingOfOursInClear(t)
}

// hasFlows wants one SA of phase 1 and three of phase 2.
func (a *appliance) hasFlows() {
	a.t.Helper()
	if one, two := a.phase("v1:1"), a.phase("v1:2"); one != 1 || two != 3 {
		a.t.Errorf("%s has %d and %d SAs of the phases, want 1 and 3", a.name, one, two)
	}
}
