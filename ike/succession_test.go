package ike

import (
	"testing"
	"time"

	"sallyport/ike/wire"
)

// established counts the ISAKMP SAs that came up at an end.
func (n *end) established() (ups int) {
	for _, e := range n.events {
		if _, ok := e.(Phase1Up); ok {
			ups++
		}
	}
	return ups
}

// TestWindowsTerms counts the ISAKMP SAs that come and go with quick modes, in good weather and in
// bad: each pair is good all the time.
func TestWindowsTerms(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Peer)
		least  int // ISAKMP SAs in an hour, with a rekey of the pair every two and a half minutes
	}{
		{"no limit", func(*Peer) {}, 1},
		{"master key PFS", func(p *Peer) { p.MasterKeyPFS = true }, 20},
		{"three quick modes", func(p *Peer) { p.QuickModes = 3 }, 7},
	} {
		for seed := range uint64(4) {
			w := connected(t, seed, func(name string, c *Config) {
				c.Policies[0].Lifetime.Duration = 200 * time.Second
				if name == "hq" || seed > 1 {
					p := *c.Policies[0].Peer
					test.change(&p)
					c.Policies[0].Peer = &p
				}
			})
			for range 3600 {
				w.run(time.Second)
				if !w.agree() {
					t.Fatalf("%s, seed %d: no pair after %v", test.name, seed, w.now.Sub(kitStart))
				}
			}
			ups := w.ends[0].established()
			if ups < test.least || test.least == 1 && ups > 1 {
				t.Errorf("%s, seed %d: %d ISAKMP SAs, want %d or more", test.name, seed, ups, test.least)
			}
			for _, n := range w.ends {
				if s := n.engine.size(); s.sas > 3 || s.inbound > 3 || s.waiting > 0 {
					t.Errorf("%s, seed %d: %s has %+v", test.name, seed, n.name, s)
				}
			}
			w.mustEnd()
		}
	}
}

// TestMasterKeyPFSInAStorm has a fresh phase 1 for each quick mode while a third of all is lost; after the
// storm there is no gap.
func TestMasterKeyPFSInAStorm(t *testing.T) {
	for seed := range uint64(30) {
		w := newWorld(t, seed, func(_ string, c *Config) {
			p := *c.Policies[0].Peer
			p.MasterKeyPFS = true
			c.Policies[0].Peer = &p
			c.Policies[0].Lifetime.Duration = 200 * time.Second
		})
		w.route = storm(seed).route(w)
		for range 900 {
			w.ends[0].want()
			w.ends[1].want()
			w.run(time.Second)
		}
		w.route = nil
		w.run(5 * time.Minute)
		for range 600 {
			w.run(time.Second)
			if !w.agree() {
				t.Fatalf("seed %d: a gap at %v", seed, w.now.Sub(kitStart))
			}
		}
		for _, n := range w.ends {
			if s := n.engine.size(); s.inbound > 3 || s.waiting > 0 || s.jobs > 0 || s.quick > 2 {
				t.Errorf("seed %d: %s has %+v", seed, n.name, s)
			}
		}
		w.mustEnd()
	}
}

// TestAggressiveModesCross has both ends begin at once in aggressive mode, and rekey both phases for
// hours: one pair stays, and there is no gap.
func TestAggressiveModesCross(t *testing.T) {
	for seed := range uint64(40) {
		w := newWorld(t, seed, func(name string, c *Config) {
			shortLives(name, c)
			p := *c.Policies[0].Peer
			p.Mode = AggressiveMode
			c.Policies[0].Peer = &p
		})
		if seed%2 == 0 {
			w.route = storm(seed).route(w)
		}
		w.ends[0].acquire()
		w.ends[1].acquire()
		for range 120 {
			w.ends[0].want()
			w.run(time.Second)
		}
		w.route = nil
		w.run(3 * time.Minute)
		w.onePair(seed)
		for range 1800 {
			w.run(time.Second)
			if !w.agree() {
				t.Fatalf("seed %d: a gap at %v", seed, w.now.Sub(kitStart))
			}
		}
		w.onePair(seed)
		w.mustEnd()
	}
}

// TestUnansweredQuickMode: a quick mode that times out is tried again under a new ISAKMP SA, once.
func TestUnansweredQuickMode(t *testing.T) {
	for _, test := range []struct {
		name  string
		prep  func(*world)
		fresh bool // the quick mode's ISAKMP SA was made for it
		again int  // ISAKMP SAs made in the two minutes after
	}{
		{"the peer has lost the ISAKMP SA", func(w *world) { w.ends[1].start(9) }, false, 1},
		{"it only does not answer quick mode", func(w *world) {
			w.route = func(f flight) []flight {
				if f.in.Octets[18] == byte(wire.QuickMode) {
					return nil
				}
				return []flight{f}
			}
		}, false, 1},
		{"nor under an ISAKMP SA made for it", func(w *world) {
			w.route = func(f flight) []flight {
				if f.in.Octets[18] == byte(wire.QuickMode) {
					return nil
				}
				return []flight{f}
			}
		}, true, 1},
	} {
		var w *world
		if test.fresh {
			w = newWorld(t, 1, nil)
			test.prep(w)
			w.ends[0].acquire()
			w.run(115 * time.Second)
		} else {
			w = connected(t, 1, func(name string, c *Config) {
				if name == "hq" {
					c.DPD = DPD{Type: DPDPeriodic, Idle: time.Minute, Retries: 30} // it is alive
				}
			})
			w.run(time.Minute)
			test.prep(w)
			w.ends[0].events = nil
			kitSA(w.ends[0]).children[0].rekey()
			w.run(115 * time.Second)
		}
		if got := w.ends[0].established(); got != test.again {
			t.Errorf("%s: %d ISAKMP SAs, want %d", test.name, got, test.again)
		}
	}
}
