package tunnel

import (
	"bufio"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// TestInstalledIsAPolicy: what a gate asks for is what it finds, and what another
// dataplane of ours made is not taken for it.
func TestInstalledIsAPolicy(t *testing.T) {
	mine := installed{selection.Clause{Selection: selection.All(), Allow: true}, selection.FirstPriority, kernel.FirstIndex, 0}
	if got := installedOf(mine.policy()); got != mine {
		t.Errorf("%+v comes back as %+v", mine, got)
	}
	for _, change := range []func(*kernel.Policy){
		func(p *kernel.Policy) { p.Direction = kernel.Forward },
		func(p *kernel.Policy) { p.N = 1 },
		func(p *kernel.Policy) { p.Device = 3 },
		func(p *kernel.Policy) { p.IfID = kernel.Ours | 1 },
	} {
		p := mine.policy()
		change(&p)
		if at := installedOf(p); at.policy() == p || at.index != p.Index || at.ifID != p.IfID {
			t.Errorf("%v is taken for a gate's, or cannot be removed: %+v", p, at)
		}
	}
}

// xfrmNow is all that the kernel has of XFRM, by whomever.
func xfrmNow() (ours, foreign []netlink.XfrmPolicy, err error) {
	all, err := netlink.XfrmPolicyList(netlink.FAMILY_V4)
	for _, p := range all {
		if p.Dir >= netlink.XFRM_SOCKET_IN {
			continue // the bypass of sockets
		}
		if kernel.IsOurs(uint32(p.Index)) {
			ours = append(ours, p)
		} else {
			foreign = append(foreign, p)
		}
	}
	return ours, foreign, err
}

// others makes policies of somebody else's, one of them between the same networks.
func others() error {
	for i, p := range []netlink.XfrmPolicy{
		{Src: ipNet(remote), Dst: ipNet(lan), Proto: unix.IPPROTO_TCP, DstPort: 99, Dir: netlink.XFRM_DIR_IN, Action: netlink.XFRM_POLICY_ALLOW},
		{Src: ipNet(world), Dst: ipNet(one(netip.MustParseAddr("10.9.9.9"))), Dir: netlink.XFRM_DIR_IN, Action: netlink.XFRM_POLICY_BLOCK},
		{Src: ipNet(lan), Dst: ipNet(one(netip.MustParseAddr("10.9.9.9"))), Dir: netlink.XFRM_DIR_OUT, Action: netlink.XFRM_POLICY_BLOCK},
	} {
		p.Priority = 1000 * (i + 1)
		if err := netlink.XfrmPolicyAdd(&p); err != nil {
			return fmt.Errorf("foreign policy %d: %w", i, err)
		}
	}
	return nil
}

// TestForeignPoliciesStay through start, change and end, and ours go.
func TestForeignPoliciesStay(t *testing.T) {
	inNamespace(t, func() error {
		if err := others(); err != nil {
			return err
		}
		_, before, err := xfrmNow()
		if err != nil {
			return err
		}
		d, err := Open(Config{Warn: func(line string) { t.Errorf("warned: %s", line) }})
		if err != nil {
			return err
		}
		first := []*ipsec.Policy{policy(10, permit(lan, remote))}
		second := []*ipsec.Policy{policy(10, deny(one(host), remote), toPort(permit(lan, remote), 53))}
		var last []netlink.XfrmPolicy
		for _, test := range []struct {
			name string
			do   func() error
			ours int
			same bool // as before
		}{
			{"no policy", func() error { return nil }, 0, true},
			{"one", func() error { return d.SetPolicies(first) }, 1, false},
			{"the same again", func() error { return d.SetPolicies(first) }, 1, true},
			{"another", func() error { return d.SetPolicies(second) }, 2, false},
			{"none", func() error { return d.SetPolicies(nil) }, 0, false},
			{"the first again", func() error { return d.SetPolicies(first) }, 1, false},
			{"the end", d.Close, 0, false},
		} {
			if err := test.do(); err != nil {
				return fmt.Errorf("%s: %w", test.name, err)
			}
			ours, foreign, err := xfrmNow()
			if err != nil {
				return err
			}
			if len(ours) != test.ours || reflect.DeepEqual(ours, last) != test.same {
				t.Errorf("%s: ours are %v, want %d; before %v", test.name, ours, test.ours, last)
			}
			if !reflect.DeepEqual(foreign, before) {
				t.Errorf("%s: of others are\n%v\nwant\n%v", test.name, foreign, before)
			}
			last = ours
		}
		return nil
	})
}

// TestSamePacketsOfAnother: a foreign policy for the very packets of ours stays, is
// reported, and decides.
func TestSamePacketsOfAnother(t *testing.T) {
	inNamespace(t, func() error {
		theirs := netlink.XfrmPolicy{Src: ipNet(remote), Dst: ipNet(lan), Dir: netlink.XFRM_DIR_IN, Priority: 5}
		if err := netlink.XfrmPolicyAdd(&theirs); err != nil {
			return err
		}
		var lines []string
		d, err := Open(Config{Warn: func(line string) { lines = append(lines, line) }})
		if err != nil {
			return err
		}
		err = errors.Join(d.SetPolicies([]*ipsec.Policy{policy(10, permit(lan, remote))}), d.Close())
		ours, foreign, e := xfrmNow()
		if len(ours) != 0 || len(foreign) != 1 || foreign[0].Priority != 5 || len(lines) != 1 {
			t.Errorf("ours %v, of others %v, told %q", ours, foreign, lines)
		}
		return errors.Join(err, e)
	})
}

// TestFlushedPoliciesComeBack, and routes that change change what is spared.
func TestFlushedPoliciesComeBack(t *testing.T) {
	withDataplane(t, func(d *Dataplane) error {
		if err := d.SetPolicies([]*ipsec.Policy{policy(10, permit(world, world))}); err != nil {
			return err
		}
		before, _, err := xfrmNow()
		if err != nil {
			return err
		}
		if err := netlink.XfrmPolicyFlush(); err != nil {
			return err
		}
		d.router.Retry()
		if after, _, err := xfrmNow(); err != nil || !reflect.DeepEqual(after, before) {
			t.Errorf("after a flush and a tick there are\n%v, %v\nwant\n%v", after, err, before)
		}
		link, err := netlink.LinkByName("eth0")
		if err != nil {
			return err
		}
		if err := netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: ipNet(remote)}); err != nil {
			return err
		}
		d.router.Retry()
		after, _, err := xfrmNow()
		spares := func(p netlink.XfrmPolicy) bool {
			return p.Action == netlink.XFRM_POLICY_ALLOW && p.Src.String() == remote.String()
		}
		if len(after) != len(before)+1 || slices.ContainsFunc(before, spares) || !slices.ContainsFunc(after, spares) {
			t.Errorf("with a route by the LAN there are\n%v\nbefore\n%v", after, before)
		}
		return err
	})
}

