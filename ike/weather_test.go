package ike

import (
	"math/rand/v2"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// A weather is a bad network: it loses, repeats and delays datagrams, each with
// a chance in a hundred, and so lets them overtake each other.
type weather struct {
	rng                 *rand.Rand
	lost, again, late   int
	shortest, longest   time.Duration
	deliveries, dropped int
}

// route is a world's route in this weather.
func (r *weather) route(w *world) func(flight) []flight {
	return func(f flight) (all []flight) {
		for copies := 1; copies > 0; copies-- {
			if r.rng.IntN(100) < r.again {
				copies++
			}
			if r.rng.IntN(100) < r.lost {
				r.dropped++
				continue
			}
			r.deliveries++
			g := f
			g.at = w.now.Add(r.delay())
			all = append(all, g)
		}
		return all
	}
}

// delay draws how long a datagram is under way; late ones ten times as long.
func (r *weather) delay() time.Duration {
	d := r.shortest + time.Duration(r.rng.Int64N(int64(r.longest-r.shortest)))
	if r.rng.IntN(100) < r.late {
		d *= 10
	}
	return d
}

func storm(seed uint64) *weather {
	return &weather{rng: rand.New(rand.NewPCG(seed, 5)), lost: 30, again: 30, late: 30, shortest: 5 * time.Millisecond, longest: 200 * time.Millisecond}
}

// TestHandshakesInAStorm lets one end or both begin while a third of everything
// is lost, repeated or late. In the end there is exactly one pair that carries
// traffic, the same on both ends, and after the last reset nothing is left.
func TestHandshakesInAStorm(t *testing.T) {
	var longest time.Duration
	for seed := range uint64(150) {
		w := newWorld(t, seed, func(_ string, c *Config) {
			c.Policies[0].PFS = wire.Group19 * wire.Group(seed/2%2)
			wrapped(c, ipsec.Transform(seed/4%3))
		})
		w.route = storm(seed).route(w)
		w.ends[0].acquire()
		if seed%3 == 0 {
			w.ends[1].acquire()
		}
		since := w.now
		for !w.agree() && w.now.Sub(since) < 15*time.Minute {
			w.ends[0].want()
			w.run(time.Second)
		}
		longest = max(longest, w.now.Sub(since))
		if !w.agree() {
			t.Errorf("seed %d: no usable pair in %v", seed, w.now.Sub(since))
			continue
		}
		w.route = nil
		w.run(3 * time.Minute)
		w.onePair(seed)
		w.mustEnd()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("longest %v", longest)
}

// onePair checks that both ends send on the same pair and have no other that is
// not on its way out.
func (w *world) onePair(seed uint64) {
	w.t.Helper()
	w.ends[0].want() // as traffic would, where a pair went with a peer's delete
	w.run(2 * time.Second)
	w.mustAgree()
	a, b := w.ends[0].outbound(), w.ends[1].outbound()
	if w.ends[0].sas[b.ID] == nil || w.ends[1].sas[a.ID] == nil {
		w.t.Errorf("seed %d: hq sends on %v, branch on %v", seed, a.ID, b.ID)
	}
	for _, n := range w.ends {
		if s := n.engine.size(); s.sas > 2 || s.halfOpen != 0 || s.jobs != 0 || s.waiting != 0 || s.inbound > 3 {
			w.t.Errorf("seed %d: %s has %+v", seed, n.name, s)
		}
		active := 0
		for _, c := range n.engine.inbound {
			if c.sending && !c.replaced { // one that came up a moment ago may wait for its turn
				active++
			}
		}
		if active != 1 {
			w.t.Errorf("seed %d: %s has %d pairs in use", seed, n.name, active)
		}
	}
}

// shortLives makes both phases short, so that much happens in little time.
func shortLives(_ string, c *Config) {
	c.Proposals[0].Lifetime = 600 * time.Second
	c.Policies[0].Lifetime.Duration = 180 * time.Second
}

// TestAWeek lets two engines with short lives run for a virtual week, and looks at
// them every second. In fair weather there is no gap; every sixth hour three in ten
// datagrams are lost, and then one second in a hundred at most may lack an SA.
func TestAWeek(t *testing.T) {
	days := 7
	if testing.Short() {
		days = 1
	}
	w := newWorld(t, 7, shortLives)
	fair := &weather{rng: rand.New(rand.NewPCG(7, 7)), shortest: 5 * time.Millisecond, longest: 60 * time.Millisecond}
	w.route = fair.route(w)
	w.ends[0].acquire()
	w.run(5 * time.Second)
	w.mustAgree()
	k := newWatch(w)
	for second := range days * 24 * 3600 {
		switch hour := second / 3600; {
		case hour%6 == 5:
			fair.lost = 30
		default:
			fair.lost = 0
		}
		w.run(time.Second)
		w.sent = w.sent[:0]
		k.look(fair.lost > 0)
	}
	t.Logf("%d datagrams, %d lost; gaps: %d s in fair weather, %d s in loss; most seen %+v", fair.deliveries, fair.dropped, k.fair, k.foul, k.most)
	if k.fair > 0 {
		t.Errorf("%d seconds without a usable SA in fair weather", k.fair)
	}
	if limit := days * 4 * 36; k.foul > limit {
		t.Errorf("%d seconds without a usable SA while 30 %% are lost, want at most %d", k.foul, limit)
	}
	fair.lost = 0
	w.run(20 * time.Minute)
	w.mustEnd()
}

// A watch looks at a world every second.
type watch struct {
	w          *world
	fair, foul int // seconds in which an end could not send
	most       sizes
	calm       int // seconds since the last loss
}

func newWatch(w *world) *watch { return &watch{w: w} }

// look notes whether each end has an outbound SA that the other one receives,
// and that neither remembers more than it may. Traffic asks for SAs.
func (k *watch) look(loss bool) {
	w := k.w
	if k.calm++; loss {
		k.calm = 0
	}
	if !w.agree() {
		if k.calm < 300 { // what was lost in the rain may be missed a lifetime later
			k.foul++
		} else {
			k.fair++
			if k.fair == 1 {
				w.t.Errorf("%v: a gap in fair weather: hq %v, branch %v", w.now.Sub(kitStart), w.ends[0].sas, w.ends[1].sas)
			}
		}
		w.ends[0].want()
		w.ends[1].want()
	}
	for _, n := range w.ends {
		k.note(n)
	}
}

// note checks an end's size.
func (k *watch) note(n *end) {
	s := n.engine.size()
	if s.sas > 6 || s.flows > 1 || s.inbound > 6 || s.deadlines > 40 || s.used > 200 || s.jobs > 1 || len(n.sas) > 10 {
		k.w.t.Fatalf("%v: %s has grown to %+v and %d SAs in its dataplane", k.w.now.Sub(kitStart), n.name, s, len(n.sas))
	}
	k.most.sas, k.most.inbound = max(k.most.sas, s.sas), max(k.most.inbound, s.inbound)
	k.most.deadlines, k.most.used = max(k.most.deadlines, s.deadlines), max(k.most.used, s.used)
	n.events, n.refused = n.events[:0], n.refused[:0]
}
