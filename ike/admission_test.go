package ike

import (
	"testing"
	"time"

	"sallyport/ike/wire"
)

// TestLimitsOfTheConfiguration: what is configured counts, and the defaults where nothing is.
func TestLimitsOfTheConfiguration(t *testing.T) {
	for _, test := range []struct{ set, want Limits }{
		{Limits{}, Limits{maxHalfOpen, maxHalfOpenPerAddr, maxISAKMP, 0}},
		{Limits{1, 2, 3, 4}, Limits{1, 2, 3, 4}},
		{Limits{HalfOpenPerAddr: 100}, Limits{maxHalfOpen, 100, maxISAKMP, 0}},
	} {
		if got := New(&Config{Limits: test.set}, nil).limits(); got != test.want {
			t.Errorf("limits of %+v = %+v, want %+v", test.set, got, test.want)
		}
	}
}

// TestHalfOpenAsConfigured fills the table, and fills it again after the limits were lowered.
func TestHalfOpenAsConfigured(t *testing.T) {
	k := newHalfOpenKit()
	k.index(&Config{Limits: Limits{HalfOpen: 10, HalfOpenPerAddr: 4}})
	k.add(6, kitAddr(1), sentSA)
	if got := k.alive(); len(got) != 4 || got[0] != 2 {
		t.Errorf("of one address %v are left, want the last 4", got)
	}
	for i := range 9 {
		k.add(1, kitAddr(2+i), sentSA)
	}
	if got := len(k.alive()); got != 10 {
		t.Errorf("%d in all, want 10", got)
	}
	k.index(&Config{Limits: Limits{HalfOpen: 3}})
	k.add(1, kitAddr(20), sentSA)
	if got := len(k.alive()); got != 3 {
		t.Errorf("%d in all after the limit was lowered, want 3", got)
	}
}

// TestEstablishedLimit: no more than that; but a peer that has an ISAKMP SA may have another in its
// place, or it could never come back.
func TestEstablishedLimit(t *testing.T) {
	w := connected(t, 1, func(name string, c *Config) {
		if name == "hq" {
			c.Limits.ISAKMP = 1
		}
	})
	hq, branch := w.ends[0], w.ends[1]
	branch.start(2)
	branch.acquire()
	w.run(time.Second)
	w.mustAgree()
	if err := hq.engine.admits(party{peer: "stranger"}, false); categoryOf(err) != Limited || err == nil {
		t.Errorf("a stranger: %v, want it refused", err)
	}
	hq.step(Reset{})
	w.run(time.Second)
	if err := hq.engine.admits(party{peer: "stranger"}, false); err != nil {
		t.Errorf("with room: %v", err)
	}
}

// TestRenewalAtTheLimit: of a peer that stands for many, too, whoever has an ISAKMP SA may have another in
// its place, and nobody else may have one: who it is shows when it has proved that.
func TestRenewalAtTheLimit(t *testing.T) {
	for _, test := range []struct {
		name string
		make func() *world
		move func(*Config) // makes the guest somebody else
	}{
		{"spokes", func() *world { return withGuest(t, newWorld(t, 1, template), nil) },
			func(c *Config) { c.Policies[0].Peer.LocalIDType, c.Policies[0].Peer.LocalID = IDFQDN, "other.test" }},
		{"boxes with an ike peer each", func() *world { return signers(t) }, nil},
		{"users of a group", func() *world { return clientsOf(t) }, func(c *Config) { c.Policies[0].Local = kitAddr(5) }},
	} {
		w := test.make()
		hq, branch, guest := w.ends[0], w.ends[1], w.guest
		branch.acquire()
		w.run(3 * time.Second)
		c := *hq.config
		c.Limits.ISAKMP = 1
		hq.step(SetConfig{&c})
		before, made := len(hq.refused), hq.engine.made
		for _, n := range []*end{branch, guest} {
			if n == nil {
				continue
			}
			n.engine.now = w.now
			n.engine.current(party{peer: "peer"}).rekey()
			n.perform(n.engine.outputs())
			w.run(3 * time.Second)
			if s := n.engine.current(party{peer: "peer"}); len(hq.refused) != before || s == nil || hq.engine.made == made || hq.engine.sas[s.cookieR] == nil {
				t.Errorf("%s: %s has no new ISAKMP SA: %v", test.name, n.name, hq.refused[before:])
			}
			made = hq.engine.made
		}
		if test.move == nil {
			continue
		}
		test.move(guest.config)
		guest.addr = guest.config.Policies[0].Local
		guest.start(9)
		guest.acquire()
		w.run(3 * time.Second)
		f := hq.engine.Failures()
		if len(guest.sas) != 0 || guest.engine.current(party{peer: "peer"}) != nil || len(f) == 0 || f[0].Category != TooMany.String() {
			t.Errorf("%s: another one gets %v; failures %v, refused %v", test.name, guest.sas, f, hq.refused[before:])
		}
	}
}

