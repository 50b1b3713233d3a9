package ike

import (
	"slices"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// A switching is a world in which hq has begun the rekey of a pair and waits for the peer to
// send on the new one.
type switching struct {
	*world
	hq, branch *end
	old, next  *child // hq's
	began      time.Time
	packets    map[ipsec.SAID]uint64 // that hq's dataplane has counted, of 1000 octets each
}

// newSwitching returns a switching of a pair that has lived for a minute.
func newSwitching(t *testing.T) *switching {
	limited := func(_ string, c *Config) { c.Policies[0].Lifetime.Octets = 1e6 }
	r := &switching{world: connected(t, 1, limited), packets: map[ipsec.SAID]uint64{}}
	r.hq, r.branch = r.ends[0], r.ends[1]
	r.hq.engine.Use(Options{Counters: func(id ipsec.SAID) (ipsec.Counters, bool) {
		return ipsec.Counters{Packets: r.packets[id], Octets: 1000 * r.packets[id]}, r.hq.sas[id] != nil
	}})
	r.old = r.hq.engine.childrenSorted()[0]
	r.run(time.Minute)
	r.hq.reachSoftLimit()
	r.run(0)
	r.began = r.now
	all := r.hq.engine.childrenSorted()
	if r.next = all[len(all)-1]; len(all) != 2 || !r.next.up {
		t.Fatalf("hq has %d pairs, want an old one and its successor", len(all))
	}
	return r
}

// sendsOn is the pair that hq's dataplane sends on.
func (r *switching) sendsOn() *child { return r.hq.engine.find(r.hq.outbound().ID) }

// TestSwitchOver looks when the initiator of a rekey begins to send on the new pair, and
// that nothing is lost then.
func TestSwitchOver(t *testing.T) {
	for _, test := range []struct {
		name  string
		meet  func(*switching)
		after time.Duration // of message 3
	}{
		{"nothing happens", func(*switching) {}, switchAfter},
		{"a packet comes on the new pair", func(r *switching) { r.packets[r.next.in.ID]++ }, switchLook},
		{"one comes on the old pair", func(r *switching) { r.packets[r.old.in.ID]++ }, switchAfter},
		{"the old pair is at its soft limit", func(r *switching) { r.packets[r.old.out.ID] = r.old.out.Soft.Octets / 1000 }, switchAfter},
		{"the old pair is near its hard limit", func(r *switching) { r.packets[r.old.out.ID] = r.old.out.Hard.Octets/1000 - 10 }, switchLook},
		{"the peer deletes the old pair", func(r *switching) { r.peerDeletes(r.old) }, 0},
		{"the old pair has used up its octets", func(r *switching) { r.hq.step(Expire{SA: r.old.out.ID, Hard: true}) }, 0},
		{"the operator resets the old pair", func(r *switching) { r.hq.step(Reset{ChildrenOnly: true, ConnectionID: r.old.id}) }, 0},
		{"the old pair ends soon", func(r *switching) { r.hq.engine.sooner(&r.old.hard, r.now.Add(3*time.Second), r.old.hard.fire) }, 3*time.Second - switchBefore},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newSwitching(t)
			if r.sendsOn() != r.old {
				t.Errorf("hq sends on %v at once", r.hq.outbound().ID)
			}
			if b := r.branch.outbound().ID; b != r.next.in.ID {
				t.Errorf("branch sends on %v, want %v: it has message 3", b, r.next.in.ID)
			}
			test.meet(r)
			for r.sendsOn() != r.next && r.now.Sub(r.began) < time.Minute {
				r.run(time.Millisecond)
				r.mustAgree()
			}
			if got := r.now.Sub(r.began); got != test.after {
				t.Errorf("hq sends on the new pair after %v, want %v", got, test.after)
			}
			r.run(oldInboundStays + time.Minute)
			r.mustAgree()
			r.mustMatch()
			r.mustEnd()
		})
	}
}

// peerDeletes has branch delete its half of a pair of hq's.
func (r *switching) peerDeletes(c *child) {
	r.branch.engine.now = r.now
	r.branch.engine.find(c.in.ID).end("test")
	r.branch.perform(r.branch.engine.outputs())
	r.run(0)
}

// TestSuccessorBeforeTheEnd has the old pair end while its successor waits: that one is installed
// before, so that there is no moment with nothing to send on.
func TestSuccessorBeforeTheEnd(t *testing.T) {
	r := newSwitching(t)
	outputs := r.hq.engine.Step(r.now, Expire{SA: r.old.out.ID, Hard: true})
	at := func(want Output) int { return slices.IndexFunc(outputs, func(o Output) bool { return o == want }) }
	in, out := at(InstallSA{r.next.out}), at(RemoveSA{r.old.out.ID})
	if in < 0 || out < in {
		t.Errorf("the new SA is installed by output %d, the old one removed by %d", in, out)
	}
	if got := len(r.hq.engine.Offlines()); got != 0 {
		t.Errorf("%d peers are said to be offline, want none: the flow has a pair", got)
	}
}

