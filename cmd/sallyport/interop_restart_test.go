package main_test

import (
	"syscall"
	"testing"

	"sallyport/platform/netns/testrun"
)

// An appliance that is stopped tells its peer, and leaves nothing behind that
// keeps it from starting again.
func TestStop(t *testing.T) {
	t.Parallel()
	a, b := twins()
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	ping(t, lab.pcA, hostB, 3)
	lab.a.stop(syscall.SIGTERM)
	eventually(t, "FWB has heard that FWA went", func() bool { return len(lab.b.ikeSAs()) == 0 })
	lab.a.launch()
	ping(t, lab.pcB, hostA, 3)
	lab.tunnel(t, lab.b, lab.a)
	lab.wire.nothingInClear(t)
}

// An appliance that is killed comes up again over what it has left in the
// system, and its first contact makes the peer forget the SAs from before.
func TestCrash(t *testing.T) {
	t.Parallel()
	a, b := twins()
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	ping(t, lab.pcA, hostB, 3)
	lab.a.killed()
	ping(t, lab.pcA, hostB, 3)
	lab.tunnel(t, lab.a, lab.b)
	lab.wire.nothingInClear(t)
}

// The same against strongSwan, which keeps its SAs unless it is told. The kernel
// has kept ours too, and they go on; of the userspace dataplane's nothing is left.
func TestCrashBesideStrongSwan(t *testing.T) {
	t.Parallel()
	lab := newMixedLab(t, mixedGateway.config(plain), swanConnection("aes128-sha1-modp2048", "aes128-sha1"))
	lab.swanInitiates(t)
	lab.fw.killed()
	if testrun.OnKernel() {
		ping(t, lab.pc, swanHost, 5)
		lab.checkSAs(t, true, 10)
	} else {
		lab.trafficInitiates(t)
	}
	lab.wire.nothingOfOursInClear(t)
}
