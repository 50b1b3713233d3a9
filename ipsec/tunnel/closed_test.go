package tunnel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/ipsec"
)

// A tap sees all that leaves by a device, in the sender's own context: what was sent
// before is seen before.
type tap struct{ fd int }

func newTap(device string) (*tap, error) {
	link, err := netlink.LinkByName(device)
	if err != nil {
		return nil, err
	}
	all := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ALL))
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: link.Attrs().Index})
	return &tap{fd: fd}, errors.Join(err, unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 5}))
}

func (t *tap) Close() error { return unix.Close(t.fd) }

// until returns where the IPv4 packets went that left before one to this address.
func (t *tap) until(last netip.Addr) (to []netip.Addr, err error) {
	b := make([]byte, 2000)
	for {
		n, _, err := unix.Recvfrom(t.fd, b, 0)
		if err != nil {
			return to, fmt.Errorf("no packet to %v, but to %v: %w", last, to, err)
		}
		if n < 20 || b[0]>>4 != 4 {
			continue
		}
		addr := netip.AddrFrom4([4]byte(b[16:20]))
		if addr == last {
			return to, nil
		}
		to = append(to, addr)
	}
}

// say sends a datagram and returns what the system says to that.
func say(to netip.Addr, mark int) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, mark); err != nil {
		return err
	}
	return unix.Sendto(fd, []byte("secret"), 0, &unix.SockaddrInet4{Port: 9, Addr: to.As4()})
}

// elsewhereAddr is an address that no policy names.
var elsewhereAddr = netip.MustParseAddr("198.51.100.7")

// neighbour makes the peer's address one that needs no ARP, so that what leaves in
// clear is seen at once.
func neighbour() error {
	link, err := netlink.LinkByName("eth1")
	if err != nil {
		return err
	}
	return netlink.NeighSet(&netlink.Neigh{
		LinkIndex: link.Attrs().Index, IP: peer.AsSlice(), State: netlink.NUD_PERMANENT,
		HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1},
	})
}

// checkClosed checks that what lan and remote exchange is refused, forwarded or not,
// in both directions, and that everything else goes its way.
func checkClosed(t *testing.T) error {
	t.Helper()
	wire, err := newTap("eth1")
	if err != nil {
		return err
	}
	defer wire.Close()
	if err := say(server, 0); !errors.Is(err, unix.EHOSTUNREACH) {
		t.Errorf("sending to %v: %v, want %v", server, err, unix.EHOSTUNREACH)
	}
	if err := errors.Join(say(server, DefaultMark), say(elsewhereAddr, 0)); err != nil {
		return err
	}
	if to, err := wire.until(elsewhereAddr); err != nil || !slices.Equal(to, []netip.Addr{server}) {
		t.Errorf("on the wire are packets to %v, %v, want the marked one to %v alone", to, err, server)
	}
	for _, test := range []struct {
		name, to string
		how      netlink.RouteGetOptions
	}{
		{"forwarded", server.String(), netlink.RouteGetOptions{Iif: "eth0", SrcAddr: host.AsSlice()}},
		{"in clear from outside", host.String(), netlink.RouteGetOptions{Iif: "eth1", SrcAddr: server.AsSlice()}},
	} {
		if device, _, err := way(test.to, test.how); !errors.Is(err, unix.EHOSTUNREACH) {
			t.Errorf("%s: by %s, %v, want %v", test.name, device, err, unix.EHOSTUNREACH)
		}
	}
	if device, _, err := way(host.String(), netlink.RouteGetOptions{}); err != nil || device != "eth0" {
		t.Errorf("to the LAN: by %s, %v, want eth0", device, err)
	}
	return nil
}

