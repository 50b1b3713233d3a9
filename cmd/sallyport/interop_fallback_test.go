package main_test

import (
	"strings"
	"testing"
	"time"
)

// TestFallbackToClear: a policy that is told to lets traffic pass in clear while nobody
// answers, says so, and protects it when the peer is there.
func TestFallbackToClear(t *testing.T) {
	t.Parallel()
	a, b := twins()
	a.extra = "fallback clear retry 10"
	deaf := strings.Replace(b.config(plain), "\n ipsec policy policy1\n", "\n", 1) // a router: no IKE, no policy
	lab := newTwinLab(t, a.config(plain), deaf)
	within(t, 90*time.Second, "a ping passes in clear", func() bool {
		_, err := command(t, lab.pcA, "ping", "-n", "-q", "-c", "1", "-W", "1", hostB)
		return err == nil
	})
	if n := lab.wire.protected(); n > 0 {
		t.Errorf("%d protected packets were seen, want none yet", n)
	}
	if text := lab.a.console("display ipsec policy"); !strings.Contains(text, "FALL BACK TO CLEAR") {
		t.Errorf("display ipsec policy does not say that traffic is in clear:\n%s", text)
	}
	lab.a.logs("traffic goes IN CLEAR, UNPROTECTED")
	lab.b.console("system-view", "interface GigabitEthernet0/0/2", "ipsec policy policy1")
	within(t, 60*time.Second, "FWA has negotiated", func() bool {
		start(t, lab.pcA, pingArgs(hostB, 1)...)
		return lab.a.phase("v1:2") > 0
	})
	lab.a.logs("traffic does not go in clear any more")
	before := lab.wire.protected()
	ping(t, lab.pcA, hostB, 5)
	lab.wire.await(t, "ESP", &lab.wire.esp, before+10)
}

// logs wants the appliance's log to have said something.
func (a *appliance) logs(text string) {
	a.t.Helper()
	eventually(a.t, a.name+" logs "+text, func() bool { return strings.Contains(a.log.String(), text) })
}

// TestBackupAddress: a peer that does not answer at its first address is tried at its second.
func TestBackupAddress(t *testing.T) {
	t.Parallel()
	g := mixedGateway
	config := within1(strings.Replace(g.config(plain), " remote-address 192.0.2.2\n", " remote-address 192.0.2.77\n", 1),
		"ike peer far", []string{"remote-address 192.0.2.2"})
	lab := newMixedLab(t, config, swanConnection("aes128-sha1-modp2048", "aes128-sha1"))
	start(t, lab.pc, pingArgs(swanHost, 10_000)...)
	within(t, 90*time.Second, "FW has reached the second address", func() bool { return lab.fw.phase("v1:2") > 0 })
	ping(t, lab.pc, swanHost, 5)
	lab.wire.nothingOfOursInClear(t)
}
