package link

import (
	"cmp"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/platform"
)

// The parts that the wanted states of the tests below are made of: networks,
// one of which is there before us, routes that need one of them, and a route
// that is there.
var (
	someNetworks = [][]string{{"10.0.0.1/24", "10.0.0.2/24", "10.0.0.3/24"}, {"10.1.0.1/16"}, {"192.0.2.1/24"}}
	someRoutes   = []platform.Route{
		static("10.7.0.0/16", "10.0.0.9", "", 60),
		static("10.7.0.0/16", "10.1.0.9", "", 60),
		static("10.8.0.0/16", "192.0.2.253", "", 60),
		static("10.9.0.0/16", "", "eth1", 60),
		static("10.10.0.0/16", "", "Tunnel1", 60),
		backed(static("10.10.0.0/16", "", "Tunnel1", 70)),
		backed(static("10.7.0.0/16", "10.0.0.9", "", 80)),
		backed(static("10.7.0.0/16", "", "eth1", 80)),
	}
	someTunnels = []platform.GRE{
		{Local: netip.MustParseAddr("192.0.2.1"), Remote: netip.MustParseAddr("198.51.100.7")},
		{Local: netip.MustParseAddr("192.0.2.1"), Remote: netip.MustParseAddr("198.51.100.7"), HasKey: true},
	}
)

// anyNetwork draws a wanted state. No network is on two ports, and only eth1 is
// ever shut down: with eth0 the administrator's routes would go.
func anyNetwork(draw *rand.Rand) (n platform.Network) {
	ports := []platform.Interface{port("eth0"), port("eth1")}
	for k, addresses := range someNetworks {
		i := &ports[draw.IntN(2)]
		if k == 2 {
			i = &ports[0]
		}
		for _, a := range draw.Perm(len(addresses))[:draw.IntN(len(addresses)+1)] {
			i.Addresses = append(i.Addresses, port("", addresses[a]).Addresses...)
		}
	}
	ports[1].Down = draw.IntN(4) == 0
	for _, i := range ports {
		i.MTU = []int{0, 1400, 1500}[draw.IntN(3)]
		if draw.IntN(3) > 0 {
			n.Interfaces = append(n.Interfaces, i)
		}
	}
	tunnel := draw.IntN(2) == 0
	if tunnel {
		i := port("Tunnel1", []string{"10.11.0.1/30", "10.11.0.2/30"}[draw.IntN(2)])
		i.GRE, i.MTU, i.Down = &someTunnels[draw.IntN(2)], []int{0, 1300}[draw.IntN(2)], draw.IntN(4) == 0
		n.Interfaces = append(n.Interfaces, i)
	}
	for _, r := range someRoutes {
		if draw.IntN(2) == 0 && (tunnel || r.Device != "Tunnel1") {
			n.Routes = append(n.Routes, r)
		}
	}
	return n
}

// fresh returns what a host holds on which n is the first thing applied. The
// order of addresses of different networks says nothing.
func fresh(t *testing.T, n platform.Network) string {
	t.Helper()
	f := host()
	apply(t, newLink(t, f), n)
	return sorted(f)
}

// sorted writes f with the addresses of each network together, in their order.
func sorted(f *fake) string {
	slices.SortStableFunc(f.addrs, func(a, b markedAddress) int {
		return a.prefix.Masked().Addr().Compare(b.prefix.Masked().Addr())
	})
	slices.SortStableFunc(f.table, func(a, b markedRoute) int {
		return cmp.Or(a.nextHop.Compare(b.nextHop), cmp.Compare(a.metric, b.metric))
	})
	return f.String()
}

// Whatever was applied before, Apply leads to the same host as on a fresh one,
// also after a change that failed halfway, and Close to what was there.
func TestApplyHasNoMemory(t *testing.T) {
	for seed := range uint64(300) {
		draw := rand.New(rand.NewPCG(seed, 1))
		f := host()
		l := newLink(t, f)
		for range 6 {
			n := anyNetwork(draw)
			if f.asked != nil && draw.IntN(3) == 0 {
				breakOnce(t, draw, f, l, n)
			}
			apply(t, l, n)
			if got, want := sorted(f), fresh(t, n); got != want {
				t.Fatalf("draw %d: after Apply(%+v) the kernel holds\n%swant\n%s", seed, n, got, want)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if got, want := sorted(f), sorted(host()); got != want {
			t.Fatalf("draw %d: after Close the kernel holds\n%swant\n%s", seed, got, want)
		}
	}
}

// breakOnce lets one change that leads to n fail, if there is one, and checks
// that the state before is back.
func breakOnce(t *testing.T, draw *rand.Rand, f *fake, l *Link, n platform.Network) {
	t.Helper()
	before := l.wanted
	f.asked = nil
	apply(t, l, n)
	changes := slices.Clone(f.asked)
	apply(t, l, before)
	if len(changes) == 0 {
		return
	}
	broken := changes[draw.IntN(len(changes))]
	f.fail[broken] = unix.ENOBUFS
	err := l.Apply(n)
	delete(f.fail, broken)
	if err == nil {
		return // another order: the change was not needed this time
	}
	apply(t, l, before) // what could not be undone because it is the broken one
	if got, want := sorted(f), fresh(t, before); got != want {
		t.Fatalf("after %v at %q the kernel holds\n%swant\n%s", err, broken, got, want)
	}
}
