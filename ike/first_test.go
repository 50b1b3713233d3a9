package ike

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// firsts returns n copies of a message 1, of different negotiations.
func firsts(first Datagram, n int) (all []Datagram) {
	for i := range n {
		d := first
		d.Octets = bytes.Clone(first.Octets)
		binary.BigEndian.PutUint64(d.Octets, uint64(i)+1<<40)
		all = append(all, d)
	}
	return all
}

// TestFloodBesideThePeer has somebody send messages 1 from the peer's own address, a thousand in a
// second, while the peer, 50 ms away, begins: it comes up as if there were nobody.
func TestFloodBesideThePeer(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(string, *Config)
	}{{"main mode", nil}, {"aggressive mode", aggressively}} {
		w := newWorld(t, 1, test.change)
		w.route = func(f flight) []flight {
			f.at = f.at.Add(50 * time.Millisecond)
			return []flight{f}
		}
		hq, branch := w.ends[0], w.ends[1]
		hq.acquire()
		for _, d := range firsts(w.sent[0].in, 1000) {
			branch.step(d)
			w.run(time.Millisecond)
		}
		if !w.agree() {
			t.Errorf("%s: no pair after a second; refused %v", test.name, hq.refused)
		}
		if n := branch.engine.halfOpen.perAddr[kitAddr(0)]; n > maxHalfOpenKnown {
			t.Errorf("%s: %d half-open negotiations of an address", test.name, n)
		}
	}
}

// TestFirstsInASecond floods an end from addresses of no peer's own: there is an end to what is
// answered, and a configured address is no part of that.
func TestFirstsInASecond(t *testing.T) {
	w := newWorld(t, 1, func(_ string, c *Config) {
		known := *c.Policies[0]
		known.ID.Sequence++
		known.Peer = &Peer{Name: "known", Key: known.Peer.Key, Remote: kitAddr(200)}
		c.Policies = append(c.Policies, &known)
		c.Policies[0].Peer.Remote, c.Policies[0].Peer.RemoteLast = kitAddr(0), kitAddr(199)
	})
	branch, answers := w.ends[1], 0
	feed := func(from int, d Datagram) {
		d.Remote = kitPort(from, 500)
		for _, out := range branch.engine.Step(w.now, d) {
			if _, ok := out.(Send); ok {
				answers++
			}
		}
	}
	first := newWorld(t, 2, nil)
	first.ends[0].acquire()
	for _, d := range firsts(first.sent[0].in, maxFirsts+50) {
		feed(1, d)
	}
	if answers != maxFirsts {
		t.Errorf("%d messages 1 are answered in a second, want %d", answers, maxFirsts)
	}
	if feed(201, first.sent[0].in); answers != maxFirsts+1 {
		t.Error("a configured address has had no answer, for strangers have had all of them")
	}
	w.now = w.now.Add(time.Second)
	if feed(1, first.sent[0].in); answers != maxFirsts+2 {
		t.Error("in the next second there is no answer")
	}
}

// TestNoWorkForThoseWhoDoNotStay sends messages 1 of aggressive mode once each. With a pre-shared key
// some cost a public value, which serves the others; with certificates none costs anything.
func TestNoWorkForThoseWhoDoNotStay(t *testing.T) {
	for _, test := range []struct {
		name           string
		change         func(string, *Config)
		works, answers int
	}{{"pre-shared key", aggressively, maxHalves, 500}, {"certificates", rsaWorld(t, AggressiveMode), 0, 0}} {
		w := newWorld(t, 1, test.change)
		hq, branch := w.ends[0], w.ends[1]
		w.route = func(flight) []flight { return nil }
		hq.acquire()
		works := 0
		sent := len(w.sent)
		branch.compute = true
		for _, d := range firsts(w.sent[0].in, 500) {
			branch.step(d)
			jobs := branch.computing
			branch.computing = nil
			for _, c := range jobs {
				works++
				branch.step(Computed{c.Job, c.Work.Do()})
			}
		}
		if answers := len(w.sent) - sent; works != test.works || answers != test.answers {
			t.Errorf("%s: 500 messages 1 cost %d works and have %d answers, want %d and %d", test.name, works, answers, test.works, test.answers)
		}
		if n := len(branch.engine.waitersKnown.came); test.works == 0 && n != 500 {
			t.Errorf("%s: %d are waited for", test.name, n)
		}
		w.run(time.Minute)
		if len(branch.engine.halves.last) != 0 {
			t.Errorf("%s: a public value is still used after a minute", test.name)
		}
	}
}

