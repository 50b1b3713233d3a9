package ike

import (
	"testing"
	"time"
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
