package tunnel

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/esp"
	"sallyport/platform/netns"
	"sallyport/platform/netns/netnstest"
)

// inNamespace runs f in a network namespace of its own with a LAN on eth0,
// 10.1.1.1/24, and the peer's side on eth1, 192.0.2.1/24, with the default route. In
// CI nothing is skipped.
func inNamespace(t testing.TB, f func() error) *netns.Namespace {
	t.Helper()
	n := netnstest.New(t)
	for _, err := range []error{
		netns.Cable(n, "eth0", n, "lan0"), netns.Cable(n, "eth1", n, "wan0"),
		n.AddAddress("eth0", netip.MustParsePrefix("10.1.1.1/24")), n.AddAddress("eth1", netip.MustParsePrefix("192.0.2.1/24")),
		n.AddRoute(world, peer), n.Forward(),
		n.Do(f),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// withDataplane runs f in such a namespace with a dataplane that is closed after it.
func withDataplane(t testing.TB, f func(d *Dataplane) error) {
	t.Helper()
	inNamespace(t, func() error {
		d, err := Open(Config{})
		if err != nil {
			return err
		}
		defer d.Close()
		return f(d)
	})
}

// way is what the system says of a destination: the device, and the source address
// that it would choose.
func way(to string, o netlink.RouteGetOptions) (device string, from string, err error) {
	routes, err := netlink.RouteGetWithOptions(net.ParseIP(to), &o)
	if err != nil {
		return "", "", fmt.Errorf("route to %s: %w", to, err)
	}
	link, err := netlink.LinkByIndex(routes[0].LinkIndex)
	if err != nil {
		return "", "", err
	}
	return link.Attrs().Name, routes[0].Src.String(), nil
}

// TestWays is the package comment's table of rules, seen from outside.
func TestWays(t *testing.T) {
	withDataplane(t, func(d *Dataplane) error {
		wide := netip.MustParsePrefix("10.0.0.0/8")
		if err := d.SetPolicies([]*ipsec.Policy{policy(10, permit(wide, wide))}); err != nil {
			return err
		}
		guardFrom := netlink.RouteGetOptions{Iif: "eth1", SrcAddr: net.ParseIP("10.1.2.6")}
		for _, test := range []struct {
			name, to string
			how      netlink.RouteGetOptions
			device   string
			from     string // empty: not looked at
		}{
			{"to a prefix behind the peer", "10.1.2.6", netlink.RouteGetOptions{}, "sallyport0", "192.0.2.1"},
			{"the same, forwarded", "10.1.2.6", netlink.RouteGetOptions{Iif: "eth0", SrcAddr: net.ParseIP("10.1.1.5")}, "sallyport0", ""},
			{"the same, decrypted: a hub protects what it relays", "10.1.2.6", netlink.RouteGetOptions{Iif: "sallyport0", SrcAddr: net.ParseIP("10.1.3.5")}, "sallyport0", ""},
			{"the same, our own packet", "10.1.2.6", netlink.RouteGetOptions{Mark: DefaultMark}, "eth1", ""},
			{"to the LAN, though the list covers it", "10.1.1.5", netlink.RouteGetOptions{}, "eth0", "10.1.1.1"},
			{"to the LAN, decrypted", "10.1.1.5", netlink.RouteGetOptions{Iif: "sallyport0", SrcAddr: net.ParseIP("10.1.2.6")}, "eth0", ""},
			{"to the LAN, in clear from outside", "10.1.1.5", guardFrom, "sallyport1", ""},
			{"to the peer", "192.0.2.2", netlink.RouteGetOptions{}, "eth1", "192.0.2.1"},
			{"to the world", "8.8.8.8", netlink.RouteGetOptions{}, "eth1", "192.0.2.1"},
			{"to ourselves", "10.1.1.1", netlink.RouteGetOptions{}, "lo", ""},
		} {
			device, from, err := way(test.to, test.how)
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
				continue
			}
			if device != test.device || test.from != "" && from != test.from {
				t.Errorf("%s: by %s from %s, want %s %s", test.name, device, from, test.device, test.from)
			}
		}
		return nil
	})
}

// now is all that the kernel has of ours, and the policies' device.
func now() (string, error) {
	var b strings.Builder
	rules, err := netlink.RuleList(unix.AF_INET)
	if err != nil {
		return "", err
	}
	for _, r := range rules {
		if r.Priority > 0 && r.Priority < 32766 {
			fmt.Fprintf(&b, "rule %+v\n", ruleOf(&r))
		}
	}
	for _, table := range []int{DefaultTable, DefaultTable + 1} {
		routes, err := netlink.RouteListFiltered(unix.AF_INET, &netlink.Route{Table: table}, netlink.RT_FILTER_TABLE)
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return "", err
		}
		for _, r := range routes {
			fmt.Fprintf(&b, "route %+v\n", routeOf(&r))
		}
	}
	link, err := netlink.LinkByName("eth1")
	if err != nil {
		return "", err
	}
	filter, err := os.ReadFile(sysctls + "/eth1/rp_filter")
	fmt.Fprintf(&b, "eth1 group %d rp_filter %s", link.Attrs().Group, filter)
	return b.String(), err
}

