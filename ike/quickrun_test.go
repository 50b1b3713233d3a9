package ike

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// pausing has hq's mathematics of quick mode wait, from the moment that its ISAKMP SA is up.
func pausing(w *world) *end {
	hq := w.ends[0]
	w.before = func(flight) {
		for _, s := range hq.engine.sas {
			hq.compute = hq.compute || s.proved
		}
	}
	return hq
}

// goOn ends the pause: the result of what waits is err, or what comes out.
func (n *end) goOn(err error) {
	waiting := n.computing
	n.computing, n.compute = nil, false
	for _, c := range waiting {
		r := Result{Err: err}
		if err == nil {
			r = c.Work.Do()
		}
		n.step(Computed{c.Job, r})
	}
}

// mustWait checks that one quick mode of the end waits for mathematics.
func (n *end) mustWait() {
	n.w.t.Helper()
	if len(n.computing) != 1 {
		n.w.t.Fatalf("%s has %d computations to do, want one", n.name, len(n.computing))
	}
}

// unfinishedQuickModes counts those of all the end's SAs.
func (n *end) unfinishedQuickModes() (count int) {
	for _, s := range n.engine.sas {
		count += s.unfinished()
	}
	return count
}

// TestMathematicsThatWasNotDone checks that a responder whose mathematics was not done takes the
// repetition of message 1 as if it was the first.
func TestMathematicsThatWasNotDone(t *testing.T) {
	w := newWorld(t, 1, withPFS)
	hq := pausing(w)
	w.ends[1].acquire()
	w.run(100 * time.Millisecond)
	hq.mustWait()
	w.before = nil
	order := hq.engine.current(party{peer: "peer"}).quickOrder
	hq.goOn(errors.New("too much of it waits"))
	if s := hq.engine.current(party{peer: "peer"}); len(s.quick) != 0 || len(s.used) != 0 || s.quickOrder != order-1 || len(hq.engine.flows) != 0 {
		t.Errorf("%d quick modes, %d message IDs and %d flows are left, %d quick modes count", len(s.quick), len(s.used), len(hq.engine.flows), s.quickOrder)
	}
	w.run(20 * time.Second)
	if slices.ContainsFunc(hq.refused, func(err error) bool { return strings.Contains(err.Error(), "used before") }) {
		t.Errorf("hq refused %v", hq.refused)
	}
	w.mustAgree()
	w.mustEnd()
}

// TestDiscardedBehindAnother checks that a quick mode which is discarded when a later one has begun
// does not make the next one take the later one's place.
func TestDiscardedBehindAnother(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.ends[1].acquire()
	w.run(time.Second)
	s := w.ends[0].engine.current(party{peer: "peer"})
	first, second := s.newQuickMode(7, quickModeResponder), s.newQuickMode(8, quickModeResponder)
	s.discard(first)
	if third := s.newQuickMode(9, quickModeResponder); third.order <= second.order {
		t.Errorf("the third is number %d, the second %d", third.order, second.order)
	}
}

// TestFlowStaysDuringMathematics checks that what happens to others while the responder computes does
// not take away the policy that the quick mode is under.
func TestFlowStaysDuringMathematics(t *testing.T) {
	for name, meanwhile := range map[string]func(*world){
		"nothing":                     func(*world) {},
		"another peer is reset":       func(w *world) { w.ends[0].step(Reset{ChildrenOnly: true, Remote: kitAddr(7)}) },
		"a packet looks for a pair":   func(w *world) { w.ends[0].step(Acquire{Policy: kitInstance(w), Rule: instanceRule}) },
		"the configuration is loaded": func(w *world) { c := *w.ends[0].config; w.ends[0].step(SetConfig{&c}) },
	} {
		w := newWorld(t, 1, func(name string, c *Config) {
			template(name, c)
			withPFS(name, c)
		})
		hq := pausing(w)
		w.ends[1].acquire()
		w.run(100 * time.Millisecond)
		hq.mustWait()
		w.before = nil
		meanwhile(w)
		hq.goOn(nil)
		w.run(time.Second)
		if !w.carries() || hq.unfinishedQuickModes() != 0 {
			t.Errorf("%s: traffic passes: %v, %d quick modes are unfinished; refused %v", name, w.carries(), hq.unfinishedQuickModes(), hq.refused)
		}
		w.mustEnd()
	}
}

// kitInstance returns the name of the instance that hq has made.
func kitInstance(w *world) ipsec.PolicyID {
	for _, i := range w.ends[0].engine.instancesSorted() {
		return i.policy.ID
	}
	w.t.Fatal("hq has no instance")
	return ipsec.PolicyID{}
}