// TestOneHalfForMany has many begin in one second: they share a public value, and no keys.
func TestOneHalfForMany(t *testing.T) {
	w := newWorld(t, 1, aggressively)
	hq, branch := w.ends[0], w.ends[1]
	branch.engine.halves.limit = budget{w.now, maxHalves - 1}
	public := map[string]bool{}
	var keys []secret.Octets
	for range 3 {
		hq.start(uint64(len(keys)) + 5)
		hq.acquire()
		w.run(100 * time.Millisecond)
		s := branch.engine.current(party{peer: "peer"})
		if s == nil || s.phase1 == nil {
			t.Fatalf("no ISAKMP SA: %v", branch.refused)
		}
		public[string(s.phase1.inputs.PublicR)] = true
		keys = append(keys, bytes.Clone(s.keys.SKEYIDd))
		w.mustAgree()
	}
	if len(public) != 1 || keys[0].Equal(keys[1]) || keys[1].Equal(keys[2]) {
		t.Errorf("%d public values, want one, and different keys: %v", len(public), !keys[0].Equal(keys[1]))
	}
}

// TestSignedInASecond has messages 1 with certificates come as often as they must.
func TestSignedInASecond(t *testing.T) {
	w := newWorld(t, 1, rsaWorld(t, AggressiveMode))
	hq, branch := w.ends[0], w.ends[1]
	branch.compute = true
	w.route = func(flight) []flight { return nil }
	hq.acquire()
	flood := func() {
		for _, d := range firsts(w.sent[0].in, 3*maxSignedKnown) {
			for range 3 {
				branch.step(d)
			}
		}
	}
	if flood(); len(branch.computing) != maxSignedKnown {
		t.Errorf("an address has had %d signatures in a second, want %d", len(branch.computing), maxSignedKnown)
	}
	w.now = w.now.Add(time.Second)
	if flood(); len(branch.computing) != 2*maxSignedKnown {
		t.Errorf("and %d in the next: who has waited must have waited enough", len(branch.computing)-maxSignedKnown)
	}
}

// TestManyKeyExchanges has an address that we know of go through phase 1 too often in a second.
func TestManyKeyExchanges(t *testing.T) {
	for _, change := range []func(string, *Config){nil, aggressively} {
		w := newWorld(t, 1, change)
		hq, branch := w.ends[0], w.ends[1]
		for i := range 3 * maxExchangesEach {
			hq.start(uint64(i) + 5)
			hq.acquire()
			w.run(time.Millisecond)
		}
		refused := 0
		for _, err := range branch.refused {
			if strings.Contains(err.Error(), "key exchanges beyond") {
				refused++
			}
		}
		if refused < 2*maxExchangesEach {
			t.Errorf("%d of %d key exchanges in a second are refused", refused, 3*maxExchangesEach)
		}
		w.run(3 * time.Second)
		w.mustAgree()
	}
}

// TestHeldMessages has more come that may be message 3 than is kept while its keys are made.
func TestHeldMessages(t *testing.T) {
	w := newWorld(t, 1, aggressively)
	hq, branch := w.ends[0], w.ends[1]
	var third Datagram
	w.before = func(f flight) {
		if f.to != branch || cookieR(f.in.Octets) == (wire.Cookie{}) || third.Octets != nil {
			return
		}
		third = f.in
		branch.compute = true
		for i := range maxHeld + 2 {
			h := headerOf(third.Octets)
			branch.step(Datagram{third.Local, third.Remote, clearMessage(h.CookieI, h.CookieR, wire.Aggressive, 0, wire.Hash{Data: bytes.Repeat([]byte{byte(i)}, 32)})})
		}
	}
	hq.acquire()
	w.run(time.Second)
	if len(branch.computing) != 1 || len(branch.refused) < 3 {
		t.Fatalf("%d works, refused %v", len(branch.computing), branch.refused)
	}
	branch.compute = false
	branch.step(Computed{branch.computing[0].Job, branch.computing[0].Work.Do()})
	w.run(10 * time.Second) // message 3 comes again
	w.mustAgree()
	w.mustEnd()
}

