package ike

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sallyport/ipsec"
)

func leaseAddr(last int) netip.Addr { return netip.AddrFrom4([4]byte{10, 3, 0, byte(last)}) }

// leasePool is 10.3.0.first to 10.3.0.last.
func leasePool(first, last int) Pool {
	return Pool{Name: fmt.Sprint(first), First: leaseAddr(first), Last: leaseAddr(last), Bits: 24}
}

func leaseParty(n int) party { return party{"peer", fmt.Sprint(n)} }

// TestLeases follows clients that come and go.
func TestLeases(t *testing.T) {
	var l leases
	now := kitStart
	wish := leaseWish{pools: []Pool{leasePool(1, 2), leasePool(8, 8)}}
	take := func(n int, change func(*leaseWish)) netip.Addr {
		w := wish
		w.now = now
		if change != nil {
			change(&w)
		}
		if got := l.take(leaseParty(n), w); got != nil {
			return got.addr
		}
		return netip.Addr{}
	}
	leave := func(n int) { l.of[leaseParty(n)].since = now }
	framed := func(a int) func(*leaseWish) { return func(w *leaseWish) { w.framed = leaseAddr(a) } }
	asked := func(a int) func(*leaseWish) { return func(w *leaseWish) { w.asked = leaseAddr(a) } }
	for i, step := range []struct {
		what string
		do   func() netip.Addr
		want int // last octet; 0: none
	}{
		{"the first of the pool", func() netip.Addr { return take(1, nil) }, 1},
		{"again the same", func() netip.Addr { return take(1, nil) }, 1},
		{"the one asked for", func() netip.Addr { return take(2, asked(8)) }, 8},
		{"one that another has is not to be had", func() netip.Addr { return take(3, asked(1)) }, 2},
		{"nothing is left", func() netip.Addr { return take(4, nil) }, 0},
		{"not right after somebody has left", func() netip.Addr { leave(1); return take(4, nil) }, 0},
		{"who comes back has it again", func() netip.Addr { return take(1, nil) }, 1},
		{"of two that left the older one", func() netip.Addr {
			leave(3)
			now = now.Add(time.Second)
			leave(1)
			now = now.Add(leaseGrace)
			return take(4, nil)
		}, 2},
		{"who comes back too late has another", func() netip.Addr { return take(3, nil) }, 1},
		{"and who comes then has none", func() netip.Addr { return take(1, nil) }, 0},
		{"framed, outside the pools", func() netip.Addr { return take(5, framed(77)) }, 77},
		{"framed, but somebody has it", func() netip.Addr { return take(6, framed(77)) }, 0},
		{"framed instead of what it had", func() netip.Addr { return take(4, framed(78)) }, 78},
		{"which is free now", func() netip.Addr { return take(6, nil) }, 2},
		{"framed again", func() netip.Addr { return take(4, framed(78)) }, 78},
	} {
		want := netip.Addr{}
		if step.want != 0 {
			want = leaseAddr(step.want)
		}
		if got := step.do(); got != want {
			t.Errorf("step %d, %s: %v, want %v", i, step.what, got, want)
		}
	}
}

// TestLeasesAreExclusive lets clients come and go at random: no two ever have one address.
func TestLeasesAreExclusive(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var l leases
	now := kitStart
	for range 20000 {
		now = now.Add(time.Duration(rng.IntN(60)) * time.Second)
		with := leaseParty(rng.IntN(40))
		if held := l.of[with]; held != nil && rng.IntN(2) == 0 {
			held.since = now
			continue
		}
		w := leaseWish{pools: []Pool{leasePool(1, 12), leasePool(20, 25)}, now: now}
		if rng.IntN(4) == 0 {
			w.framed = leaseAddr(1 + rng.IntN(40))
		}
		if rng.IntN(4) == 0 {
			w.asked = leaseAddr(1 + rng.IntN(40))
		}
		got := l.take(with, w)
		if got != nil && (!got.since.IsZero() || got.with != with || !w.has(got.addr) && got.bits != 32) {
			t.Fatalf("%v has %+v", with, got)
		}
		if len(l.of) != len(l.at) {
			t.Fatalf("%d clients with %d addresses", len(l.of), len(l.at))
		}
		for a, o := range l.at {
			if o.addr != a || l.of[o.with] != o {
				t.Fatalf("%v is %+v's, who has %+v", a, o, l.of[o.with])
			}
		}
	}
}

// TestLeasesAreBounded: a large pool does not mean a large memory.
func TestLeasesAreBounded(t *testing.T) {
	var l leases
	large := Pool{Name: "large", First: netip.MustParseAddr("10.0.0.1"), Last: netip.MustParseAddr("10.255.255.254")}
	for i := range maxLeases {
		got := l.take(leaseParty(i), leaseWish{pools: []Pool{large}, now: kitStart})
		if got == nil || got.bits != 32 {
			t.Fatalf("client %d has %+v", i, got)
		}
		got.since = kitStart
	}
	if got := l.take(leaseParty(-1), leaseWish{pools: []Pool{large}, now: kitStart}); got != nil {
		t.Errorf("client %d has %v while all the others may come back", maxLeases, got.addr)
	}
	if got := l.take(leaseParty(-1), leaseWish{pools: []Pool{large}, now: kitStart.Add(leaseGrace)}); got == nil || len(l.of) != maxLeases {
		t.Errorf("later it has %v, and there are %d", got, len(l.of))
	}
}

