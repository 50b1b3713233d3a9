package ike

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

func TestOwns(t *testing.T) {
	many := &Peer{Remote: kitAddr(0), RemoteLast: kitAddr(9)}
	one := &Peer{Remote: kitAddr(1)}
	shared, signed := method{preShared: true}, method{signsI: true, signsR: true}
	here, port, elsewhere := kitPort(2, 500), kitPort(2, 4500), kitPort(3, 500)
	for _, test := range []struct {
		name   string
		peer   *Peer
		method method
		nat    bool // in front of the peer
		at     netip.AddrPort
		want   bool
	}{
		{"the same place", many, shared, false, here, true},
		{"another port", many, shared, false, port, true},
		{"another address", many, shared, false, elsewhere, false},
		{"the same place behind a NAT", many, shared, true, here, true},
		{"another port behind a NAT", many, shared, true, port, false},
		{"another address, and a certificate", many, signed, true, elsewhere, true},
		{"another address of one box", one, shared, true, elsewhere, true},
	} {
		s := &sa{peer: test.peer, method: test.method, nat: nat{there: test.nat}, remote: here}
		if got := s.owns(test.at); got != test.want {
			t.Errorf("%s: owns(%v) = %v, want %v", test.name, test.at, got, test.want)
		}
	}
}

// namesakes makes a world in which branch and a guest of hq have one name and one key.
func namesakes(t *testing.T) *world {
	named := func(c *Config) {
		c.Policies[0].Peer.LocalIDType, c.Policies[0].Peer.LocalID = IDFQDN, "spoke.test"
	}
	w := newWorld(t, 1, func(name string, c *Config) {
		template(name, c)
		if name == "branch" {
			named(c)
		}
	})
	w.ends[0].remembers()
	w.ends[1].acquire()
	w.run(time.Second)
	withGuest(t, w, named)
	if sas := w.ends[0].engine.sasSorted(); !w.carries() || len(sas) != 2 || sas[0].party != sas[1].party {
		t.Fatalf("branch has a pair: %v, %d ISAKMP SAs", w.carries(), len(sas))
	}
	return w
}

// TestNamesakes has branch say what only the guest may, who has the same name.
func TestNamesakes(t *testing.T) {
	for _, test := range []struct {
		name string
		says func(theirs *sa, pair *child) wire.Payload
	}{
		{"delete of ESP", func(_ *sa, c *child) wire.Payload { return wire.DeleteSA(wire.ProtoESP, uint32(c.out.ID.SPI)) }},
		{"delete of the ISAKMP SA", func(s *sa, _ *child) wire.Payload { return wire.DeleteISAKMP(s.cookieI, s.cookieR) }},
		{"INITIAL-CONTACT", func(s *sa, _ *child) wire.Payload {
			return wire.NewNotify(wire.InitialContact, s.cookieI, s.cookieR, nil)
		}},
		{"RESPONDER-LIFETIME", func(_ *sa, c *child) wire.Payload {
			_, spi := spisOf(c.out).first()
			return wire.NewResponderLifetime(wire.ProtoESP, spi, wire.Lifetime{Seconds: 600})
		}},
	} {
		w := namesakes(t)
		hq, branch := w.ends[0], w.ends[1]
		theirs := w.atHub(w.guest)
		hard := theirs.children[0].hard.at
		hq.step(branch.datagram(func(s *sa) { s.inform(test.says(theirs, theirs.children[0])) }))
		w.run(time.Second)
		if theirs.gone || len(theirs.children) != 1 || !theirs.children[0].hard.at.Equal(hard) {
			t.Errorf("%s: the guest's ISAKMP SA has gone: %v, its pairs are %v", test.name, theirs.gone, theirs.children)
		}
		if !w.carries() {
			t.Errorf("%s: branch has no pair any more", test.name)
		}
	}
}

// TestNamesakesContact has either of two boxes with one name, the older one and the newer one, say in a
// message of its own that it knows of nothing else.
func TestNamesakesContact(t *testing.T) {
	for i := range 2 {
		w := namesakes(t)
		hq, both := w.ends[0], []*end{w.ends[1], w.guest}
		hq.step(both[i].datagram(func(s *sa) { s.inform(wire.NewNotify(wire.InitialContact, s.cookieI, s.cookieR, nil)) }))
		w.run(time.Second)
		if other := w.atHub(both[1-i]); len(other.children) != 1 || len(hq.engine.sas) != 2 {
			t.Errorf("%s speaks: of the other hq has %d pairs; %d ISAKMP SAs", both[i].name, len(other.children), len(hq.engine.sas))
		}
	}
}

// TestOrphansOfNamesakes takes the ISAKMP SAs of both away, and has one of them come again: it gets its own
// pair back, or its INITIAL-CONTACT ends that, and no other.
func TestOrphansOfNamesakes(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		w := namesakes(t)
		hq, guest := w.ends[0], w.guest
		its, others := w.atHub(guest).children[0], w.atHub(w.ends[1]).children[0]
		hq.engine.now, guest.engine.now = w.now, w.now
		for _, s := range hq.engine.sasSorted() {
			s.remove("test")
		}
		w.perform(hq)
		if restarted {
			guest.start(9)
			guest.acquire()
		} else {
			guest.engine.sasSorted()[0].rekey()
			w.perform(guest)
		}
		w.run(time.Second)
		if its.gone != restarted || !restarted && its.sa != w.atHub(guest) {
			t.Errorf("restarted: %v, and its pair has gone: %v, or is of %p, want %p", restarted, its.gone, its.sa, w.atHub(guest))
		}
		if others.gone || others.sa != nil {
			t.Errorf("restarted: %v, and the other's pair has gone: %v, or is of %p", restarted, others.gone, others.sa)
		}
	}
}

