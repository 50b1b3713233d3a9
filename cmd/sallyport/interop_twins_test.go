package main_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/platform/netns"
	"sallyport/platform/netns/testrun"
)

// A twinLab is two of our appliances with a host behind each:
//
//	pcA 10.1.0.1 ---- 10.1.0.254 fwA 192.0.2.1 ---- 192.0.2.2 fwB 10.2.0.254 ---- 10.2.0.1 pcB
//
// With a NAT between them fwB is at 198.51.100.7; see newNATLab.
type twinLab struct {
	pcA, pcB *netns.Namespace
	a, b     *appliance
	wire     *monitor // the cable that ends at fwB
}

const (
	hostA = "10.1.0.1"
	hostB = "10.2.0.1"
)

// twins returns the configurations of the two gateways of a twinLab.
func twins() (a, b gateway) {
	a = gateway{name: "FWA", lan: "10.1.0.254", wan: "192.0.2.1", peer: "192.0.2.2", far: "10.2.0.0"}
	b = gateway{name: "FWB", lan: "10.2.0.254", wan: "192.0.2.2", peer: "192.0.2.1", far: "10.1.0.0"}
	return a, b
}

// A dataplanePair names the dataplanes of a twinLab's gateways, A's first.
type dataplanePair [2]string

// samePlanes is the pair of all tests but those that mix them.
func samePlanes() dataplanePair { return dataplanePair{testrun.Dataplane(), testrun.Dataplane()} }

func newTwinLab(t testing.TB, a, b string) *twinLab {
	t.Helper()
	return newTwinLabOn(t, samePlanes(), a, b)
}

// newTwinLabOn is newTwinLab with dataplanes of its own.
func newTwinLabOn(t testing.TB, planes dataplanePair, a, b string) *twinLab {
	t.Helper()
	requireLab(t)
	fwA, fwB := port{newSpace(t), "wan"}, port{newSpace(t), "wan"}
	cable(t, fwA.space, fwA.device, fwB.space, fwB.device)
	lab := &twinLab{wire: watchCable(t, fwA, fwB)}
	lab.populate(t, fwA.space, fwB.space)
	lab.a = startOn(t, planes[0], fwA.space, "FWA", a)
	lab.b = startOn(t, planes[1], fwB.space, "FWB", b)
	return lab
}

// populate puts a host behind each gateway.
func (lab *twinLab) populate(t testing.TB, fwA, fwB *netns.Namespace) {
	t.Helper()
	lab.pcA = newHost(t, fwA, hostA+"/24", "10.1.0.254")
	lab.pcB = newHost(t, fwB, hostB+"/24", "10.2.0.254")
}

// tunnel checks that both ends have one tunnel and agree on who began it.
func (lab *twinLab) tunnel(t *testing.T, initiator, responder *appliance) {
	t.Helper()
	for _, end := range []struct {
		*appliance
		began bool
	}{{initiator, true}, {responder, false}} {
		rows := end.ikeSAs()
		if len(rows) != 2 {
			t.Errorf("%s has the SAs %+v, want one of each phase", end.name, rows)
		}
		for _, row := range rows {
			if !row.has("RD") || row.has("ST") != end.began {
				t.Errorf("%s has the SA %+v, want RD, and ST: %v", end.name, row, end.began)
			}
		}
	}
}

// down waits until neither end has an SA.
func (lab *twinLab) down(t testing.TB) {
	t.Helper()
	eventually(t, "both ends have no SA", func() bool {
		return len(lab.a.ikeSAs()) == 0 && len(lab.b.ikeSAs()) == 0
	})
}

// Every suite between two appliances, each the initiator once, over plain ESP.
func TestTwins(t *testing.T) {
	for _, test := range interop {
		t.Run(test.ours.ike+" "+test.ours.esp+" "+test.ours.pfs, func(t *testing.T) {
			t.Parallel()
			a, b := twins()
			lab := newTwinLab(t, a.config(test.ours), b.config(test.ours))
			ping(t, lab.pcA, hostB, 1) // the first packet waits for the tunnel, and arrives
			ping(t, lab.pcA, hostB, 4)
			lab.tunnel(t, lab.a, lab.b)
			lab.a.console("reset ike sa")
			lab.down(t)
			ping(t, lab.pcB, hostA, 5)
			lab.tunnel(t, lab.b, lab.a)
			lab.wire.await(t, "ESP", &lab.wire.esp, 20)
			lab.wire.nothingInClear(t)
			if esp, udp := lab.wire.esp.Load(), lab.wire.udpESP.Load(); esp != 20 || udp != 0 {
				t.Errorf("%d packets of ESP passed, and %d in UDP, want 20 and 0", esp, udp)
			}
		})
	}
}

// Both ends rekey by their own timers, and may do so at the same moment.
func TestTwinsRekey(t *testing.T) {
	t.Parallel()
	a, b := twins()
	a.phase1, b.phase1 = "sa duration 60", "sa duration 60"
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	ping(t, lab.pcA, hostB, 3)
	first := lab.a.newest("v1:1")
	p := startPinging(t, lab.pcA, hostB, 68*time.Second)
	lab.awaitNewer(t, "v1:1", first, 60*time.Second)
	p.finish()
	lab.wire.nothingInClear(t)
}

// Both ends run into the octet limit together, several times.
func TestTwinsRekeyByTraffic(t *testing.T) {
	t.Parallel()
	a, b := twins()
	a.extra, b.extra = "sa duration traffic-based 2560", "sa duration traffic-based 2560"
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	ping(t, lab.pcA, hostB, 3)
	p := startFlood(t, lab.pcA, hostB, 30*time.Second)
	for range 2 {
		lab.awaitNewer(t, "v1:2", lab.a.newest("v1:2"), usualPatience)
	}
	p.finish()
	lab.wire.nothingInClear(t)
}

// awaitNewer waits until fwA has a newer SA than first, whoever made it.
func (lab *twinLab) awaitNewer(t *testing.T, phase string, first int, usual time.Duration) {
	t.Helper()
	within(t, usual, phase+" has been renewed", func() bool { return lab.a.newest(phase) > first })
}

// A tunnel that only fwB's wrong key keeps from coming up names the reason at
// both ends.
func TestTwinsWrongKey(t *testing.T) {
	t.Parallel()
	a, b := twins()
	b.key = "Another-Key@2026"
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	start(t, lab.pcA, pingArgs(hostB, 1)...)
	for _, end := range []*appliance{lab.a, lab.b} {
		eventually(t, end.name+" names the pre-shared key", func() bool {
			return strings.Contains(strings.ToLower(end.console("display ike error-info verbose")), "pre-shared")
		})
	}
	if n := lab.wire.clear.Load() + lab.wire.esp.Load(); n > 0 {
		t.Errorf("%d packets passed, want 0", n)
	}
}
