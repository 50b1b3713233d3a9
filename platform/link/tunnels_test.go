package link

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/platform"
	"sallyport/platform/netns"
	"sallyport/platform/netns/netnstest"
)

// greTunnel makes a tunnel of the wanted state.
func greTunnel(device, remote string, key uint32, addresses ...string) platform.Interface {
	i := port(device, addresses...)
	i.GRE = &platform.GRE{Local: netip.MustParseAddr("192.0.2.1"), Remote: netip.MustParseAddr(remote), Key: key, HasKey: key != 0}
	return i
}

// tunnelled is what the kernel holds with a tunnel and a route into it.
const tunnelled = `1: lo: mtu 65536 up
    inet 127.0.0.1/8
2: eth0: mtu 1500 up
    inet 192.0.2.1/24
5: tun0: mtu 1400 up
7: eth1: mtu 1500 down
10: Tunnel1: mtu 1400 up
    gre remote 198.51.100.7 local 192.0.2.1 key 7 true
    inet 10.1.1.1/30 proto 83
0.0.0.0/0 via 192.0.2.254 dev eth0 metric 0
10.8.0.0/16 via 192.0.2.253 dev eth0 metric 60
10.9.0.0/16 dev Tunnel1 metric 60 proto 83
ip_forward
`

// withTunnel is the wanted state that makes it so.
func withTunnel() platform.Network {
	i := greTunnel("Tunnel1", "198.51.100.7", 7, "10.1.1.1/30")
	i.MTU = 1400
	return network(i, static("10.9.0.0/16", "", "Tunnel1", 60))
}

func TestTunnel(t *testing.T) {
	f := host()
	l := newLink(t, f)
	for range 2 {
		apply(t, l, withTunnel())
		checkHolds(t, f, tunnelled)
	}
	if n := strings.Count(strings.Join(f.asked, "\n"), "link add"); n != 1 {
		t.Errorf("asked for %d tunnels:\n%s", n, strings.Join(f.asked, "\n"))
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	checkHolds(t, f, untouched)
}

// A tunnel whose ends change is another one, of the same name.
func TestTunnelChanges(t *testing.T) {
	for _, test := range []struct {
		name string
		next platform.Network
		want []string // of what is asked for, that about devices
	}{
		{"another end", network(greTunnel("Tunnel1", "198.51.100.8", 7)), []string{"link del Tunnel1", "link add Tunnel1"}},
		{"no key", network(greTunnel("Tunnel1", "198.51.100.7", 0)), []string{"link del Tunnel1", "link add Tunnel1"}},
		{"another MTU", network(greTunnel("Tunnel1", "198.51.100.7", 7)), []string{"link set Tunnel1"}},
		{"another name", network(greTunnel("Tunnel2", "198.51.100.7", 7)), []string{"link del Tunnel1", "link add Tunnel2"}},
		{"none", network(port("eth0")), []string{"link del Tunnel1"}},
	} {
		f := host()
		l := newLink(t, f)
		apply(t, l, withTunnel())
		f.asked = nil
		apply(t, l, test.next)
		var got []string
		for _, text := range f.asked {
			if words := strings.Fields(text); words[0] == "link" && !strings.HasSuffix(text, " up") {
				got = append(got, strings.Join(words[:3], " "))
			}
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: asked for %q, want %q", test.name, got, test.want)
		}
	}
}

// What an earlier run left stays if it is wanted so, and goes if it is not.
func TestTunnelAdopted(t *testing.T) {
	for name, left := range map[string]*platform.GRE{"wanted": withTunnel().Interfaces[0].GRE, "other": {}} {
		f := host()
		f.links = append(f.links, device{index: 10, name: "Tunnel1", mtu: 1476, gre: left, up: true})
		l := newLink(t, f)
		apply(t, l, withTunnel())
		checkHolds(t, f, tunnelled)
		if made := strings.Contains(strings.Join(f.asked, "\n"), "link add"); made != (name == "other") {
			t.Errorf("%s: asked for %q", name, f.asked)
		}
		apply(t, l, platform.Network{})
		checkHolds(t, f, untouched)
	}
}

func TestTunnelRefused(t *testing.T) {
	wrong := greTunnel("Tunnel1", "198.51.100.7", 0)
	wrong.GRE.Remote = netip.Addr{}
	for _, test := range []struct {
		name string
		next platform.Network
		fail string
		want string
	}{
		{"a device that is not ours", network(greTunnel("tun0", "198.51.100.7", 0)), "",
			"make the GRE tunnel tun0: the host has another device of that name: remove it with `ip link delete tun0`"},
		{"no address", network(wrong), "", "GRE tunnel Tunnel1 from 192.0.2.1 to invalid IP: want two IPv4 addresses"},
		{"no privilege", network(greTunnel("Tunnel2", "198.51.100.9", 0)), "link add Tunnel2 type gre {192.0.2.1 198.51.100.9 0 false}",
			"make the GRE tunnel Tunnel2: operation not permitted: run as root or with CAP_NET_ADMIN"},
		{"it cannot be removed", network(port("eth0")), "link del Tunnel1",
			"remove the GRE tunnel Tunnel1: operation not permitted: run as root or with CAP_NET_ADMIN"},
	} {
		f := host()
		l := newLink(t, f)
		apply(t, l, withTunnel())
		f.fail[test.fail] = unix.EPERM
		if err := l.Apply(test.next); err == nil || err.Error() != test.want {
			t.Errorf("%s: Apply() = %v, want %s", test.name, err, test.want)
		}
		checkHolds(t, f, tunnelled)
	}
}

// Close goes on with what it can, and says what it could not.
func TestTunnelStays(t *testing.T) {
	f := host()
	l := newLink(t, f)
	apply(t, l, withTunnel())
	f.fail["link del Tunnel1"] = unix.EBUSY
	if err := l.Close(); !errors.Is(err, unix.EBUSY) {
		t.Errorf("Close() = %v, want %v", err, unix.EBUSY)
	}
	if len(f.addrs) != 2 || f.forward {
		t.Errorf("after Close() the kernel holds\n%s", f)
	}
}

// TestNamespaceTunnel makes the tunnel that the kernel has, or the one in userspace.
func TestNamespaceTunnel(t *testing.T) {
	host := newHost(t)
	l := openLink(t, host)
	k := l.kernel.(*netlinkKernel)
	i := greTunnel("Tunnel1", "192.0.2.7", 7, "10.1.1.1/30")
	wanted := network(i, static("10.9.0.0/16", "", "Tunnel1", 60))
	holds := func() {
		t.Helper()
		apply(t, l, wanted)
		got := snapshot(t, k)
		for _, want := range []string{
			"Tunnel1: mtu 1472 up\n    gre remote 192.0.2.7 local 192.0.2.1 key 7 true\n    inet 10.1.1.1/30",
			"10.9.0.0/16 dev Tunnel1 metric 60 proto 83\n",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("the kernel holds\n%swant\n%s", got, want)
			}
		}
	}
	holds()
	holds()
	i.GRE.Remote = netip.MustParseAddr("192.0.2.8")
	apply(t, l, network(i))
	i.GRE.Remote = netip.MustParseAddr("192.0.2.7")
	holds()
	for _, d := range devicesOf(t, k) {
		if d.gre != nil {
			if err := unlessGone(k.handle.LinkDel(dummy(d.index))); err != nil { // by somebody else
				t.Fatal(err)
			}
		}
	}
	holds()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if got := snapshot(t, openKernel(t, host)); strings.Contains(got, "Tunnel1") {
		t.Errorf("after Close() the kernel holds\n%s", got)
	}
}

