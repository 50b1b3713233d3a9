package link

import (
	"errors"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/platform"
	"sallyport/platform/netns"
	"sallyport/platform/netns/netnstest"
)

// newHost makes a namespace with two ports, cabled to a neighbour:
//
//	eth0 192.0.2.1 ── p0 neighbour p1 ── eth1 (down, no address)
//
// It skips the test without privilege.
func newHost(t *testing.T) *netns.Namespace {
	t.Helper()
	host, neighbour := netnstest.New(t), netnstest.New(t)
	for _, err := range []error{
		netns.Cable(host, "eth0", neighbour, "p0"),
		netns.Cable(host, "eth1", neighbour, "p1"),
		host.AddAddress("eth0", netip.MustParsePrefix("192.0.2.1/24")),
		host.AddRoute(netip.MustParsePrefix("0.0.0.0/0"), netip.MustParseAddr("192.0.2.254")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	k := openKernel(t, host)
	for _, d := range devicesOf(t, k) {
		if d.name == "eth1" {
			if err := k.setUp(d, false); err != nil {
				t.Fatal(err)
			}
		}
	}
	return host
}

// openKernel opens the kernel's side of a namespace, to look at it.
func openKernel(t *testing.T, n *netns.Namespace) *netlinkKernel {
	t.Helper()
	var k *netlinkKernel
	if err := n.Do(func() (err error) { k, err = openNetlink(); return err }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.close() })
	return k
}

// openLink opens a Link in a namespace.
func openLink(t *testing.T, n *netns.Namespace) *Link {
	t.Helper()
	var l *Link
	if err := n.Do(func() (err error) { l, err = Open(); return err }); err != nil {
		t.Fatal(err)
	}
	return l
}

func devicesOf(t *testing.T, k kernel) []device {
	t.Helper()
	devices, err := k.devices()
	if err != nil {
		t.Fatal(err)
	}
	return devices
}

// snapshot writes what a kernel holds the way the fake does.
func snapshot(t *testing.T, k kernel) string {
	t.Helper()
	f := &fake{links: devicesOf(t, k)}
	var err [3]error
	f.addrs, err[0] = k.addresses()
	f.table, err[1] = k.routes()
	f.forward, err[2] = k.forwarding()
	if err := errors.Join(err[:]...); err != nil {
		t.Fatal(err)
	}
	return f.String()
}

// plain is what newHost holds; networks of interfaces are routes too.
const plain = `1: lo: mtu 65536 up
    inet 127.0.0.1/8
2: eth0: mtu 1500 up
    inet 192.0.2.1/24
3: eth1: mtu 1500 down
0.0.0.0/0 via 192.0.2.254 dev eth0 metric 0
192.0.2.0/24 dev eth0 metric 0
`

// configured is what it holds under wanted.
const configured = `1: lo: mtu 65536 up
    inet 127.0.0.1/8
2: eth0: mtu 1500 up
    inet 192.0.2.1/24
    inet 198.51.100.1/24 proto 83
3: eth1: mtu 1400 up
    inet 10.1.1.1/24 proto 83
    inet 10.1.1.2/24 proto 83
0.0.0.0/0 via 192.0.2.254 dev eth0 metric 0
10.1.1.0/24 dev eth1 metric 0
10.8.0.0/16 dev eth0 metric 1 proto 83
10.9.0.0/16 via 10.1.1.9 dev eth1 metric 60 proto 83
192.0.2.0/24 dev eth0 metric 0
198.51.100.0/24 dev eth0 metric 0
ip_forward
`

// wanted says something of each kind, and some of what is there already.
var wanted = network(port("eth0", "192.0.2.1/24", "198.51.100.1/24"),
	platform.Interface{Device: "eth1", MTU: 1400, Addresses: port("", "10.1.1.1/24", "10.1.1.2/24").Addresses},
	static("0.0.0.0/0", "192.0.2.254", "", 0),
	static("10.8.0.0/16", "", "eth0", 1), static("10.9.0.0/16", "10.1.1.9", "", 60))

// checkKernel compares what a kernel holds with what is wanted.
func checkKernel(t *testing.T, k kernel, want string) {
	t.Helper()
	if got := snapshot(t, k); got != want {
		t.Errorf("the kernel holds\n%swant\n%s", got, want)
	}
}

func TestNamespaceApplyAndClose(t *testing.T) {
	host := newHost(t)
	k := openKernel(t, host)
	checkKernel(t, k, plain)
	l := openLink(t, host)
	for range 2 {
		apply(t, l, wanted)
		checkKernel(t, k, configured)
	}
	if got, err := l.Ethernet(); err != nil || !reflect.DeepEqual(got, []string{"eth0", "eth1"}) {
		t.Errorf("Ethernet() = %v, %v, want eth0 and eth1", got, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	checkKernel(t, k, plain)
}

// A daemon that is killed leaves eth1 up, its MTU and the forwarding, and no
// more.
func TestNamespaceCrash(t *testing.T) {
	host := newHost(t)
	k := openKernel(t, host)
	apply(t, openLink(t, host), wanted)
	if err := openLink(t, host).Close(); err != nil {
		t.Error(err)
	}
	checkKernel(t, k, strings.Replace(plain, "eth1: mtu 1500 down", "eth1: mtu 1400 up", 1)+"ip_forward\n")
}

// The kernel refuses the route, and the first change is undone.
func TestNamespaceRollBack(t *testing.T) {
	host := newHost(t)
	k := openKernel(t, host)
	l := openLink(t, host)
	apply(t, l, wanted)
	err := l.Apply(network(port("eth1", "10.2.2.2/24"), static("10.3.0.0/16", "10.2.2.255", "", 60)))
	if err == nil || !strings.HasPrefix(err.Error(), "add the route to 10.3.0.0/16 via 10.2.2.255: ") {
		t.Errorf("Apply of a route via a broadcast address = %v", err)
	}
	checkKernel(t, k, configured)
}

func TestNamespacePending(t *testing.T) {
	far := static("10.9.0.0/16", "10.1.1.9", "", 60)
	onPort := static("10.8.0.0/16", "", "eth1", 60)
	host := newHost(t)
	k := openKernel(t, host)
	l := openLink(t, host)
	apply(t, l, network(down("eth1"), far, onPort))
	if got := l.Pending(); !reflect.DeepEqual(got, []platform.Route{far, onPort}) {
		t.Errorf("Pending() = %v, want both routes", got)
	}
	checkKernel(t, k, plain+"ip_forward\n")
	apply(t, l, network(port("eth1", "10.1.1.1/24"), far, onPort))
	if got := l.Pending(); got != nil {
		t.Errorf("Pending() = %v, want none", got)
	}
	apply(t, l, network(down("eth1"), far, onPort))
	if got := l.Pending(); len(got) != 2 {
		t.Errorf("Pending() after shutdown = %v, want both routes", got)
	}
}

// The kernel removes secondary addresses with their primary, whoever added
// them, and routes through a network with the network.
func TestNamespaceForeignSecondary(t *testing.T) {
	host := newHost(t)
	k := openKernel(t, host)
	l := openLink(t, host)
	apply(t, l, wanted)
	if err := host.AddAddress("eth1", netip.MustParsePrefix("10.1.1.77/24")); err != nil {
		t.Fatal(err)
	}
	apply(t, l, network(port("eth1")))
	checkKernel(t, k, `1: lo: mtu 65536 up
    inet 127.0.0.1/8
2: eth0: mtu 1500 up
    inet 192.0.2.1/24
3: eth1: mtu 1500 up
    inet 10.1.1.77/24
0.0.0.0/0 via 192.0.2.254 dev eth0 metric 0
10.1.1.0/24 dev eth1 metric 0
192.0.2.0/24 dev eth0 metric 0
ip_forward
`)
}

// Where /proc/sys cannot be written, it is enough that forwarding is on.
func TestNamespaceSwitchReadOnly(t *testing.T) {
	k := openKernel(t, newHost(t))
	file, err := os.Open("/proc/sys/net/ipv4/ip_forward")
	if err != nil {
		t.Fatal(err)
	}
	k.forward.Close()
	k.forward = file
	if err := k.setForwarding(true); err == nil {
		t.Error("a switch that is open for reading was set")
	}
	if _, err := k.forwarding(); err != nil {
		t.Error(err)
	}
}

// Removing what is gone is no error.
func TestNamespaceRemoveTwice(t *testing.T) {
	k := openKernel(t, newHost(t))
	for _, err := range []error{
		k.removeAddress(address{2, netip.MustParsePrefix("10.0.0.1/24")}),
		k.removeAddress(address{99, netip.MustParsePrefix("10.0.0.1/24")}),
		k.removeRoute(newRoute("10.9.0.0/16", "192.0.2.9", 2, 60)),
		k.removeRoute(newRoute("0.0.0.0/0", "192.0.2.254", 2, 0)), // not ours
	} {
		if err != nil {
			t.Error(err)
		}
	}
	checkKernel(t, k, plain)
}

func TestParseAddressRefused(t *testing.T) {
	for n := range unix.SizeofIfAddrmsg {
		if a, err := parseAddress(make([]byte, n)); err == nil {
			t.Errorf("parseAddress of %d octets = %v, want an error", n, a)
		}
	}
}

// Ports are what a cable can be in: not tunnels and bridges, nor their parts.
func TestIsPort(t *testing.T) {
	ether := netlink.LinkAttrs{EncapType: "ether"}
	part := netlink.LinkAttrs{EncapType: "ether", MasterIndex: 7}
	for _, test := range []struct {
		name string
		link netlink.Link
		want bool
	}{
		{"hardware", &netlink.Device{LinkAttrs: ether}, true},
		{"veth", &netlink.Veth{LinkAttrs: ether}, true},
		{"macvlan", &netlink.Macvlan{LinkAttrs: ether}, true},
		{"lo", &netlink.Device{LinkAttrs: netlink.LinkAttrs{EncapType: "loopback"}}, false},
		{"tun", &netlink.Tuntap{LinkAttrs: netlink.LinkAttrs{EncapType: "none"}}, false},
		{"tap", &netlink.Tuntap{LinkAttrs: ether}, false},
		{"bridge", &netlink.Bridge{LinkAttrs: ether}, false},
		{"dummy", &netlink.Dummy{LinkAttrs: ether}, false},
		{"a kind that the library does not know", &netlink.GenericLink{LinkAttrs: ether, LinkType: "dsa"}, false},
		{"hardware in a bridge", &netlink.Device{LinkAttrs: part}, false},
		{"veth in a bridge", &netlink.Veth{LinkAttrs: part}, false},
	} {
		if got := isPort(test.link); got != test.want {
			t.Errorf("isPort(%s) = %v, want %v", test.name, got, test.want)
		}
	}
}

func TestBroadcast(t *testing.T) {
	for text, want := range map[string]string{
		"10.1.2.3/24": "10.1.2.255", "10.1.2.3/30": "10.1.2.3", "10.1.2.3/8": "10.255.255.255", "10.1.2.3/0": "255.255.255.255",
	} {
		got, _ := netip.AddrFromSlice(broadcast(netip.MustParsePrefix(text)))
		if got.String() != want {
			t.Errorf("broadcast(%s) = %v, want %s", text, got, want)
		}
	}
}

// TestNamespaceRouteBesideOtherRules checks that a next hop's device is that of its
// network, though a routing rule leads everything to another device: so do the
// userspace dataplane's for a destination of any.
func TestNamespaceRouteBesideOtherRules(t *testing.T) {
	host := newHost(t)
	k := openKernel(t, host)
	l := openLink(t, host)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	index := make(map[string]int)
	for _, d := range devicesOf(t, k) {
		index[d.name] = d.index
		if d.name == "eth1" {
			must(k.setUp(d, true))
		}
	}
	everything := ipNet(netip.MustParsePrefix("0.0.0.0/0"))
	must(k.handle.RouteAdd(&netlink.Route{Table: 4501, Dst: everything, LinkIndex: index["eth1"], Scope: netlink.SCOPE_LINK}))
	rule := netlink.NewRule()
	rule.Priority, rule.Table, rule.Family = 100, 4501, unix.AF_INET
	must(k.handle.RuleAdd(rule))

	wanted := platform.Route{Destination: netip.MustParsePrefix("198.51.100.0/24"), NextHop: netip.MustParseAddr("192.0.2.254"), Preference: 60}
	must(l.Apply(platform.Network{Routes: []platform.Route{wanted}}))
	found, err := k.routes()
	must(err)
	for _, r := range found {
		if r.destination == wanted.Destination && r.index != index["eth0"] {
			t.Errorf("the route leads to interface %d, want eth0, %d", r.index, index["eth0"])
		}
	}
	if len(l.Pending()) != 0 {
		t.Errorf("Pending() = %v, want none", l.Pending())
	}
	lost := platform.Route{Destination: wanted.Destination, NextHop: netip.MustParseAddr("203.0.113.1"), Preference: 61}
	must(l.Apply(platform.Network{Routes: []platform.Route{wanted, lost}}))
	if pending := l.Pending(); len(pending) != 1 || pending[0] != lost {
		t.Errorf("Pending() = %v, want the route whose next hop is on no network of this host", pending)
	}
	must(l.Close())
}

// dummy is a device of that index, which is all that requests read of it.
func dummy(index int) netlink.Link {
	return &netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: index}}
}

// TestNamespaceRouteWithSource shows that a route's own source is set, and that a route whose source
// is another is made anew.
func TestNamespaceRouteWithSource(t *testing.T) {
	host := newHost(t)
	k := openKernel(t, host)
	l := openLink(t, host)
	for _, source := range []string{"192.0.2.1", "10.9.0.7", "10.9.0.7"} {
		want := network(port("eth0", "192.0.2.1/24", "10.9.0.7/32"))
		want.Routes = append(want.Routes, platform.Route{Destination: netip.MustParsePrefix("10.8.0.0/16"),
			NextHop: netip.MustParseAddr("192.0.2.9"), Device: "eth0", Preference: 61, Source: netip.MustParseAddr(source)})
		apply(t, l, want)
		all, err := k.routes()
		if err != nil {
			t.Fatal(err)
		}
		var sources []string
		for _, r := range all {
			if r.ours && r.destination == netip.MustParsePrefix("10.8.0.0/16") {
				sources = append(sources, r.source.String())
			}
		}
		if !slices.Equal(sources, []string{source}) {
			t.Errorf("routes from %v, want one from %s", sources, source)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