// TestClientSelector holds what clients propose against their address and their networks.
func TestClientSelector(t *testing.T) {
	w := newAccess(t, 1, ConfigRequest)
	w.until(time.Minute)
	e := w.ends[0].engine
	s := e.current(party{peer: "peer"})
	selector := func(local, remote string) ipsec.Selector {
		return ipsec.Selector{Local: ipsec.PrefixRange(netip.MustParsePrefix(local)), Remote: ipsec.PrefixRange(netip.MustParsePrefix(remote))}
	}
	for _, test := range []struct {
		what          string
		local, remote string
		change        func()
		allowed       bool
	}{
		{"its address and its network", "10.1.0.0/24", "10.2.0.1/32", nil, true},
		{"part of the network", "10.1.0.128/25", "10.2.0.1/32", nil, true},
		{"everything", "0.0.0.0/0", "10.2.0.1/32", nil, true},
		{"another network", "10.9.0.0/24", "10.2.0.1/32", nil, false},
		{"more than the network", "10.1.0.0/16", "10.2.0.1/32", nil, false},
		{"another address", "10.1.0.0/24", "10.2.0.2/32", nil, false},
		{"the whole pool", "10.1.0.0/24", "10.2.0.0/24", nil, false},
		{"any network, if the scheme has none", "10.9.0.0/24", "10.2.0.1/32", func() { s.scheme().Networks = nil }, true},
		{"an address of before", "10.1.0.0/24", "10.2.0.1/32", func() { e.leases.of[s.party].since = w.now }, false},
		{"and again after it has come back", "10.1.0.0/24", "10.2.0.1/32", func() { s.keepLease() }, true},
		{"no address", "10.1.0.0/24", "10.2.0.1/32", func() { e.leases.drop(s.lease()) }, false},
		{"no scheme any more", "10.1.0.0/24", "10.2.0.1/32", func() { e.config.Schemes = nil }, false},
		{"a peer without clients", "10.9.0.0/24", "10.2.0.2/32", func() { s.peer = &Peer{Name: "peer"} }, true},
	} {
		if test.change != nil {
			test.change()
		}
		if err := s.clientSelector(selector(test.local, test.remote)); (err == nil) != test.allowed {
			t.Errorf("%s: %v", test.what, err)
		}
	}
}

// TestNarrowed: SAs are asked for our address, and for the network if there is one.
func TestNarrowed(t *testing.T) {
	w := newAccess(t, 1, ConfigRequest)
	w.until(time.Minute)
	e := w.ends[1].engine
	s := e.current(party{peer: "peer"})
	g := e.given[s.party]
	all := ipsec.PrefixRange(netip.MustParsePrefix("0.0.0.0/0"))
	mine, lan, other := ipsec.AddrRange(g.Address), ipsec.PrefixRange(netip.MustParsePrefix("10.1.0.0/24")), ipsec.PrefixRange(netip.MustParsePrefix("10.7.0.0/24"))
	for _, test := range []struct {
		what     string
		networks []netip.Prefix
		rule     ipsec.Selector
		want     ipsec.Selector
	}{
		{"one network", g.Networks, ipsec.Selector{Local: all, Remote: all}, ipsec.Selector{Local: mine, Remote: lan}},
		{"none", nil, ipsec.Selector{Local: all, Remote: all}, ipsec.Selector{Local: mine, Remote: all}},
		{"two", append([]netip.Prefix{netip.MustParsePrefix("10.8.0.0/24")}, g.Networks...), ipsec.Selector{Local: all, Remote: all}, ipsec.Selector{Local: mine, Remote: all}},
		{"a rule that says more", g.Networks, ipsec.Selector{Local: all, Remote: other}, ipsec.Selector{Local: mine, Remote: other}},
		{"a rule for another source", g.Networks, ipsec.Selector{Local: other, Remote: all}, ipsec.Selector{Local: other, Remote: lan}},
	} {
		g.Networks = test.networks
		if got := s.narrowed(test.rule); got != test.want {
			t.Errorf("%s: narrowed(%v) = %v, want %v", test.what, test.rule, got, test.want)
		}
		g.Networks = []netip.Prefix{netip.MustParsePrefix("10.1.0.0/24")}
	}
}

// TestLeaseOfAPairAlone: a client keeps its address over a crash even if its ISAKMP SA had
// gone before.
func TestLeaseOfAPairAlone(t *testing.T) {
	w := newAccess(t, 1, ConfigRequest)
	gw := w.ends[0]
	gw.remembers()
	w.until(time.Minute)
	gw.kill()
	in := gw.will()
	in.SAs = nil
	gw.succeed(7, in)
	if l := gw.engine.leases.of[party{peer: "peer"}]; l == nil || l.addr != netip.MustParseAddr("10.2.0.1") || l.bits != 24 {
		t.Errorf("the lease is %+v, want 10.2.0.1/24", l)
	}
	for _, c := range gw.engine.childrenSorted() {
		c.remove("test")
	}
	if l := gw.engine.leases.of[party{peer: "peer"}]; l == nil || l.since != w.now {
		t.Errorf("the lease is %+v, want one that is free from now on", l)
	}
}
