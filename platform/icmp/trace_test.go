package icmp

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/platform/netns"
)

// traceIn runs Trace in a namespace, with three probes for each TTL. The times are
// checked and taken off.
func traceIn(t *testing.T, n *netns.Namespace, p Path) (hops []Hop, err error) {
	t.Helper()
	if p.Probes == 0 {
		p.Probes = 3
	}
	err = n.Do(func() error {
		return Trace(t.Context(), p, func(h Hop) {
			if h.Lost == (h.Time > 0) {
				t.Errorf("time of %+v is %v", h, h.Time)
			}
			h.Time = 0
			hops = append(hops, h)
		})
	})
	return hops, err
}

var (
	routerLeft = netip.MustParseAddr("10.0.1.2")
	behind     = netip.MustParseAddr("10.0.2.1")
)

// three is the answers to three probes.
func three(h Hop) []Hop { return []Hop{h, h, h} }

func TestNamespaceTrace(t *testing.T) {
	a, router := newPair(t)
	if err := router.Do(func() error { // nobody waits long for a neighbour that is not there
		return os.WriteFile("/proc/sys/net/ipv4/neigh/right/retrans_time_ms", []byte("10"), 0)
	}); err != nil {
		t.Fatal(err)
	}
	first, last := Hop{TTL: 1, From: routerLeft}, Hop{TTL: 2, From: behind, Reached: true}
	own := netip.MustParseAddr("10.0.1.1")
	for _, test := range []struct {
		name string
		p    Path
		want []Hop
	}{
		{"a neighbour", Path{Host: routerLeft}, three(Hop{TTL: 1, From: routerLeft, Reached: true})},
		{"ourselves", Path{Host: own}, three(Hop{TTL: 1, From: own, Reached: true})},
		{"behind a router", Path{Host: behind}, append(three(first), three(last)...)},
		{"from the second address", Path{Host: behind, Source: netip.MustParseAddr("10.0.1.11")}, append(three(first), three(last)...)},
		{"one probe each", Path{Host: behind, Probes: 1}, []Hop{first, last}},
		{"from the second hop", Path{Host: behind, First: 2}, three(last)},
		{"not far enough", Path{Host: behind, Last: 1}, three(first)},
		{"past the last port", Path{Host: behind, Port: 65534}, append(three(first), three(last)...)},
		{"nobody behind a router", Path{Host: netip.MustParseAddr("10.0.2.99")}, append(three(first), three(Hop{TTL: 2, From: routerLeft, Mark: "!H"})...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := test.p
			p.First, p.Last, p.Port = cmp.Or(p.First, 1), cmp.Or(p.Last, 30), cmp.Or(p.Port, 33434)
			p.Timeout = 10 * time.Second
			got, err := traceIn(t, a, p)
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("Trace(%+v) reports %+v, %v, want %+v", p, got, err, test.want)
			}
		})
	}
}

// TestNamespaceTraceListener checks that the datagram of a program that listens on
// the port is an answer too.
func TestNamespaceTraceListener(t *testing.T) {
	a, router := newPair(t)
	var conn net.PacketConn
	if err := router.Do(func() (err error) { conn, err = net.ListenPacket("udp4", "10.0.1.2:0"); return err }); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, from, err := conn.ReadFrom(make([]byte, 100))
		if err == nil {
			_, err = conn.WriteTo([]byte("here"), from)
		}
		done <- err
	}()
	p := Path{Host: routerLeft, First: 1, Last: 1, Probes: 1, Port: conn.LocalAddr().(*net.UDPAddr).Port, Timeout: 10 * time.Second}
	got, err := traceIn(t, a, p)
	if want := []Hop{{TTL: 1, From: routerLeft, Reached: true}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Trace reports %+v, %v, want %+v", got, err, want)
	}
	conn.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestNamespaceTraceLost(t *testing.T) {
	a, _ := newPair(t)
	p := Path{Host: netip.MustParseAddr("10.0.1.99"), First: 1, Last: 2, Port: 33434, Timeout: time.Millisecond}
	got, err := traceIn(t, a, p)
	want := append(three(Hop{TTL: 1, Lost: true}), three(Hop{TTL: 2, Lost: true})...)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Trace of nobody reports %+v, %v, want %+v", got, err, want)
	}
}

