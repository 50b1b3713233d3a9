package kernel

import (
	"net"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/ipsec/selection"
)

// index returns the number of a device.
func (s *side) index(t testing.TB, device string) int {
	t.Helper()
	link, err := s.k.links.LinkByName(device)
	must(t, err)
	return link.Attrs().Index
}

// TestTunnelInterfaces: what is routed into one is protected, and comes out of one.
func TestTunnelInterfaces(t *testing.T) {
	left, right := newPair(t)
	needESP(t, left.k)
	const ifID = Ours | 3
	for _, way := range [][2]*side{{left, right}, {right, left}} {
		from, to := way[0], way[1]
		index, err := from.k.AddTunnel(Tunnel{Name: "Tunnel1", IfID: ifID, MTU: 1400})
		must(t, err)
		again, err := from.k.AddTunnel(Tunnel{Name: "Tunnel1", IfID: ifID, MTU: 1300})
		if again != index || err != nil {
			t.Errorf("made again: %d, %v, want %d", again, err, index)
		}
		all, err := from.k.Tunnels()
		if want := (Tunnel{"Tunnel1", ifID, 1300, index}); len(all) != 1 || all[0] != want || err != nil {
			t.Errorf("there are %+v, %v, want %+v", all, err, want)
		}
		must(t, from.k.links.RouteReplace(&netlink.Route{LinkIndex: index, Dst: ipNet(one(to.inner)), Src: from.inner.AsSlice()}))
		s := plain.states(from, to)[0]
		s.IfID = ifID
		must(t, from.k.AddState(s))
		s.Inbound = true
		must(t, to.k.AddState(s))
		for d, k := range map[Direction]*Kernel{Out: from.k, In: to.k, Forward: to.k} {
			p := plain.policy(d, from, to)
			p.Selection, p.IfID = selection.All(), ifID
			must(t, k.AddPolicy(p, false))
		}
	}
	if n := send(t, left, right, left.inner, right.inner, volley{5, 100, 5}) + send(t, right, left, right.inner, left.inner, volley{5, 100, 5}); n != 10 {
		t.Errorf("%d of 10 arrived; errors %v and %v", n, left.errors(t), right.errors(t))
	}
	if got, _, err := right.k.State(plain.states(left, right)[0].ID); got.Counters.Packets != 5 || got.IfID != ifID || err != nil {
		t.Errorf("%+v, %v: want 5 packets through the tunnel", got, err)
	}
	all, err := left.k.Policies()
	must(t, err)
	for _, p := range all {
		must(t, left.k.DeletePolicy(p.Index, p.IfID))
	}
	if all, err = left.k.Policies(); len(all) != 0 || err != nil {
		t.Errorf("left are %v, %v", all, err)
	}
	must(t, left.k.RemoveTunnel("Tunnel1"))
	must(t, left.k.RemoveTunnel("Tunnel1"))
	if all, err := left.k.Tunnels(); len(all) != 0 || err != nil {
		t.Errorf("left are %v, %v", all, err)
	}
}

// ipNet writes a prefix the way package netlink wants it.
func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// TestForeignInterfaceStays: one of the name that is none of ours is neither taken nor
// removed.
func TestForeignInterfaceStays(t *testing.T) {
	left, _ := newPair(t)
	if _, err := left.k.AddTunnel(Tunnel{Name: "left", IfID: Ours | 1}); err == nil {
		t.Error("a cable became a tunnel")
	}
	must(t, left.k.RemoveTunnel("left"))
	left.index(t, "left")
}

// TestKernelWithoutTunnels says what is missing.
func TestKernelWithoutTunnels(t *testing.T) {
	s := newSide(t)
	_, err := s.k.AddTunnel(Tunnel{Name: "Tunnel1", IfID: Ours | 1})
	if err == nil {
		return // it has them
	}
	want := "interface Tunnel1: this kernel has no tunnel interfaces (CONFIG_XFRM_INTERFACE): run with --dataplane user: " + unix.EOPNOTSUPP.Error()
	if err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
}
