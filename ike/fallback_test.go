package ike

import (
	"slices"
	"testing"
	"time"

	"sallyport/ike/wire"
)

// alone makes a world whose second end does not answer; the first has fallback.
func alone(t *testing.T, change func(*Config)) *world {
	w := newWorld(t, 1, func(name string, c *Config) {
		if name == "branch" {
			c.Policies[0].Peer.Mode = AutoMode
		}
		if name == "hq" {
			c.Policies[0].Clear = ClearFallback{Enabled: true, Retry: 5 * time.Minute}
			if change != nil {
				change(c)
			}
		}
	})
	w.route = func(flight) []flight { return nil }
	return w
}

// clearNow replays the outputs about a policy that were performed so far: whether it is open.
func (n *end) clearNow() (open bool) {
	for _, e := range n.events {
		if o, ok := e.(OpenPolicy); ok {
			open = o.Open
		}
	}
	return open
}

// opened makes a world in which hq has fallen back.
func opened(t *testing.T) *world {
	w := alone(t, nil)
	w.ends[0].acquire()
	w.run(70 * time.Second)
	if !w.ends[0].clearNow() || len(w.ends[0].engine.Fallbacks()) != 1 {
		t.Fatal("not open after a minute without an answer")
	}
	return w
}

// TestFallBackOnlyInSilence: what a peer answers, or what is not configured, does not open a policy.
func TestFallBackOnlyInSilence(t *testing.T) {
	for _, test := range []struct {
		name   string
		route  func(*world) func(flight) []flight
		change func(*Config)
		want   bool
	}{
		{"silence", nil, nil, true},
		{"not configured", nil, func(c *Config) { c.Policies[0].Clear.Enabled = false }, false},
		{"it answers message 1 and no more", func(w *world) func(flight) []flight {
			answers := 0
			return func(f flight) []flight {
				if f.to == w.ends[0] {
					answers++
				}
				if f.to == w.ends[1] && answers > 0 {
					return nil
				}
				return []flight{f}
			}
		}, nil, false},
		{"it refuses", func(*world) func(flight) []flight { return func(f flight) []flight { return []flight{f} } },
			func(c *Config) { c.Proposals[0].Group = wire.Group14 }, false},
		{"another key, in aggressive mode", func(*world) func(flight) []flight { return func(f flight) []flight { return []flight{f} } },
			func(c *Config) {
				p := *c.Policies[0].Peer
				p.Key, p.Mode = []byte("another-shared-secret-of-32-char"), AggressiveMode
				c.Policies[0].Peer = &p
			}, false},
		{"another key", func(*world) func(flight) []flight { return func(f flight) []flight { return []flight{f} } },
			func(c *Config) {
				p := *c.Policies[0].Peer
				p.Key = []byte("another-shared-secret-of-32-char")
				c.Policies[0].Peer = &p
			}, false},
	} {
		w := alone(t, test.change)
		if test.route != nil {
			w.route = test.route(w)
		}
		w.ends[0].acquire()
		w.run(3 * time.Minute)
		if got := w.ends[0].clearNow(); got != test.want {
			t.Errorf("%s: open %v, want %v", test.name, got, test.want)
		}
	}
}

// TestClosedBeforeAnythingIsUp looks at the order of outputs when the peer answers at last.
func TestClosedBeforeAnythingIsUp(t *testing.T) {
	w := opened(t)
	n := w.ends[0]
	n.events = nil
	w.route = nil
	w.run(6 * time.Minute)
	w.mustAgree()
	at := func(is func(Output) bool) int { return slices.IndexFunc(n.events, is) }
	closed := at(func(o Output) bool { p, ok := o.(OpenPolicy); return ok && !p.Open })
	up := at(func(o Output) bool { _, ok := o.(Phase1Up); return ok })
	pair := at(func(o Output) bool { _, ok := o.(Phase2Up); return ok })
	if closed < 0 || up < closed || pair < up || len(n.engine.Fallbacks()) != 0 {
		t.Errorf("closed at %d, phase 1 up at %d, phase 2 at %d; open are %v", closed, up, pair, n.engine.Fallbacks())
	}
	w.mustEnd()
}

// TestForgersDoNotClose has anybody begin with the peer's address: nothing changes for the traffic. The peer
// itself ends it.
func TestForgersDoNotClose(t *testing.T) {
	w := opened(t)
	hq, branch := w.ends[0], w.ends[1]
	w.route = func(f flight) []flight {
		if f.to == branch {
			return nil // what a forger never sees
		}
		return []flight{f}
	}
	branch.acquire()
	w.run(30 * time.Second)
	if !hq.clearNow() {
		t.Error("closed by a message 1")
	}
	w.route = nil
	w.run(time.Minute)
	w.mustAgree()
	if hq.clearNow() {
		t.Error("open though the peer is there")
	}
}

// TestFallbackEnds: what else ends it. Nothing is left then.
func TestFallbackEnds(t *testing.T) {
	with := func(change func(*Policy)) func(*end) {
		return func(n *end) {
			p := *n.config.Policies[0]
			change(&p)
			n.step(SetConfig{&Config{Proposals: n.config.Proposals, Policies: []*Policy{&p}}})
		}
	}
	for _, test := range []struct {
		name  string
		do    func(*end)
		told  bool // the dataplane, which has the policy still
		still bool
	}{
		{"turned off", with(func(p *Policy) { p.Clear.Enabled = false }), true, false},
		{"another interval", with(func(p *Policy) { p.Clear.Retry = time.Hour }), false, true},
		{"the policy has gone", func(n *end) { n.step(SetConfig{&Config{}}) }, false, false},
		{"the end", func(n *end) { n.step(Reset{Quiet: true}) }, true, false},
		{"the operator's reset", func(n *end) { n.step(Reset{}) }, false, true},
	} {
		w := opened(t)
		n := w.ends[0]
		n.events = nil
		test.do(n)
		told := slices.Contains(n.events, Output(OpenPolicy{kitPolicy, false}))
		if still := len(n.engine.Fallbacks()) == 1; told != test.told || still != test.still {
			t.Errorf("%s: dataplane told %v, still open %v, want %v and %v", test.name, told, still, test.told, test.still)
		}
		if e := n.engine.negotiating(party{peer: "peer"}); test.name == "the operator's reset" && e == nil {
			t.Errorf("%s is no reason to try again", test.name)
		}
		w.mustEnd()
	}
}
