package ike

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// crossingWorld is two ends that begin by themselves, in fair weather in which datagrams
// overtake each other.
func crossingWorld(t *testing.T, seed uint64) *world {
	w := newWorld(t, seed, func(_ string, c *Config) {
		c.Policies[0].Auto = true
		c.Policies[0].PFS = wire.Group19 * wire.Group(seed/2%2)
		wrapped(c, ipsec.Transform(seed/4%3))
	})
	w.route = overtaking(seed).route(w)
	return w
}

// overtaking is a network that loses nothing but keeps no order.
func overtaking(seed uint64) *weather {
	return &weather{rng: rand.New(rand.NewPCG(seed, 6)), late: 20, shortest: 5 * time.Millisecond, longest: 60 * time.Millisecond}
}

// begin lets each end want its flow, the second one a moment after the first.
func (w *world) begin(seed uint64, want func(*end)) {
	first := int(seed % 2)
	w.ends[0].events, w.ends[1].events = nil, nil
	want(w.ends[first])
	w.run(time.Duration(seed*7%120) * time.Millisecond)
	want(w.ends[1-first])
}

// TestCrossing lets both ends begin at nearly the same time: all of it, only phase 2, or a
// rekey. When what has been replaced is over, both have one pair, and the same.
func TestCrossing(t *testing.T) {
	auto := func(n *end) { n.step(SetConfig{n.config}) }
	for name, cross := range map[string]func(*world, uint64){
		"both phases": func(w *world, seed uint64) { w.begin(seed, auto) },
		"phase 2": func(w *world, seed uint64) {
			auto(w.ends[0])
			w.run(2 * time.Minute)
			w.begin(seed, func(n *end) { n.step(Reset{ChildrenOnly: true}) })
		},
		"rekey": func(w *world, seed uint64) {
			auto(w.ends[0])
			w.run(2 * time.Minute)
			w.begin(seed, func(n *end) { n.step(Expire{SA: n.outbound().ID}) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			crossed := 0
			for seed := range uint64(200) {
				w := crossingWorld(t, seed)
				cross(w, seed)
				w.settle()
				if w.bothBegan() {
					crossed++
				}
				w.run(2*switchAfter + oldInboundStays + doubtAfter + 3*time.Second) // until the last delete has come
				w.mustHaveOne(seed)
				w.run(2 * linger) // quick modes are forgotten, so their ISAKMP SA can go
				w.mustHaveOneISAKMP(seed)
				w.mustEnd()
				if t.Failed() {
					t.FailNow()
				}
			}
			if t.Log(crossed, "crossed"); crossed < 50 {
				t.Error("too few")
			}
		})
	}
}

// settle waits until traffic passes: a message that came too early is repeated, and what was
// deleted on its way is made anew.
func (w *world) settle() {
	w.run(3 * time.Second)
	for range 20 {
		if w.agree() {
			return
		}
		w.run(time.Second)
	}
	w.mustAgree()
}

// bothBegan reports whether both ends have begun a quick mode since begin.
func (w *world) bothBegan() bool {
	return w.ends[0].begun() > 0 && w.ends[1].begun() > 0
}

// begun counts the quick modes that the end has begun, repetitions aside.
func (n *end) begun() (count int) {
	for _, e := range n.events {
		if m, ok := e.(MessageSent); ok && m.Message.Exchange == wire.QuickMode && m.Number == 1 {
			count++
		}
	}
	return count
}

// mustHaveOne checks that both ends have one pair, and the same.
func (w *world) mustHaveOne(seed uint64) {
	w.t.Helper()
	w.mustAgree()
	have := [2]string{}
	for i, n := range w.ends {
		pairs := n.engine.childrenSorted()
		if len(pairs) != 1 || len(n.sas) != 2 {
			w.t.Errorf("seed %d: %s has %d pairs and %d SAs, want 1 and 2", seed, n.name, len(pairs), len(n.sas))
		}
		for _, c := range pairs {
			names := []string{fmt.Sprint(c.in.ID), fmt.Sprint(c.out.ID)}
			slices.Sort(names)
			have[i] += fmt.Sprint(names)
		}
	}
	if have[0] != have[1] {
		w.t.Errorf("seed %d: hq has %s, branch %s", seed, have[0], have[1])
	}
}

// mustHaveOneISAKMP checks that both ends have one ISAKMP SA, and the same.
func (w *world) mustHaveOneISAKMP(seed uint64) {
	w.t.Helper()
	a, b := w.ends[0].engine, w.ends[1].engine
	if len(a.sas) != 1 || len(b.sas) != 1 || a.current(party{peer: "peer"}) == nil || b.current(party{peer: "peer"}) == nil || a.current(party{peer: "peer"}).cookieI != b.current(party{peer: "peer"}).cookieI {
		w.t.Errorf("seed %d: %d and %d ISAKMP SAs, want the same one", seed, len(a.sas), len(b.sas))
	}
}

// TestDeleteComesAnotherWay has the owner of an SA delete it under an ISAKMP SA that the
// pair does not belong to, or from an address that it did not have when the pair was made.
func TestDeleteComesAnotherWay(t *testing.T) {
	for name, change := range map[string]func(hq, branch *end){
		"under the ISAKMP SA before": func(hq, branch *end) {
			old := branch.engine.current(party{peer: "peer"})
			branch.renewPhase1()
			branch.w.run(time.Second)
			if hq.engine.childrenSorted()[0].sa.cookieI == old.cookieI {
				branch.w.t.Error("the pair has not gone over")
			}
			branch.engine.childrenSorted()[0].sa = old
		},
		"from another address": func(hq, _ *end) {
			hq.engine.childrenSorted()[0].out.Remote = kitAddr(8)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := connected(t, 1, nil)
			hq, branch := w.ends[0], w.ends[1]
			change(hq, branch)
			branch.engine.now = w.now
			branch.engine.childrenSorted()[0].end("test")
			branch.perform(branch.engine.outputs())
			w.run(time.Second)
			if left := hq.engine.childrenSorted(); len(left) != 0 {
				t.Errorf("%d pairs are left", len(left))
			}
		})
	}
}

