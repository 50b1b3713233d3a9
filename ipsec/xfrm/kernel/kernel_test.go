package kernel

import (
	"errors"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/ipsec/selection"
)

// TestOpenWithoutPrivilege says which one is missing, and leaves nothing open.
func TestOpenWithoutPrivilege(t *testing.T) {
	needRoot(t)
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with its goroutine
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		if err := unix.Capset(&header, &make([]unix.CapUserData, 2)[0]); err != nil {
			result <- err
			return
		}
		_, err := Open()
		result <- err
	}()
	const want = "netlink XFRM: operation not permitted: run as root or give CAP_NET_ADMIN"
	if err := <-result; err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

// TestClosed: after Close every call fails, and none waits; Listen's goroutine has ended.
func TestClosed(t *testing.T) {
	n := newSide(t)
	var k *Kernel
	must(t, n.Do(func() (err error) { k, err = Open(); return err }))
	must(t, k.Listen(func(Event) { t.Error("told of an event") }))
	must(t, k.Close())
	<-k.done
	_, stated := k.States()
	_, listed := k.Policies()
	_, counted := k.Statistics()
	_, waiting := k.Waiting()
	_, reserved := k.ReserveSPI(probeAddress, probeAddress, ipsec.ESP, ipsec.Tunnel, Ours|1)
	for _, err := range []error{stated, listed, counted, waiting, reserved, k.AddPolicy(samples()[0], false), k.DeletePolicy(FirstIndex, 0)} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("after Close: %v, want %v", err, os.ErrClosed)
		}
	}
}

// TestPortIsOurs, and not that of the socket that listens.
func TestPortIsOurs(t *testing.T) {
	s := newSide(t)
	if s.k.Port() == 0 || s.k.Port() == s.k.events.port {
		t.Errorf("port is %d, that for events %d", s.k.Port(), s.k.events.port)
	}
}

func TestIsOurs(t *testing.T) {
	for n, want := range map[uint32]bool{
		0: false, 8: false, Ours: true, Ours | 1: true, FirstIndex: true, Ours | 0xffffff: true, Ours + 1<<24: false, 0xffffffff: false,
	} {
		if IsOurs(n) != want {
			t.Errorf("IsOurs(%#x) = %v", n, !want)
		}
	}
}

// TestCapabilities are asked for once, and leave nothing.
func TestCapabilities(t *testing.T) {
	s := newSide(t)
	c, err := s.k.Capabilities()
	must(t, err)
	if c.Name != "this kernel" || c.Advice != "run with --dataplane user" {
		t.Errorf("they are %+v", c)
	}
	if esp := len(c.Encryptions) > 0; esp != (len(c.Integrities) > 0) || !esp && len(c.AH) == 0 && (c.ESN || c.Transport) {
		t.Errorf("they make no sense: %+v", c)
	}
	if os.Getenv("SALLYPORT_DATAPLANE") == "kernel" && c.Lacks(ipsec.Offer{Encryption: ipsec.AES256, Integrity: ipsec.SHA256, AH: ipsec.SHA256}, ipsec.Transport) != "" {
		t.Errorf("the kernel lacks something: %+v", c)
	}
	if all, err := s.k.States(); len(all) != 0 || err != nil {
		t.Errorf("left are %v, %v", all, err)
	}
	must(t, s.k.requests.Close())
	if again, err := s.k.Capabilities(); err != nil || again.Name != c.Name {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	must(t, s.Do(func() (err error) { s.k.requests, err = openSocket(); return err })) // for Close
}

// BenchmarkPair is what an SA pair costs with its policies: two states, whose messages
// are written only, since not every kernel has ESP, and three policies, in the kernel.
func BenchmarkPair(b *testing.B) {
	s := newSide(b)
	state := full()
	state.EncryptionKey, state.IntegrityKey = key(24), key(48)
	policies := make([]Policy, 3)
	for i := range policies {
		policies[i] = samples()[2]
		policies[i].Device, policies[i].Direction, policies[i].Index = 0, Direction(i), FirstIndex|uint32(i)
	}
	for b.Loop() {
		for range 2 {
			state.message(0).wipe()
		}
		for _, p := range policies {
			must(b, s.k.AddPolicy(p, true))
		}
	}
}

// BenchmarkPolicies lists 3,000 policies.
func BenchmarkPolicies(b *testing.B) {
	s := newSide(b)
	for i := range uint32(3000) {
		p := Policy{Direction: Out, Selection: selection.All(), Block: true, Priority: i, Index: FirstIndex + i*IndexStep | uint32(Out)}
		p.Selection.FromPort, p.Selection.Protocol = selection.OnePort(uint16(i)), 17
		must(b, s.k.AddPolicy(p, false))
	}
	for b.Loop() {
		if all, err := s.k.Policies(); len(all) != 3000 || err != nil {
			b.Fatalf("%d policies, %v", len(all), err)
		}
	}
}
