package netns

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// newNamespace makes a namespace for a test, which it skips without privilege.
func newNamespace(t *testing.T) *Namespace {
	t.Helper()
	n, err := New()
	if errors.Is(err, unix.EPERM) && os.Getenv("CI") != "true" {
		t.Skipf("needs root: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// check stops the test at an error of its set-up.
func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// inside returns the namespace that n's functions run in.
func inside(t *testing.T, n *Namespace) (name string) {
	t.Helper()
	check(t, n.Do(func() (err error) {
		name, err = os.Readlink("/proc/thread-self/ns/net")
		return err
	}))
	return name
}

// checkAtHome fails if a thread of this process is in another namespace than
// home.
func checkAtHome(t *testing.T, home string) {
	t.Helper()
	threads, err := filepath.Glob("/proc/self/task/*/ns/net")
	if err != nil || len(threads) == 0 {
		t.Fatalf("threads of this process: %v, %v", threads, err)
	}
	for _, thread := range threads {
		name, err := os.Readlink(thread)
		if err == nil && name != home { // an error: the thread has ended
			t.Errorf("%s is in %s, want %s", thread, name, home)
		}
	}
}

func TestNewHasLoAlone(t *testing.T) {
	n := newNamespace(t)
	check(t, n.Do(func() error {
		devices, err := net.Interfaces()
		if err != nil {
			return err
		}
		if len(devices) != 1 || devices[0].Name != "lo" || devices[0].Flags&net.FlagUp == 0 {
			t.Errorf("a new namespace has %+v, want lo that is up", devices)
		}
		return nil
	}))
}

// Many namespaces at once, and no thread is left in one of them.
func TestDoLeavesTheThreadsAtHome(t *testing.T) {
	home, err := os.Readlink("/proc/self/ns/net")
	check(t, err)
	names := make(map[string]bool)
	var lock sync.Mutex
	var wait sync.WaitGroup
	for range 8 {
		n := newNamespace(t)
		wait.Go(func() {
			for range 20 {
				name := inside(t, n)
				lock.Lock()
				names[name] = true
				lock.Unlock()
			}
		})
	}
	wait.Wait()
	if len(names) != 8 || names[home] {
		t.Errorf("8 namespaces are %v, want 8 names that are not %s", names, home)
	}
	checkAtHome(t, home)
}

func TestDoReturnsTheError(t *testing.T) {
	n := newNamespace(t)
	if err := n.Do(func() error { return io.ErrNoProgress }); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("Do = %v, want %v", err, io.ErrNoProgress)
	}
	err := n.Do(func() error {
		runtime.Goexit()
		return nil
	})
	if !errors.Is(err, errEnded) {
		t.Errorf("Do of a function that ends its goroutine = %v, want %v", err, errEnded)
	}
	if err := n.Do(func() error { return nil }); err != nil {
		t.Errorf("the next Do = %v", err)
	}
}

func TestThreadThatCannotGoHomeEnds(t *testing.T) {
	n := newNamespace(t)
	home, err := os.Readlink("/proc/self/ns/net")
	check(t, err)
	var thread int
	for thread == 0 || thread == os.Getpid() { // the main thread is parked for good instead
		check(t, n.Do(func() error {
			thread = unix.Gettid()
			runtime.LockOSThread() // one more than is undone, as when Setns back is refused
			return nil
		}))
	}
	if !ends(thread) {
		t.Errorf("thread %d is still there", thread)
	}
	checkAtHome(t, home)
}

// ends waits for the end of a thread, which comes soon after its goroutine's.
func ends(thread int) bool {
	for late := time.Now().Add(10 * time.Second); time.Now().Before(late); runtime.Gosched() {
		_, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", thread))
		if errors.Is(err, os.ErrNotExist) {
			return true
		}
	}
	return false
}

// talk sends a line by TCP from a namespace to an address of another, over
// sockets that were opened inside and are used outside.
func talk(t *testing.T, from, to *Namespace, addr string) {
	t.Helper()
	var l net.Listener
	check(t, to.Do(func() (err error) {
		l, err = net.Listen("tcp", net.JoinHostPort(addr, "0"))
		return err
	}))
	defer l.Close()
	var c net.Conn
	check(t, from.Do(func() (err error) {
		c, err = net.Dial("tcp", l.Addr().String())
		return err
	}))
	defer c.Close()
	s, err := l.Accept()
	check(t, err)
	defer s.Close()
	_, err = io.WriteString(c, "hello")
	check(t, err)
	got := make([]byte, 5)
	if _, err := io.ReadFull(s, got); err != nil || string(got) != "hello" {
		t.Errorf("received %q, %v, want hello", got, err)
	}
}

func TestSocketsLeaveTheNamespace(t *testing.T) {
	n := newNamespace(t)
	talk(t, n, n, "127.0.0.1")
}

// a 10.0.1.1 ── 10.0.1.2 r 10.0.2.2 ── 10.0.2.1 b
func TestCableAndRouter(t *testing.T) {
	a, r, b := newNamespace(t), newNamespace(t), newNamespace(t)
	check(t, Cable(a, "eth0", r, "left"))
	check(t, Cable(r, "right", b, "eth0"))
	check(t, a.AddAddress("eth0", netip.MustParsePrefix("10.0.1.1/24")))
	check(t, r.AddAddress("left", netip.MustParsePrefix("10.0.1.2/24")))
	check(t, r.AddAddress("right", netip.MustParsePrefix("10.0.2.2/24")))
	check(t, b.AddAddress("eth0", netip.MustParsePrefix("10.0.2.1/24")))
	talk(t, a, r, "10.0.1.2")
	check(t, a.AddRoute(netip.MustParsePrefix("10.0.2.0/24"), netip.MustParseAddr("10.0.1.2")))
	check(t, b.AddRoute(netip.MustParsePrefix("0.0.0.0/0"), netip.MustParseAddr("10.0.2.2")))
	check(t, r.Forward())
	talk(t, a, b, "10.0.2.1")
}

func TestRefusals(t *testing.T) {
	n := newNamespace(t)
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"a device name too long", Cable(n, "a-device-name-that-is-too-long", n, "b"), "lay a cable from a-device"},
		{"a name that is taken", Cable(n, "lo", n, "b"), "lay a cable from lo to b"},
		{"no such device", n.AddAddress("eth9", netip.MustParsePrefix("10.0.0.1/24")), "add 10.0.0.1/24 to eth9"},
		{"an address twice", n.AddAddress("lo", netip.MustParsePrefix("127.0.0.1/8")), "file exists"},
		{"no neighbour", n.AddRoute(netip.MustParsePrefix("10.9.0.0/16"), netip.MustParseAddr("10.0.0.1")),
			"route 10.9.0.0/16 via 10.0.0.1: network is unreachable"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) {
			t.Errorf("%s: error is %v, want %q in it", test.name, test.err, test.want)
		}
	}
}
