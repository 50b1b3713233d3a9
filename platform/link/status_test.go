package link

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/platform/netns"
	"sallyport/platform/netns/netnstest"
)

// in calls f in a namespace and returns what it read.
func in[T any](t *testing.T, n *netns.Namespace, f func() ([]T, error)) (read []T) {
	t.Helper()
	if err := n.Do(func() (err error) { read, err = f(); return err }); err != nil {
		t.Fatal(err)
	}
	return read
}

// statusText writes a status as tests compare it: without the counters and the
// hardware address, which is another each time.
func statusText(s Status) string {
	return fmt.Sprintf("%s mtu %d up %v running %v loopback %v ethernet %v addressed %v %v",
		s.Device, s.MTU, s.Up, s.Running, s.Loopback, s.Ethernet, len(s.Address) == 6, s.Addresses)
}

func TestNamespaceStatuses(t *testing.T) {
	host := newHost(t)
	if err := host.AddAddress("eth0", netip.MustParsePrefix("192.0.2.77/24")); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"lo mtu 65536 up true running true loopback true ethernet false addressed false [127.0.0.1/8]",
		"eth0 mtu 1500 up true running true loopback false ethernet true addressed true [192.0.2.1/24 192.0.2.77/24]",
		"eth1 mtu 1500 up false running false loopback false ethernet true addressed true []",
	}
	for i, s := range in(t, host, Statuses) {
		if got := statusText(s); i >= len(want) || got != want[i] {
			t.Errorf("device %d is\n%s, want one of\n%s", i, got, strings.Join(want, "\n"))
		}
	}
}

// The far end of the cable is cut off: the device is up and does not run.
func TestNamespaceNoCarrier(t *testing.T) {
	host, neighbour := netnstest.New(t), netnstest.New(t)
	if err := netns.Cable(host, "eth0", neighbour, "p0"); err != nil {
		t.Fatal(err)
	}
	k := openKernel(t, neighbour)
	for _, d := range devicesOf(t, k) {
		if d.name == "p0" {
			if err := k.setUp(d, false); err != nil {
				t.Fatal(err)
			}
		}
	}
	s := in(t, host, Statuses)[1]
	if !s.Up || s.Running {
		t.Errorf("without a carrier %+v, want up and not running", s)
	}
}

