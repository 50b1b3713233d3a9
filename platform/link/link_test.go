package link

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/platform"
)

// host is the fake kernel of the tests: lo, two ports with what an
// administrator gave them, and a tunnel.
func host() *fake {
	return &fake{
		links: []device{
			{index: 1, name: "lo", mtu: 65536, up: true},
			{index: 2, name: "eth0", mtu: 1500, up: true, ethernet: true},
			{index: 5, name: "tun0", mtu: 1400, up: true},
			{index: 7, name: "eth1", mtu: 1500, ethernet: true},
		},
		addrs: []markedAddress{
			{address: address{1, netip.MustParsePrefix("127.0.0.1/8")}},
			{address: address{2, netip.MustParsePrefix("192.0.2.1/24")}},
		},
		table: []markedRoute{
			{route: newRoute("0.0.0.0/0", "192.0.2.254", 2, 0)},
			{route: newRoute("10.8.0.0/16", "192.0.2.253", 2, 60)},
		},
		fail: map[string]error{},
	}
}

// untouched is what host holds.
const untouched = `1: lo: mtu 65536 up
    inet 127.0.0.1/8
2: eth0: mtu 1500 up
    inet 192.0.2.1/24
5: tun0: mtu 1400 up
7: eth1: mtu 1500 down
0.0.0.0/0 via 192.0.2.254 dev eth0 metric 0
10.8.0.0/16 via 192.0.2.253 dev eth0 metric 60
`

// newRoute makes a route of the kernel's.
func newRoute(destination, hop string, index, metric int) route {
	return route{destination: netip.MustParsePrefix(destination), nextHop: netip.MustParseAddr(hop), index: index, metric: metric}
}

// port makes an interface of the wanted state.
func port(device string, addresses ...string) platform.Interface {
	i := platform.Interface{Device: device}
	for _, a := range addresses {
		i.Addresses = append(i.Addresses, netip.MustParsePrefix(a))
	}
	return i
}

// static makes a route of the wanted state; "" is no next hop.
func static(destination, hop, device string, preference int) platform.Route {
	r := platform.Route{Destination: netip.MustParsePrefix(destination), Device: device, Preference: preference}
	if hop != "" {
		r.NextHop = netip.MustParseAddr(hop)
	}
	return r
}

// network makes a wanted state from interfaces and routes.
func network(parts ...any) (n platform.Network) {
	for _, p := range parts {
		switch p := p.(type) {
		case platform.Interface:
			n.Interfaces = append(n.Interfaces, p)
		case platform.Route:
			n.Routes = append(n.Routes, p)
		default:
			panic(fmt.Sprintf("%T is no part of a network", p))
		}
	}
	return n
}