// TestTakenBack: what is stated again changes nothing, and what is not stated any
// more leaves no trace.
func TestTakenBack(t *testing.T) {
	inNamespace(t, func() error {
		if err := os.WriteFile(sysctls+"/eth1/rp_filter", []byte("1"), 0); err != nil {
			return err
		}
		link, err := netlink.LinkByName("eth1")
		if err != nil {
			return err
		}
		if err := netlink.LinkSetGroup(link, 77); err != nil {
			return err
		}
		untouched, err := now()
		if err != nil {
			return err
		}
		d, err := Open(Config{})
		if err != nil {
			return err
		}
		policies := []*ipsec.Policy{policy(10, permit(lan, remote))}
		var states []string
		state := func(p []*ipsec.Policy) error {
			err := d.SetPolicies(p)
			s, e := now()
			states = append(states, s)
			return errors.Join(err, e)
		}
		if err := errors.Join(state(policies), state(policies), state(nil), state(policies), d.Close()); err != nil {
			return err
		}
		closed, err := now()
		if states[0] == untouched || states[1] != states[0] || states[3] != states[0] {
			t.Errorf("stated three times:\n%s\n%s\n%s", states[0], states[1], states[3])
		}
		if states[2] != untouched || closed != untouched {
			t.Errorf("before\n%safter undo\n%safter Close\n%s", untouched, states[2], closed)
		}
		if err := d.SetPolicies(policies); !errors.Is(err, os.ErrClosed) {
			t.Errorf("SetPolicies after Close = %v, want %v", err, os.ErrClosed)
		}
		return err
	})
}

func TestDeviceThatIsNotThere(t *testing.T) {
	withDataplane(t, func(d *Dataplane) error {
		good, bad := policy(10, permit(lan, remote)), policy(20, permit(lan, lan))
		bad.Device = "eth9"
		if err := d.SetPolicies([]*ipsec.Policy{good}); err != nil {
			return err
		}
		before, err := now()
		if err != nil {
			return err
		}
		if err := d.SetPolicies([]*ipsec.Policy{bad, good}); err == nil || !strings.HasPrefix(err.Error(), "policy's device eth9: ") {
			t.Errorf("SetPolicies = %v, want the device named", err)
		}
		after, err := now()
		if after != before {
			t.Errorf("before\n%safter\n%s", before, after)
		}
		return err
	})
}

// TestLeftBehind: rules of a program that was killed are removed, and a second
// dataplane in one namespace is refused.
func TestLeftBehind(t *testing.T) {
	inNamespace(t, func() error {
		for _, r := range testPlanner.rules([]string{"eth1"}) {
			if err := netlink.RuleAdd(r.netlink()); err != nil {
				return err
			}
		}
		d, err := Open(Config{})
		if err != nil {
			return err
		}
		defer d.Close()
		if s, err := now(); err != nil || strings.Contains(s, "rule") {
			t.Errorf("left are %v\n%s", err, s)
		}
		if err := d.SetPolicies([]*ipsec.Policy{policy(10, permit(lan, remote))}); err != nil {
			return err
		}
		if other, err := Open(Config{}); err == nil {
			t.Error("a second dataplane opens")
			return other.Close()
		} else if want := "routing table 4500 is in use"; !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Open = %v, want %q…", err, want)
		}
		return nil
	})
}

// haveAddresses gives the policies' device more addresses.
func haveAddresses(addresses ...string) error {
	link, err := netlink.LinkByName("eth1")
	if err != nil {
		return err
	}
	for _, a := range addresses {
		if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: ipNet(one(netip.MustParseAddr(a)))}); err != nil {
			return fmt.Errorf("address %s: %w", a, err)
		}
	}
	return nil
}

