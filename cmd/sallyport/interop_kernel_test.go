package main_test

import (
	"maps"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/platform/netns"
)

// TestKillUnderPing: the kernel goes on while nobody is there, who comes takes
// over what the killed one had negotiated, and it is renewed in time. Each end is
// killed once.
func TestKillUnderPing(t *testing.T) {
	requireKernelESP(t)
	t.Parallel()
	a, b := twins()
	a.extra, b.extra = "sa duration time-based 90", "sa duration time-based 90"
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	ping(t, lab.pcA, hostB, 3)
	p := startSlowPing(t, lab.pcA, hostB, 140*time.Second)
	before := lab.a.spis()
	for _, end := range []*appliance{lab.a, lab.b} {
		end.killed()
		if now := end.spis(); len(now) != 2 || !maps.Equal(now, before) {
			t.Errorf("%s was killed and has the IPsec SAs %v, want still %v", end.name, now, before)
		}
	}
	for _, end := range []*appliance{lab.a, lab.b} {
		within(t, 100*time.Second, end.name+" has renewed IPsec SAs", func() bool { return renewedSPIs(end.spis(), before) })
	}
	p.finish()
	lab.wire.nothingInClear(t)
}

// renewedSPIs reports whether now has a pair that before had not.
func renewedSPIs(now, before map[string]bool) bool {
	n := 0
	for spi := range now {
		if !before[spi] {
			n++
		}
	}
	return n >= 2
}

// TestKillBesideStrongSwan: the peer does not notice either, and renews what it
// has with who came.
func TestKillBesideStrongSwan(t *testing.T) {
	requireKernelESP(t)
	t.Parallel()
	lab := newMixedLab(t, mixedGateway.config(plain), swanConnection("aes128-sha1-modp2048", "aes128-sha1"))
	lab.trafficInitiates(t)
	p := startSlowPing(t, lab.pc, swanHost, 60*time.Second)
	before := lab.fw.spis()
	lab.fw.killed()
	if now := lab.fw.spis(); len(now) != 2 || !maps.Equal(now, before) {
		t.Errorf("FW was killed and has the IPsec SAs %v, want still %v", now, before)
	}
	lab.fw.renewed("v1:2", lab.swan.RekeyChild)
	lab.carries(t)
	lab.fw.renewed("v1:1", lab.swan.RekeyIKE)
	lab.fw.renewed("v1:2", lab.swan.RekeyChild)
	lab.carries(t)
	p.finish()
	lab.wire.nothingOfOursInClear(t)
}

// startSlowPing sends 20 echo requests a second for the time given.
func startSlowPing(t testing.TB, from *netns.Namespace, to string, last time.Duration) *pinging {
	t.Helper()
	const interval = 50 * time.Millisecond
	return startPing(t, from, append(pingArgs(to, int(last/interval)), "-i", "0.05"))
}

// killed ends the appliance as a crash does, and starts it again.
func (a *appliance) killed() {
	a.t.Helper()
	a.stop(syscall.SIGKILL)
	a.launch()
}

// spis reads the SPIs of `display ipsec sa brief`.
func (a *appliance) spis() map[string]bool {
	a.t.Helper()
	all := make(map[string]bool)
	for line := range strings.Lines(a.console("display ipsec sa brief")) {
		words := strings.Fields(line)
		if len(words) < 5 {
			continue
		}
		if _, err := strconv.ParseUint(words[2], 10, 32); err == nil {
			all[words[2]] = true
		}
	}
	return all
}

// What another program has put into the kernel.
const (
	foreignState  = "src 198.51.100.1 dst 203.0.113.1 proto esp spi 0x1234"
	foreignKeys   = "reqid 77 mode tunnel enc aes 0x000102030405060708090a0b0c0d0e0f auth sha1 0x000102030405060708090a0b0c0d0e0f10111213"
	foreignPolicy = "src 10.9.0.0/24 dst 10.8.0.0/24 dir out"
	foreignTunnel = "priority 1234 tmpl src 198.51.100.1 dst 203.0.113.1 proto esp reqid 77 mode tunnel"
)

// TestForeignXFRM: what others have in the kernel stays as it is, and of ours
// nothing stays after an orderly end.
func TestForeignXFRM(t *testing.T) {
	requireKernelESP(t)
	t.Parallel()
	requireProgram(t, "ip")
	a, b := twins()
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	xfrm(t, lab.a.space, "state add "+foreignState+" "+foreignKeys)
	xfrm(t, lab.a.space, "policy add "+foreignPolicy+" "+foreignTunnel)
	want := foreigners(t, lab.a.space)
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"a tunnel", func() { ping(t, lab.pcA, hostB, 3) }},
		{"a crash and a start", func() { lab.a.killed(); ping(t, lab.pcA, hostB, 3) }},
		{"an end", func() { lab.a.stop(syscall.SIGTERM) }},
		{"a start", func() { lab.a.launch(); ping(t, lab.pcA, hostB, 3) }},
		{"a crash", func() { lab.a.stop(syscall.SIGKILL) }},
		{"a start and an end", func() { lab.a.launch(); lab.a.stop(syscall.SIGTERM) }},
	} {
		step.do()
		if got := foreigners(t, lab.a.space); got != want {
			t.Errorf("after %s the foreign state and policy are\n%s\nand were\n%s", step.name, got, want)
		}
	}
	for _, kind := range []string{"state", "policy"} {
		if all := xfrm(t, lab.a.space, kind+" list"); entries(all) != 1 {
			t.Errorf("after the end there is the %s\n%s\nwant the foreign one only", kind, all)
		}
	}
}

// foreigners describes what another program has put into the kernel.
func foreigners(t *testing.T, n *netns.Namespace) string {
	t.Helper()
	return xfrm(t, n, "state get "+foreignState) + xfrm(t, n, "policy get "+foreignPolicy)
}

// xfrm runs `ip xfrm` inside n.
func xfrm(t *testing.T, n *netns.Namespace, words string) string {
	t.Helper()
	out, err := command(t, n, append([]string{"ip", "xfrm"}, strings.Fields(words)...)...)
	if err != nil {
		t.Fatalf("ip xfrm %s: %v\n%s", words, err, out)
	}
	return out
}

// entries counts the entries of a list of `ip xfrm`: each has one line that is
// not indented.
func entries(list string) (n int) {
	for line := range strings.Lines(list) {
		if strings.HasPrefix(line, "src ") {
			n++
		}
	}
	return n
}
