package link

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/platform"
)

// backed gives a route of the wanted state a backstop.
func backed(r platform.Route) platform.Route {
	r.Backstop = true
	return r
}

// From one wanted state to the next: the backstop is there before the route and after it.
func TestBackstopDifference(t *testing.T) {
	to := func(device string, preference int) platform.Route {
		return backed(static("10.9.0.0/16", "", device, preference))
	}
	const add, del = "route add unreachable 10.9.0.0/16 metric 4096", "route del unreachable 10.9.0.0/16 metric 4096"
	for _, test := range []struct {
		name     string
		from, to platform.Network
		want     string // one change a line
	}{
		{"a route", network(), network(to("eth0", 60)), add + "\nroute add 10.9.0.0/16 dev eth0 metric 60"},
		{"it goes", network(to("eth0", 60)), network(), "route del 10.9.0.0/16 dev eth0 metric 60\n" + del},
		{"another preference", network(to("eth0", 60)), network(to("eth0", 70)),
			"route del 10.9.0.0/16 dev eth0 metric 60\nroute add 10.9.0.0/16 dev eth0 metric 70"},
		{"another device", network(to("eth0", 60)), network(to("tun0", 60)),
			"route del 10.9.0.0/16 dev eth0 metric 60\nroute add 10.9.0.0/16 dev tun0 metric 60"},
		{"two routes have one", network(), network(to("eth0", 60), to("tun0", 60)),
			add + "\nroute add 10.9.0.0/16 dev eth0 metric 60\nroute add 10.9.0.0/16 dev tun0 metric 60"},
		{"one of two goes", network(to("eth0", 60), to("tun0", 60)), network(to("tun0", 60)), "route del 10.9.0.0/16 dev eth0 metric 60"},
		{"beside a floating route", network(to("eth0", 60)), network(to("eth0", 60), static("10.9.0.0/16", "192.0.2.9", "", 255)),
			"route add 10.9.0.0/16 via 192.0.2.9 metric 255"},
		{"not wanted any longer", network(to("eth0", 60)), network(static("10.9.0.0/16", "", "eth0", 60)), del},
		{"wanted now", network(static("10.9.0.0/16", "", "eth0", 60)), network(to("eth0", 60)), add},
		{"again", network(to("eth0", 60)), network(to("eth0", 60)), ""},
	} {
		f := host()
		l := newLink(t, f)
		apply(t, l, test.from)
		f.asked = nil
		apply(t, l, test.to)
		if got := strings.Join(f.asked, "\n"); got != test.want {
			t.Errorf("%s: Apply asks for\n%s\nwant\n%s", test.name, got, test.want)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		checkHolds(t, f, untouched)
	}
}

// Somebody's route of the same metric is no backstop.
func TestBackstopBesideForeign(t *testing.T) {
	f := host()
	f.table = append(f.table, markedRoute{route: route{destination: netip.MustParsePrefix("10.9.0.0/16"), index: 2, metric: backstopMetric}})
	apply(t, newLink(t, f), network(backed(static("10.9.0.0/16", "", "eth0", 60))))
	if !strings.Contains(f.String(), "unreachable 10.9.0.0/16 metric 4096 proto 83\n") {
		t.Errorf("the kernel holds\n%swant an unreachable route", f)
	}
}

// A route that cannot be added, removed or is refused leaves its backstop as it has to be.
func TestBackstopFails(t *testing.T) {
	wanted := network(backed(static("10.9.0.0/16", "", "eth0", 60)))
	for _, test := range []struct {
		broken string
		next   platform.Network // after wanted
		want   string           // part of the error
		stays  bool             // the backstop, after the error
	}{
		{"route add unreachable 10.7.0.0/16 metric 4096", network(backed(static("10.7.0.0/16", "", "eth0", 60))),
			"add the unreachable route to 10.7.0.0/16: ", true},
		{"route del unreachable 10.9.0.0/16 metric 4096", network(), "remove the unreachable route to 10.9.0.0/16: ", true},
		{"route del 10.9.0.0/16 dev eth0 metric 60", network(), "remove the route to 10.9.0.0/16: ", true},
	} {
		f := host()
		l := newLink(t, f)
		apply(t, l, wanted)
		before := sorted(f)
		f.fail[test.broken] = unix.EPERM
		if err := l.Apply(test.next); !errors.Is(err, unix.EPERM) || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: Apply() = %v, want %q", test.broken, err, test.want)
		}
		if after := sorted(f); after != before {
			t.Errorf("%s: the kernel holds\n%swant\n%s", test.broken, after, before)
		}
		delete(f.fail, test.broken)
		apply(t, l, network())
		checkHolds(t, f, untouched)
	}
}