// TestBusy has no room for mathematics at every point where there is some: it is done later, and
// nobody is told anything.
func TestBusy(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(string, *Config)
	}{
		{"main mode and PFS", withPFS}, {"aggressive mode", aggressively},
		{"certificates", rsaWorld(t, MainMode)}, {"certificates in aggressive mode", rsaWorld(t, AggressiveMode)},
	} {
		for busy := 1; ; busy++ {
			w := newWorld(t, 1, test.change)
			for _, n := range w.ends {
				n.compute = true
			}
			w.ends[0].acquire()
			done := w.labour(busy, siegePhase1)
			if !w.agree() || len(w.ends[0].refused)+len(w.ends[1].refused) > 2 || len(w.ends[0].engine.Failures())+len(w.ends[1].engine.Failures()) > 0 {
				t.Errorf("%s, busy at %d: a pair %v, refused %v, %v", test.name, busy, w.agree(), w.ends[0].refused, w.ends[1].refused)
			}
			w.ends[0].compute, w.ends[1].compute = false, false
			w.mustEnd()
			if done < busy {
				break
			}
		}
	}
}

// labour lets time pass and does the mathematics of both ends, but that number busy is found to be
// too much the first time. It returns how much there was.
func (w *world) labour(busy int, d time.Duration) (done int) {
	for end := w.now.Add(d); w.now.Before(end); w.run(10 * time.Millisecond) {
		for _, n := range w.ends {
			jobs := n.computing
			n.computing = nil
			for _, c := range jobs {
				if done++; done == busy {
					n.step(Computed{c.Job, Result{Err: fmt.Errorf("wrapped: %w", ErrBusy)}})
					continue
				}
				n.step(Computed{c.Job, c.Work.Do()})
			}
		}
	}
	return done
}

// TestHalfOpenOfWhoMoves has a user who is asked for a password come from another address: what is
// counted by an address stays right, and nobody pushes out who has a key.
func TestHalfOpenOfWhoMoves(t *testing.T) {
	w := newAccess(t, 1, NoConfigExchange)
	gateway, client := w.ends[0], w.ends[1]
	gateway.judge = nil
	gateway.config.Limits.HalfOpenPerAddr = 1
	client.acquire()
	w.run(time.Second)
	s := gateway.engine.sasSorted()[0]
	if h := gateway.engine.halfOpen; !s.proved || len(h.entries) != 0 || len(h.perAddr) != 0 {
		t.Fatalf("proved %v, %d half-open, %v", s.proved, len(h.entries), h.perAddr)
	}
	s.nat.there = true
	client.engine.now = w.now
	ours := client.engine.sasSorted()[0]
	ours.inform(wire.NewNotify(wire.InitialContact, ours.cookieI, ours.cookieR, nil))
	for _, out := range client.engine.outputs() {
		if send, ok := out.(Send); ok {
			gateway.step(Datagram{s.local, netip.MustParseAddrPort("198.51.100.7:4500"), send.Octets})
		}
	}
	for _, d := range firsts(w.sent[0].in, 3) {
		gateway.step(d)
	}
	if s.gone || s.remote.Addr() != netip.MustParseAddr("198.51.100.7") {
		t.Errorf("the user's SA is at %v, gone %v", s.remote, s.gone)
	}
	w.mustEnd()
}

