package icmp

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/platform/netns"
	"sallyport/platform/netns/netnstest"
)

// newPair makes two namespaces with a router between them, or skips the test
// without privilege. It returns the left one and the router.
//
//	a 10.0.1.1 ── 10.0.1.2 router 10.0.2.2 ── 10.0.2.1 b
func newPair(t *testing.T) (a, router *netns.Namespace) {
	t.Helper()
	a, router = netnstest.New(t), netnstest.New(t)
	b := netnstest.New(t)
	prefix := netip.MustParsePrefix
	for _, err := range []error{
		netns.Cable(a, "eth0", router, "left"),
		netns.Cable(router, "right", b, "eth0"),
		a.AddAddress("eth0", prefix("10.0.1.1/24")),
		a.AddAddress("eth0", prefix("10.0.1.11/24")),
		router.AddAddress("left", prefix("10.0.1.2/24")),
		router.AddAddress("right", prefix("10.0.2.2/24")),
		b.AddAddress("eth0", prefix("10.0.2.1/24")),
		a.AddRoute(prefix("10.0.2.0/24"), netip.MustParseAddr("10.0.1.2")),
		b.AddRoute(prefix("10.0.1.0/24"), netip.MustParseAddr("10.0.2.2")),
		router.Forward(),
		sendErrors(a), sendErrors(router), sendErrors(b),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return a, router
}

// sendErrors has a namespace send ICMP errors as often as there is a reason.
func sendErrors(n *netns.Namespace) error {
	return n.Do(func() error { return os.WriteFile("/proc/sys/net/ipv4/icmp_ratelimit", []byte("0"), 0) })
}

// pingIn runs Ping in a namespace.
func pingIn(t *testing.T, n *netns.Namespace, r Request) (replies []Reply, err error) {
	t.Helper()
	err = n.Do(func() error {
		return Ping(t.Context(), r, func(r Reply) { replies = append(replies, r) })
	})
	return replies, err
}

// checkReply compares all but the time, which only has to be one.
func checkReply(t *testing.T, got, want Reply) {
	t.Helper()
	if !got.Lost && got.Time <= 0 {
		t.Errorf("time of %+v is %v", got, got.Time)
	}
	got.Time = 0
	if got != want {
		t.Errorf("reply is %+v, want %+v", got, want)
	}
}

func TestNamespacePing(t *testing.T) {
	a, _ := newPair(t)
	near, far := netip.MustParseAddr("10.0.1.2"), netip.MustParseAddr("10.0.2.1")
	for _, test := range []struct {
		name string
		r    Request
		ttl  int
	}{
		{"ourselves", Request{Host: netip.MustParseAddr("10.0.1.1"), Size: 56}, 64},
		{"a neighbour", Request{Host: near, Size: 56}, 64},
		{"no data", Request{Host: near}, 64},
		{"behind a router", Request{Host: far, Size: 56}, 63},
		{"from the second address", Request{Host: far, Source: netip.MustParseAddr("10.0.1.11"), Size: 1}, 63},
		{"in fragments", Request{Host: far, Size: 9000}, 63},
		{"as long as can be", Request{Host: near, Size: MaxSize}, 64},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.r.Count, test.r.Interval = 3, time.Millisecond
			replies, err := pingIn(t, a, test.r)
			if err != nil || len(replies) != 3 {
				t.Fatalf("Ping reports %v, %v, want three replies", replies, err)
			}
			for i, r := range replies {
				checkReply(t, r, Reply{Sequence: i + 1, From: test.r.Host, Size: test.r.Size, TTL: test.ttl})
			}
		})
	}
}