// TestPairOfAReplacedSA lets phase 1 be replaced while message 2 of a quick mode is under
// way: its pair belongs to the new ISAKMP SA at both ends.
func TestPairOfAReplacedSA(t *testing.T) {
	w := connected(t, 1, nil)
	hq := w.ends[0]
	w.route = func(f flight) []flight {
		if f.to == hq && f.in.Octets[18] == byte(wire.QuickMode) {
			f.at = f.at.Add(5 * time.Second)
		}
		return []flight{f}
	}
	hq.step(Expire{SA: hq.outbound().ID})
	hq.renewPhase1()
	w.run(10 * time.Second)
	for _, n := range w.ends {
		for _, c := range n.engine.childrenSorted() {
			if c.sa != n.engine.current(party{peer: "peer"}) {
				t.Errorf("%s: pair %d belongs to ISAKMP SA %d, want %d", n.name, c.id, c.sa.id, n.engine.current(party{peer: "peer"}).id)
			}
		}
		if len(n.engine.sas) != 2 {
			t.Errorf("%s has %d ISAKMP SAs, want the old and the new one", n.name, len(n.engine.sas))
		}
	}
}

// TestFlowForgottenMeanwhile resets the responder while mathematics of a quick mode are done:
// its pair is the flow's all the same.
func TestFlowForgottenMeanwhile(t *testing.T) {
	w := newWorld(t, 1, func(_ string, c *Config) { c.Policies[0].PFS = wire.Group19 })
	w.ends[0].acquire()
	branch := w.ends[1]
	branch.compute = true
	for i := 0; i < 2; i++ { // phase 1, then phase 2
		w.run(time.Millisecond)
		if len(branch.computing) != i+1 {
			t.Fatalf("%d computations are wanted, want %d", len(branch.computing), i+1)
		}
		if i == 1 {
			branch.step(Reset{ChildrenOnly: true})
		}
		branch.step(Computed{branch.computing[i].Job, branch.computing[i].Work.Do()})
	}
	w.run(time.Second)
	w.mustAgree()
	w.mustEnd()
}
