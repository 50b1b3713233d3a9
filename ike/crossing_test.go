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
			w.ends[0].step(Reset{ChildrenOnly: true, Quiet: true})
			w.run(time.Minute)
			w.begin(seed, auto)
		},
		"rekey": func(w *world, seed uint64) {
			auto(w.ends[0])
			w.run(2 * time.Minute)
			w.begin(seed, func(n *end) {
				n.step(Expire{SA: n.outbound().ID})
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			double := 0
			for seed := range uint64(200) {
				w := crossingWorld(t, seed)
				cross(w, seed)
				w.run(3 * time.Second)
				if w.mustAgree(); len(w.ends[0].engine.inbound) > 1+len(name)/len("rekey!") {
					double++
				}
				w.run(oldInboundStays)
				w.run(3 * time.Second)
				w.mustHaveOne(seed)
				w.mustEnd()
				if t.Failed() {
					t.FailNow()
				}
			}
			t.Log(double, "crossed")
		})
	}
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