// What a killed daemon leaves of the kernel's tunnels, the next one takes away.
func TestNamespaceTunnelCrash(t *testing.T) {
	host := newHost(t)
	crashed := openLink(t, host)
	apply(t, crashed, network(greTunnel("Tunnel1", "192.0.2.7", 7, "10.1.1.1/30")))
	for _, open := range crashed.kernel.(*netlinkKernel).tunnels { // the process takes them along
		if err := open.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := openLink(t, host).Clean(); err != nil {
		t.Error(err)
	}
	if got := snapshot(t, openKernel(t, host)); strings.Contains(got, "Tunnel1") {
		t.Errorf("after a crash and a start the kernel holds\n%s", got)
	}
}

// A device that is gone is neither set nor removed, and that is no error.
func TestNamespaceGone(t *testing.T) {
	k := openKernel(t, newHost(t))
	gone := device{index: 99, name: "Tunnel1"}
	for _, err := range []error{k.setUp(gone, true), k.setUp(gone, false), k.setMTU(gone, 1400), k.removeGRE(gone)} {
		if err != nil {
			t.Error(err)
		}
	}
}

// TestNamespaceTunnelCarries has the tunnel of this kernel talk to one in userspace, with
// small packets and with such as come in fragments.
func TestNamespaceTunnelCarries(t *testing.T) {
	a, b := netnstest.New(t), netnstest.New(t)
	if err := netns.Cable(a, "eth0", b, "eth0"); err != nil {
		t.Fatal(err)
	}
	i := greTunnel("Tunnel1", "192.0.2.2", 7, "10.1.1.1/30")
	l, other := openLink(t, a), openLink(t, b)
	defer l.Close()
	defer other.Close()
	apply(t, l, network(port("eth0", "192.0.2.1/24"), i))
	k := other.kernel.(*netlinkKernel)
	back := port("Tunnel1", "10.1.1.2/30")
	back.GRE = &platform.GRE{Local: i.GRE.Remote, Remote: i.GRE.Local, Key: 7, HasKey: true}
	if err := k.openGRE("Tunnel1", *back.GRE); err != nil {
		t.Fatal(err)
	}
	apply(t, other, network(port("eth0", "192.0.2.2/24"), back))
	from, to := listen(t, a, "10.1.1.1:7000"), listen(t, b, "10.1.1.2:7000")
	for _, octets := range []int{1, 1444, 9000} {
		echo(t, from, to, octets)
	}
}

// listen opens a UDP socket in a namespace.
func listen(t *testing.T, n *netns.Namespace, address string) (c *net.UDPConn) {
	t.Helper()
	err := n.Do(func() (err error) {
		c, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(address)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// echo sends a datagram from a to b and one back.
func echo(t *testing.T, a, b *net.UDPConn, octets int) {
	t.Helper()
	sent := make([]byte, octets)
	for i := range sent {
		sent[i] = byte(i)
	}
	for _, way := range [][2]*net.UDPConn{{a, b}, {b, a}} {
		deadline := time.Now().Add(20 * time.Second)
		for !passes(t, way[0], way[1], sent) {
			if time.Now().After(deadline) {
				t.Fatalf("%d octets do not pass from %v to %v", octets, way[0].LocalAddr(), way[1].LocalAddr())
			}
		}
	}
}

// passes sends a datagram and reports whether it comes soon. A cable that has just been
// plugged in takes a while, and what came late before is passed over.
func passes(t *testing.T, from, to *net.UDPConn, sent []byte) bool {
	t.Helper()
	if _, err := from.WriteTo(sent, to.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	if err := to.SetReadDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 65535)
	for {
		n, _, err := to.ReadFrom(got)
		if err != nil || bytes.Equal(got[:n], sent) {
			return err == nil
		}
	}
}