// TestOtherDataplaneIsSweptAway: what the kernel's dataplane left when it was killed goes,
// whatever its direction and interface.
func TestOtherDataplaneIsSweptAway(t *testing.T) {
	inNamespace(t, func() error {
		if err := others(); err != nil {
			return err
		}
		_, before, err := xfrmNow()
		if err != nil {
			return err
		}
		k, err := kernel.Open()
		if err != nil {
			return err
		}
		defer k.Close()
		out := kernel.Policy{Direction: kernel.Out, Selection: selection.All(), Block: true, Priority: 7, Index: kernel.FirstIndex | 1}
		routed := kernel.Policy{Direction: kernel.In, Selection: selection.All(), IfID: kernel.Ours | 5, Priority: 7, Index: kernel.FirstIndex}
		if err := errors.Join(k.AddPolicy(out, false), k.AddPolicy(routed, false)); err != nil {
			return err
		}
		if _, err := k.ReserveSPI(peer, gateway, ipsec.ESP, ipsec.Tunnel, kernel.Ours|1); err != nil {
			return err
		}
		d, err := Open(Config{})
		if err != nil {
			return err
		}
		ours, foreign, err := xfrmNow()
		states, e := k.States()
		if len(ours) != 0 || len(states) != 0 || !reflect.DeepEqual(foreign, before) {
			t.Errorf("left are %v and %v, of others %v, want %v", ours, states, foreign, before)
		}
		return errors.Join(err, e, d.Close())
	})
}

// TestSecondDataplaneTouchesNothing of the first, though it finds its rules.
func TestSecondDataplaneTouchesNothing(t *testing.T) {
	withDataplane(t, func(d *Dataplane) error {
		if err := d.SetPolicies([]*ipsec.Policy{policy(10, permit(lan, remote))}); err != nil {
			return err
		}
		state := func() (string, error) {
			s, err := now()
			ours, _, e := xfrmNow()
			return fmt.Sprintf("%s%v", s, ours), errors.Join(err, e)
		}
		before, err := state()
		if err != nil {
			return err
		}
		if _, err := Open(Config{}); err == nil {
			return errors.New("a second dataplane opens")
		}
		after, err := state()
		if after != before {
			t.Errorf("before\n%s\nafter\n%s", before, after)
		}
		return err
	})
}

