package ike

import (
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// hold keeps the datagrams of an exchange from arriving, from the n-th on.
func (w *world) hold(kind wire.ExchangeType, n int) {
	w.route = func(f flight) []flight {
		if wire.ExchangeType(f.in.Octets[18]) != kind {
			return []flight{f}
		}
		if n--; n < 1 {
			return nil
		}
		return []flight{f}
	}
}

// TestResetDuringPhase1 checks that traffic brings a flow up again whose
// negotiation the operator ended.
func TestResetDuringPhase1(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.hold(wire.MainMode, 3)
	w.ends[0].acquire()
	w.run(time.Second)
	w.ends[0].step(Reset{})
	w.route = nil
	w.run(20 * time.Second)
	w.ends[0].acquire()
	w.run(time.Second)
	w.mustAgree()
	w.mustEnd()
}

// TestNewKeyDuringPhase1 is the same for a configuration that ends it.
func TestNewKeyDuringPhase1(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.hold(wire.MainMode, 3)
	w.ends[0].acquire()
	w.run(time.Second)
	w.route = nil
	for i, n := range w.ends {
		c := kitConfig(i)
		c.Policies[0].Peer.Key = []byte("another shared secret")
		n.step(SetConfig{c})
	}
	w.run(20 * time.Second)
	w.ends[0].acquire()
	w.run(time.Second)
	w.mustAgree()
	w.mustEnd()
}

// TestQuietStartsNothing checks that `sa trigger-mode auto` ends with the daemon.
func TestQuietStartsNothing(t *testing.T) {
	w := newWorld(t, 1, func(_ string, c *Config) { c.Policies[0].Auto = true })
	w.ends[0].step(SetConfig{w.ends[0].config})
	w.run(time.Second)
	w.mustAgree()
	w.mustEnd()
}

// TestResetBeforeMessage3 checks that a pair which is reset while the responder
// waits for message 3 is gone on both ends.
func TestResetBeforeMessage3(t *testing.T) {
	for name, end := range map[string]Input{
		"reset ipsec sa":     Reset{ChildrenOnly: true},
		"another selector":   SetConfig{otherRule(1)},
		"reset of that pair": Reset{ChildrenOnly: true, Policy: "p", Sequence: 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1, nil)
			w.hold(wire.QuickMode, 3)
			w.ends[0].acquire()
			w.run(100 * time.Millisecond)
			w.route = nil
			w.ends[1].step(end)
			w.run(10 * time.Second)
			if n := len(w.ends[0].sas) + len(w.ends[1].sas); n != 0 {
				t.Errorf("%d SAs are left: %v, %v", n, w.ends[0].sas, w.ends[1].sas)
			}
			w.mustEnd()
		})
	}
}

// otherRule is an end's configuration with another flow.
func otherRule(i int) *Config {
	c := kitConfig(i)
	c.Policies[0].ACL = &acl.ACL{Number: 3000, Step: 5, Rules: []acl.Rule{kitPermit(kitRule, 0x0a090000, 0x0a080000)}}
	return c
}

// TestNewRuleDuringQuickMode checks that a quick mode for traffic which is not
// protected any more installs nothing.
func TestNewRuleDuringQuickMode(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.hold(wire.QuickMode, 2)
	w.ends[0].acquire()
	w.run(100 * time.Millisecond)
	w.route = nil
	w.ends[0].step(SetConfig{otherRule(0)})
	w.run(40 * time.Second)
	for _, s := range w.ends[0].sas {
		t.Errorf("%v is installed for %v", s.ID, s.Selector)
	}
	w.mustEnd()
}

// TestMessageIDsUsedUp checks that an ISAKMP SA which has used up its message
// IDs is replaced, whoever used them.
func TestMessageIDsUsedUp(t *testing.T) {
	w := connected(t, 1, nil)
	for range maxMessageIDs {
		s := w.ends[0].engine.current(party{peer: "peer"})
		w.ends[0].engine.now, w.ends[0].engine.out = w.now, nil
		s.inform(wire.NewDPD(wire.RUThere, s.cookieI, s.cookieR, 1))
		w.ends[0].perform(w.ends[0].engine.out)
		w.run(time.Millisecond)
	}
	w.run(time.Minute)
	for _, n := range w.ends {
		if s := n.engine.current(party{peer: "peer"}); s == nil || len(s.used) > maxMessageIDs/2 {
			t.Errorf("%s still has an ISAKMP SA whose IDs are used up", n.name)
		}
	}
	w.mustEnd()
}