// Two programs ping at once, and each sees its own replies.
func TestNamespacePingTwice(t *testing.T) {
	a, _ := newPair(t)
	done := make(chan error)
	for range 2 {
		go func() {
			r := Request{Host: netip.MustParseAddr("10.0.2.1"), Count: 50, Size: 8, Interval: time.Microsecond}
			done <- a.Do(func() error {
				return Ping(t.Context(), r, func(r Reply) {
					if r.Lost || r.TTL != 63 {
						t.Errorf("reply is %+v", r)
					}
				})
			})
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// What the requests look like decides how far they come.
func TestNamespacePingShape(t *testing.T) {
	a, _ := newPair(t)
	for _, test := range []struct {
		name string
		r    Request
		lost bool
	}{
		{"TTL enough", Request{TTL: 2}, false},
		{"TTL too low", Request{TTL: 1}, true},
		{"type of service", Request{TOS: 184}, false},
		{"whole", Request{NoFragment: true, Size: 1472}, false},
		{"through the device", Request{Device: "eth0"}, false},
		{"through another device", Request{Device: "lo"}, true},
	} {
		r := test.r
		r.Host, r.Count, r.Timeout = netip.MustParseAddr("10.0.2.1"), 1, time.Minute
		if test.lost {
			r.Timeout = 20 * time.Millisecond
		}
		replies, err := pingIn(t, a, r)
		if err != nil || len(replies) != 1 || replies[0].Lost != test.lost {
			t.Errorf("%s: Ping reports %+v, %v, want lost %v", test.name, replies, err, test.lost)
		}
	}
}

func TestNamespacePingLost(t *testing.T) {
	a, _ := newPair(t)
	r := Request{Host: netip.MustParseAddr("10.0.1.99"), Count: 2, Timeout: time.Millisecond, Interval: time.Millisecond}
	replies, err := pingIn(t, a, r)
	if err != nil || len(replies) != 2 {
		t.Fatalf("Ping of nobody reports %v, %v, want two losses", replies, err)
	}
	for i, r := range replies {
		checkReply(t, r, lost(i+1))
	}
}

func TestNamespacePingRefused(t *testing.T) {
	a, _ := newPair(t)
	for _, test := range []struct {
		name string
		r    Request
		want string
	}{
		{"no route", Request{Host: host}, "ping 192.0.2.1: no route to the host"},
		{"not our address", Request{Host: host, Source: host}, "ping from 192.0.2.1: no interface has this address"},
		{"not our device", Request{Host: host, Device: "eth9"}, "ping through eth9: there is no such device"},
		{"too long to stay whole", Request{Host: netip.MustParseAddr("10.0.1.2"), Size: 1473, NoFragment: true},
			"ping 10.0.1.2: the packet is too long for the path"},
	} {
		replies, err := pingIn(t, a, test.r)
		if err == nil || err.Error() != test.want || replies != nil {
			t.Errorf("%s: Ping reports %v, %v, want %q", test.name, replies, err, test.want)
		}
	}
}

func TestNamespacePingCancelled(t *testing.T) {
	a, _ := newPair(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := a.Do(func() error {
		r := Request{Host: netip.MustParseAddr("10.0.1.2"), Count: 2, Interval: time.Hour}
		return Ping(ctx, r, func(Reply) { cancel() })
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Ping = %v, want %v", err, context.Canceled)
	}
}

// withoutRaw opens a socket on a thread that may not open raw ones.
func withoutRaw(n *netns.Namespace) (s socket, err error) {
	err = n.Do(func() error {
		runtime.LockOSThread() // once more than Do: the thread ends with its goroutine
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var sets [2]unix.CapUserData // 64 capabilities
		if err := unix.Capget(&header, &sets[0]); err != nil {
			return err
		}
		held := sets
		sets[0].Effective &^= 1 << unix.CAP_NET_RAW
		if err := unix.Capset(&header, &sets[0]); err != nil {
			return err
		}
		var e error
		s, e = open(Request{TTL: 3, Device: "eth0"})
		return errors.Join(e, unix.Capset(&header, &held[0]))
	})
	return s, err
}

func TestNamespacePingSocket(t *testing.T) {
	a, _ := newPair(t)
	if _, err := withoutRaw(a); err == nil || !strings.Contains(err.Error(), "CAP_NET_RAW") {
		t.Errorf("open without privilege = %v, want what is missing", err)
	}
	if err := a.Do(func() error {
		return os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte("0 0"), 0)
	}); err != nil {
		t.Fatal(err)
	}
	s, err := withoutRaw(a)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	r, err := Request{Host: netip.MustParseAddr("10.0.2.1"), Count: 2, Size: 100, Interval: time.Millisecond}.complete()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := newPinger(r, s).run(t.Context(), func(r Reply) {
		n++
		checkReply(t, r, Reply{Sequence: n, From: netip.MustParseAddr("10.0.2.1"), Size: 100, TTL: 63})
	}); err != nil || n != 2 {
		t.Errorf("%d replies, %v, want two", n, err)
	}
}