// TestOlderPairGoesMeanwhile has the peer delete what is not in use any more while a successor
// waits: that one goes on waiting.
func TestOlderPairGoesMeanwhile(t *testing.T) {
	r := newSwitching(t)
	r.run(switchAfter)
	older := r.old
	r.hq.reachSoftLimit()
	r.run(0)
	if r.old = r.next; r.sendsOn() != r.old || older.gone {
		t.Fatal("hq is not as far as it is to be")
	}
	r.peerDeletes(older)
	if !older.gone || r.sendsOn() != r.old {
		t.Errorf("the pair before has gone: %v, and hq sends on %v, want %v still", older.gone, r.hq.outbound().ID, r.old.out.ID)
	}
	r.run(switchAfter)
	if r.sendsOn() == r.old {
		t.Error("hq does not go over")
	}
	r.mustAgree()
}

// TestSuccessorGoesFirst has the peer delete a pair that we do not send on yet: the old one
// goes on, and is rekeyed once more.
func TestSuccessorGoesFirst(t *testing.T) {
	r := newSwitching(t)
	r.peerDeletes(r.next)
	if r.sendsOn() != r.old {
		t.Fatalf("hq sends on %v, want %v", r.hq.outbound().ID, r.old.out.ID)
	}
	r.run(autoRetry + switchAfter)
	if r.sendsOn() == r.old || !r.sendsOn().initiator {
		t.Error("the old pair has no successor")
	}
	r.mustAgree()
}

// TestNobodyCounts has a dataplane that cannot tell what has come.
func TestNobodyCounts(t *testing.T) {
	w := connected(t, 1, nil)
	hq := w.ends[0]
	old := hq.outbound().ID
	hq.reachSoftLimit()
	w.run(switchAfter - time.Millisecond)
	if got := hq.outbound().ID; got != old {
		t.Errorf("hq sends on %v, want %v", got, old)
	}
	w.run(time.Millisecond)
	if got := hq.outbound().ID; got == old {
		t.Errorf("hq still sends on %v after %v", got, switchAfter)
	}
}

// TestKilledBeforeTheSwitch kills an initiator that waits for the peer to send on the new pair.
// Its successor goes on receiving on that one, and sending on the old one, until another has
// taken over from both: even if that takes the peer minutes.
func TestKilledBeforeTheSwitch(t *testing.T) {
	for _, test := range []struct {
		name         string
		wait, silent time.Duration // since message 3; without quick mode, after that
	}{
		{"at once", 0, 0},
		{"after a second", time.Second, 0},
		{"at the last moment", switchAfter - time.Millisecond, 0},
		{"no quick mode gets through", 100 * time.Millisecond, 4 * oldInboundStays},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, 5, nil)
			hq := w.ends[0]
			hq.remembers()
			hq.acquire()
			w.run(time.Minute)
			hq.reachSoftLimit()
			w.run(test.wait)
			made := w.ends[1].outbound().ID
			hq.kill()
			w.run(time.Second)
			silent := w.now.Add(test.silent)
			w.route = func(f flight) []flight {
				if w.now.Before(silent) && headerOf(f.in.Octets).Exchange == wire.QuickMode {
					return nil
				}
				return []flight{f}
			}
			hq.succeed(1, hq.will())
			if hq.sas[made] == nil {
				t.Errorf("the successor does not receive on %v, which message 3 has completed", made)
			}
			for w.now.Before(silent.Add(5 * time.Minute)) {
				w.mustAgree()
				w.run(time.Second)
			}
			if got := w.ends[1].outbound().ID; got == made {
				t.Errorf("both ends still use %v", got)
			}
			w.onePair(5)
			w.mustMatch()
			w.mustEnd()
		})
	}
}

// TestKilledWhileAnswering kills a responder before each output of its answer to message 1. The
// initiator repeats that, and within seconds it has its pair.
func TestKilledWhileAnswering(t *testing.T) {
	for _, pfs := range []wire.Group{0, wire.Group19} {
		killed := true
		for output := 1; killed; output++ {
			w := newWorld(t, 5, func(_ string, c *Config) { c.Policies[0].PFS = pfs })
			hq, branch := w.ends[0], w.ends[1]
			branch.remembers()
			hq.acquire()
			w.run(time.Minute)
			old := hq.outbound().ID
			branch.memory.lives = output
			hq.reachSoftLimit()
			w.run(0)
			if killed = branch.memory.dead; !killed {
				break
			}
			branch.succeed(uint64(output), branch.will())
			w.run(4*firstRepeat + switchAfter)
			w.mustAgree()
			if hq.outbound().ID == old || branch.outbound().ID == old {
				t.Errorf("PFS %v, killed before output %d: the old pair is still in use", pfs, output)
			}
			w.run(oldInboundStays + linger)
			w.onePair(5)
			w.mustMatch()
		}
	}
}
