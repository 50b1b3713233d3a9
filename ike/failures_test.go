package ike

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"sallyport/ike/wire"
)

// ring is an engine that has seen n failures of ours with a peer.
func ring(n int, peer string) *Engine {
	e := New(nil, &script{})
	for i := range n {
		e.now = kitStart.Add(time.Duration(i) * time.Second)
		e.fail(Failure{Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 500), Peer: peer, Category: "c", Reason: "r"})
	}
	return e
}

func TestFailureRing(t *testing.T) {
	e := ring(maxFailures+50, "peer")
	if f := e.Failures(); len(f) != maxFailures || !f[0].Time.Equal(e.now) || f[0].Time.Sub(f[maxFailures-1].Time) != (maxFailures-1)*time.Second {
		t.Errorf("%d failures, newest %v", len(f), f[0].Time)
	}
	again := e.Failures()[5]
	e.now = e.now.Add(time.Minute)
	e.fail(again)
	if f := e.Failures(); len(f) != maxFailures || !f[0].Time.Equal(e.now) || f[0].Remote != again.Remote {
		t.Errorf("a repeated failure gives %d, newest %+v", len(f), f[0])
	}
}

// thirtyPeers gives hq thirty more ike peers, of an address each.
func thirtyPeers(name string, c *Config) {
	for n := range 30 {
		p, peer := *c.Policies[0], *c.Policies[0].Peer
		p.ID.Sequence += uint32(n + 1)
		peer.Name, peer.Remote = fmt.Sprint("thirtyPeers-", n), oneOfThirty(n)
		p.Peer, p.Remote = &peer, peer.Remote
		if name == "hq" {
			c.Policies = append(c.Policies, &p)
		}
	}
}

func oneOfThirty(n int) netip.Addr { return netip.AddrFrom4([4]byte{198, 51, 100, byte(n)}) }

// TestOthersDoNotPushOut: whatever strangers, forgers of configured addresses and a peer that is up
// to no good make us refuse, the failures of others stay.
func TestOthersDoNotPushOut(t *testing.T) {
	stranger := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{203, 0, byte(n >> 8), byte(n)}) }
	send := func(w *world, from netip.Addr, n int) {
		w.ends[0].step(Datagram{Local: kitPort(1, 500), Remote: netip.AddrPortFrom(from, 500), Octets: messageOf1(n, longOffer(n))})
		w.now = w.now.Add(time.Second / 2) // so that each is explained, and differs
	}
	hinted := func(w *world, from netip.Addr, n int) {
		w.ends[0].step(Datagram{Local: kitPort(1, 500), Remote: netip.AddrPortFrom(from, 500), Octets: messageOf1(n, offer1(kitOffer(w)))})
		s := w.ends[0].engine.firsts[firstKey{netip.AddrPortFrom(from, 500), wire.Cookie(messageOf1(n, wire.SA{})[:8])}]
		if s == nil {
			w.t.Fatalf("message 1 is refused: %v", w.ends[0].refused)
		}
		for word := range wire.NotifyType(5) {
			w.ends[0].step(Datagram{Local: kitPort(1, 500), Remote: netip.AddrPortFrom(from, 500),
				Octets: clearMessage(s.cookieI, s.cookieR, wire.Informational, 0, wire.NewNotify(word+1, s.cookieI, s.cookieR, nil))})
		}
	}
	for _, test := range []struct {
		name   string
		change func(string, *Config)
		other  func(w *world, n int)
		most   int // of their failures
	}{
		{"strangers", nil, func(w *world, n int) { send(w, stranger(n), n) }, maxStrangeFailures},
		{"strangers that may be an ike peer", anybody, func(w *world, n int) { send(w, stranger(n), n) }, maxStrangeFailures},
		{"strangers that answer", anybody, func(w *world, n int) { hinted(w, stranger(n), n) }, maxStrangeFailures},
		{"a configured address, forged", nil, func(w *world, n int) { send(w, kitAddr(1), n) }, maxForgeableOfOne},
		{"many, forged", thirtyPeers, func(w *world, n int) { send(w, oneOfThirty(n%30), n) }, maxForgeableFailures},
		{"a peer", nil, func(w *world, n int) {
			w.ends[0].engine.fail(Failure{Remote: kitPort(2, 500), Category: "c", Reason: fmt.Sprint(n)})
		}, maxFailuresOfOne},
	} {
		w := newWorld(t, 1, test.change)
		hq := w.ends[0]
		for n := range maxFailures {
			hq.engine.fail(Failure{Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}), 500), Peer: "real", Reason: "worth a look"})
		}
		for n := range 300 {
			test.other(w, n)
		}
		real := 0
		for _, f := range hq.engine.Failures() {
			if f.Peer == "real" {
				real++
			}
		}
		if all := len(hq.engine.Failures()); all != maxFailures || all-real != test.most {
			t.Errorf("%s: %d failures, %d of them of others, want %d and %d", test.name, all, all-real, maxFailures, test.most)
		}
	}
}

// kitOffer is a transform that the kit's ends agree on.
func kitOffer(w *world) wire.Transform {
	c := w.ends[1].config
	return c.Proposals[0].choices(c.Policies[0].Peer, true)[0].transform(1)
}

// TestDoubt says who may have made up a failure.
func TestDoubt(t *testing.T) {
	e := New(kitConfig(0), &script{})
	configured, other := kitAddr(1), kitAddr(7)
	for _, test := range []struct {
		name string
		s    *sa
		from netip.Addr
		want doubt
	}{
		{"message 1 of a stranger", nil, other, strange},
		{"message 1 of a configured address", nil, configured, forgeable},
		{"a stranger who has our cookie", &sa{}, other, strange},
		{"a configured address that has our cookie", &sa{}, configured, genuine},
		{"an answer to us", &sa{initiator: true}, other, genuine},
		{"who has proved itself", &sa{proved: true}, other, genuine},
	} {
		if got := e.doubtOf(test.s, test.from); got != test.want {
			t.Errorf("%s: doubtOf = %d, want %d", test.name, got, test.want)
		}
	}
	for from, want := range map[netip.Addr]doubt{other: strange, configured: forgeable} {
		x := &handshake{exchange: exchange{engine: e, sa: &sa{engine: e, peer: &Peer{}, remote: netip.AddrPortFrom(from, 500)}}}
		x.failed(IDMismatch, "nobody of ours")
		if got := e.failures[len(e.failures)-1].doubt; got != want {
			t.Errorf("nobody of ours at %v: %d, want %d", from, got, want)
		}
	}
}

// TestRepeatedFailureStaysGenuine: who repeats a failure of ours does not make it doubtful.
func TestRepeatedFailureStaysGenuine(t *testing.T) {
	e := New(kitConfig(0), &script{})
	f := Failure{Remote: kitPort(7, 500), Reason: "it failed"}
	e.fail(f)
	e.record(failure{f, strange})
	if len(e.failures) != 1 || e.failures[0].doubt != genuine {
		t.Errorf("failures %+v, want one that is genuine", e.failures)
	}
}
