package main_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/platform/netns/strongswan"
)

// refusals are tunnels that cannot come up, and what the operator must read in
// `display ike error-info verbose`, in either case: when strongSwan asks and
// when FW does. Words are compared without regard to case.
var refusals = []struct {
	name     string
	ours     suite
	peer     func(*strongswan.Connection)
	answered []string // when strongSwan asks, FW answers: both sides' values
	asked    []string // when FW asks: its values, and strongSwan's answer
}{
	{
		"wrong key", plain,
		func(c *strongswan.Connection) { c.Key = "Another-Key@2026" },
		[]string{"authentication fail", "pre-shared-key"},
		[]string{"main mode message 5", "pre-shared"},
	},
	{
		"no common phase 1 proposal", suite{"aes-256 sha2-256 group14", "aes-128 sha1", ""},
		func(c *strongswan.Connection) { c.IKE = "3des-md5-modp1024" },
		[]string{"phase1 proposal mismatch", "3des", "md5", "modp1024", "aes-cbc-256", "sha2-256", "modp2048"},
		[]string{"no-proposal-chosen", "aes-cbc-256", "sha2-256", "modp2048"},
	},
	{
		"no common phase 2 proposal", suite{"aes-128 sha1 group14", "aes-256 sha2-256", ""},
		func(c *strongswan.Connection) { c.ESP = "3des-md5" },
		[]string{"phase2 proposal", "3des", "md5", "aes-cbc-256", "sha2-256"},
		[]string{"no-proposal-chosen", "aes-cbc-256", "sha2-256"},
	},
	{
		"PFS on our side only", suite{"aes-128 sha1 group14", "aes-128 sha1", "dh-group14"},
		func(c *strongswan.Connection) { c.ESP = "aes128-sha1" },
		[]string{"pfs mismatch", "modp2048"},
		[]string{"no-proposal-chosen", "modp2048"},
	},
	{
		"flows that are no mirror images", plain,
		func(c *strongswan.Connection) { c.LocalTS, c.RemoteTS = "10.2.7.0/24", "10.1.0.0/24" },
		[]string{"flow mismatch", "10.2.7.0", "10.2.0.0"},
		[]string{"invalid-id-information", "10.1.0.0", "10.2.0.0"},
	},
}

func TestRefusal(t *testing.T) {
	for _, test := range refusals {
		c := swanConnection("aes128-sha1-modp2048", "aes128-sha1")
		test.peer(&c)
		t.Run(test.name+"/strongSwan asks", func(t *testing.T) {
			t.Parallel()
			lab := newMixedLab(t, mixedGateway.config(test.ours), c)
			lab.fw.complains(t, test.answered, func() {
				if err := lab.swan.Initiate(); err == nil {
					t.Error("strongSwan says that the tunnel is up, want a refusal")
				}
			})
			lab.nothingUp(t)
		})
		t.Run(test.name+"/FW asks", func(t *testing.T) {
			t.Parallel()
			lab := newMixedLab(t, mixedGateway.config(test.ours), c)
			lab.fw.complains(t, test.asked, func() {
				start(t, lab.pc, pingArgs(swanHost, 1)...)
			})
			lab.nothingUp(t)
		})
	}
}

// complains does something that cannot succeed, and waits until the reason is
// displayed, which may take all five tries of an initiator.
func (a *appliance) complains(t *testing.T, words []string, do func()) {
	t.Helper()
	do()
	var missing []string
	var display string
	within(t, 90*time.Second, "a failed negotiation is displayed", func() bool {
		display = a.console("display ike error-info verbose")
		return strings.Contains(display, "192.0.2.2")
	})
	for _, word := range words {
		if !strings.Contains(strings.ToLower(display), word) {
			missing = append(missing, word)
		}
	}
	if missing != nil {
		t.Errorf("the display lacks %q:\n%s", missing, display)
	}
}

// nothingUp fails the test if there are IPsec SAs on either side, or if
// anything went out in clear.
func (lab *mixedLab) nothingUp(t *testing.T) {
	t.Helper()
	if n := lab.fw.phase("v1:2"); n != 0 {
		t.Errorf("FW has %d IPsec SA pairs, want 0", n)
	}
	for _, sa := range lab.sas(t) {
		if len(sa.Children) > 0 {
			t.Errorf("strongSwan has %+v, want no child", sa)
		}
	}
	if n := lab.wire.clear.Load(); n > 0 {
		t.Errorf("%d packets passed in clear, want 0", n)
	}
}

// Each side deletes the IPsec SAs alone; the ISAKMP SA stays and serves again.
func TestDeleteChild(t *testing.T) {
	t.Parallel()
	lab := newMixedLab(t, mixedGateway.config(plain), swanConnection("aes128-sha1-modp2048", "aes128-sha1"))
	lab.swanInitiates(t)
	first := lab.fw.newest("v1:1")

	must(t, lab.swan.TerminateChild())
	eventually(t, "strongSwan's delete has reached FW", func() bool { return lab.fw.phase("v1:2") == 0 })
	lab.firstPing(t)

	lab.fw.console("reset ipsec sa")
	eventually(t, "FW's delete has reached strongSwan", func() bool {
		sas := lab.sas(t)
		return len(sas) == 1 && len(sas[0].Children) == 0
	})
	must(t, lab.swan.Initiate())
	ping(t, lab.pc, swanHost, 3)
	if got := lab.fw.newest("v1:1"); got != first {
		t.Errorf("the ISAKMP SA is %d, want still %d", got, first)
	}
	lab.wire.nothingOfOursInClear(t)
}

// What should be protected and comes in clear does not pass.
func TestClearIsDropped(t *testing.T) {
	t.Parallel()
	lab := newMixedLab(t, mixedGateway.config(plain), swanConnection("aes128-sha1-modp2048", "aes128-sha1"))
	inside := watch(t, port{lab.pc, "eth0"})
	out, err := command(t, lab.far, "ping", "-n", "-q", "-c", "5", "-i", "0.02", "-W", "1", "-I", swanHost, "10.1.0.1")
	if err == nil || !strings.Contains(out, "100% packet loss") {
		t.Errorf("a ping in clear was answered:\n%s", out)
	}
	lab.wire.await(t, "ping in clear", &lab.wire.clear, 5)
	if passed := inside.clear.Load(); passed != 0 {
		t.Errorf("%d packets passed, want 0", passed)
	}
}
