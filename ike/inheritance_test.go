package ike

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// TestResume kills one of two connected ends and gives its successor something else than
// it had: what is there right after, and after a while.
func TestResume(t *testing.T) {
	policy := func(change func(*Policy)) func(*end, *Resume) {
		return func(n *end, in *Resume) {
			p := *in.Config.Policies[0]
			change(&p)
			in.Config = &Config{Proposals: in.Config.Proposals, Policies: []*Policy{&p}}
		}
	}
	peer := func(change func(*Peer)) func(*end, *Resume) {
		return policy(func(p *Policy) {
			other := *p.Peer
			change(&other)
			p.Peer = &other
		})
	}
	for _, test := range []struct {
		name   string
		change func(*end, *Resume)
		after  time.Duration // down
		first  string        // ISAKMP SAs, pairs at the end that was killed and the other: at once
		later  string        // and a minute later, with traffic
	}{
		{"nothing changed", nil, 0, "1 1, 1 1", "1 1, 1 1"},
		{"down for an hour less a bit", nil, 50 * time.Minute, "1 1, 1 1", "1 1, 1 1"},
		{"down until the soft limit", nil, 54 * time.Minute, "1 2, 1 2", "1 1, 1 1"},
		{"a rekey had begun", func(_ *end, in *Resume) { in.Pairs[0].Fading = true }, 0, "1 2, 1 2", "1 1, 1 1"},
		{"down for longer than the pair lived", nil, 61 * time.Minute, "1 0, 0 0", "1 1, 1 1"},
		{"down for longer than the ISAKMP SA lived", nil, 25 * time.Hour, "1 1, 1 1", "1 1, 1 1"},
		{"the dataplane has kept nothing", func(_ *end, in *Resume) { in.Kept = nil }, 0, "1 1, 1 1", "1 1, 1 1"},
		{"it has kept the inbound SA", keeping(ipsec.Inbound), 0, "1 2, 1 2", "1 1, 1 1"},
		{"it has kept the outbound SA", keeping(ipsec.Outbound), 0, "1 1, 1 1", "1 1, 1 1"},
		{"it has kept the outbound SA of a pair that was being replaced", func(n *end, in *Resume) {
			keeping(ipsec.Outbound)(n, in)
			in.Pairs[0].Replaced = true
		}, 0, "1 0, 1 0", "1 1, 1 1"},
		{"the pair is not remembered", func(_ *end, in *Resume) { in.Pairs, in.Kept = nil, nil }, 0, "1 0, 1 1", "1 1, 1 2"},
		{"the ISAKMP SA is not remembered", func(_ *end, in *Resume) { in.SAs = nil }, 0, "0 1, 1 1", "0 1, 1 1"},
		{"nothing is remembered", func(n *end, in *Resume) { *in = Resume{Config: in.Config} }, 0, "0 0, 1 1", "1 1, 1 1"},
		{"half of the key is missing", func(_ *end, in *Resume) { in.SAs[0].SKEYIDa = in.SAs[0].SKEYIDa[:5] }, 0, "0 1, 1 1", "0 1, 1 1"},
		{"the last IV is missing", func(_ *end, in *Resume) { in.SAs[0].LastIV = nil }, 0, "0 1, 1 1", "0 1, 1 1"},
		{"the same twice", func(_ *end, in *Resume) {
			in.SAs, in.Pairs = slices.Repeat(in.SAs, 2), slices.Repeat(in.Pairs, 2)
			in.SAs[1].ConnectionID, in.Pairs[1].ConnectionID = 77, 78
		}, 0, "1 1, 1 1", "1 1, 1 1"},
		{"no policy is applied", func(_ *end, in *Resume) { in.Config = &Config{Proposals: in.Config.Proposals} }, 0, "0 0, 0 0", "0 0, 0 0"},
		{"another key", peer(func(p *Peer) { p.Key = secret.Octets("another-shared-secret") }), 0, "0 0, 0 0", "0 0, 0 0"},
		{"another name of the peer", peer(func(p *Peer) { p.Name = "other" }), 0, "0 0, 0 0", "1 1, 1 1"},
		{"another rule", policy(func(p *Policy) {
			p.ACL = &acl.ACL{Number: 3000, Rules: []acl.Rule{kitPermit(kitRule, 0x0a090000, 0x0a080000)}}
		}), 0, "1 0, 1 0", "1 0, 1 0"},
		{"other algorithms", policy(func(p *Policy) { p.Proposals = []*ipsec.Proposal{ipsec.NewProposal()} }), 0, "1 1, 1 1", "1 1, 1 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, 5, nil)
			n := w.ends[0]
			n.remembers()
			n.acquire()
			w.run(10 * time.Second)
			n.kill()
			w.run(test.after)
			in := n.will()
			if test.change != nil {
				test.change(n, &in)
			}
			n.config = in.Config
			n.succeed(1, in)
			w.run(time.Second)
			w.mustCount("at once", test.first)
			for range 100 {
				w.ends[0].want()
				w.run(time.Second)
			}
			w.mustCount("later", test.later)
			w.mustMatch()
		})
	}
}