// talk makes two neighbours, the first of which has sent a datagram of 100 octets
// to the second.
func talk(t *testing.T) *netns.Namespace {
	t.Helper()
	host, neighbour := netnstest.New(t), netnstest.New(t)
	for _, err := range []error{
		netns.Cable(host, "eth0", neighbour, "p0"),
		host.AddAddress("eth0", netip.MustParsePrefix("192.0.2.1/24")),
		neighbour.AddAddress("p0", netip.MustParsePrefix("192.0.2.2/24")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var conn net.PacketConn
	if err := neighbour.Do(func() (err error) { conn, err = net.ListenPacket("udp4", "192.0.2.2:0"); return err }); err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := host.Do(func() error {
		c, err := net.Dial("udp4", conn.LocalAddr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Write(make([]byte, 100))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if n, _, err := conn.ReadFrom(make([]byte, 200)); n != 100 || err != nil {
		t.Fatalf("%d octets, %v came, want 100", n, err)
	}
	return host
}

// At least the datagram, and the ARP request and reply before it, are counted.
func TestNamespaceCounters(t *testing.T) {
	c := in(t, talk(t), Statuses)[1].Counters
	if c.OutPackets < 2 || c.OutOctets < 142 || c.InPackets < 1 || c.InOctets < 28 {
		t.Errorf("counters are %+v, want two packets out and one in", c)
	}
	if c.InErrors+c.OutErrors != 0 {
		t.Errorf("errors are counted: %+v", c)
	}
}

func TestNamespaceNeighbours(t *testing.T) {
	host := talk(t)
	k := openKernel(t, host)
	link, err := k.handle.LinkByName("eth0")
	if err != nil {
		t.Fatal(err)
	}
	static, _ := net.ParseMAC("02:00:5e:00:53:09")
	if err := k.handle.NeighAdd(&netlink.Neigh{
		LinkIndex: link.Attrs().Index, Family: netlink.FAMILY_V4, State: netlink.NUD_PERMANENT,
		IP: net.IPv4(192, 0, 2, 9), HardwareAddr: static,
	}); err != nil {
		t.Fatal(err)
	}
	got := in(t, host, Neighbours)
	if len(got) != 2 {
		t.Fatalf("neighbours are %+v, want two", got)
	}
	if n := got[0]; n.Addr != netip.MustParseAddr("192.0.2.2") || n.Device != "eth0" || n.Static || len(n.Address) != 6 {
		t.Errorf("who has answered is %+v", n)
	}
	if n := got[1]; n.Addr != netip.MustParseAddr("192.0.2.9") || n.Device != "eth0" || !n.Static || n.Address.String() != static.String() {
		t.Errorf("who was entered is %+v", n)
	}
}

// routeText writes a route as tests compare it.
func routeText(r RouteStatus) string {
	return fmt.Sprintf("%v via %v from %v dev %s local %v origin %d metric %d used %v",
		r.Destination, r.NextHop, r.Source, r.Device, r.Local, r.Origin, r.Metric, r.InUse)
}

// TestNamespaceRouteStatuses has routes of each kind, also such as the userspace
// dataplane adds in a table of its own, which are left out.
func TestNamespaceRouteStatuses(t *testing.T) {
	host := newHost(t)
	k := openKernel(t, host)
	link, err := k.handle.LinkByName("eth0")
	if err != nil {
		t.Fatal(err)
	}
	to := func(text string) *net.IPNet { return ipNet(netip.MustParsePrefix(text)) }
	via := func(last byte) net.IP { return net.IPv4(192, 0, 2, last) }
	for _, r := range []*netlink.Route{
		{Dst: to("10.1.0.0/16"), Type: unix.RTN_BLACKHOLE, Protocol: unix.RTPROT_STATIC},
		{Dst: to("10.2.0.0/16"), Type: unix.RTN_UNREACHABLE, Protocol: Protocol, Priority: 200},
		{Dst: to("10.2.0.0/16"), Gw: via(9), Protocol: Protocol, Priority: 60},
		{Dst: to("10.3.0.0/16"), Type: unix.RTN_UNREACHABLE, Table: 8300},
		{Dst: to("10.4.0.0/16"), Protocol: unix.RTPROT_STATIC, MultiPath: []*netlink.NexthopInfo{
			{LinkIndex: link.Attrs().Index, Gw: via(8)}, {LinkIndex: link.Attrs().Index, Gw: via(7)}}},
	} {
		if err := k.handle.RouteAppend(r); err != nil {
			t.Fatalf("%v: %v", r, err)
		}
	}
	want := `0.0.0.0/0 via 192.0.2.254 from invalid IP dev eth0 local false origin 3 metric 0 used true
10.1.0.0/16 via invalid IP from invalid IP dev  local false origin 4 metric 0 used true
10.2.0.0/16 via 192.0.2.9 from invalid IP dev eth0 local false origin 83 metric 60 used true
10.2.0.0/16 via invalid IP from invalid IP dev  local false origin 83 metric 200 used false
10.4.0.0/16 via 192.0.2.8 from invalid IP dev eth0 local false origin 4 metric 0 used true
10.4.0.0/16 via 192.0.2.7 from invalid IP dev eth0 local false origin 4 metric 0 used true
127.0.0.0/8 via invalid IP from 127.0.0.1 dev lo local true origin 2 metric 0 used true
127.0.0.1/32 via invalid IP from 127.0.0.1 dev lo local true origin 2 metric 0 used true
192.0.2.0/24 via invalid IP from 192.0.2.1 dev eth0 local false origin 2 metric 0 used true
192.0.2.1/32 via invalid IP from 192.0.2.1 dev eth0 local true origin 2 metric 0 used true
`
	var got strings.Builder
	for _, r := range in(t, host, RouteStatuses) {
		got.WriteString(routeText(r) + "\n")
	}
	if got.String() != want {
		t.Errorf("the routes are\n%swant\n%s", got.String(), want)
	}
}

func TestInUse(t *testing.T) {
	hop := func(to, via string) RouteStatus {
		return RouteStatus{Destination: netip.MustParsePrefix(to), NextHop: netip.MustParseAddr(via)}
	}
	got := inUse([][]RouteStatus{
		{hop("10.1.0.0/16", "192.0.2.1"), hop("10.1.0.0/16", "192.0.2.2")},
		{hop("10.1.0.0/16", "192.0.2.3")},
		{hop("10.2.0.0/16", "192.0.2.1")},
	})
	var used []bool
	for _, r := range got {
		used = append(used, r.InUse)
	}
	if want := []bool{true, true, false, true}; !slices.Equal(used, want) {
		t.Errorf("in use are %v, want %v", used, want)
	}
}

func TestSpeed(t *testing.T) {
	root := t.TempDir()
	address := net.HardwareAddr{2, 0, 0x5e, 0, 0x53, 1}
	device := func(name, address, speed string) {
		folder := filepath.Join(root, name)
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{"address": address, "speed": speed} {
			if err := os.WriteFile(filepath.Join(folder, file), []byte(text+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	device("eth0", address.String(), "1000")
	device("eth1", address.String(), "-1")
	device("eth2", "02:00:5e:00:53:02", "1000")
	device("eth3", address.String(), "4294967295")
	device("eth4", address.String(), "fast")
	for name, want := range map[string]uint64{"eth0": 1e9, "eth1": 0, "eth2": 0, "eth3": 0, "eth4": 0, "eth5": 0} {
		if got := speed(root, name, address); got != want {
			t.Errorf("speed of %s = %d, want %d", name, got, want)
		}
	}
}

// TestFallbacks: what the kernel's tunnel modules bring along is not shown until somebody
// uses it.
func TestFallbacks(t *testing.T) {
	for _, test := range []struct {
		name  string
		flags uint32
		want  bool
	}{{"gre0", 0, true}, {"gre0", unix.IFF_UP, false}, {"gre1", 0, false}, {"sit0", unix.IFF_NOARP, true}} {
		link := &netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Name: test.name, RawFlags: test.flags}}
		if got := isFallback(link); got != test.want {
			t.Errorf("%s with flags %#x: %v, want %v", test.name, test.flags, got, test.want)
		}
	}
}