// put puts both of our devices down, or down and up again.
func put(again bool) error {
	for _, name := range []string{"sallyport0", "sallyport1"} {
		link, err := netlink.LinkByName(name)
		if err != nil {
			return err
		}
		if err := netlink.LinkSetDown(link); err != nil {
			return err
		}
		if again {
			if err := netlink.LinkSetUp(link); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush removes rules and routes of ours, as programs do that manage the network.
func flush() error {
	for _, v := range testPlanner.rules([]string{"eth1"})[4:] {
		if err := netlink.RuleDel(v.netlink()); err != nil {
			return err
		}
	}
	return netlink.RouteDel(route{table: DefaultTable + 1, prefix: remote}.netlink())
}

// TestPutDown: while a device of ours is down nothing leaves in clear, and what was
// undone is there again after a tick.
func TestPutDown(t *testing.T) {
	inNamespace(t, func() error {
		untouched, err := now()
		if err != nil {
			return err
		}
		var lines []string // the routing's lock is for it, too
		d, err := Open(Config{Warn: func(line string) { lines = append(lines, line) }})
		if err != nil {
			return err
		}
		if err := errors.Join(neighbour(), d.SetPolicies([]*ipsec.Policy{policy(10, permit(lan, remote))})); err != nil {
			return err
		}
		r := d.router.(*routing)
		before, err := now()
		if err != nil {
			return err
		}
		for _, test := range []struct {
			name   string
			undo   func() error
			closed bool
			lines  int
		}{
			{"down", func() error { return put(false) }, true, 2},
			{"down and up", func() error { return put(true) }, true, 0},
			{"flushed", flush, false, 0},
			{"nothing", func() error { return nil }, false, 0},
		} {
			r.Retry()   // what we changed ourselves is no news any more
			r.mu.Lock() // no tick comes between
			lines = nil
			err := test.undo()
			if err == nil && test.closed {
				err = checkClosed(t)
			}
			r.mu.Unlock()
			if err != nil {
				return fmt.Errorf("%s: %w", test.name, err)
			}
			r.Retry()
			after, err := now()
			if err != nil || after != before {
				t.Errorf("%s: before\n%safter\n%s%v", test.name, before, after, err)
			}
			r.mu.Lock()
			if len(lines) != test.lines || test.lines > 0 && !strings.HasPrefix(lines[0], "sallyport0 had been put down: ") {
				t.Errorf("%s: told is %q, want %d lines", test.name, lines, test.lines)
			}
			r.mu.Unlock()
		}
		err = d.Close()
		closed, e := now()
		if closed != untouched {
			t.Errorf("before\n%safter Close\n%s", untouched, closed)
		}
		return errors.Join(err, e)
	})
}

// TestComesBackByItself: the tick does it, and packets come again.
func TestComesBackByItself(t *testing.T) {
	withDataplane(t, func(d *Dataplane) error {
		if err := d.SetPolicies([]*ipsec.Policy{policy(10, permit(lan, remote), permit(one(gateway), remote))}); err != nil {
			return err
		}
		d.router.Retry() // what we changed ourselves is no news any more
		if err := put(true); err != nil {
			return err
		}
		held := func() int {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.held.all.Len()
		}
		for end := time.Now().Add(5 * time.Second); held() == 0; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				return errors.New("no packet waits for an SA, 5 s after the device came up")
			}
			if err := say(server, 0); err != nil && !errors.Is(err, unix.EHOSTUNREACH) {
				return err
			}
		}
		return nil
	})
}

// TestRetryThatFails is said once, and tried until it works.
func TestRetryThatFails(t *testing.T) {
	inNamespace(t, func() error {
		var lines []string
		d, err := Open(Config{Warn: func(line string) { lines = append(lines, line) }})
		if err != nil {
			return err
		}
		defer d.Close()
		p := policy(10, permit(lan, remote))
		p.Device = "eth0"
		if err := d.SetPolicies([]*ipsec.Policy{p}); err != nil {
			return err
		}
		r := d.router.(*routing)
		rename := func(from, to string) error {
			link, err := netlink.LinkByName(from)
			if err != nil {
				return err
			}
			return errors.Join(netlink.LinkSetDown(link), netlink.LinkSetName(link, to), netlink.LinkSetUp(link))
		}
		told := func() []string {
			r.Retry()
			r.Retry()
			r.mu.Lock()
			defer r.mu.Unlock()
			return slices.Clone(lines)
		}
		if err := rename("eth0", "eth7"); err != nil {
			return err
		}
		if got := told(); len(got) != 1 || !strings.HasPrefix(got[0], "routing is not as the policies need it: policy's device eth0: ") {
			t.Errorf("without the device told is %q", got)
		}
		if err := rename("eth7", "eth0"); err != nil {
			return err
		}
		if got := told(); len(got) != 1 || r.failed != "" {
			t.Errorf("with the device told is %q, failed is %q", got, r.failed)
		}
		return nil
	})
}

// TestBoundSockets go past the tables as before there were unreachable routes: those
// have no device, and would count for every one.
func TestBoundSockets(t *testing.T) {
	withDataplane(t, func(d *Dataplane) error {
		if err := d.SetPolicies([]*ipsec.Policy{policy(10, permit(lan, remote))}); err != nil {
			return err
		}
		routes, err := netlink.RouteGetWithOptions(server.AsSlice(), &netlink.RouteGetOptions{Oif: "eth1"})
		if err != nil || len(routes) != 1 || !routes[0].Gw.Equal(peer.AsSlice()) {
			t.Errorf("bound to eth1: %v, %v, want by way of %v", routes, err, peer)
		}
		return nil
	})
}

// TestTakenTable: unreachable routes are left by a program that was killed, others
// belong to somebody.
func TestTakenTable(t *testing.T) {
	inNamespace(t, func() error {
		for _, test := range []struct {
			name  string
			route netlink.Route
			taken bool
		}{
			{"ours", *route{table: DefaultTable + 1, prefix: remote}.netlink(), false},
			{"of another metric", netlink.Route{Table: DefaultTable, Dst: ipNet(remote), Type: unix.RTN_UNREACHABLE}, true},
			{"of another type", netlink.Route{Table: DefaultTable, Dst: ipNet(remote), Type: unix.RTN_BLACKHOLE, Priority: 3}, true},
		} {
			if err := netlink.RouteAdd(&test.route); err != nil {
				return err
			}
			d, err := Open(Config{})
			if err == nil {
				err = errors.Join(err, d.Close())
			} else if test.taken {
				err = netlink.RouteDel(&test.route)
			}
			if err != nil || (d == nil) != test.taken {
				t.Errorf("%s: Open = %v, %v", test.name, d != nil, err)
			}
			if left, err := now(); err != nil || strings.Contains(left, "route") {
				t.Errorf("%s: left are %v\n%s", test.name, err, left)
			}
		}
		return nil
	})
}