// TestRefusedQuickModeLeavesNoFlow checks that a proposal which is refused
// leaves the responder as it was.
func TestRefusedQuickModeLeavesNoFlow(t *testing.T) {
	w := newWorld(t, 1, func(name string, c *Config) {
		if name == "branch" {
			c.Policies[0].Proposals[0].Encryptions = []ipsec.Encryption{ipsec.AES256}
		}
	})
	w.ends[0].acquire()
	w.run(time.Second)
	if n := len(w.ends[1].engine.flows); n != 0 {
		t.Errorf("%d flows are left of a refused quick mode", n)
	}
	w.mustEnd()
}

// TestMessage3NeverComes checks that both ends agree that there is no new pair
// when the responder has given up waiting.
func TestMessage3NeverComes(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.hold(wire.QuickMode, 3)
	w.ends[0].acquire()
	w.run(quickModeWait + 5*time.Second)
	w.route = nil
	if n := len(w.ends[0].sas) + len(w.ends[1].sas); n != 0 {
		t.Errorf("%d SAs are left: %v, %v", n, w.ends[0].sas, w.ends[1].sas)
	}
	w.ends[0].acquire()
	w.run(20 * time.Second)
	w.ends[0].acquire()
	w.run(time.Second)
	w.mustAgree()
	w.mustEnd()
}

// TestSuccessorRefused checks that traffic goes on over the old pair when the
// dataplane refuses the one that was to replace it.
func TestSuccessorRefused(t *testing.T) {
	for name, refuses := range map[string]refusal{
		"initiator, inbound":  {0, ipsec.Inbound},
		"initiator, outbound": {0, ipsec.Outbound},
		"responder, inbound":  {1, ipsec.Inbound},
		"responder, outbound": {1, ipsec.Outbound},
	} {
		t.Run(name, func(t *testing.T) {
			w := connected(t, 1, nil)
			n := w.ends[refuses.end]
			n.refuse = func(s *ipsec.SA) bool { return s.Direction == refuses.d }
			w.ends[0].step(Expire{SA: w.ends[0].outbound().ID})
			w.run(5 * time.Second)
			if refuses.d == ipsec.Inbound { // else the other end has gone over to the new pair already
				w.mustAgree()
			}
			n.refuse = nil
			w.ends[0].want()
			w.run(time.Minute)
			w.mustAgree()
			w.mustEnd()
		})
	}
}

// A refusal says whose dataplane refuses what.
type refusal struct {
	end int
	d   ipsec.Direction
}

// TestInitialContactSparesCrossing checks that an INITIAL-CONTACT, sent before
// another negotiation with the same peer was over, does not end that one's SA.
func TestInitialContactSparesCrossing(t *testing.T) {
	w := newWorld(t, 1, nil)
	hq, branch := w.ends[0], w.ends[1]
	var late []flight
	w.route = func(f flight) []flight { // hq's message 5 is slow
		f.at = f.at.Add(time.Millisecond)
		if cookieOf(f) == own(hq) && f.to == branch && f.in.Octets[19]&1 != 0 && f.in.Octets[18] == byte(wire.MainMode) {
			f.at = f.at.Add(500 * time.Millisecond)
			late = append(late, f)
		}
		return []flight{f}
	}
	hq.acquire()
	branch.acquire()
	w.run(100 * time.Millisecond)
	if len(late) == 0 || !w.agree() {
		t.Fatalf("the crossing did not come about: %d late, agree %v", len(late), w.agree())
	}
	w.run(time.Second)
	w.mustAgree()
	w.mustEnd()
}

func cookieOf(f flight) wire.Cookie { return wire.Cookie(f.in.Octets[:8]) }

// own returns our cookie of the negotiation that an end began.
func own(n *end) wire.Cookie {
	for _, s := range n.engine.sas {
		if s.initiator {
			return s.cookieI
		}
	}
	return wire.Cookie{}
}