// TestSingleSource: what this box itself sends comes from the one address that an instance
// protects, while it is ours, and from the policy's device's otherwise.
func TestSingleSource(t *testing.T) {
	withDataplane(t, func(d *Dataplane) error {
		const first, second = "10.99.0.1", "10.99.0.2"
		inner := func(n uint32, a string) *ipsec.Policy {
			return instance(10, n, permit(one(netip.MustParseAddr(a)), remote))
		}
		router := d.router.(*routing)
		for _, step := range []struct {
			name string
			do   func() error
			want string
		}{
			{"no instance", func() error { return d.SetPolicies([]*ipsec.Policy{policy(10, permit(world, remote))}) }, "192.0.2.1"},
			{"an instance before its address", func() error { return d.AddPolicy(inner(1, first)) }, "192.0.2.1"},
			{"the address", func() error { defer router.Retry(); return haveAddresses(first, second) }, first},
			{"a newer instance", func() error { return d.AddPolicy(inner(2, second)) }, second},
			{"one with the same source", func() error { return d.AddPolicy(inner(3, second)) }, second},
			{"it goes", func() error { return d.RemovePolicy(inner(3, second).ID) }, second},
			{"the newer goes", func() error { return d.RemovePolicy(inner(2, second).ID) }, first},
			{"its address has gone", func() error { defer router.Retry(); return lackAddress(first) }, "192.0.2.1"},
			{"and is back", func() error { defer router.Retry(); return haveAddresses(first) }, first},
			{"another policy", func() error {
				return d.SetPolicies([]*ipsec.Policy{policy(5, permit(one(netip.MustParseAddr(second)), remote)), policy(10, permit(world, remote))})
			}, second},
			{"it goes", func() error { return d.SetPolicies([]*ipsec.Policy{policy(10, permit(world, remote))}) }, first},
			{"no instance is left", func() error { return d.RemovePolicy(inner(1, first).ID) }, "192.0.2.1"},
			{"an instance", func() error { return d.AddPolicy(inner(1, first)) }, first},
			{"and a second", func() error { return d.AddPolicy(inner(2, second)) }, second},
			{"the older goes", func() error { return d.RemovePolicy(inner(1, first).ID) }, second},
			{"both are gone", func() error { return d.RemovePolicy(inner(2, second).ID) }, "192.0.2.1"},
			{"what is not there goes, and nothing else", func() error {
				err := router.changer.remove(route{table: router.table + 1, prefix: remote, device: router.inside, source: gateway, single: true})
				if !errors.Is(err, unix.ESRCH) {
					return fmt.Errorf("remove = %w, want %w", err, unix.ESRCH)
				}
				return nil
			}, "192.0.2.1"},
		} {
			if err := step.do(); err != nil {
				return fmt.Errorf("%s: %w", step.name, err)
			}
			if device, from, err := way("10.1.2.6", netlink.RouteGetOptions{}); err != nil || device != "sallyport0" || from != step.want {
				t.Errorf("%s: by %s from %s, %v, want sallyport0 from %s", step.name, device, from, err, step.want)
			}
			if router.pending {
				t.Errorf("%s: routes are looked at again and again", step.name)
			}
		}
		return nil
	})
}

// lackAddress takes an address of haveAddresses back.
func lackAddress(address string) error {
	link, err := netlink.LinkByName("eth1")
	if err != nil {
		return err
	}
	return netlink.AddrDel(link, &netlink.Addr{IPNet: ipNet(one(netip.MustParseAddr(address)))})
}

// TestInstanceAfterFailure: one that comes while routing is not as it should be has its
// routes, and goes like all others.
func TestInstanceAfterFailure(t *testing.T) {
	withDataplane(t, func(d *Dataplane) error {
		router := d.router.(*routing)
		if err := d.SetPolicies([]*ipsec.Policy{template(10, permit(lan, remote))}); err != nil {
			return err
		}
		router.fail(os.ErrPermission)
		p := instance(10, 1, permit(lan, remote))
		if err := d.AddPolicy(p); err != nil {
			return err
		}
		if err := hasRoutes(router, []*ipsec.Policy{p}); err != nil {
			return err
		}
		if err := d.RemovePolicy(p.ID); err != nil {
			return err
		}
		return hasRoutes(router, nil)
	})
}

// TestRetry: an address that comes after its policy becomes the source, and a device
// that was made anew is taken again.
func TestRetry(t *testing.T) {
	withDataplane(t, func(d *Dataplane) error {
		p := policy(10, permit(lan, remote))
		p.Local = netip.MustParseAddr("192.0.2.77")
		if err := d.SetPolicies([]*ipsec.Policy{p}); err != nil {
			return err
		}
		if device, from, err := way("10.1.2.6", netlink.RouteGetOptions{}); err != nil || device != "sallyport0" || from == "192.0.2.77" {
			t.Errorf("without the address: by %s from %s, %v", device, from, err)
		}
		link, err := netlink.LinkByName("eth1")
		if err != nil {
			return err
		}
		addr, err := netlink.ParseAddr("192.0.2.77/24")
		if err != nil {
			return err
		}
		if err := errors.Join(netlink.AddrAdd(link, addr), netlink.LinkSetGroup(link, 0)); err != nil {
			return err
		}
		d.router.Retry()
		if device, from, err := way("10.1.2.6", netlink.RouteGetOptions{}); err != nil || device != "sallyport0" || from != "192.0.2.77" {
			t.Errorf("with the address: by %s from %s, %v, want sallyport0 from 192.0.2.77", device, from, err)
		}
		link, err = netlink.LinkByName("eth1")
		if err != nil || link.Attrs().Group != policyGroup {
			t.Errorf("eth1 is in group %d, %v, want %d", link.Attrs().Group, err, policyGroup)
		}
		// When the address goes its route does too, but protected traffic still comes here.
		if err := netlink.AddrDel(link, addr); err != nil {
			return err
		}
		if device, _, err := way("10.1.2.6", netlink.RouteGetOptions{}); err != nil || device != "sallyport0" {
			t.Errorf("after the address: by %s, %v, want sallyport0", device, err)
		}
		return nil
	})
}

