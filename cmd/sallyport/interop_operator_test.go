package main_test

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// count counts the SAs of a phase, in whatever state.
func (a *appliance) count(phase string) int {
	a.t.Helper()
	rows := a.ikeSAs()
	return len(slices.DeleteFunc(rows, func(r ikeRow) bool { return r.phase != phase }))
}

// Each permit rule has SAs of its own, all under one ISAKMP SA.
func TestSeveralFlows(t *testing.T) {
	t.Parallel()
	a, b := twins()
	a.rules = "rule 5 permit ip source 10.1.0.0 0.0.0.255 destination 10.2.0.1 0\n" +
		"rule 10 permit icmp source 10.1.0.1 0 destination 10.2.0.2 0\n" +
		"rule 15 permit ip source 10.1.0.0 0.0.0.255 destination 10.2.0.128 0.0.0.127"
	b.rules = "rule 5 permit ip source 10.2.0.1 0 destination 10.1.0.0 0.0.0.255\n" +
		"rule 10 permit icmp source 10.2.0.2 0 destination 10.1.0.1 0\n" +
		"rule 15 permit ip source 10.2.0.128 0.0.0.127 destination 10.1.0.0 0.0.0.255"
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	address(t, lab.pcB, "eth0", "10.2.0.2/24")
	address(t, lab.pcB, "eth0", "10.2.0.200/24")
	for _, host := range []string{hostB, "10.2.0.2", "10.2.0.200"} {
		ping(t, lab.pcA, host, 3)
	}
	for _, end := range []*appliance{lab.a, lab.b} {
		if one, two := end.count("v1:1"), end.count("v1:2"); one != 1 || two != 3 {
			t.Errorf("%s has %d ISAKMP SAs and %d pairs of IPsec SAs, want 1 and 3", end.name, one, two)
		}
	}
	lab.wire.nothingInClear(t)
}

// With trigger mode auto the tunnel needs no traffic to come up, nor to come
// back after the peer has ended it.
func TestTriggerAuto(t *testing.T) {
	t.Parallel()
	a, b := twins()
	a.extra = "sa trigger-mode auto"
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	lab.a.awaitTunnel()
	first := lab.b.newest("v1:1")
	lab.b.console("reset ike sa")
	eventually(t, "FWA has made another tunnel", func() bool { return lab.b.newest("v1:1") > first })
	lab.a.awaitTunnel()
	ping(t, lab.pcB, hostA, 3)
	lab.wire.nothingInClear(t)
}

// Taking the policy off the interface ends its SAs at both ends; putting it
// back protects again.
func TestUnbindPolicy(t *testing.T) {
	t.Parallel()
	a, b := twins()
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	ping(t, lab.pcA, hostB, 3)
	lab.wire.nothingInClear(t)

	lab.a.console("system-view", "interface GigabitEthernet0/0/2", "undo ipsec policy")
	lab.down(t)
	lab.b.console("system-view", "interface GigabitEthernet0/0/2", "undo ipsec policy")
	ping(t, lab.pcA, hostB, 3)
	lab.wire.await(t, "ping in clear", &lab.wire.clear, 6)

	for _, end := range []*appliance{lab.a, lab.b} {
		end.console("system-view", "interface GigabitEthernet0/0/2", "ipsec policy policy1")
	}
	ping(t, lab.pcA, hostB, 3)
	lab.tunnel(t, lab.a, lab.b)
	if n := lab.wire.clear.Load(); n != 6 {
		t.Errorf("%d packets passed in clear, want the 6 from between", n)
	}
}

// The operator's own ping goes through the tunnel if its source is protected.
func TestPingFromAppliance(t *testing.T) {
	t.Parallel()
	a, b := twins()
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	for _, line := range []string{"ping -c 1 -a 10.1.0.254 10.2.0.1", "ping -c 3 -m 20 -a 10.1.0.254 10.2.0.1"} {
		if out := lab.a.console(line); !strings.Contains(out, " 0.00% packet loss") {
			t.Errorf("%s: want no loss:\n%s", line, out)
		}
	}
	lab.tunnel(t, lab.a, lab.b)
	lab.wire.nothingInClear(t)
}

// A new pre-shared key is used by the next negotiation and leaves the tunnel
// that is up alone.
func TestKeyChange(t *testing.T) {
	t.Parallel()
	a, b := twins()
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	ping(t, lab.pcA, hostB, 3)
	for _, end := range []*appliance{lab.a, lab.b} {
		end.console("system-view", "ike peer far", "pre-shared-key Changed-Key@2026")
	}
	ping(t, lab.pcA, hostB, 3)
	lab.tunnel(t, lab.a, lab.b)
	lab.a.console("reset ike sa")
	lab.down(t)
	ping(t, lab.pcB, hostA, 3)
	lab.tunnel(t, lab.b, lab.a)
	lab.wire.nothingInClear(t)
}

// When nobody answers, the operator reads what was tried, and where.
func TestNoPeer(t *testing.T) {
	t.Parallel()
	a, b := twins()
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	lab.b.stop(syscall.SIGTERM)
	start(t, lab.pcA, pingArgs(hostB, 1)...)
	var shown string
	within(t, 90*time.Second, "FWA gives up after five tries", func() bool {
		shown = lab.a.console("display ike error-info verbose")
		return strings.Contains(shown, b.wan)
	})
	if !strings.Contains(shown, "no answer to main mode message 1") {
		t.Errorf("the display does not say that message 1 was not answered:\n%s", shown)
	}
	if n := lab.wire.clear.Load(); n > 0 {
		t.Errorf("%d packets passed in clear, want 0", n)
	}
}