// newLink opens a Link on f.
func newLink(t *testing.T, f *fake) *Link {
	t.Helper()
	l, err := open(f)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// apply applies n, which must succeed.
func apply(t *testing.T, l *Link, n platform.Network) {
	t.Helper()
	if err := l.Apply(n); err != nil {
		t.Fatalf("Apply(%+v) = %v", n, err)
	}
}

// checkHolds compares what f holds with what is wanted.
func checkHolds(t *testing.T, f *fake, want string) {
	t.Helper()
	if got := f.String(); got != want {
		t.Errorf("the kernel holds\n%swant\n%s", got, want)
	}
}

// seed is the network of a gateway: addresses on both ports and a default
// route that the administrator's one does not hide.
var seed = network(port("eth0", "192.0.2.1/24", "198.51.100.1/24"), port("eth1", "10.1.1.1/24"),
	static("10.9.0.0/16", "10.1.1.9", "", 60))

// seeded is what the kernel holds then.
const seeded = `1: lo: mtu 65536 up
    inet 127.0.0.1/8
2: eth0: mtu 1500 up
    inet 192.0.2.1/24
    inet 198.51.100.1/24 proto 83
5: tun0: mtu 1400 up
7: eth1: mtu 1500 up
    inet 10.1.1.1/24 proto 83
0.0.0.0/0 via 192.0.2.254 dev eth0 metric 0
10.8.0.0/16 via 192.0.2.253 dev eth0 metric 60
10.9.0.0/16 via 10.1.1.9 dev eth1 metric 60 proto 83
ip_forward
`

// What was there before, such as 192.0.2.1/24, is neither added nor removed.
func TestApplyAndClose(t *testing.T) {
	f := host()
	l := newLink(t, f)
	checkHolds(t, f, untouched)
	apply(t, l, seed)
	checkHolds(t, f, seeded)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	checkHolds(t, f, untouched)
}

func TestApplyAgainChangesNothing(t *testing.T) {
	f := host()
	l := newLink(t, f)
	apply(t, l, seed)
	f.asked = nil
	apply(t, l, seed)
	if len(f.asked) != 0 {
		t.Errorf("the second Apply asks for %q, want nothing", f.asked)
	}
}

// From one wanted state to the next, the changes asked for are the difference.
func TestDifference(t *testing.T) {
	for _, test := range []struct {
		name     string
		from, to platform.Network
		want     string // one change a line
	}{
		{"nothing to nothing", network(), network(), ""},
		{"the same address as before us", network(), network(port("eth0", "192.0.2.1/24")), "sysctl ip_forward on"},
		{"the same route as before us", network(), network(static("10.8.0.0/16", "192.0.2.253", "", 60)), ""},
		{"the same route with the device named", network(),
			network(static("10.8.0.0/16", "192.0.2.253", "eth0", 60)), ""},
		{"another preference", network(), network(static("10.8.0.0/16", "192.0.2.253", "", 61)),
			"route add 10.8.0.0/16 via 192.0.2.253 metric 61"},
		{"a port comes up", network(), network(port("eth1")), "link set eth1 up\nsysctl ip_forward on"},
		{"a port goes back down", network(port("eth1")), network(), "link set eth1 down\nsysctl ip_forward off"},
		{"shutdown of a port that was up", network(), network(down("eth0")), "link set eth0 down\nsysctl ip_forward on"},
		{"undo of that", network(down("eth0")), network(), "link set eth0 up\nsysctl ip_forward off"},
		{"shutdown of a port that we brought up", network(port("eth1")), network(down("eth1")), "link set eth1 down"},
		{"another address", network(port("eth0", "10.0.0.1/24")), network(port("eth0", "10.0.0.2/24")),
			"addr del 10.0.0.1/24 dev eth0\naddr add 10.0.0.2/24 dev eth0"},
		{"another length", network(port("eth0", "10.0.0.1/24")), network(port("eth0", "10.0.0.1/16")),
			"addr del 10.0.0.1/24 dev eth0\naddr add 10.0.0.1/16 dev eth0"},
		{"an address moves", network(port("eth0", "10.0.0.1/24"), port("eth1")),
			network(port("eth0"), port("eth1", "10.0.0.1/24")),
			"addr del 10.0.0.1/24 dev eth0\naddr add 10.0.0.1/24 dev eth1"},
		{"one more address", network(port("eth0", "10.0.0.1/24")), network(port("eth0", "10.0.0.1/24", "10.0.0.2/24")),
			"addr add 10.0.0.2/24 dev eth0"},
		{"another primary address", network(port("eth0", "10.0.0.1/24", "10.0.0.2/24")),
			network(port("eth0", "10.0.0.2/24", "10.0.0.1/24")),
			"addr del 10.0.0.1/24 dev eth0\naddr add 10.0.0.2/24 dev eth0\naddr add 10.0.0.1/24 dev eth0"},
		{"the primary goes and takes the secondary along", network(port("eth0", "10.0.0.1/24", "10.0.0.2/24")),
			network(port("eth0", "10.0.0.2/24")), "addr del 10.0.0.1/24 dev eth0\naddr add 10.0.0.2/24 dev eth0"},
		{"an MTU", network(), network(platform.Interface{Device: "eth0", MTU: 1400}),
			"link set eth0 mtu 1400\nsysctl ip_forward on"},
		{"another MTU", network(platform.Interface{Device: "eth0", MTU: 1400}),
			network(platform.Interface{Device: "eth0", MTU: 1300}), "link set eth0 mtu 1300"},
		{"undo of the MTU", network(platform.Interface{Device: "eth0", MTU: 1400}), network(port("eth0")),
			"link set eth0 mtu 1500"},
		{"undo of the port with an MTU", network(platform.Interface{Device: "eth0", MTU: 1400}), network(),
			"link set eth0 mtu 1500\nsysctl ip_forward off"},
		{"another next hop", network(static("10.9.0.0/16", "192.0.2.9", "", 60)),
			network(static("10.9.0.0/16", "192.0.2.10", "", 60)),
			"route del 10.9.0.0/16 via 192.0.2.9 metric 60\nroute add 10.9.0.0/16 via 192.0.2.10 metric 60"},
		{"a route to a device", network(), network(static("10.9.0.0/16", "", "eth0", 60)),
			"route add 10.9.0.0/16 dev eth0 metric 60"},
		{"two routes to one network", network(static("10.9.0.0/16", "192.0.2.9", "", 60)),
			network(static("10.9.0.0/16", "192.0.2.9", "", 60), static("10.9.0.0/16", "192.0.2.8", "", 60)),
			"route add 10.9.0.0/16 via 192.0.2.8 metric 60"},
		{"an address under a route", network(port("eth0", "10.0.0.1/24"), static("10.9.0.0/16", "10.0.0.9", "", 60)),
			network(port("eth0", "10.0.0.2/24"), static("10.9.0.0/16", "10.0.0.9", "", 60)),
			"addr del 10.0.0.1/24 dev eth0\naddr add 10.0.0.2/24 dev eth0\nroute add 10.9.0.0/16 via 10.0.0.9 metric 60"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := host()
			l := newLink(t, f)
			apply(t, l, test.from)
			f.asked = nil
			apply(t, l, test.to)
			if got := strings.Join(f.asked, "\n"); got != test.want {
				t.Errorf("Apply asks for\n%s\nwant\n%s", got, test.want)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			checkHoldsLess(t, f, test.name)
		})
	}
}

// checkHoldsLess compares with an untouched host, whose own routes went with
// an interface that was shut down.
func checkHoldsLess(t *testing.T, f *fake, name string) {
	t.Helper()
	want := untouched
	if strings.Contains(name, "was up") || name == "undo of that" {
		want = want[:strings.Index(want, "0.0.0.0/0")]
	}
	checkHolds(t, f, want)
}

// down makes an interface that is shut down.
func down(device string) platform.Interface {
	return platform.Interface{Device: device, Down: true}
}

// A route waits for its next hop, and an interface that goes makes it wait.
func TestPendingRoute(t *testing.T) {
	far := static("10.9.0.0/16", "10.0.0.9", "", 60)
	f := host()
	l := newLink(t, f)
	for _, test := range []struct {
		name    string
		n       platform.Network
		pending []platform.Route
	}{
		{"no interface has the next hop", network(far), []platform.Route{far}},
		{"now one has", network(port("eth1", "10.0.0.1/24"), far), nil},
		{"it is shut down", network(platform.Interface{Device: "eth1", Down: true}, far), []platform.Route{far}},
		{"it comes back", network(port("eth1", "10.0.0.1/24"), far), nil},
		{"it loses the address", network(port("eth1"), far), []platform.Route{far}},
		{"the route is undone", network(port("eth1")), nil},
	} {
		apply(t, l, test.n)
		if got := l.Pending(); !reflect.DeepEqual(got, test.pending) {
			t.Errorf("%s: Pending() = %v, want %v", test.name, got, test.pending)
		}
		if has := strings.Contains(f.String(), "10.9.0.0/16"); has == (test.pending != nil) && len(test.n.Routes) > 0 {
			t.Errorf("%s: the kernel holds\n%s", test.name, f)
		}
	}
}

// After an error the previous state is in force, and the next Apply works.
func TestRollBack(t *testing.T) {
	next := network(platform.Interface{Device: "eth0", MTU: 1400, Addresses: seed.Interfaces[1].Addresses},
		port("eth1", "10.2.2.2/24"), static("10.7.0.0/16", "10.2.2.9", "", 60))
	for _, broken := range []string{
		"route del 10.9.0.0/16 via 10.1.1.9 metric 60",
		"addr del 198.51.100.1/24 dev eth0",
		"link set eth0 mtu 1400",
		"addr add 10.1.1.1/24 dev eth0",
		"addr add 10.2.2.2/24 dev eth1",
		"route add 10.7.0.0/16 via 10.2.2.9 metric 60",
	} {
		f := host()
		l := newLink(t, f)
		apply(t, l, seed)
		f.fail[broken] = unix.EPERM
		err := l.Apply(next)
		if !errors.Is(err, unix.EPERM) || strings.Contains(err.Error(), "\n") ||
			!strings.HasSuffix(err.Error(), "operation not permitted: run as root or with CAP_NET_ADMIN") {
			t.Errorf("%s: Apply = %v, want one line that says what to do", broken, err)
		}
		checkHolds(t, f, seeded)
		delete(f.fail, broken)
		apply(t, l, next)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		checkHolds(t, f, untouched)
	}
}

func TestRollBackFails(t *testing.T) {
	f := host()
	l := newLink(t, f)
	apply(t, l, seed)
	f.fail["addr add 10.2.2.2/24 dev eth1"] = unix.EINVAL
	f.fail["addr add 10.1.1.1/24 dev eth1"] = unix.ENOBUFS
	err := l.Apply(network(port("eth1", "10.2.2.2/24")))
	if !errors.Is(err, unix.EINVAL) || !errors.Is(err, unix.ENOBUFS) || strings.Contains(err.Error(), "\n") {
		t.Errorf("Apply = %v, want both errors in one line", err)
	}
}

// Close goes on where it can.
func TestCloseAfterError(t *testing.T) {
	f := host()
	l := newLink(t, f)
	apply(t, l, seed)
	f.fail["addr del 10.1.1.1/24 dev eth1"] = unix.EBUSY
	if err := l.Close(); !errors.Is(err, unix.EBUSY) {
		t.Errorf("Close = %v, want %v", err, unix.EBUSY)
	}
	want := strings.Replace(untouched, "mtu 1500 down\n", "mtu 1500 down\n    inet 10.1.1.1/24 proto 83\n", 1)
	checkHolds(t, f, want)
}

// What a crashed daemon left carries our mark: it can be removed as a whole.
func TestCleanAfterCrash(t *testing.T) {
	f := host()
	apply(t, newLink(t, f), seed)
	left := f.String()
	l := newLink(t, f)
	checkHolds(t, f, left)
	if err := l.Clean(); err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(untouched, "7: eth1: mtu 1500 down", "7: eth1: mtu 1500 up", 1) + "ip_forward\n"
	checkHolds(t, f, want)
}

// What a predecessor left and is still wanted is not touched, and what is not goes.
func TestApplyAfterCrash(t *testing.T) {
	f := host()
	apply(t, newLink(t, f), seed)
	left := f.String()
	f.fail["addr add 10.1.1.1/24 dev eth1"], f.fail["addr del 10.1.1.1/24 dev eth1"] = unix.EBUSY, unix.EBUSY
	l := newLink(t, f)
	apply(t, l, seed)
	checkHolds(t, f, left)
	if err := l.Leave(); err != nil {
		t.Error(err)
	}
	checkHolds(t, f, left)
	apply(t, newLink(t, f), platform.Network{Interfaces: seed.Interfaces})
	checkHolds(t, f, strings.Replace(left, "10.9.0.0/16 via 10.1.1.9 dev eth1 metric 60 proto 83\n", "", 1))
}

func TestOpenRefused(t *testing.T) {
	for _, broken := range []string{"addr", "route"} {
		f := host()
		apply(t, newLink(t, f), seed)
		f.fail[broken] = unix.EPERM
		if _, err := open(f); !errors.Is(err, unix.EPERM) || !strings.Contains(err.Error(), "an earlier run left") {
			t.Errorf("open where %s fails = %v, want %v", broken, err, unix.EPERM)
		}
	}
	for _, broken := range []string{"link", "addr del 10.1.1.1/24 dev eth1"} {
		f := host()
		apply(t, newLink(t, f), seed)
		l := newLink(t, f)
		f.fail[broken] = unix.EPERM
		if err := l.Clean(); !errors.Is(err, unix.EPERM) || !strings.Contains(err.Error(), "an earlier run left") {
			t.Errorf("Clean where %s fails = %v, want %v", broken, err, unix.EPERM)
		}
	}
}

// What somebody took away meanwhile is put back by the next Apply.
func TestApplyRepairs(t *testing.T) {
	f := host()
	l := newLink(t, f)
	apply(t, l, seed)
	if err := f.removeAddress(address{7, seed.Interfaces[1].Addresses[0]}); err != nil {
		t.Fatal(err)
	}
	f.forward = false
	apply(t, l, seed)
	checkHolds(t, f, seeded)
}

// Another program's address in a network whose primary is ours goes with it,
// and is put back.
func TestForeignSecondary(t *testing.T) {
	f := host()
	l := newLink(t, f)
	apply(t, l, seed)
	theirs := markedAddress{address: address{7, netip.MustParsePrefix("10.1.1.77/24")}}
	if err := f.addAddress(theirs); err != nil {
		t.Fatal(err)
	}
	apply(t, l, network(port("eth1")))
	want := strings.Replace(untouched, "eth1: mtu 1500 down\n", "eth1: mtu 1500 up\n    inet 10.1.1.77/24\n", 1)
	checkHolds(t, f, want+"ip_forward\n")
	f.fail["addr add 10.1.1.77/24 dev eth1"] = unix.ENOBUFS
	apply(t, l, network(port("eth1"))) // it is there: nothing to put back
}

func TestForeignSecondaryIsLost(t *testing.T) {
	f := host()
	l := newLink(t, f)
	apply(t, l, seed)
	if err := f.addAddress(markedAddress{address: address{7, netip.MustParsePrefix("10.1.1.77/24")}}); err != nil {
		t.Fatal(err)
	}
	f.fail["addr add 10.1.1.77/24 dev eth1"] = unix.ENOBUFS
	err := l.Apply(network(port("eth1")))
	if !errors.Is(err, unix.ENOBUFS) || !strings.HasPrefix(err.Error(), "put 10.1.1.77/24 back: ") {
		t.Errorf("Apply = %v, want %v", err, unix.ENOBUFS)
	}
}

// A port that is pulled out does not stop other lines, and counts when it is
// back.
func TestUnpluggedDevice(t *testing.T) {
	f := host()
	l := newLink(t, f)
	apply(t, l, seed)
	eth1 := f.links[3]
	f.links, f.addrs, f.table = f.links[:3], f.addrs[:3], f.table[:2]
	apply(t, l, seed)
	eth1.up = false
	f.links = append(f.links, eth1)
	apply(t, l, seed)
	checkHolds(t, f, seeded)
}

func TestRefused(t *testing.T) {
	for _, test := range []struct {
		name string
		part any
		want string
	}{
		{"no such device", port("eth7"), "no device eth7: the host has eth0, eth1"},
		{"no device name", port(""), "no device : the host has eth0, eth1"},
		{"a route to no such device", static("10.0.0.0/8", "", "eth7", 60), "no device eth7: the host has eth0, eth1"},
		{"an IPv6 address", port("eth0", "2001:db8::1/64"),
			"address 2001:db8::1/64 of eth0: want an IPv4 address and length"},
		{"no address", platform.Interface{Device: "eth0", Addresses: make([]netip.Prefix, 1)},
			"address invalid Prefix of eth0: want an IPv4 address and length"},
		{"host bits", static("10.0.0.1/8", "192.0.2.9", "", 60), "route to 10.0.0.1/8: want an IPv4 network"},
		{"nowhere", static("10.0.0.0/8", "", "", 60), "route to 10.0.0.0/8: no next hop and no device"},
		{"an IPv6 next hop", static("10.0.0.0/8", "2001:db8::1", "", 60),
			"route to 10.0.0.0/8: next hop 2001:db8::1 is not an IPv4 address"},
	} {
		f := host()
		l := newLink(t, f)
		if err := l.Apply(network(port("eth1", "10.1.1.1/24"), test.part)); err == nil || err.Error() != test.want {
			t.Errorf("%s: Apply = %v, want %q", test.name, err, test.want)
		}
		if len(f.asked) != 0 {
			t.Errorf("%s: Apply asks for %q, want nothing", test.name, f.asked)
		}
	}
}

func TestNoEthernetDevice(t *testing.T) {
	l := newLink(t, &fake{})
	want := "no device eth0: the host has no Ethernet device"
	if err := l.Apply(network(port("eth0"))); err == nil || err.Error() != want {
		t.Errorf("Apply = %v, want %q", err, want)
	}
}

func TestEthernet(t *testing.T) {
	f := host()
	l := newLink(t, f)
	got, err := l.Ethernet()
	if want := []string{"eth0", "eth1"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Ethernet() = %v, %v, want %v", got, err, want)
	}
	f.fail["link"] = unix.EPERM
	if _, err := l.Ethernet(); !errors.Is(err, unix.EPERM) {
		t.Errorf("Ethernet() of a kernel that does not say = %v, want %v", err, unix.EPERM)
	}
}