// TestPathMTU: a router on the way has a small MTU, and says so. In all forms the
// SA learns it from one packet too many.
//
//	sallyport (192.0.2.1) ── eth1 ── (192.0.2.2) router (198.51.100.2) ── MTU 1300 ── (198.51.100.1) far
func TestPathMTU(t *testing.T) {
	for name, form := range map[string]func(*ipsec.SA){"plain": func(*ipsec.SA) {}, "in UDP": inUDP, "AH": onlyAH, "bundle": around(0x3000)} {
		t.Run(name, func(t *testing.T) { learnsMTU(t, form, permit(lan, remote)) })
		t.Run(name+", our own address is protected", func(t *testing.T) {
			learnsMTU(t, form, permit(lan, remote), permit(one(gateway), world))
		})
	}
}

func learnsMTU(t *testing.T, form func(*ipsec.SA), rules ...acl.Rule) {
	far := netip.MustParseAddr("198.51.100.1")
	var d *Dataplane
	us := inNamespace(t, func() error { return nil })
	router := netnstest.New(t)
	for _, err := range []error{
		us.Do(func() error {
			link, err := netlink.LinkByName("eth1")
			if err != nil {
				return err
			}
			return netlink.LinkDel(link)
		}),
		netns.Cable(us, "eth1", router, "near"), netns.Cable(router, "far", router, "end"),
		us.AddAddress("eth1", netip.MustParsePrefix("192.0.2.1/24")), us.AddRoute(world, peer),
		router.AddAddress("near", netip.MustParsePrefix("192.0.2.2/24")), router.AddAddress("far", netip.MustParsePrefix("198.51.100.2/24")),
		router.Forward(),
		router.Do(func() error {
			link, err := netlink.LinkByName("far")
			if err != nil {
				return err
			}
			return netlink.LinkSetMTU(link, 1300)
		}),
		us.Do(func() error {
			d = openForTest(t, gateway, nil).(*Dataplane)
			return d.SetPolicies([]*ipsec.Policy{policy(10, rules...)})
		}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	sa := outboundOf(0x1000, form, func(sa *ipsec.SA) { sa.Remote, sa.ID.Destination = far, far })
	if err := d.AddSA(sa); err != nil {
		t.Fatal(err)
	}
	l := &leaving{d: d}
	out := d.sad.outbound[nameOf(sa.ID)]
	for end := time.Now().Add(5 * time.Second); out.pmtu.Load() != 1300; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the path MTU is %d, want 1300; drops %v", out.pmtu.Load(), d.Statistics().Drops)
		}
		l.packet(copy(l.buffer[headroom:], shape{size: 1400, df: true}.build()))
	}
	if fits := esp.MaxInner(sa, 1300); fits >= 1300 || fits < 1200 {
		t.Errorf("%d octets fit into an MTU of 1300", fits)
	}
}

// TestOwnTableAndMark also has the list that permits everything.
func TestOwnTableAndMark(t *testing.T) {
	inNamespace(t, func() error {
		d, err := Open(Config{Notify: func(ipsec.Event) {}, Table: 700, Mark: 9})
		if err != nil {
			return err
		}
		defer d.Close()
		if err := d.SetPolicies([]*ipsec.Policy{policy(10, acl.Rule{Action: acl.Permit})}); err != nil {
			return err
		}
		device, _, err := way("8.8.8.8", netlink.RouteGetOptions{})
		if err != nil || device != "sallyport0" {
			t.Errorf("everything goes by %s, %v, want sallyport0", device, err)
		}
		device, _, err = way("8.8.8.8", netlink.RouteGetOptions{Mark: 9})
		if err != nil || device != "eth1" {
			t.Errorf("our own packets go by %s, %v, want eth1", device, err)
		}
		return nil
	})
}

// netlink writes a route the way package netlink wants it.
func (v route) netlink() *netlink.Route {
	r := &netlink.Route{
		Family: unix.AF_INET, Table: v.table, Dst: ipNet(v.prefix), LinkIndex: v.device,
		Scope: netlink.SCOPE_LINK, Priority: v.metric(),
	}
	if v.device == 0 {
		r.Type = unix.RTN_UNREACHABLE
	}
	if v.source.IsValid() {
		r.Src = v.source.AsSlice()
	}
	return r
}
