package tunnel

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"sallyport/ipsec"
	"sallyport/platform/netns"
)

// TestTunnelDevices: they are made in the dataplane's namespace whoever states their
// policies, can be used at once, keep their index, and go.
func TestTunnelDevices(t *testing.T) {
	var d *Dataplane
	n := inNamespace(t, func() (err error) { d, err = Open(Config{}); return err })
	defer d.Close()
	one, two := routedPolicy(10, "Tunnel1"), routedPolicy(20, "Tunnel0-0-1")
	state := func(policies ...*ipsec.Policy) (there map[string]int) {
		if err := d.SetPolicies(policies); err != nil { // by a thread that is elsewhere
			t.Fatal(err)
		}
		return tunnelLinks(t, n)
	}
	first := state(one)
	both := state(two, one)
	if len(first) != 1 || len(both) != 2 || first["Tunnel1"] != both["Tunnel1"] {
		t.Errorf("devices are %v, then %v", first, both)
	}
	if err := n.Do(func() error { return ready("Tunnel1") }); err != nil {
		t.Error(err)
	}
	if got := state(); len(got) != 0 {
		t.Errorf("devices are %v without policies", got)
	}
	state(one)
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if got := tunnelLinks(t, n); len(got) != 0 {
		t.Errorf("devices are %v after Close", got)
	}
	if err := d.SetPolicies([]*ipsec.Policy{two}); err == nil {
		t.Error("SetPolicies after Close says nothing")
	}
}

