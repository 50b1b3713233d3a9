package main_test

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/platform/netns"
	"sallyport/platform/netns/strongswan"
)

// A pinging is a ping that runs while something else happens.
type pinging struct {
	t     testing.TB
	cmd   *exec.Cmd
	out   *bytes.Buffer
	ended chan error
}

// startPinging sends an echo request every 20 ms for the time given.
func startPinging(t testing.TB, from *netns.Namespace, to string, last time.Duration) *pinging {
	t.Helper()
	return startPing(t, from, pingArgs(to, int(last/pingInterval)))
}

// startFlood sends 250 echo requests a second with 1300 octets of data each,
// that is 325 kB/s in either direction, for the time given.
func startFlood(t testing.TB, from *netns.Namespace, to string, last time.Duration) *pinging {
	t.Helper()
	const interval = 4 * time.Millisecond
	return startPing(t, from, append(pingArgs(to, int(last/interval)), "-i", "0.004", "-s", "1300"))
}

func startPing(t testing.TB, from *netns.Namespace, args []string) *pinging {
	t.Helper()
	p := &pinging{t: t, ended: make(chan error, 1)}
	p.cmd, p.out = start(t, from, args...)
	go func() { p.ended <- p.cmd.Wait() }()
	return p
}

// finish waits for the end, which must not have come yet, and fails the test
// if a single reply was lost.
func (p *pinging) finish() {
	p.t.Helper()
	select {
	case <-p.ended:
		p.t.Fatalf("the ping was over before what it was to accompany:\n%s", p.out)
	default:
	}
	if err := <-p.ended; err != nil || !strings.Contains(p.out.String(), " 0% packet loss") {
		p.t.Errorf("ping: %v, want no loss:\n%s", err, p.out)
	}
}

// newest returns the highest connection id of a phase that is ready.
func (a *appliance) newest(phase string) int {
	a.t.Helper()
	id := 0
	for _, row := range a.ikeSAs() {
		if row.phase == phase && row.has("RD") {
			id = max(id, row.id)
		}
	}
	return id
}

// renewed runs step and waits until the appliance has a newer SA of the phase.
func (a *appliance) renewed(phase string, step func() error) {
	a.t.Helper()
	before := a.newest(phase)
	must(a.t, step())
	eventually(a.t, a.name+" has a newer "+phase, func() bool { return a.newest(phase) > before })
}

// carries waits until strongSwan's newest child has carried packets both ways.
func (lab *mixedLab) carries(t *testing.T) {
	t.Helper()
	eventually(t, "the newest child carries packets", func() bool {
		newest := lab.newestChild(t)
		return newest.PacketsIn > 0 && newest.PacketsOut > 0
	})
}

// newestChild is strongSwan's.
func (lab *mixedLab) newestChild(t *testing.T) (newest strongswan.Child) {
	t.Helper()
	for _, sa := range lab.sas(t) {
		for _, c := range sa.Children {
			if c.ID > newest.ID {
				newest = c
			}
		}
	}
	return newest
}

// strongSwan renews SAs of both phases, whichever side made the first ones.
func TestRekeyByStrongSwan(t *testing.T) {
	for _, test := range []struct {
		first string
		begin func(*mixedLab, *testing.T)
	}{
		{"strongSwan", (*mixedLab).swanInitiates},
		{"FW", (*mixedLab).trafficInitiates},
	} {
		t.Run("first by "+test.first, func(t *testing.T) {
			t.Parallel()
			lab := newMixedLab(t, mixedGateway.config(plain), swanConnection("aes128-sha1-modp2048", "aes128-sha1-modp2048,aes128-sha1"))
			test.begin(lab, t)
			p := startPinging(t, lab.pc, swanHost, 10*time.Second)
			for range 2 {
				lab.fw.renewed("v1:2", lab.swan.RekeyChild)
				lab.carries(t)
			}
			lab.fw.renewed("v1:1", lab.swan.RekeyIKE)
			lab.fw.renewed("v1:2", lab.swan.RekeyChild)
			lab.carries(t)
			p.finish()
			lab.wire.nothingOfOursInClear(t)
		})
	}
}

// FW renews the ISAKMP SA after nine tenths of the shortest lifetime that can
// be configured, and the IPsec SAs after those of strongSwan's lifetime, which
// is the shorter one.
func TestRekeyByTime(t *testing.T) {
	t.Parallel()
	g := mixedGateway
	g.phase1 = "sa duration 60"
	c := swanConnection("aes128-sha1-modp2048", "aes128-sha1")
	c.RekeyChild = 66 * time.Second // offers 72 s, of which FW uses at most 65
	lab := newMixedLab(t, g.config(plain), c)
	lab.swanInitiates(t)
	p := startPinging(t, lab.pc, swanHost, 75*time.Second)
	for _, phase := range []string{"v1:1", "v1:2"} {
		first := lab.fw.newest(phase)
		lab.fw.awaitRekey(phase, first, 70*time.Second)
	}
	lab.carries(t)
	p.finish()
	lab.wire.nothingOfOursInClear(t)
}

// awaitRekey waits until the appliance has itself made a newer SA than first.
func (a *appliance) awaitRekey(phase string, first int, usual time.Duration) {
	a.t.Helper()
	within(a.t, usual, a.name+" has renewed its "+phase, func() bool {
		return slices.ContainsFunc(a.ikeSAs(), func(r ikeRow) bool {
			return r.phase == phase && r.id > first && r.has("RD") && r.has("ST")
		})
	})
}

// FW renews IPsec SAs that have carried nine tenths of their kilobytes.
func TestRekeyByTraffic(t *testing.T) {
	t.Parallel()
	g := mixedGateway
	g.extra = "sa duration traffic-based 2560"
	lab := newMixedLab(t, g.config(plain), swanConnection("aes128-sha1-modp2048", "aes128-sha1"))
	lab.trafficInitiates(t)
	first := lab.fw.newest("v1:2")
	p := startFlood(t, lab.pc, swanHost, 30*time.Second)
	lab.fw.awaitRekey("v1:2", first, usualPatience)
	lab.fw.awaitRekey("v1:2", lab.fw.newest("v1:2"), usualPatience)
	lab.carries(t)
	p.finish()
	lab.wire.nothingOfOursInClear(t)
}