// TestTwoDuringMathematics checks that of two quick modes for the same flow that a peer has begun one
// does not take away the policy of the other.
func TestTwoDuringMathematics(t *testing.T) {
	w := newWorld(t, 1, func(name string, c *Config) {
		template(name, c)
		withPFS(name, c)
	})
	hq, branch := pausing(w), w.ends[1]
	branch.acquire()
	w.run(100 * time.Millisecond)
	hq.mustWait()
	w.before = nil
	e := branch.engine
	e.current(party{peer: "peer"}).startQuickMode(e.flow(flowKey{kitPolicy, kitRule}))
	for _, out := range e.outputs() {
		if c, ok := out.(Compute); ok {
			branch.step(Computed{c.Job, c.Work.Do()})
		}
	}
	w.run(100 * time.Millisecond)
	if len(hq.computing) != 2 {
		t.Fatalf("hq has %d computations to do, want two", len(hq.computing))
	}
	first := hq.computing[0]
	hq.computing = hq.computing[1:]
	hq.step(Computed{first.Job, Result{Err: errors.New("too much of it waits")}})
	hq.goOn(nil)
	w.run(time.Second)
	if !w.carries() {
		t.Errorf("no traffic passes; refused %v", hq.refused)
	}
}

// TestDeleteDuringMathematics checks that a peer may delete its old pair while the responder computes
// the keys of the next.
func TestDeleteDuringMathematics(t *testing.T) {
	w := newWorld(t, 1, func(name string, c *Config) {
		template(name, c)
		withPFS(name, c)
	})
	hq, branch := w.ends[0], w.ends[1]
	branch.acquire()
	w.run(time.Second)
	old := branch.outbound().ID
	hq.compute = true
	branch.step(Expire{SA: old})
	w.run(50 * time.Millisecond)
	hq.mustWait()
	branch.engine.find(old).end("test")
	branch.perform(branch.engine.outputs())
	w.run(50 * time.Millisecond)
	hq.goOn(nil)
	w.run(time.Second)
	if !w.carries() || hq.unfinishedQuickModes() != 0 || len(hq.engine.flows) != 1 {
		t.Errorf("traffic passes: %v, %d quick modes are unfinished, %d flows; refused %v", w.carries(), hq.unfinishedQuickModes(), len(hq.engine.flows), hq.refused)
	}
	w.mustEnd()
}

// TestTakenOverDuringMathematics checks that a peer whose traffic another one gets while the responder
// computes its keys does not have it after all.
func TestTakenOverDuringMathematics(t *testing.T) {
	w := newWorld(t, 1, func(name string, c *Config) {
		template(name, c)
		withPFS(name, c)
		c.TrafficIdentical = true
	})
	hq := pausing(w)
	w.ends[1].acquire()
	w.run(100 * time.Millisecond)
	hq.mustWait()
	w.before = nil
	e := hq.engine
	e.evict(e.instancesSorted()[0])
	hq.perform(e.outputs())
	if len(e.instances) != 0 || hq.unfinishedQuickModes() != 0 || len(e.flows) != 0 {
		t.Errorf("%d instances, %d flows, %d quick modes are left", len(e.instances), len(e.flows), hq.unfinishedQuickModes())
	}
	hq.goOn(nil)
	if len(hq.sas) != 0 {
		t.Errorf("hq has %v", hq.sas)
	}
	w.mustEnd()
}

// TestAnswerWithItsOwnLifetime checks that a responder may answer with a lifetime of its own, in either
// phase, and that it runs.
func TestAnswerWithItsOwnLifetime(t *testing.T) {
	phase1, phase2 := wire.AttrLifeDuration, wire.AttributeType(wire.Attr2LifeDuration)
	for _, test := range []struct {
		mode wire.ExchangeType
		kind wire.AttributeType
	}{{wire.MainMode, phase1}, {wire.QuickMode, phase2}} {
		w := newWorld(t, 1, nil)
		accent{w, w.ends[1], func(m *wire.Message) []wire.Payload {
			if m.Exchange == test.mode {
				setLifetime(m, test.kind, 1800)
			}
			return m.Payloads
		}, nil}.speaks()
		w.ends[0].acquire()
		w.run(time.Second)
		w.mustAgree()
		s, c := w.ends[0].engine.current(party{peer: "peer"}), w.ends[0].engine.childrenSorted()[0]
		got := map[wire.ExchangeType]time.Duration{wire.MainMode: s.lifetime, wire.QuickMode: c.in.Hard.Duration}
		if got[test.mode] != 30*time.Minute {
			t.Errorf("%v: the lifetime is %v, want 30 minutes", test.mode, got[test.mode])
		}
		w.mustEnd()
	}
}

// setLifetime gives the transforms of an SA payload another duration.
func setLifetime(m *wire.Message, kind wire.AttributeType, seconds uint16) {
	for _, sa := range allOf[wire.SA](m) {
		for _, p := range sa.Proposals {
			for _, t := range p.Transforms {
				for i, a := range t.Attributes {
					if a.Type == kind {
						t.Attributes[i] = wire.Basic(kind, seconds)
					}
				}
			}
		}
	}
}