// TestIsOfUser: of a group whose users share an identity, the address tells them apart as far as anything does.
func TestIsOfUser(t *testing.T) {
	peer, vpn, here := &Peer{Name: "p"}, claim{id: wire.KeyIDID([]byte("vpn"))}, kitPort(2, 500)
	vpn.peer = peer
	for _, test := range []struct {
		name string
		has  sa // that is there
		want bool
	}{
		{"its own", sa{established: true, peer: peer, remoteID: "vpn", remote: here}, true},
		{"from another port", sa{established: true, peer: peer, remoteID: "vpn", remote: kitPort(2, 4500)}, true},
		{"of another address", sa{established: true, peer: peer, remoteID: "vpn", remote: kitPort(3, 500)}, false},
		{"of another group", sa{established: true, peer: peer, remoteID: "other", remote: here}, false},
		{"of another ike peer", sa{established: true, peer: &Peer{Name: "q"}, remoteID: "vpn", remote: here}, false},
		{"not established", sa{peer: peer, remoteID: "vpn", remote: here}, false},
	} {
		e := New(nil, &script{})
		e.sas[wire.Cookie{1}] = &test.has
		s := &sa{engine: e, method: methods[wire.AuthXAUTHInitPSK], remote: here}
		if got := s.isOfUser(vpn); got != test.want {
			t.Errorf("%s: isOfUser = %t, want %t", test.name, got, test.want)
		}
		if s.method = methods[wire.AuthPSK]; s.isOfUser(vpn) {
			t.Errorf("%s: a peer that is no user", test.name)
		}
	}
}

// TestSingleAtTheLimit: message 1 is refused at the limit, before it costs anything, where the address
// tells that nobody there has an ISAKMP SA.
func TestSingleAtTheLimit(t *testing.T) {
	w := connected(t, 1, func(name string, c *Config) {
		twoPeers(name, c)
		if name == "hq" {
			c.Limits.ISAKMP = 1
		}
	})
	e := w.ends[0].engine
	for peer, want := range map[string]bool{"peer": true, "guest": false, "nobody": false} {
		if got := e.mayReplace(peer); got != want {
			t.Errorf("mayReplace(%s) = %t, want %t", peer, got, want)
		}
	}
	behind := &Peer{Name: "behind", Remote: kitAddr(1)}
	e.directory.add(e.config, behind)
	if !e.mayReplace("behind") {
		t.Error("of two behind one address, the one without an ISAKMP SA is refused before it says who it is")
	}
}

// TestNegotiationLimit: so many of ours at a time, and the next one when there is room again.
func TestNegotiationLimit(t *testing.T) {
	w := newWorld(t, 1, func(name string, c *Config) {
		if name == "hq" {
			c.Limits.InNegotiation = 1
		}
	})
	hq := w.ends[0]
	w.route = func(flight) []flight { return nil }
	hq.acquire()
	if err := hq.engine.admits(party{peer: "stranger"}, true); categoryOf(err) != Limited || err == nil {
		t.Errorf("a second negotiation: %v, want it refused", err)
	}
	if err := hq.engine.admits(party{peer: "peer"}, true); err != nil {
		t.Errorf("what is under way: %v", err)
	}
	if err := hq.engine.admits(party{peer: "stranger"}, false); err != nil {
		t.Errorf("one of the peer's: %v", err)
	}
	w.run(2 * time.Minute)
	if hq.engine.census != (census{}) {
		t.Errorf("after the end: %+v", hq.engine.census)
	}
	w.route = nil
	hq.acquire()
	w.run(time.Second)
	w.mustAgree()
	if want := (census{proved: 1}); hq.engine.census != want || w.ends[1].engine.census != want {
		t.Errorf("connected: %+v and %+v, want %+v", hq.engine.census, w.ends[1].engine.census, want)
	}
}

// TestCensusInAStorm compares the counts with what there is.
func TestCensusInAStorm(t *testing.T) {
	for seed := range uint64(20) {
		w := newWorld(t, seed, shortLives)
		w.route = storm(seed).route(w)
		for range 600 {
			w.ends[0].want()
			w.run(time.Second)
			for _, n := range w.ends {
				var want census
				for _, s := range n.engine.sas {
					switch {
					case s.proved:
						want.proved++
					case s.initiator:
						want.ours++
					}
				}
				if n.engine.census != want {
					t.Fatalf("seed %d, %v: %s counts %+v, there are %+v", seed, w.now.Sub(kitStart), n.name, n.engine.census, want)
				}
			}
		}
	}
}