// When the device has gone the backstop stays, whatever is applied meanwhile.
func TestBackstopWithoutDevice(t *testing.T) {
	f := host()
	l := newLink(t, f)
	wanted := network(backed(static("10.9.0.0/16", "", "tun0", 60)))
	apply(t, l, wanted)
	tun0 := f.links[2]
	f.links = append(f.links[:2:2], f.links[3])
	f.expire()
	f.asked = nil
	apply(t, l, wanted)
	if strings.Contains(strings.Join(f.asked, "\n"), "unreachable") || !strings.Contains(f.String(), "unreachable 10.9.0.0/16 metric 4096 proto 83\n") || strings.Contains(f.String(), "metric 60 proto") {
		t.Errorf("asked for %q, the kernel holds\n%swant the backstop alone", f.asked, f)
	}
	f.links = append(f.links, tun0)
	apply(t, l, wanted)
	if !strings.Contains(f.String(), "10.9.0.0/16 dev tun0 metric 60 proto 83\n") {
		t.Errorf("the kernel holds\n%swant the route again", f)
	}
}

// A successor that removes what it finds lets backstops stand until it knows what is wanted.
func TestBackstopAdopted(t *testing.T) {
	const stop = "unreachable 10.9.0.0/16 metric 4096 proto 83\n"
	wanted := network(backed(static("10.9.0.0/16", "", "eth0", 60)))
	for _, test := range []struct {
		name  string
		next  platform.Network
		stays bool
	}{{"wanted again", wanted, true}, {"not wanted", network(port("eth0")), false}} {
		f := host()
		apply(t, newLink(t, f), wanted)
		l := newLink(t, f)
		if err := l.Clean(); err != nil || !strings.Contains(f.String(), stop) || strings.Contains(f.String(), "metric 60 proto") {
			t.Errorf("after Clean() = %v the kernel holds\n%swant the backstop alone", err, f)
		}
		f.asked = nil
		apply(t, l, test.next)
		if asked := strings.Join(f.asked, "\n"); strings.Contains(f.String(), stop) != test.stays || test.stays && strings.Contains(asked, "unreachable") {
			t.Errorf("%s: asked for\n%s\nthe kernel holds\n%s", test.name, asked, f)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		checkHolds(t, f, untouched)
	}
}

// TestNamespaceBackstop has the kernel itself choose ways: by the tunnel, nowhere when the
// tunnel has gone with its process, by a floating route, and the default route at the end.
func TestNamespaceBackstop(t *testing.T) {
	const far = "10.77.8.0/24"
	host := newHost(t)
	k := openKernel(t, host)
	base := []any{port("eth0", "192.0.2.1/24"), greTunnel("Tunnel1", "192.0.2.7", 7, "10.1.1.1/30"), backed(static(far, "", "Tunnel1", 60))}
	crashed := openLink(t, host)
	check := func(when string, wantDevice string, wantErr error) {
		t.Helper()
		if device, err := way(k, "10.77.8.1"); device != wantDevice || !errors.Is(err, wantErr) {
			t.Errorf("%s: by %q, %v, want %q, %v", when, device, err, wantDevice, wantErr)
		}
	}
	apply(t, crashed, network(base...))
	check("applied", "Tunnel1", nil)
	for _, d := range devicesOf(t, k) {
		if d.name == "Tunnel1" {
			if err := crashed.kernel.removeGRE(d); err != nil {
				t.Fatal(err)
			}
		}
	}
	check("without the device", "", unix.EHOSTUNREACH)
	l := openLink(t, host)
	if err := l.Clean(); err != nil {
		t.Fatal(err)
	}
	check("cleaned", "", unix.EHOSTUNREACH)
	apply(t, l, network(base...))
	check("applied by the next", "Tunnel1", nil)
	apply(t, l, network(base[0], base[2], static(far, "192.0.2.9", "", 255)))
	check("with a floating route", "eth0", nil)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	check("closed", "eth0", nil)
	if got, want := snapshot(t, k), plain+"ip_forward\n"; got != want { // it was on when this one came
		t.Errorf("after Close() the kernel holds\n%swant\n%s", got, want)
	}
}

// way returns the device by which the kernel sends packets to an address.
func way(k *netlinkKernel, to string) (device string, err error) {
	routes, err := k.handle.RouteGet(netip.MustParseAddr(to).AsSlice())
	if err != nil {
		return "", err
	}
	l, err := k.handle.LinkByIndex(routes[0].LinkIndex)
	if err != nil {
		return "", err
	}
	return l.Attrs().Name, nil
}