// TestOldKeyOfACandidate changes the key of the peer that the other end is, as its ID tells, just
// before that comes: the old one proves nothing any more.
func TestOldKeyOfACandidate(t *testing.T) {
	w := newWorld(t, 1, func(name string, c *Config) {
		if name == "branch" {
			c.Policies[0].Peer.LocalIDType, c.Policies[0].Peer.LocalID = IDFQDN, "branch.test"
			return
		}
		key := c.Policies[0].Peer.Key
		manyPeers(c, Peer{Name: "peer", Key: key, RemoteName: "other.test"}, Peer{Name: "second", Key: key, RemoteName: "branch.test"})
	})
	hq, count := w.ends[0], 0
	w.before = func(f flight) {
		if f.to != hq {
			return
		}
		if count++; count == 3 {
			c, policy := *hq.config, *hq.config.Policies[1]
			peer := *policy.Peer
			peer.Key, policy.Peer = secret.Octets("another-key-that-was-set-just-now"), &peer
			c.Policies = []*Policy{c.Policies[0], &policy}
			hq.step(SetConfig{&c})
		}
	}
	w.ends[1].acquire()
	w.run(2 * time.Second)
	for _, s := range hq.engine.sasSorted() {
		if s.established {
			t.Errorf("established as %s with the old key", s.peer.Name)
		}
	}
}

// TestWaiters fills the memory of messages 1 that are to come again: strangers push out no configured
// address, and what is kept and what is counted stay the same.
func TestWaiters(t *testing.T) {
	w := newWorld(t, 1, rsaWorld(t, AggressiveMode))
	e := w.ends[1].engine
	known := firstKey{kitPort(1, 500), wire.Cookie{1}}
	e.waitersAt(known).keep(known, 640, e.draw)
	for i := range 2 * maxWaiters {
		k := firstKey{netip.AddrPortFrom(kitAddr(8), 500), wire.Cookie{}}
		binary.BigEndian.PutUint64(k.cookie[:], uint64(i)+1)
		e.waitersAt(k).keep(k, i, e.draw)
		if i%3 == 0 {
			e.waitersAt(k).forget(k)
			e.waitersAt(k).keep(k, i, e.draw)
		}
	}
	if got := e.waitersKnown.came[known].octets; got != 640 {
		t.Errorf("the peer's message 1 has %d octets to its credit, want 640", got)
	}
	s := &e.waitersStrange
	if len(s.came) != maxWaiters || len(s.keys) != maxWaiters {
		t.Fatalf("%d messages 1 by %d keys are kept, want %d", len(s.came), len(s.keys), maxWaiters)
	}
	for i, k := range s.keys {
		if s.came[k].place != i {
			t.Fatalf("key %d is at place %d", i, s.came[k].place)
		}
	}
}

// TestLongInClear sends a message 1 of main mode that is longer than any has to be.
func TestLongInClear(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.ends[0].acquire()
	m, err := wire.Parse(w.sent[0].in.Octets)
	if err != nil {
		t.Fatal(err)
	}
	m.Payloads, m.CookieI = append(m.Payloads, wire.VendorSallyport.Filled(maxClear)), wire.Cookie{9}
	d := w.sent[0].in
	d.Octets = m.Append(nil)
	branch := w.ends[1]
	if branch.step(d); len(branch.refused) != 1 || categoryOf(branch.refused[0]) != Limited || branch.engine.size().sas != 0 {
		t.Errorf("refused %v", branch.refused)
	}
}

// TestForgedCertificateRequest has a forged message ask for the certificate of another authority: what
// is made of the genuine one has nothing of that.
func TestForgedCertificateRequest(t *testing.T) {
	w := newWorld(t, 1, rsaWorld(t, AggressiveMode))
	hq := w.ends[0]
	hq.acquire()
	x := hq.engine.sasSorted()[0].phase1
	x.undo = x.trial()
	x.claim.requested = []wire.CertificateRequest{{}}
	x.takeBack()
	if len(x.claim.requested) != 0 {
		t.Errorf("after going back %v is asked for", x.claim.requested)
	}
	x.fork(atChoice)
	x.claim.requested = []wire.CertificateRequest{{}}
	x.rewind(&x.forks[atChoice])
	if len(x.claim.requested) != 0 {
		t.Errorf("after going back to a fork %v is asked for", x.claim.requested)
	}
}
