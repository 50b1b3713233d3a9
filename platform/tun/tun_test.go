package tun

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/platform/netns/netnstest"
)

// inNamespace runs f in a network namespace of its own. In CI nothing is skipped.
func inNamespace(t *testing.T, f func() error) {
	t.Helper()
	if err := netnstest.New(t).Do(f); err != nil {
		t.Fatal(err)
	}
}

// up opens a device with an address, 192.0.2.1/24, and brings it up.
func up(name string) (*Device, error) {
	d, err := Open(name)
	if err != nil {
		return nil, err
	}
	link, err := netlink.LinkByIndex(d.Index())
	if err != nil {
		return nil, err
	}
	addr, err := netlink.ParseAddr("192.0.2.1/24")
	if err != nil {
		return nil, err
	}
	return d, errors.Join(netlink.AddrAdd(link, addr), netlink.LinkSetUp(link))
}

func TestNames(t *testing.T) {
	inNamespace(t, func() error {
		for _, test := range []struct{ ask, want string }{
			{"test%d", "test0"}, {"test%d", "test1"}, {"other", "other"}, {"", "tun0"},
		} {
			d, err := Open(test.ask)
			if err != nil {
				return err
			}
			defer d.Close()
			ifi, err := net.InterfaceByIndex(d.Index())
			if err != nil {
				return err
			}
			if d.Name() != test.want || ifi.Name != test.want {
				t.Errorf("Open(%q) made %q, the system says %q, want %q", test.ask, d.Name(), ifi.Name, test.want)
			}
		}
		return nil
	})
}

// TestPackets sends a datagram into the device and puts the answer back.
func TestPackets(t *testing.T) {
	inNamespace(t, func() error {
		d, err := up("test%d")
		if err != nil {
			return err
		}
		defer d.Close()
		conn, err := net.Dial("udp4", "192.0.2.9:7")
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := conn.Write([]byte("hello")); err != nil {
			return err
		}
		packet, err := next(d, []byte("hello"))
		if err != nil {
			return err
		}
		turn(packet)
		if _, err := d.Write(packet); err != nil {
			return err
		}
		b := make([]byte, 100)
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		if n, err := conn.Read(b); err != nil || string(b[:n]) != "hello" {
			return fmt.Errorf("read %q, %v, want hello", b[:n], err)
		}
		return nil
	})
}

// next reads packets up to the one with this at its end: the system sends others of
// its own.
func next(d *Device, end []byte) ([]byte, error) {
	b := make([]byte, 2000)
	for {
		n, err := d.Read(b)
		if err != nil || b[0]>>4 == 4 && bytes.HasSuffix(b[:n], end) {
			return b[:n], err
		}
	}
}

// turn makes a UDP packet its own answer. The checksums stay right.
func turn(p []byte) {
	for _, i := range []int{12, 13, 14, 15} {
		p[i], p[i+4] = p[i+4], p[i]
	}
	p[20], p[22] = p[22], p[20]
	p[21], p[23] = p[23], p[21]
}

func TestCloseWakesReader(t *testing.T) {
	inNamespace(t, func() error {
		d, err := Open("test%d")
		if err != nil {
			return err
		}
		ended := make(chan error)
		go func() {
			_, err := d.Read(make([]byte, 100))
			ended <- err
		}()
		if err := d.Close(); err != nil {
			return err
		}
		select {
		case err = <-ended:
		case <-time.After(5 * time.Second):
			return errors.New("Close does not wake the reader")
		}
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("Read = %v, want %v", err, os.ErrClosed)
		}
		if _, err := net.InterfaceByName(d.Name()); err == nil {
			t.Error("the device is still there")
		}
		return nil
	})
}

func TestOpenErrors(t *testing.T) {
	inNamespace(t, func() error {
		d, err := Open("taken")
		if err != nil {
			return err
		}
		defer d.Close()
		for name, want := range map[string]error{"taken": unix.EBUSY, "a-name-of-20-octets-": unix.EINVAL, "a/b": unix.EINVAL} {
			other, err := Open(name)
			if err == nil {
				other.Close()
			}
			if !errors.Is(err, want) || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "/dev/net/tun: ") {
				t.Errorf("Open(%q) = %v, want %v in one line", name, err, want)
			}
		}
		if _, err := d.Write([]byte{0x45}); err == nil {
			t.Error("a device that is down takes packets")
		}
		return nil
	})
}

// TestWithoutPrivilege runs this test again as a user without any.
func TestWithoutPrivilege(t *testing.T) {
	if os.Getenv("TUN_TEST_UNPRIVILEGED") != "" {
		_, err := Open("test%d")
		if !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EPERM) || !strings.HasSuffix(err.Error(), "run as root or give CAP_NET_ADMIN") || strings.Contains(err.Error(), "%d") {
			t.Errorf("Open = %v, want a permission error and what to do", err)
		}
		return
	}
	var alone error
	inNamespace(t, func() error {
		// The test's own file lies where that user cannot look: it is handed over open.
		self, err := os.Open("/proc/self/exe")
		if err != nil {
			return err
		}
		defer self.Close()
		c := exec.Command("/proc/self/fd/3", "-test.run=^TestWithoutPrivilege$")
		c.ExtraFiles = []*os.File{self}
		c.Env = append(os.Environ(), "TUN_TEST_UNPRIVILEGED=1")
		c.Dir = "/"
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := c.CombinedOutput()
		if c.ProcessState == nil && os.Getenv("CI") != "true" {
			alone = err // as in a user namespace
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
	if alone != nil {
		t.Skipf("there is no second user here: %v", alone)
	}
}

// TestExpected: an error names the device that there would have been.
func TestExpected(t *testing.T) {
	inNamespace(t, func() error {
		d, err := Open("test%d")
		if err != nil {
			return err
		}
		defer d.Close()
		for name, want := range map[string]string{"test%d": "test1", "next%d": "next0", "": "tun0", "test0": "test0", "other": "other"} {
			if got := expected(name); got != want {
				t.Errorf("expected(%q) = %q, want %q", name, got, want)
			}
		}
		return nil
	})
}

func TestAdvice(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{unix.EPERM, "CAP_NET_ADMIN"}, {unix.EACCES, "run as root"}, {unix.ENOENT, "mknod"},
		{unix.ENODEV, "kernel module"}, {unix.EBUSY, "another program"}, {unix.EINVAL, ""},
	} {
		if got := advice(test.err); !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("advice(%v) = %q, want %q in it", test.err, got, test.want)
		}
	}
}