// TestNamesakesAfterACrash has a successor of hq's go on: the pair of each is of its own ISAKMP SA.
func TestNamesakesAfterACrash(t *testing.T) {
	w := namesakes(t)
	hq := w.ends[0]
	hq.kill()
	hq.succeed(2, hq.will())
	for _, n := range []*end{w.ends[1], w.guest} {
		if pairs := w.atHub(n).children; len(pairs) != 1 || pairs[0].remote.Addr() != n.addr {
			t.Errorf("of %s hq has %d pairs", n.name, len(pairs))
		}
	}
}

// TestPairsThatHaveMovedAway takes away the ISAKMP SA of pairs whose peer has another where they are now.
func TestPairsThatHaveMovedAway(t *testing.T) {
	w := namesakes(t)
	hq := w.ends[0]
	older, newer := w.atHub(w.ends[1]), w.atHub(w.guest)
	older.children[0].remote = newer.remote
	hq.engine.now = w.now
	older.remove("test")
	if len(newer.children) != 2 {
		t.Errorf("the other ISAKMP SA has %d pairs, want 2", len(newer.children))
	}
}

// atHub returns hq's newest ISAKMP SA with an end.
func (w *world) atHub(n *end) *sa {
	for _, s := range slices.Backward(w.ends[0].engine.sasSorted()) {
		if s.remote.Addr() == n.addr {
			return s
		}
	}
	w.t.Fatalf("there is no ISAKMP SA with %s", n.name)
	return nil
}

// TestNamesakesRekey has either of two boxes with one name, and hq, replace what they have: under its own
// ISAKMP SA each, and nothing of the other's goes.
func TestNamesakesRekey(t *testing.T) {
	for _, name := range []string{"branch", "guest", "hq"} {
		w := namesakes(t)
		hq := w.ends[0]
		n := map[string]*end{"branch": w.ends[1], "guest": w.guest, "hq": hq}[name]
		n.engine.now = w.now
		for _, s := range n.engine.sasSorted() {
			s.rekey()
			w.perform(n)
			w.run(time.Second)
		}
		old := map[ipsec.SAID]bool{}
		for _, c := range n.engine.childrenSorted() {
			old[c.in.ID], old[c.out.ID] = true, true
			n.step(Expire{SA: c.out.ID})
			w.run(time.Second)
		}
		w.run(3 * time.Minute)
		for _, o := range []*end{w.ends[1], w.guest} {
			s := w.atHub(o)
			if len(s.children) != 1 || s.children[0].remote.Addr() != o.addr || s.replaced {
				t.Fatalf("%s rekeys: with %s hq has %d pairs, replaced %v", name, o.name, len(s.children), s.replaced)
			}
			if (n == hq || n == o) && old[s.children[0].in.ID] {
				t.Errorf("%s rekeys: the pair with %s is the one that it was", name, o.name)
			}
			if in := o.sas[s.children[0].out.ID]; in == nil || len(o.sas) != 2 {
				t.Errorf("%s rekeys: %s has no pair with hq, but %v", name, o.name, o.sas)
			}
		}
		if len(hq.engine.sas) != 2 || len(hq.sas) != 4 {
			t.Errorf("%s rekeys: hq has %d ISAKMP SAs and %d SAs", name, len(hq.engine.sas), len(hq.sas))
		}
	}
}

// TestNamesakeThatHasMoved has a box prove a name that another place has SAs for: they stay if somebody is
// there and shows it by an answer or by ESP, however it is watched otherwise.
func TestNamesakeThatHasMoved(t *testing.T) {
	for _, test := range []struct {
		name       string
		reachable  bool
		esp        bool
		noDPD      bool
		wantBranch bool
	}{
		{"it answers", true, false, false, true},
		{"only its ESP comes", false, true, false, true},
		{"nothing comes", false, false, false, false},
		{"it cannot be asked", false, false, true, true},
	} {
		w := namesakes(t)
		hq, branch := w.ends[0], w.ends[1]
		packets := uint64(7)
		hq.engine.Use(Options{Remember: true, Counters: func(id ipsec.SAID) (ipsec.Counters, bool) {
			if _, guests := w.guest.sas[id]; guests || test.esp {
				packets++
			}
			return ipsec.Counters{Packets: packets}, true
		}})
		s := w.atHub(branch)
		s.peerCan.DPD = !test.noDPD
		s.changed()
		w.route = func(f flight) []flight {
			if !test.reachable && (f.to == branch || f.in.Remote.Addr() == branch.addr) {
				return nil
			}
			return []flight{f}
		}
		for range 2 { // once more when the question is over
			w.guest.start(9)
			w.guest.acquire()
			w.run(time.Second)
			s.watch()
			w.run(5 * time.Minute)
		}
		if got := !s.gone && len(s.children) == 1; got != test.wantBranch {
			t.Errorf("%s: branch's SAs are there: %v, want %v", test.name, got, test.wantBranch)
		}
		if o := w.atHub(w.guest); len(o.children) != 1 {
			t.Errorf("%s: the guest has %d pairs", test.name, len(o.children))
		}
	}
}
