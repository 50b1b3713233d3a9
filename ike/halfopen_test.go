package ike

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sallyport/ike/wire"
)

// halfOpenKit is an engine with a table of negotiations that were never fed.
type halfOpenKit struct {
	*Engine
	entries []*sa
}

// add enters n negotiations from an address in a state.
func (k *halfOpenKit) add(n int, addr netip.Addr, st state) {
	for range n {
		s := k.newSA(&Peer{Name: "peer", Remote: addr}, false, kitPort(1, 500), netip.AddrPortFrom(addr, 500))
		s.phase1 = newHandshake(s, wire.MainMode, mainModeResponder)
		s.phase1.state, s.phase1.here = st, st != sentSA
		s.firstKey = firstKey{s.remote, s.cookieR}
		k.halfOpen.add(s)
		k.entries = append(k.entries, s)
	}
}

// alive lists which of the entries are still there, as runs of the index.
func (k *halfOpenKit) alive() (indexes []int) {
	for i, s := range k.entries {
		if !s.gone {
			indexes = append(indexes, i)
		}
	}
	return indexes
}

func newHalfOpenKit() *halfOpenKit {
	return &halfOpenKit{Engine: New(nil, rand.NewChaCha8([32]byte{}))}
}

func TestHalfOpenPerAddress(t *testing.T) {
	k := newHalfOpenKit()
	k.add(1, kitAddr(2), sentSA)
	k.add(2, kitAddr(1), sentKE) // proven: 1 and 2
	k.add(maxHalfOpenPerAddr-2, kitAddr(1), sentSA)
	if got := k.alive(); len(got) != maxHalfOpenPerAddr+1 {
		t.Fatalf("%d entries while nothing is full", len(got))
	}
	k.add(1, kitAddr(1), sentSA)
	for i, gone := range []bool{false, false, false, true, false} {
		if k.entries[i].gone != gone {
			t.Errorf("entry %d gone: %v, want %v: the address's oldest unproven one goes", i, !gone, gone)
		}
	}
	k.add(2*maxHalfOpenPerAddr, kitAddr(1), sentSA)
	if got := k.alive(); len(got) != maxHalfOpenPerAddr+1 || got[0] != 0 || got[1] != 1 || got[2] != 2 {
		t.Errorf("entries %v are left, want 0, the proven 1 and 2, and the newest", got)
	}
}

func TestHalfOpenAllProven(t *testing.T) {
	k := newHalfOpenKit()
	k.add(maxHalfOpenPerAddr, kitAddr(1), sentKE)
	k.add(1, kitAddr(1), sentSA)
	if got := k.alive(); len(got) != maxHalfOpenPerAddr || got[0] != 1 {
		t.Errorf("entries %v are left: a new one is always accepted, the oldest goes", got)
	}
}

func TestHalfOpenInAll(t *testing.T) {
	k := newHalfOpenKit()
	k.add(1, kitAddr(1), sentKE)
	for i := range maxHalfOpen {
		k.add(1, netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), sentSA)
	}
	if got := k.alive(); len(got) != maxHalfOpen || got[0] != 0 || got[1] != 2 {
		t.Errorf("%d entries, the first %v; want %d, the proven 0 among them and 1 gone", len(got), got[:2], maxHalfOpen)
	}
	for _, s := range k.entries {
		s.remove("test")
		s.remove("twice")
	}
	if s := k.size(); s != (sizes{}) {
		t.Errorf("left: %+v", s)
	}
}

// TestHalfOpenTimes checks when a responder gives up a negotiation.
func TestHalfOpenTimes(t *testing.T) {
	for _, test := range []struct {
		name  string
		until int // the message that does not come any more
		want  time.Duration
	}{
		{"message 3 does not come", 3, beforeMessage3},
		{"message 5 does not come", 5, afterMessage3},
	} {
		w := newWorld(t, 1, nil)
		w.hold(wire.MainMode, test.until)
		w.ends[0].acquire()
		w.run(test.want - time.Millisecond)
		if s := w.ends[1].engine.size(); s.halfOpen != 1 || s.firsts != 1 {
			t.Errorf("%s: too early it has %+v", test.name, s)
		}
		w.run(2 * time.Millisecond)
		if s := w.ends[1].engine.size(); s != (sizes{}) {
			t.Errorf("%s: after %v it has %+v", test.name, test.want, s)
		}
	}
}
