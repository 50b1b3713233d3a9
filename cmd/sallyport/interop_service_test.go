package main_test

import (
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/platform/netns"
	"sallyport/platform/netns/testrun"
	"sallyport/platform/systemd/systemdtest"
)

// serve starts the appliance anew as a service of m's, and waits until it says that it
// is ready.
func (a *appliance) serve(m *systemdtest.Manager, flags ...string) {
	a.t.Helper()
	a.stop(syscall.SIGTERM)
	a.manager, a.flags = m, flags
	a.launch()
	select {
	case <-m.Ready():
	case <-time.After(patience):
		a.t.Errorf("%s does not say that it is ready", a.name)
	}
}

// checkKept compares what the service manager keeps of the appliance.
func (a *appliance) checkKept(when string, want ...string) {
	a.t.Helper()
	if got := a.manager.Kept(); !slices.Equal(got, want) {
		a.t.Errorf("%s %s: the manager keeps %q, want %q", a.name, when, got, want)
	}
}

// TestServiceRestart: ESP in UDP needs somebody who has port 4500 open. While a gateway
// is gone that is the service manager, and the kernel goes on, after a crash and between
// the two versions of an upgrade.
func TestServiceRestart(t *testing.T) {
	requireKernelESP(t)
	t.Parallel()
	lab, _ := newNATLab(t)
	for _, end := range []*appliance{lab.a, lab.b} {
		end.serve(systemdtest.New(t), "--keep-sas")
	}
	ping(t, lab.pcA, hostB, 3)
	before := lab.a.spis()
	p := startSlowPing(t, lab.pcA, hostB, 120*time.Second)
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		for _, end := range []*appliance{lab.a, lab.b} {
			end.stop(signal)
			end.checkKept("is gone", "ike", "natt")
			lab.wire.await(t, "ESP in UDP", &lab.wire.udpESP, lab.wire.udpESP.Load()+40)
			end.launch()
			if now := end.spis(); len(now) != 2 || !maps.Equal(now, before) {
				t.Errorf("%s: %v, and it has the IPsec SAs %v, want still %v", end.name, signal, now, before)
			}
			end.checkKept("is back", "ike", "natt")
		}
	}
	p.finish()
	lab.wire.nothingInClear(t)
	if esp := lab.wire.esp.Load(); esp > 0 {
		t.Errorf("%d packets of ESP passed outside of UDP, want 0", esp)
	}
}

// TestServiceStart: of what the manager has kept, a start takes what fits and has the
// rest closed. The kernel's dataplane then leaves
// its sockets with the manager until an orderly end, and the userspace one nothing.
func TestServiceStart(t *testing.T) {
	t.Parallel()
	a, b := twins()
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	lab.a.stop(syscall.SIGTERM) // its ports are free from here on
	m := systemdtest.New(t)
	keepPort(t, m, lab.a.space, "ike", "0.0.0.0:500")
	keepPort(t, m, lab.a.space, "natt", "127.0.0.1:4501")
	null, err := os.Open(os.DevNull)
	must(t, err)
	m.Keep("another", null)

	lab.a.serve(m)
	var kept []string
	if testrun.OnKernel() {
		kept = []string{"ike", "natt"}
	}
	lab.a.checkKept("is up", kept...)
	for _, want := range []string{
		"UDP port 500: was kept open by the service manager",
		`descriptor "natt" is not used: UDP port 4500: adopt: a socket that is bound to 127.0.0.1:4501`,
		`descriptor "another" is not used: it is not one of ours`,
	} {
		if n := strings.Count(lab.a.log.String(), want); n != 1 {
			t.Errorf("the log has %q %d times, want once", want, n)
		}
	}
	ping(t, lab.pcB, hostA, 3)
	lab.tunnel(t, lab.b, lab.a)
	lab.a.stop(syscall.SIGTERM)
	lab.a.checkKept("has ended")
}

// keepPort has the manager keep a UDP socket of a namespace.
func keepPort(t *testing.T, m *systemdtest.Manager, n *netns.Namespace, name, address string) {
	t.Helper()
	must(t, n.Do(func() error {
		conn, err := net.ListenPacket("udp4", address)
		if err != nil {
			return err
		}
		defer conn.Close()
		file, err := conn.(*net.UDPConn).File()
		if err == nil {
			m.Keep(name, file)
		}
		return err
	}))
}

// TestServiceChangesDataplane: the userspace dataplane reads its ESP from a socket that
// the kernel's had handed to the kernel.
func TestServiceChangesDataplane(t *testing.T) {
	requireKernelESP(t)
	t.Parallel()
	lab, _ := newNATLab(t)
	lab.b.serve(systemdtest.New(t))
	ping(t, lab.pcA, hostB, 3)
	lab.b.stop(syscall.SIGKILL)
	lab.b.plane = testrun.User
	lab.b.launch()
	lab.b.checkKept("runs in userspace")
	lab.a.console("reset ike sa")
	ping(t, lab.pcA, hostB, 3)
	lab.wire.nothingInClear(t)
}
