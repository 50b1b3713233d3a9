package main_test

import (
	"strings"
	"syscall"
	"testing"

	"sallyport/platform/netns/testrun"
)

// A tunnelForm is how a tunnel interface is made, in lines of its view, and what protects
// it beside.
type tunnelForm struct {
	name  string
	lines []string // of interface Tunnel1; PEER is the other end
	mode  string   // of the ipsec proposal
	group bool     // an ipsec policy on the port protects GRE, not a profile
	clear bool     // nothing protects it
}

var tunnelForms = []tunnelForm{
	{name: "IPsec", mode: "tunnel", lines: []string{"tunnel-protocol ipsec", "source GigabitEthernet0/0/2", "ipsec profile p"}},
	{name: "IPsec, unnumbered", mode: "tunnel", lines: []string{"tunnel-protocol ipsec", "ip address unnumbered interface GigabitEthernet0/0/1",
		"source GigabitEthernet0/0/2", "destination PEER", "ipsec profile p"}},
	{name: "GRE under IPsec", mode: "tunnel", lines: []string{"tunnel-protocol gre", "source GigabitEthernet0/0/2", "destination PEER", "gre key 7", "ipsec profile p"}},
	{name: "GRE in transport mode", mode: "transport", lines: []string{"tunnel-protocol gre", "source GigabitEthernet0/0/2", "ipsec profile p"}},
	{name: "GRE under a policy", mode: "tunnel", group: true, lines: []string{"tunnel-protocol gre", "source GigabitEthernet0/0/2", "destination PEER"}},
	{name: "GRE alone", mode: "tunnel", clear: true, lines: []string{"tunnel-protocol gre", "source GigabitEthernet0/0/2", "destination PEER"}},
}

// tunnelConfig is the configuration of a gateway whose route to the far network leads into
// Tunnel1.
func (g gateway) tunnelConfig(f tunnelForm) string {
	address := "ip address 10.255.0." + g.wan[strings.LastIndexByte(g.wan, '.')+1:] + " 255.255.255.252"
	if strings.Contains(strings.Join(f.lines, " "), "unnumbered") {
		address = ""
	}
	policy, applied := "", ""
	if f.group {
		g.rules = "rule 5 permit gre source " + g.wan + " 0 destination " + g.peer + " 0"
		policy, applied = g.policy(plain), "ipsec policy policy1"
	}
	tunnel := strings.ReplaceAll(strings.Join(f.lines, "\n "), "PEER", g.peer)
	return g.acl() + ikeProposal(plain, "") + g.ikePeer() +
		strings.Replace(ipsecProposal(plain), "encapsulation-mode tunnel", "encapsulation-mode "+f.mode, 1) +
		policy + join("ipsec profile p", "ike-peer far", "proposal a") +
		join("interface GigabitEthernet0/0/1", "ip address "+g.lan+" 255.255.255.0") +
		join("interface GigabitEthernet0/0/2", "ip address "+g.wan+" 255.255.255.0", applied) +
		join("interface Tunnel1", address, tunnel) +
		"ip route-static " + g.far + " 255.255.255.0 Tunnel1\n#\nreturn\n"
}

// Every form of a tunnel interface between two appliances. The tunnel goes and comes back
// with its interface, and what is routed into it.
func TestTwinsTunnel(t *testing.T) {
	for _, form := range tunnelForms {
		t.Run(form.name, func(t *testing.T) {
			t.Parallel()
			a, b := twins()
			lab := newTwinLab(t, a.tunnelConfig(form), b.tunnelConfig(form))
			lab.awaitTunnel(t, form)
			ping(t, lab.pcA, hostB, 1)
			ping(t, lab.pcB, hostA, 4)
			lab.a.console("system-view", "interface Tunnel1", "shutdown")
			if lab.a.tunnelUp() {
				t.Error("the tunnel is up though it is shut down")
			}
			eventually(t, "FWB has heard of it", func() bool { return !form.auto() || lab.b.pairs() == 0 })
			lab.a.console("system-view", "interface Tunnel1", "undo shutdown")
			lab.awaitTunnel(t, form)
			ping(t, lab.pcA, hostB, 4)
			if !form.clear {
				lab.wire.nothingInClear(t)
				lab.wire.await(t, "ESP", &lab.wire.esp, 2*(1+4+4))
			}
		})
	}
}

// What is routed into a protected tunnel does not take the default route when the gateway is
// killed, whose tunnel goes with it; nor while the next one comes up.
func TestTunnelStaysClosed(t *testing.T) {
	user := dataplanePair{testrun.User, testrun.User}
	for _, form := range tunnelForms {
		if form.clear {
			continue
		}
		t.Run(form.name, func(t *testing.T) {
			t.Parallel()
			a, b := twins()
			lab := newTwinLabOn(t, user, a.tunnelConfig(form), b.tunnelConfig(form))
			lab.a.stop(syscall.SIGTERM)
			address(t, lab.a.space, "wan", a.wan+"/24") // which Clean does not remove
			route(t, lab.a.space, "0.0.0.0/0", a.peer)
			lab.a.launch()
			lab.awaitTunnel(t, form)
			ping(t, lab.pcA, hostB, 4)
			lab.a.stop(syscall.SIGKILL)
			if out, err := command(t, lab.pcA, "ping", "-n", "-i", "0.02", "-c", "20", "-W", "1", hostB); err == nil {
				t.Errorf("without a gateway %s answers:\n%s", hostB, out)
			}
			always, _ := start(t, lab.pcA, "ping", "-n", "-q", "-i", "0.02", hostB)
			lab.a.launch()
			lab.awaitTunnel(t, form)
			ping(t, lab.pcA, hostB, 4)
			must(t, always.Process.Signal(syscall.SIGINT))
			always.Wait() // its error is that some were lost
			lab.wire.nothingInClear(t)
		})
	}
}

// auto reports whether the SAs come without traffic: a profile's do.
func (f tunnelForm) auto() bool { return !f.group && !f.clear }

// awaitTunnel waits until the tunnel is up at both ends, and its SAs are there: the kernel
// keeps no packet back that was routed into its own kind of tunnel.
func (lab *twinLab) awaitTunnel(t *testing.T, f tunnelForm) {
	t.Helper()
	for _, end := range []*appliance{lab.a, lab.b} {
		eventually(t, end.name+" has the tunnel", func() bool {
			return end.tunnelUp() && (!f.auto() || end.pairs() > 0)
		})
	}
}

// pairs counts the pairs of SAs, those that have been replaced among them: when the peer has
// deleted all of its own, none is left.
func (a *appliance) pairs() int {
	n := 0
	for _, row := range a.ikeSAs() {
		if row.phase == "v1:2" && row.has("RD") {
			n++
		}
	}
	return n
}

// tunnelUp reports whether the appliance says so.
func (a *appliance) tunnelUp() bool {
	return strings.Contains(a.console("display interface Tunnel1"), "Tunnel1 current state : UP")
}