// tunnelLinks returns the indexes of a namespace's tunnel devices.
func tunnelLinks(t *testing.T, n *netns.Namespace) map[string]int {
	t.Helper()
	found := make(map[string]int)
	err := n.Do(func() error {
		all, err := netlink.LinkList()
		for _, link := range all {
			if name := link.Attrs().Name; strings.HasPrefix(name, "Tunnel") {
				found[name] = link.Attrs().Index
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// ready returns an error if a device is down, or would not let decrypted packets pass.
func ready(name string) error {
	link, err := net.InterfaceByName(name)
	if err != nil {
		return err
	}
	if link.Flags&net.FlagUp == 0 {
		return fmt.Errorf("%s is down", name)
	}
	for setting, want := range map[string]string{"forwarding": "1", "rp_filter": "2", "disable_policy": "1"} {
		b, err := os.ReadFile(sysctls + "/" + name + "/" + setting)
		if got := strings.TrimSpace(string(b)); err != nil || got != want {
			return fmt.Errorf("%s of %s is %q, want %s (%w)", setting, name, got, want, err)
		}
	}
	return nil
}

// TestTunnelDeviceInUse: a device of that name that is not ours is left alone, and so is
// everything else.
func TestTunnelDeviceInUse(t *testing.T) {
	var d *Dataplane
	n := inNamespace(t, func() (err error) { d, err = Open(Config{}); return err })
	defer d.Close()
	err := d.SetPolicies([]*ipsec.Policy{routedPolicy(10, "Tunnel1"), routedPolicy(20, "eth1")})
	if err == nil || !strings.HasPrefix(err.Error(), "tunnel interface eth1: ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("SetPolicies = %v, want one line about eth1", err)
	}
	if got := tunnelLinks(t, n); len(got) != 0 {
		t.Errorf("devices are %v", got)
	}
}

// A twin is a gateway with a dataplane, at one end of a cable.
type twin struct {
	*Dataplane
	*netns.Namespace
}

// twins returns two of them, at 192.0.2.1 and 192.0.2.2, with policies and a pair of SAs
// between them.
func twins(t *testing.T, change ...func(*ipsec.SA)) (a, b twin) {
	t.Helper()
	open := func() (err error) { a.Dataplane, err = Open(Config{}); return err }
	a.Namespace = inNamespace(t, open)
	t.Cleanup(func() { a.Dataplane.Close() })
	b.Namespace = inNamespace(t, func() (err error) { b.Dataplane, err = Open(Config{}); return err })
	t.Cleanup(func() { b.Dataplane.Close() })
	there, back := outboundOf(0x1000, change...), inboundOf(0x2000, change...)
	for _, err := range []error{
		netns.Cable(a.Namespace, "wan", b.Namespace, "wan"),
		a.AddAddress("wan", netip.MustParsePrefix("192.0.2.17/28")), b.AddAddress("wan", netip.MustParsePrefix("192.0.2.18/28")),
		a.SetPolicies(between(there)), b.SetPolicies(between(mirror(there))),
		b.AddSA(mirror(there.Clone())), a.AddSA(back.Clone()), b.AddSA(mirror(back.Clone())), a.AddSA(there.Clone()),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return a, b
}

var twinA, twinB = netip.MustParseAddr("192.0.2.17"), netip.MustParseAddr("192.0.2.18")

// atTwins makes an SA one between the twins themselves.
func atTwins(sa *ipsec.SA) {
	sa.Local, sa.Remote, sa.ID.Destination = twinA, twinB, twinB
	if sa.Direction == ipsec.Inbound {
		sa.ID.Destination = twinA
	}
	sa.Selector = ipsec.Selector{Local: ipsec.PrefixRange(one(twinA)), Remote: ipsec.PrefixRange(one(twinB))}
}

// between returns the policy of an SA between the twins.
func between(sa *ipsec.SA) []*ipsec.Policy {
	p := policy(10, permit(one(sa.Local), one(sa.Remote)))
	p.Device, p.Local, p.Remote, p.Mode = "wan", sa.Local, sa.Remote, sa.Mode
	return []*ipsec.Policy{p}
}

// TestTransportBetweenHosts: TCP finds the MTU that the SA leaves, and datagrams that the
// system had to cut arrive whole, as if the kernel had protected them.
func TestTransportBetweenHosts(t *testing.T) {
	for name, form := range map[string][]func(*ipsec.SA){
		"ESP": {transport, atTwins}, "AH": {transport, onlyAH, atTwins}, "bundle": {transport, around(0x3000), atTwins},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := twins(t, form...)
			for _, size := range []int{0, 100, 1400, 1473, 5000, 40000} {
				if err := datagramOf(a, b, size); err != nil {
					t.Errorf("datagram of %d octets: %v", size, err)
				}
			}
			if err := stream(a, b, 1<<20); err != nil {
				t.Errorf("TCP: %v", err)
			}
			if got := b.Statistics().Drops; got != ([ipsec.DropReasons]uint64{}) {
				t.Errorf("B dropped %v, want nothing", got)
			}
		})
	}
}

// deadline bounds the tests' waits.
func deadline() time.Time { return time.Now().Add(10 * time.Second) }

// datagramOf sends one datagram from a to b.
func datagramOf(a, b twin, size int) error {
	var to *net.UDPConn
	err := b.Do(func() (err error) {
		to, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(twinB, 0)))
		return err
	})
	if err != nil {
		return err
	}
	defer to.Close()
	err = a.Do(func() error {
		from, err := net.DialUDP("udp4", nil, to.LocalAddr().(*net.UDPAddr))
		if err != nil {
			return err
		}
		defer from.Close()
		_, err = from.Write(make([]byte, size))
		return err
	})
	if err != nil {
		return err
	}
	to.SetReadDeadline(deadline())
	n, err := to.Read(make([]byte, maxPacket))
	if err == nil && n != size {
		err = fmt.Errorf("%d octets came", n)
	}
	return err
}

// stream sends octets by TCP from a to b.
func stream(a, b twin, size int64) error {
	var listener *net.TCPListener
	err := b.Do(func() (err error) {
		listener, err = net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(netip.AddrPortFrom(twinB, 0)))
		return err
	})
	if err != nil {
		return err
	}
	defer listener.Close()
	listener.SetDeadline(deadline())
	received := make(chan error, 1)
	go func() {
		to, err := listener.AcceptTCP()
		if err == nil {
			defer to.Close()
			to.SetDeadline(deadline())
			var n int64
			if n, err = io.Copy(io.Discard, to); err == nil && n != size {
				err = fmt.Errorf("%d octets came, want %d", n, size)
			}
		}
		received <- err
	}()
	err = a.Do(func() error {
		from, err := net.DialTimeout("tcp4", listener.Addr().String(), 10*time.Second)
		if err != nil {
			return err
		}
		defer from.Close()
		from.SetDeadline(deadline())
		_, err = from.Write(make([]byte, size))
		return err
	})
	return errors.Join(err, <-received)
}
