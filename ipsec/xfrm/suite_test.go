package xfrm_test

import (
	"net/netip"
	"os"
	"sync"
	"testing"

	"sallyport/ipsec"
	"sallyport/ipsec/ipsectest"
	"sallyport/ipsec/tunnel"
	"sallyport/ipsec/xfrm"
	"sallyport/ipsec/xfrm/kernel"
	"sallyport/platform/udp"
)

// needESP skips a test that needs SAs on a kernel that has none. Where the kernel's
// dataplane is asked for it must have them.
func needESP(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("XFRM needs root: run as root or in `unshare -Urn`")
	}
	k, err := kernel.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	c, err := k.Capabilities()
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case len(c.Encryptions) > 0:
	case os.Getenv("SALLYPORT_DATAPLANE") == "kernel":
		t.Fatal("this kernel has no ESP, and SALLYPORT_DATAPLANE says that it must")
	default:
		t.Skip("this kernel has no ESP: .ci/kernel-vm has one")
	}
}

// A plane is a kernel's dataplane with the port that its owner listens on.
type plane struct {
	*xfrm.Dataplane
	hangUp func()
}

// Keep ends the dataplane and leaves its SAs, as the end of a program would.
func (p plane) Keep() error {
	defer p.hangUp()
	return p.Dataplane.Keep()
}

// openKernel opens a dataplane of the kernel's, with what the IKE loop would do for it:
// have port 4500.
func openKernel(t testing.TB, _ netip.Addr, notify func(ipsec.Event)) ipsec.Dataplane {
	d, err := xfrm.Open(xfrm.Config{Notify: notify, Warn: func(line string) { t.Log(line) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	socket, err := udp.Config{Port: 4500, Mark: xfrm.DefaultMark, Bypass: true}.Listen()
	if err != nil {
		t.Fatal(err)
	}
	if err := socket.TakeESP(); err != nil {
		t.Fatal(err)
	}
	hangUp := read(socket, func(_, _ netip.AddrPort, b []byte) { t.Errorf("% x came to port 4500", b) })
	t.Cleanup(hangUp)
	return plane{d, hangUp}
}

// openUser opens a userspace dataplane.
func openUser(t testing.TB, _ netip.Addr, notify func(ipsec.Event)) ipsec.Dataplane {
	d, err := tunnel.Open(tunnel.Config{Notify: notify})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	socket, err := udp.Config{Port: 4500, Mark: tunnel.DefaultMark, Bypass: true}.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(read(socket, d.InboundUDP))
	return d
}

// read reads a socket until the function that it returns is called.
func read(socket *udp.Socket, take func(local, remote netip.AddrPort, packet []byte)) (hangUp func()) {
	var readers sync.WaitGroup
	readers.Go(func() {
		b := make([]byte, 65535)
		for {
			n, local, remote, err := socket.Read(b)
			if err != nil {
				return
			}
			take(local, remote, b[:n])
		}
	})
	return sync.OnceFunc(func() {
		socket.Close()
		readers.Wait()
	})
}

func TestSuite(t *testing.T) {
	needESP(t)
	ipsectest.Suite(t, openKernel)
}

func TestMixed(t *testing.T) {
	needESP(t)
	ipsectest.Mixed(t, openKernel, openUser)
}
