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
				w.run(oldInboundStays)
				w.mustHaveOne(seed)
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
	if a, b := w.ends[0].engine.current("peer"), w.ends[1].engine.current("peer"); a == nil || b == nil || a.cookieI != b.cookieI {
		w.t.Errorf("seed %d: the ISAKMP SAs differ", seed)
	}
	if have[0] != have[1] {
		w.t.Errorf("seed %d: hq has %s, branch %s", seed, have[0], have[1])
	}
}
