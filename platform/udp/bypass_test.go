package udp

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/platform/netns"
	"sallyport/platform/netns/netnstest"
)

// pair makes two namespaces with a cable: 192.0.2.1 and 192.0.2.2. In CI nothing is
// skipped.
func pair(t *testing.T) (a, b *netns.Namespace) {
	t.Helper()
	a, b = netnstest.New(t), netnstest.New(t)
	must(t, netns.Cable(a, "eth0", b, "eth0"), a.AddAddress("eth0", netip.MustParsePrefix("192.0.2.1/24")), b.AddAddress("eth0", netip.MustParsePrefix("192.0.2.2/24")))
	return a, b
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// listenIn opens a socket in a namespace.
func listenIn(t *testing.T, n *netns.Namespace, c Config) (s *Socket) {
	t.Helper()
	must(t, n.Do(func() (err error) { s, err = c.Listen(); return err }))
	t.Cleanup(func() { s.Close() })
	return s
}

// blockEverything installs policies that let nothing in or out.
func blockEverything() error {
	everything := &net.IPNet{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}
	var errs []error
	for _, dir := range []netlink.Dir{netlink.XFRM_DIR_IN, netlink.XFRM_DIR_OUT} {
		errs = append(errs, netlink.XfrmPolicyAdd(&netlink.XfrmPolicy{
			Src: everything, Dst: everything, Dir: dir, Action: netlink.XFRM_POLICY_BLOCK,
		}))
	}
	return errors.Join(errs...)
}

// TestBypass: where the system's policies hold everything back, one socket talks with
// the world and the other neither sends nor hears.
func TestBypass(t *testing.T) {
	a, b := pair(t)
	plain, exempt, far := listenIn(t, a, Config{}), listenIn(t, a, Config{Bypass: true}), listenIn(t, b, Config{})
	must(t, a.Do(blockEverything))
	if err := plain.Write([]byte("lost"), netip.AddrPort{}, at("192.0.2.2", far.Port())); !errors.Is(err, unix.EPERM) {
		t.Errorf("Write without a bypass = %v, want %v", err, unix.EPERM)
	}
	must(t, exempt.Write([]byte("ask"), netip.AddrPort{}, at("192.0.2.2", far.Port())))
	buffer := make([]byte, 100)
	n, local, remote, err := far.Read(buffer)
	if err != nil || string(buffer[:n]) != "ask" {
		t.Fatalf("read %q, %v, want the question", buffer[:n], err)
	}
	must(t, far.Write([]byte("lost"), local, at("192.0.2.1", plain.Port())), far.Write([]byte("answer"), local, remote))
	if n, _, _, err = exempt.Read(buffer); err != nil || string(buffer[:n]) != "answer" {
		t.Errorf("read %q, %v, want the answer", buffer[:n], err)
	}
	// What was sent first would be here by now.
	raw, err := plain.conn.SyscallConn()
	must(t, err)
	must(t, control(raw, func(fd int) error {
		if n, _, err := unix.Recvfrom(fd, buffer, unix.MSG_DONTWAIT); !errors.Is(err, unix.EAGAIN) {
			t.Errorf("without a bypass there is %q, %v, want %v", buffer[:max(n, 0)], err, unix.EAGAIN)
		}
		return nil
	}))
}

// TestBypassNeedsPrivilege: the system's administrator decides who is exempt.
func TestBypassNeedsPrivilege(t *testing.T) {
	if os.Geteuid() == 0 {
		if err := Bypass(-1); !errors.Is(err, unix.EBADF) {
			t.Errorf("Bypass(-1) = %v, want %v", err, unix.EBADF)
		}
		return
	}
	if _, err := (Config{Bypass: true}).Listen(); !errors.Is(err, unix.EPERM) {
		t.Errorf("Listen = %v, want %v", err, unix.EPERM)
	}
}