// TestKernelWithoutXFRM: everything else works, and it is said once.
func TestKernelWithoutXFRM(t *testing.T) {
	inNamespace(t, func() error {
		d, err := Open(Config{})
		if err != nil {
			return err
		}
		r := d.router.(*routing)
		gate := r.gate
		var lines []string
		r.gate, r.warn = nil, func(line string) { lines = append(lines, line) }
		err = errors.Join(
			r.use(nil, kernel.ErrNoXFRM),
			d.SetPolicies([]*ipsec.Policy{policy(10, permit(lan, remote))}),
		)
		r.Retry()
		ours, _, e := xfrmNow()
		if len(ours) != 0 || d.Statistics() != (ipsec.Statistics{}) {
			t.Errorf("there are %v, statistics %+v", ours, d.Statistics())
		}
		if want := []string{"clear packets to this box itself are not checked: the kernel lacks CONFIG_XFRM_USER"}; !slices.Equal(lines, want) {
			t.Errorf("told is %q, want %q", lines, want)
		}
		if err := r.use(nil, unix.EPERM); !errors.Is(err, unix.EPERM) {
			t.Errorf("a gate that must not be opened: %v, want %v", err, unix.EPERM)
		}
		return errors.Join(err, e, d.Close(), gate.Close())
	})
}

// roleEnv makes the test program hold a dataplane until it is killed.
const roleEnv = "SALLYPORT_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(roleEnv) == "" {
		os.Exit(m.Run())
	}
	d, err := Open(Config{})
	if err == nil {
		err = d.SetPolicies([]*ipsec.Policy{policy(10, permit(lan, remote), permit(lan, one(peer)))})
	}
	fmt.Println("ready", err)
	select {}
}

// TestKilled: what a dataplane leaves that was killed holds until the next one, which
// removes it, and then works.
func TestKilled(t *testing.T) {
	n := inNamespace(t, others)
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), roleEnv+"=dataplane")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Start(c); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if kill := errors.Join(err, c.Process.Kill()); kill != nil || line != "ready <nil>\n" {
		t.Fatalf("the other dataplane says %q, %v", line, kill)
	}
	_ = c.Wait() // it was killed
	err = n.Do(func() error {
		left, before, err := xfrmNow()
		if err != nil || len(left) != 2 {
			return fmt.Errorf("%d policies are left, %v, want 2", len(left), err)
		}
		if err := errors.Join(neighbour(), checkClosed(t)); err != nil {
			return err
		}
		d, err := Open(Config{})
		if err != nil {
			return err
		}
		defer d.Close()
		ours, foreign, err := xfrmNow()
		if len(ours) != 0 || !reflect.DeepEqual(foreign, before) {
			t.Errorf("there are\n%v\nand of others\n%v\nwant\n%v", ours, foreign, before)
		}
		if s, err := now(); err != nil || strings.Contains(s, "rule") || strings.Contains(s, "route") {
			t.Errorf("left are %v\n%s", err, s)
		}
		if err := d.SetPolicies([]*ipsec.Policy{policy(10, permit(lan, remote))}); err != nil {
			return err
		}
		if device, _, err := way(server.String(), netlink.RouteGetOptions{}); err != nil || device != "sallyport0" {
			t.Errorf("after the restart: by %s, %v, want sallyport0", device, err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAfterTheKernelsDataplane: what that left which was killed is gone, and the kernel's
// settings are as they were.
func TestAfterTheKernelsDataplane(t *testing.T) {
	inNamespace(t, func() error {
		k, err := kernel.Open()
		if err != nil {
			return err
		}
		defer k.Close()
		if err := k.SetWaiting(kernel.Patient); err != nil {
			t.Skipf("only root of the machine has these settings: %v", err)
		}
		if _, err := k.ReserveSPI(peer, gateway, ipsec.ESP, ipsec.Tunnel, kernel.Ours|1); err != nil {
			return err
		}
		left := kernel.Policy{Direction: kernel.Forward, Selection: selection.All(), Block: true, Priority: selection.FirstPriority, Index: kernel.FirstIndex + 2}
		if err := k.AddPolicy(left, false); err != nil {
			return err
		}
		d, err := Open(Config{})
		if err != nil {
			return err
		}
		defer d.Close()
		states, err := k.States()
		policies, e := k.Policies()
		w, e2 := k.Waiting()
		if len(states) > 0 || len(policies) > 0 || w != kernel.Usual {
			t.Errorf("left are %d states and %v, and packets wait %+v", len(states), policies, w)
		}
		return errors.Join(err, e, e2)
	})
}
