package ike

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

func TestDPDInherits(t *testing.T) {
	for _, test := range []struct {
		name     string
		own, box DPD
		want     DPD
	}{
		{"nothing is configured", DPD{}, DPD{}, DPD{Idle: 30 * time.Second, Retransmit: 15 * time.Second, Retries: 3, Order: DPDHashNotify}},
		{"all of the box", DPD{}, DPD{DPDPeriodic, time.Minute, time.Second, 9, DPDNotifyHash}, DPD{DPDPeriodic, time.Minute, time.Second, 9, DPDNotifyHash}},
		{"all of the peer", DPD{DPDPeriodic, time.Minute, time.Second, 9, DPDNotifyHash}, DPD{DPDOnDemand, 1, 2, 3, DPDHashNotify},
			DPD{DPDPeriodic, time.Minute, time.Second, 9, DPDNotifyHash}},
		{"some of each", DPD{Idle: time.Hour}, DPD{Type: DPDOnDemand, Idle: time.Minute}, DPD{DPDOnDemand, time.Hour, 15 * time.Second, 3, DPDHashNotify}},
	} {
		e := New(&Config{DPD: test.box}, nil)
		if got := e.dpd(&Peer{DPD: test.own}); got != test.want {
			t.Errorf("%s: dpd = %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestAhead(t *testing.T) {
	for _, test := range []struct {
		a, b uint32
		want bool
	}{{2, 1, true}, {1, 1, false}, {1, 2, false}, {0, 1<<32 - 1, true}, {1<<32 - 1, 0, false}} {
		if got := ahead(test.a, test.b); got != test.want {
			t.Errorf("ahead(%d, %d) = %v, want %v", test.a, test.b, got, test.want)
		}
	}
}

// watched makes a connected world with dead peer detection at hq.
func watched(t testing.TB, seed uint64, d DPD) *world {
	return connected(t, seed, func(name string, c *Config) {
		if name == "hq" {
			c.DPD = d
		}
	})
}

func kitSA(n *end) *sa { return n.engine.current(party{peer: "peer"}) }

// sign has an end send a protected message and returns it as the other one will get it.
func (n *end) datagram(send func(s *sa)) Datagram {
	s := kitSA(n)
	send(s)
	out := n.engine.outputs()
	for _, o := range out {
		if d, ok := o.(Send); ok {
			return Datagram{Local: d.Remote, Remote: d.Local, Octets: d.Octets}
		}
	}
	panic("nothing was sent")
}

// TestSignsOfLifeThatAreRefused gives an end what proves nothing: nothing changes by it, and
// nothing is answered.
func TestSignsOfLifeThatAreRefused(t *testing.T) {
	notify := func(n wire.Notify, order DPDOrder) func(*sa) { return func(s *sa) { s.sign(n, order) } }
	for _, test := range []struct {
		name string
		n    func(i, r wire.Cookie) wire.Notify
	}{
		{"a number that goes back", func(i, r wire.Cookie) wire.Notify { return wire.NewDPD(wire.RUThere, i, r, 99) }},
		{"other cookies", func(i, r wire.Cookie) wire.Notify { return wire.NewDPD(wire.RUThere, r, i, 200) }},
		{"no number", func(i, r wire.Cookie) wire.Notify { return wire.NewNotify(wire.RUThere, i, r, []byte{1, 2, 3}) }},
		{"an answer to nothing", func(i, r wire.Cookie) wire.Notify { return wire.NewDPD(wire.RUThereAck, i, r, 100) }},
		{"a heartbeat where there are none", func(i, r wire.Cookie) wire.Notify { return wire.NewDPD(wire.Heartbeat, i, r, 1) }},
	} {
		for _, order := range []DPDOrder{DPDHashNotify, DPDNotifyHash} {
			w := watched(t, 1, DPD{})
			hq, branch := w.ends[0], w.ends[1]
			s := kitSA(branch)
			hq.step(branch.datagram(notify(wire.NewDPD(wire.RUThere, s.cookieI, s.cookieR, 100), order)))
			before, sent := snapshotOf(hq.engine), len(w.sent)
			hq.step(branch.datagram(notify(test.n(s.cookieI, s.cookieR), order)))
			if after := snapshotOf(hq.engine); after != before || len(w.sent) != sent {
				t.Errorf("%s: %d datagrams sent, %s", test.name, len(w.sent)-sent, firstDifference(before, after))
			}
			if len(hq.refused) != 1 {
				t.Errorf("%s: refused %v, want one", test.name, hq.refused)
			}
		}
	}
}

// TestAlteredSignsOfLife flips each octet of one, in both orders of its payloads.
func TestAlteredSignsOfLife(t *testing.T) {
	for _, order := range []DPDOrder{DPDHashNotify, DPDNotifyHash} {
		w := watched(t, 1, DPD{})
		hq, branch := w.ends[0], w.ends[1]
		s := kitSA(branch)
		good := branch.datagram(func(*sa) { s.sign(wire.NewDPD(wire.RUThere, s.cookieI, s.cookieR, 100), order) })
		before := snapshotOf(hq.engine)
		for i := range good.Octets {
			bad := good
			bad.Octets = slices.Clone(good.Octets)
			bad.Octets[i] ^= 1
			hq.step(bad)
			if after := snapshotOf(hq.engine); after != before {
				t.Fatalf("order %d, octet %d: %s", order, i, firstDifference(before, after))
			}
		}
		sent := len(w.sent)
		hq.step(good)
		if len(w.sent) != sent+1 {
			t.Errorf("order %d: the good one was not answered", order)
		}
	}
}

// TestSignsOfLifeAreNotRemembered lets two ends ask each other for days: what an ISAKMP SA
// remembers does not grow, and no message is asked to be remembered.
func TestSignsOfLifeAreNotRemembered(t *testing.T) {
	w := connected(t, 1, func(_ string, c *Config) {
		c.DPD = DPD{Type: DPDPeriodic, Idle: 10 * time.Second}
		c.Proposals[0].Lifetime, c.Policies[0].Lifetime.Duration = 72*time.Hour, 72*time.Hour
	})
	w.ends[0].remembers()
	w.ends[0].memory.on = false
	used, kept := len(kitSA(w.ends[0]).used), w.ends[0].memory.kept
	w.run(36 * time.Hour)
	if n := len(w.sent); n < 10000 {
		t.Fatalf("%d datagrams in all", n)
	}
	if got := len(kitSA(w.ends[0]).used); got != used || w.ends[0].memory.kept != kept {
		t.Errorf("%d message IDs are remembered, and %d times something was; want %d and %d", got, w.ends[0].memory.kept, used, kept)
	}
}

// TestDPDFindsTheDead kills an end at some moment, in bad weather before: the other gives up
// after the time that is configured, and a bit.
func TestDPDFindsTheDead(t *testing.T) {
	for seed := range uint64(40) {
		w := watched(t, seed, DPD{Type: DPDPeriodic, Idle: 20 * time.Second, Retransmit: 5 * time.Second, Retries: 4})
		r := &weather{rng: rand.New(rand.NewPCG(seed, 9)), lost: 10, again: 30, late: 10, shortest: time.Millisecond, longest: 50 * time.Millisecond}
		w.route = r.route(w)
		w.run(time.Duration(seed) * 7 * time.Second)
		if kitSA(w.ends[0]) == nil {
			t.Fatalf("seed %d: given up while the peer lives", seed)
		}
		w.ends[1].kill()
		killed, heard := w.now, w.now
		for kitSA(w.ends[0]) != nil && w.now.Sub(killed) < time.Minute {
			heard = kitSA(w.ends[0]).heard
			w.run(time.Second)
		}
		if silent, late := w.now.Sub(heard), w.now.Sub(killed); silent < 40*time.Second || late > 46*time.Second {
			t.Errorf("seed %d: given up after %v of silence, %v after the end", seed, silent, late)
		}
		if s := w.ends[0].engine.size(); s != (sizes{}) || len(w.ends[0].sas) != 0 {
			t.Errorf("seed %d: left are %+v and %v", seed, s, w.ends[0].sas)
		}
		if off := w.ends[0].engine.Offlines(); len(off) != 1 || off[0].Reason != "dpd timeout" {
			t.Errorf("seed %d: offline %+v", seed, off)
		}
	}
}

// TestDPDUnderRekeys lets both phases be replaced again and again while both ends watch each
// other: nobody is given up, and one SA alone is watched.
func TestDPDUnderRekeys(t *testing.T) {
	w := connected(t, 3, func(name string, c *Config) {
		shortLives(name, c)
		c.DPD = DPD{Type: DPDPeriodic, Idle: 10 * time.Second, Retransmit: 2 * time.Second, Retries: 2}
		c.Heartbeat = Heartbeat{Interval: 20 * time.Second, Timeout: 60 * time.Second}
	})
	for range 3600 {
		w.run(time.Second)
		for _, n := range w.ends {
			if len(n.engine.Offlines()) > 0 {
				t.Fatalf("%v: %s gave up: %+v", w.now.Sub(kitStart), n.name, n.engine.Offlines())
			}
			for _, s := range n.engine.sas {
				if set := s.pulse.timer.place != 0; set != s.current() || set != (s.pulse.beats != nil) {
					t.Fatalf("%v: %s: timer set %v, current %v, heartbeats %v", w.now.Sub(kitStart), n.name, set, s.current(), s.pulse.beats)
				}
			}
		}
	}
	w.mustEnd()
}

// TestOnlyWhoHasAnnouncedItIsAsked has a peer that does not know dead peer detection.
func TestOnlyWhoHasAnnouncedItIsAsked(t *testing.T) {
	w := watched(t, 1, DPD{Type: DPDPeriodic, Idle: 10 * time.Second})
	s := kitSA(w.ends[0])
	s.peerCan.DPD = false
	s.watch()
	sent := len(w.sent)
	w.run(10 * time.Minute)
	if len(w.sent) != sent {
		t.Errorf("%d datagrams", len(w.sent)-sent)
	}
}

// TestCountersAreAskedByTheTimerOnly counts the questions.
func TestCountersAreAskedByTheTimerOnly(t *testing.T) {
	for _, test := range []struct {
		kind DPDType
		most int // in ten minutes of silence
	}{{DPDUnset, 0}, {DPDPeriodic, 20}, {DPDOnDemand, 40}} {
		w := watched(t, 1, DPD{Type: test.kind})
		asked := 0
		w.ends[0].engine.Use(Options{Counters: func(ipsec.SAID) (ipsec.Counters, bool) { asked++; return ipsec.Counters{}, true }})
		w.run(10 * time.Minute)
		if asked > test.most || asked < test.most-2 {
			t.Errorf("type %d: asked %d times, want %d", test.kind, asked, test.most)
		}
	}
}

// TestClockJumps has the clock jump while all is well, and while a probe is out: nothing is given up
// that has not been asked often enough, and the ends still agree after it.
func TestClockJumps(t *testing.T) {
	for _, jump := range []time.Duration{24 * time.Hour, -time.Hour, 365 * 24 * time.Hour, -24 * time.Hour} {
		for _, after := range []time.Duration{5 * time.Second, 30*time.Second + time.Millisecond} {
			w := connected(t, 1, func(_ string, c *Config) {
				c.DPD = DPD{Type: DPDPeriodic}
				c.Proposals[0].Lifetime, c.Policies[0].Lifetime.Duration = 1000*24*time.Hour, 1000*24*time.Hour
			})
			w.run(after)
			before := [2]int{len(w.ends[0].events), len(w.ends[1].events)}
			w.now = w.now.Add(jump)
			w.run(2 * time.Hour)
			for i, n := range w.ends {
				for _, e := range n.events[before[i]:] {
					switch e.(type) {
					case Phase1Down, Phase2Down, NegotiationFailed, Phase1Up, Phase2Up:
						t.Errorf("jump %v after %v: %s %+v", jump, after, n.name, e)
					}
				}
			}
			w.mustAgree()
			w.ends[1].step(Reset{ChildrenOnly: true})
			w.run(time.Second)
			w.ends[0].acquire()
			w.run(time.Second)
			w.mustAgree()
		}
	}
}

// TestProbesAfterTheLastPacket has ESP come some time after a look, and then nothing: the silence
// before the probe is counted from that packet, if the dataplane says when it came.
func TestProbesAfterTheLastPacket(t *testing.T) {
	for _, test := range []struct {
		after time.Duration // of the tunnel's start
		named bool          // the dataplane says when
		most  time.Duration
	}{{time.Second, true, 12 * time.Second}, {5 * time.Second, true, 12 * time.Second}, {9 * time.Second, true, 12 * time.Second}, {time.Second, false, 20 * time.Second}} {
		w := watched(t, 1, DPD{Type: DPDPeriodic, Idle: 10 * time.Second})
		var esp ipsec.Counters
		w.ends[0].engine.Use(Options{Counters: func(ipsec.SAID) (ipsec.Counters, bool) { return esp, true }})
		w.run(test.after)
		esp.Packets = 1
		if test.named {
			esp.LastUsed = w.now.Truncate(time.Second)
		}
		came, sent := w.now, len(w.sent)
		for len(w.sent) == sent && w.now.Sub(came) < time.Minute {
			w.run(time.Second / 4)
		}
		if silent := w.now.Sub(came); silent < 10*time.Second || silent > test.most {
			t.Errorf("a packet after %v, its time told %v: a probe %v after it, want 10 s to %v", test.after, test.named, silent, test.most)
		}
	}
}