// keeping is a dataplane that has kept one direction.
func keeping(d ipsec.Direction) func(*end, *Resume) {
	return func(_ *end, in *Resume) {
		in.Kept = slices.DeleteFunc(in.Kept, func(sa *ipsec.SA) bool { return sa.Direction != d })
	}
}

// mustCount checks how many established ISAKMP SAs and pairs in use each end has.
func (w *world) mustCount(when, want string) {
	w.t.Helper()
	var counts [4]int
	for i, n := range w.ends {
		for _, s := range n.engine.sas {
			if s.established && !s.replaced {
				counts[2*i]++
			}
		}
		counts[2*i+1] = len(n.engine.inbound)
	}
	if got := fmt.Sprintf("%d %d, %d %d", counts[0], counts[1], counts[2], counts[3]); got != want {
		w.t.Errorf("%s there are %s ISAKMP SAs and pairs, want %s", when, got, want)
	}
}

// TestResumedIsTheSame compares what a successor shows with what its predecessor showed.
func TestResumedIsTheSame(t *testing.T) {
	w := newWorld(t, 5, nil)
	n := w.ends[1]
	n.remembers()
	w.ends[0].acquire()
	w.run(10 * time.Second)
	n.renewPhase1() // so that the ISAKMP SA has the highest connection id
	w.run(2 * time.Minute)
	before, last := n.shown(), n.engine.lastID
	n.kill()
	n.succeed(1, n.will())
	if after := n.shown(); after != before {
		t.Errorf("the successor shows\n%s\nwant\n%s", after, before)
	}
	if n.reachSoftLimit(); n.engine.current(party{peer: "peer"}).id != last {
		t.Errorf("the ISAKMP SA is %d, want %d", n.engine.current(party{peer: "peer"}).id, last)
	}
	w.run(time.Second)
	for _, c := range n.engine.childrenSorted()[1:] {
		if c.id <= last {
			t.Errorf("the next pair has the connection id %d, want one above %d", c.id, last)
		}
	}
	w.mustAgree()
}

// TestInitialContactAfterResume has a successor begin phase 1. Only if it knows of nothing
// does it say that the peer may forget what it has.
func TestInitialContactAfterResume(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Resume)
		want   bool
	}{
		{"a pair", func(in *Resume) { in.SAs = nil }, false},
		{"an ISAKMP SA", func(in *Resume) { in.Pairs, in.Kept = nil, nil }, false},
		{"nothing", func(in *Resume) { in.SAs, in.Pairs, in.Kept = nil, nil, nil }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, 5, nil)
			n := w.ends[0]
			n.remembers()
			n.acquire()
			w.run(10 * time.Second)
			n.kill()
			in := n.will()
			test.change(&in)
			n.succeed(1, in)
			n.want()
			w.run(time.Second)
			if s := n.engine.current(party{peer: "peer"}); s != nil && !test.want {
				s.remove("lost")
			}
			n.perform(n.engine.outputs())
			n.reachSoftLimit()
			w.run(time.Second)
			if got := n.saidInitialContact(); got != test.want {
				t.Errorf("INITIAL-CONTACT was said: %v, want %v", got, test.want)
			}
		})
	}
}

// saidInitialContact reports whether the latest phase 1 that the end began said so.
func (n *end) saidInitialContact() (said bool) {
	for _, e := range n.events {
		if m, ok := e.(MessageSent); ok && m.Message.Exchange == wire.MainMode && m.Number == 5 {
			said = hasNotify(m.Message, wire.InitialContact)
		}
	}
	return said
}

