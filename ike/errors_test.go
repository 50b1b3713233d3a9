package ike

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"sallyport/ike/wire"
)

func TestCategoryNames(t *testing.T) {
	seen := map[string]bool{}
	for c := range categories {
		if name := c.String(); name == "" || seen[name] {
			t.Errorf("category %d has the name %q", c, name)
		} else {
			seen[name] = true
		}
	}
	if got := categories.String(); got != fmt.Sprintf("category %d", uint8(categories)) {
		t.Errorf("an unknown category is %q", got)
	}
}

func TestCategoryOf(t *testing.T) {
	for _, test := range []struct {
		err  error
		want Category
	}{
		{reject(Limited, "x"), Limited},
		{rejectWith(Phase2Mismatch, wire.NoProposalChosen, "x"), Phase2Mismatch},
		{fmt.Errorf("wrapped: %w", reject(InvalidHash, "x")), InvalidHash},
		{&wire.SyntaxError{}, MalformedMessage},
		{errors.New("any"), MalformedMessage},
	} {
		if got := categoryOf(test.err); got != test.want {
			t.Errorf("categoryOf(%v) = %v, want %v", test.err, got, test.want)
		}
	}
}

// ring is an engine that has seen n failures of a peer, or of strangers.
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

// TestStrangersDoNotPushOut checks that forged addresses leave the failures of
// peers in the ring.
func TestStrangersDoNotPushOut(t *testing.T) {
	e := ring(maxFailures-maxStrangeFailures, "peer")
	for i := range 500 {
		e.fail(Failure{Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{11, 0, byte(i >> 8), byte(i)}), 500), Category: "c", Reason: "r"})
	}
	peers := 0
	for _, f := range e.Failures() {
		if f.Peer != "" {
			peers++
		}
	}
	if n := len(e.Failures()); peers != maxFailures-maxStrangeFailures || n != maxFailures {
		t.Errorf("%d failures of peers of %d are left", peers, n)
	}
}

// TestRefusalsAreCounted checks the counters of displays.
func TestRefusalsAreCounted(t *testing.T) {
	w := connected(t, 1, nil)
	w.ends[0].step(Datagram{Local: kitPort(1, 500), Remote: kitPort(2, 500), Octets: []byte("not ISAKMP")})
	w.ends[0].step(Datagram{Local: kitPort(1, 500), Remote: kitPort(2, 500), Octets: clearMessage(wire.Cookie{1}, wire.Cookie{2}, wire.QuickMode, 1, wire.Hash{Data: []byte{1}})})
	got := w.ends[0].engine.Refusals()
	if got[MalformedMessage].Count != 1 || got[InvalidCookie].Count != 1 || got[InvalidFlags].Count != 0 || len(got) != int(categories) {
		t.Errorf("Refusals() = %v", got)
	}
}