func TestNamespaceTraceRefused(t *testing.T) {
	a, _ := newPair(t)
	for _, test := range []struct {
		name string
		p    Path
		want string
	}{
		{"no route", Path{Host: host}, "trace 192.0.2.1: no route to the host"},
		{"not our address", Path{Host: behind, Source: host}, "trace from 192.0.2.1: no interface has this address"},
	} {
		test.p.First, test.p.Last, test.p.Port, test.p.Timeout = 1, 30, 33434, time.Second
		got, err := traceIn(t, a, test.p)
		if err == nil || err.Error() != test.want || got != nil {
			t.Errorf("%s: Trace reports %v, %v, want %q", test.name, got, err, test.want)
		}
	}
}

// The end of the context ends a trace that waits for an answer.
func TestNamespaceTraceCancelled(t *testing.T) {
	a, _ := newPair(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := a.Do(func() error {
		p := Path{Host: behind, First: 1, Last: 30, Probes: 3, Port: 33434, Timeout: time.Hour}
		return Trace(ctx, p, func(Hop) { cancel() })
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Trace = %v, want %v", err, context.Canceled)
	}
}

func TestPathCheck(t *testing.T) {
	good := Path{Host: host, First: 1, Last: 30, Port: 33434}
	if err := good.check(); err != nil {
		t.Errorf("check(%+v) = %v", good, err)
	}
	for _, test := range []struct {
		change func(*Path)
		want   string
	}{
		{func(p *Path) { p.Host = netip.Addr{} }, "want IPv4 addresses"},
		{func(p *Path) { p.Source = netip.MustParseAddr("2001:db8::1") }, "want IPv4 addresses"},
		{func(p *Path) { p.First = 0 }, "want 1 to 255"},
		{func(p *Path) { p.First = 31 }, "want 1 to 255"},
		{func(p *Path) { p.Last = 256 }, "want 1 to 255"},
		{func(p *Path) { p.Port = 65536 }, "want 1 to 65535"},
	} {
		p := good
		test.change(&p)
		err := Trace(t.Context(), p, func(h Hop) { t.Errorf("%+v was sent: %+v", p, h) })
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Trace(%+v) = %v, want %q in it", p, err, test.want)
		}
	}
}

// extended writes a struct sock_extended_err and the address behind it.
func extended(errno unix.Errno, origin, kind, code byte) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(errno))
	b = append(b, origin, kind, code, 0)
	b = append(b, make([]byte, sizeExtended-len(b))...)
	b = binary.NativeEndian.AppendUint16(b, unix.AF_INET)
	b = append(b, 0, 0, 192, 0, 2, 1)
	return append(b, make([]byte, sizeWithAddr-len(b))...)
}

func TestParseError(t *testing.T) {
	for _, test := range []struct {
		name       string
		kind, code byte
		want       Hop
	}{
		{"the TTL ran out", 11, 0, Hop{From: host}},
		{"no such port", 3, 3, Hop{From: host, Reached: true}},
		{"no such network", 3, 0, Hop{From: host, Mark: "!N"}},
		{"no such host", 3, 1, Hop{From: host, Mark: "!H"}},
		{"no such protocol", 3, 2, Hop{From: host, Mark: "!P"}},
		{"too long", 3, 4, Hop{From: host, Mark: "!F"}},
		{"forbidden", 3, 13, Hop{From: host, Mark: "!X"}},
		{"another reason", 3, 9, Hop{From: host, Mark: "!<9>"}},
	} {
		b := extended(unix.EHOSTUNREACH, originICMP, test.kind, test.code)
		if got, err := parseError(b); err != nil || got != test.want {
			t.Errorf("%s: parseError = %+v, %v, want %+v", test.name, got, err, test.want)
		}
	}
}

func TestParseErrorRefused(t *testing.T) {
	whole := extended(unix.EMSGSIZE, originICMP, 3, 3)
	for n := range whole {
		if h, err := parseError(whole[:n]); err == nil {
			t.Errorf("parseError of %d octets = %+v, want an error", n, h)
		}
	}
	local := extended(unix.EMSGSIZE, 1, 0, 0)
	if _, err := parseError(local); !errors.Is(err, unix.EMSGSIZE) {
		t.Errorf("parseError of the host's own error = %v, want %v", err, unix.EMSGSIZE)
	}
	for _, b := range [][]byte{nil, {1}, make([]byte, 64)} {
		if h, err := parseControl(b); err == nil {
			t.Errorf("parseControl(%x) = %+v, want an error", b, h)
		}
	}
}