// shown is what displays have of an end.
func (n *end) shown() string {
	status := n.engine.Status()
	for _, s := range status {
		for i := range s.Children {
			s.Children[i].Inbound, s.Children[i].Outbound = n.sas[s.Children[i].Inbound.ID], n.sas[s.Children[i].Outbound.ID]
		}
	}
	return fmt.Sprintf("%+v", status)
}

// TestResumedRefusesReplays delivers everything that a killed end has ever received to its
// successor once more. None of it changes anything, nor is it remembered.
func TestResumedRefusesReplays(t *testing.T) {
	w := newWorld(t, 5, nil)
	n := w.ends[1]
	n.remembers()
	w.ends[0].acquire()
	w.run(10 * time.Second)
	w.ends[0].reachSoftLimit()
	w.run(time.Minute)
	for range maxAdded + 5 {
		w.ends[0].engine.current(party{peer: "peer"}).inform(wire.NewDPD(wire.RUThere, wire.Cookie{}, wire.Cookie{}, 1))
		w.ends[0].perform(w.ends[0].engine.outputs())
	}
	w.run(2 * linger)
	n.kill()
	n.succeed(1, n.will())
	before, kept := snapshotOf(n.engine), n.memory.kept
	replayed := 0
	for _, f := range w.sent {
		if f.to == n {
			n.step(f.in)
			replayed++
		}
	}
	// A message 1 always begins a negotiation; it ends by itself.
	w.run(time.Minute)
	if after := snapshotOf(n.engine); after != before || n.memory.kept != kept || replayed < maxAdded {
		t.Errorf("%d datagrams replayed: %s; remembered %d times", replayed, firstDifference(before, after), n.memory.kept-kept)
	}
}

// TestRememberIsBounded uses many message IDs: nothing remembered of one use grows with
// those before it, and what is kept does not grow without end.
func TestRememberIsBounded(t *testing.T) {
	w := newWorld(t, 5, nil)
	n := w.ends[0]
	n.remembers()
	n.acquire()
	w.run(10 * time.Second)
	s := n.engine.current(party{peer: "peer"})
	whole, ids := 0, 0
	for range 40 * maxAdded {
		s.inform(wire.NewDPD(wire.RUThere, s.cookieI, s.cookieR, 1))
		for _, out := range n.engine.outputs() {
			if r, ok := out.(Remember); ok {
				ids += len(r.Used)
				if r.SA != nil {
					whole++
				}
				n.memory.keep(out)
			}
		}
	}
	if whole < 35 || whole > 45 || ids > 41*maxAdded {
		t.Errorf("for %d message IDs the whole SA was remembered %d times, and %d IDs alone", 40*maxAdded, whole, ids)
	}
	if err := n.memory.check(n.engine); err != nil {
		t.Error(err)
	}
}

// TestResumeTakenSPI gives a successor a second pair of which one SPI is that of the first:
// it is not taken over, whichever part of the bundle has it.
func TestResumeTakenSPI(t *testing.T) {
	for name, free := range map[string]func(*SavedPair){
		"both":   func(*SavedPair) {},
		"of ESP": func(p *SavedPair) { p.In.AH = &ipsec.AHPart{SPI: 0x7001, Integrity: p.In.AH.Integrity} },
		"of AH":  func(p *SavedPair) { p.In.ID.SPI = 0x7002 },
	} {
		w := newWorld(t, 5, func(_ string, c *Config) { wrapped(c, ipsec.TransformAHESP) })
		n := w.ends[0]
		n.remembers()
		n.acquire()
		w.run(10 * time.Second)
		n.kill()
		in := n.will()
		second := in.Pairs[0]
		second.ConnectionID = 78
		free(&second)
		in.Pairs = append(in.Pairs, second)
		n.succeed(1, in)
		if pairs := n.engine.childrenSorted(); len(pairs) != 1 || pairs[0].id == 78 || len(n.engine.bundled) != 1 {
			t.Errorf("%s: %d pairs and %d SPIs of AH, want the first pair", name, len(pairs), len(n.engine.bundled))
		}
		w.run(time.Second)
		w.mustMatch()
	}
}
