package ike

import (
	"math/rand/v2"
	"testing"
	"time"

	"sallyport/ike/wire"
)

// twoLives is what two ends go through; during pause time passes.
func twoLives(w *world, pause func()) {
	for _, what := range []func(){
		w.ends[0].acquire,
		w.ends[0].reachSoftLimit,
		w.ends[1].reachSoftLimit,
		w.ends[0].renewPhase1,
		w.ends[1].renewPhase1,
		w.ends[0].reachSoftLimit,
	} {
		what()
		pause()
	}
}

// reachSoftLimit reports the soft octet limit of the pair in use.
func (n *end) reachSoftLimit() {
	if sa := n.outbound(); sa != nil {
		n.step(Expire{SA: sa.ID})
	}
}

// renewPhase1 has a new ISAKMP SA negotiated.
func (n *end) renewPhase1() {
	if s := n.engine.current(party{peer: "peer"}); s != nil && !n.memory.dead {
		n.engine.schedule.set(&s.soft, n.w.now, s.rekey)
		n.step(Tick{})
	}
}

// TestKilledAtEveryStep kills an end before each output of its life in turn, and has a
// successor go on a moment later. Traffic that passed before passes ever after; whatever
// was half done comes to an end; all later rekeys work.
func TestKilledAtEveryStep(t *testing.T) {
	for _, test := range []struct {
		name   string
		victim int
		pfs    wire.Group
	}{
		{"initiator", 0, 0}, {"responder", 1, 0}, {"initiator, PFS", 0, wire.Group19}, {"responder, PFS", 1, wire.Group19},
	} {
		t.Run(test.name, func(t *testing.T) {
			lives := 1
			for killedBefore(t, lives, test.victim, test.pfs) && !t.Failed() {
				lives++
			}
			t.Logf("killed before each of %d outputs", lives)
		})
	}
}

// killedBefore kills an end before one of its outputs. It is false if there were not so many.
func killedBefore(t *testing.T, output, victim int, pfs wire.Group) bool {
	w := newWorld(t, 7, func(_ string, c *Config) { c.Policies[0].PFS = pfs })
	n := w.ends[victim]
	n.remembers()
	n.memory.lives = output
	passed, killed := false, false
	twoLives(w, func() {
		for range 110 {
			w.run(time.Second)
			if n.memory.dead {
				killed = true
				n.succeed(uint64(output), n.will())
			}
			if passed = passed || w.agree(); passed && !w.agree() {
				t.Fatalf("killed before output %d: at %v traffic does not pass any more", output, w.now.Sub(kitStart))
			}
			w.ends[0].want()
			w.ends[1].want()
		}
	})
	n.memory.lives = 0
	w.mustAgree()
	w.mustMatch()
	w.mustEnd()
	return killed
}

// TestKilledInAStorm kills both ends again and again at any moment while datagrams are
// lost, repeated and late. When it is over one pair carries the traffic, and after the
// end nothing is left.
func TestKilledInAStorm(t *testing.T) {
	for seed := range uint64(40) {
		w := newWorld(t, seed, shortLives)
		rng := rand.New(rand.NewPCG(seed, 9))
		w.route = storm(seed).route(w)
		for _, n := range w.ends {
			n.remembers()
		}
		for range 600 {
			for _, n := range w.ends {
				if n.memory.dead && rng.IntN(3) == 0 {
					n.succeed(rng.Uint64(), n.will())
				}
				if n.memory.lives == 0 && !n.memory.dead && rng.IntN(30) == 0 {
					n.memory.lives = 1 + rng.IntN(20)
				}
				n.want()
			}
			w.run(time.Second)
		}
		w.calm(seed)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// calm ends a storm and checks what is left of it.
func (w *world) calm(seed uint64) {
	w.route = nil
	for _, n := range w.ends {
		n.memory.lives = 0
		if n.memory.dead {
			n.succeed(seed, n.will())
		}
	}
	for range 1000 {
		w.run(time.Second)
		w.ends[0].want()
		w.ends[1].want()
	}
	w.onePair(seed)
	w.mustMatch()
	w.mustEnd()
}

// TestADayOfCrashes kills one of two ends with short lives every few minutes, at any
// moment, and starts it again after some seconds; the other one lives meanwhile. In fair
// weather there is no second without a usable pair, however the crash fell into a rekey.
func TestADayOfCrashes(t *testing.T) {
	for seed := range uint64(6) {
		w := newWorld(t, seed, func(name string, c *Config) {
			shortLives(name, c)
			c.Policies[0].PFS = wire.Group19 * wire.Group(seed%2)
		})
		fair := &weather{rng: rand.New(rand.NewPCG(7, seed)), shortest: 5 * time.Millisecond, longest: 60 * time.Millisecond}
		w.route = fair.route(w)
		for _, n := range w.ends {
			n.remembers()
		}
		w.ends[0].acquire()
		w.run(5 * time.Second)
		w.mustAgree()
		f := fate{rng: rand.New(rand.NewPCG(seed, 9))}
		for second := range 24 * 3600 {
			f.decide(w)
			w.run(time.Second)
			w.sent = w.sent[:0]
			if !w.agree() {
				t.Fatalf("seed %d, second %d: a gap after %d crashes", seed, second, f.crashes)
			}
		}
		if f.crashes < 100 {
			t.Errorf("seed %d: %d crashes are too few", seed, f.crashes)
		}
		w.calm(seed)
	}
}

// A fate kills one end at a time, and never for longer than a rekey has time.
type fate struct {
	rng     *rand.Rand
	crashes int
	calm    int // seconds since the last crash
}

// decide decides about the next second.
func (f *fate) decide(w *world) {
	const longest, between = 10, 60
	f.calm++
	for _, n := range w.ends {
		if n.memory.dead && (f.rng.IntN(5) == 0 || f.calm >= longest) {
			n.succeed(f.rng.Uint64(), n.will())
			f.crashes++
		}
		n.want()
	}
	doomed := func(n *end) bool { return n.memory.dead || n.memory.lives > 0 }
	switch victim := w.ends[f.rng.IntN(2)]; {
	case doomed(w.ends[0]) || doomed(w.ends[1]):
		if !w.ends[0].memory.dead && !w.ends[1].memory.dead {
			f.calm = 0
		}
	case f.calm > between && f.rng.IntN(100) == 0:
		victim.memory.lives = 1 + f.rng.IntN(12)
	}
}