// TestCrossingPhase1 checks that of two main modes that crossed one survives on
// both ends, and the same one.
func TestCrossingPhase1(t *testing.T) {
	for seed := range uint64(8) {
		w := newWorld(t, seed, nil)
		w.route = func(f flight) []flight {
			f.at = f.at.Add(time.Duration(5+len(w.sent)%3) * time.Millisecond)
			return []flight{f}
		}
		w.ends[0].acquire()
		w.run(time.Duration(seed) * time.Millisecond)
		w.ends[1].acquire()
		w.run(2 * time.Minute)
		w.mustAgree()
		a, b := w.ends[0].engine.current(party{peer: "peer"}), w.ends[1].engine.current(party{peer: "peer"})
		if a == nil || b == nil || a.cookieI != b.cookieI || len(w.ends[0].engine.sas) != 1 || len(w.ends[1].engine.sas) != 1 {
			t.Errorf("seed %d: %d and %d ISAKMP SAs, want the same one", seed, len(w.ends[0].engine.sas), len(w.ends[1].engine.sas))
		}
		w.mustEnd()
	}
}

// TestRepeatedMessage2IsNotAnswered checks that the initiator, who owns the
// timer, does not send its larger message 3 for each repetition of message 2.
func TestRepeatedMessage2IsNotAnswered(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.hold(wire.MainMode, 3)
	w.ends[0].acquire()
	w.run(1500 * time.Millisecond)
	hq := w.ends[0]
	before := hq.octetsOut
	hq.step(w.sent[1].in)
	if hq.octetsOut != before {
		t.Errorf("%d octets for %d", hq.octetsOut-before, len(w.sent[1].in.Octets))
	}
}

// TestBadPublicValueKeepsTheTimer checks that a message 4 with a value that is
// none moves no repetition.
func TestBadPublicValueKeepsTheTimer(t *testing.T) {
	w := newWorld(t, 1, nil)
	hq := w.ends[0]
	w.before = func(f flight) {
		if f.to != hq || len(w.sent) != 4 {
			return
		}
		at := hq.engine.sas[own(hq)].phase1.repeat.at
		w.now = w.now.Add(time.Second)
		hq.compute = true
		forged := f.in
		forged.Octets = append([]byte(nil), f.in.Octets...)
		forged.Octets[40] ^= 1 // in the KE payload: not on the curve any more
		hq.step(forged)
		hq.compute = false
		hq.step(Computed{hq.computing[0].Job, hq.computing[0].Work.Do()})
		if got := hq.engine.sas[own(hq)].phase1.repeat.at; !got.Equal(at) {
			t.Errorf("the repetition moved from %v to %v", at, got)
		}
	}
	hq.acquire()
	w.run(3 * time.Second)
	w.mustAgree()
}

// TestPeerLostItsSA checks that an initiator whose quick mode is not answered
// negotiates phase 1 anew: the peer may have lost the ISAKMP SA.
func TestPeerLostItsSA(t *testing.T) {
	w := connected(t, 1, nil)
	w.ends[1].start(99)
	w.ends[0].step(Expire{SA: w.ends[0].outbound().ID})
	w.run(3 * time.Minute)
	w.mustAgree()
	w.mustEnd()
}

// TestInvalidPeerValueInQuickMode checks that a peer's public value which is
// none ends only that quick mode.
func TestInvalidPeerValueInQuickMode(t *testing.T) {
	w := newWorld(t, 1, func(_ string, c *Config) { c.Policies[0].PFS = wire.Group19 })
	w.ends[0].acquire()
	w.ends[1].compute = true
	w.run(time.Millisecond)
	branch := w.ends[1]
	for i := 0; i < len(branch.computing); i++ {
		job := branch.computing[i]
		result := job.Work.Do()
		if i == 1 { // of quick mode
			result = Result{Err: &keymat.PublicError{Group: wire.Group19, Reason: "it is not on the curve"}}
		}
		branch.step(Computed{job.Job, result})
		w.run(time.Millisecond)
	}
	w.run(2 * time.Minute)
	if s := branch.engine.size(); s.jobs != 0 || s.inbound != 0 {
		t.Errorf("left of it: %+v", s)
	}
	w.mustEnd()
}
