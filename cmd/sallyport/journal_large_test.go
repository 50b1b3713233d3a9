package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/ike"
	"sallyport/ike/wire"
)

// largeTunnels is how many tunnels the journal is measured with.
const largeTunnels = 10000

// tunnels are what many tunnels have remembered.
type tunnels []struct{ sa, pair ike.Remember }

// newTunnels makes so many, alike but for their keys and numbers.
func newTunnels(count int) tunnels {
	all := make(tunnels, count)
	sa, pair := testSA(1), testPair(1)
	for i := range all {
		all[i].sa = ike.Remember{Key: fmt.Sprint("isakmp ", i), SA: sa.SA}
		all[i].pair = ike.Remember{Key: fmt.Sprint("ipsec ", i), Pair: pair.Pair}
	}
	return all
}

// filled is a journal of tunnels, an ISAKMP SA and a pair each.
func filled(t testing.TB, all tunnels) *notebook {
	n := newNotebook(t)
	for _, tunnel := range all {
		n.Remember(tunnel.sa)
		n.Remember(tunnel.pair)
	}
	return n
}

// A tally is what changes of a journal have cost.
type tally struct {
	changes, moving int
	largest         int64 // the file has been
	slowest, all    time.Duration
}

// churn changes each of the tunnels as a rekey does: message IDs are used, the old pair is
// replaced and goes, a new one comes.
func (n *notebook) churn(all tunnels) (c tally) {
	for i, tunnel := range all {
		for _, change := range []func(){
			func() { n.Remember(ike.Remember{Key: tunnel.sa.Key, Used: []wire.MessageID{wire.MessageID(i)}}) },
			func() { n.Remember(tunnel.pair) },
			func() { n.Forget(tunnel.pair.Key) },
			func() { n.Remember(tunnel.pair) },
		} {
			at := time.Now()
			change()
			took := time.Since(at)
			c.changes++
			c.all += took
			c.slowest = max(c.slowest, took)
			c.largest = max(c.largest, n.file.size)
			if n.next != nil {
				c.moving++
			}
		}
	}
	return c
}

// TestJournalOfManyTunnels rekeys many tunnels three times. The file stays in proportion to what
// it holds, and a successor reads it in no time.
func TestJournalOfManyTunnels(t *testing.T) {
	all := newTunnels(largeTunnels)
	n := filled(t, all)
	c := n.churn(slices.Concat(all, all, all))
	t.Logf("%d changes, %d of them while records moved: %v each, the slowest %v; %d octets live, at most %d in the file",
		c.changes, c.moving, c.all/time.Duration(c.changes), c.slowest, n.live, c.largest)
	if c.largest > 3*n.live || c.moving == 0 {
		t.Errorf("the file was %d octets large for %d that count; %d changes while records moved", c.largest, n.live, c.moving)
	}
	began := processorTime(t)
	found := n.reopen()
	took := processorTime(t) - began
	t.Logf("read in %v of the processor", took)
	if len(found.sas) != largeTunnels || len(found.pairs) != largeTunnels {
		t.Errorf("found %d ISAKMP SAs and %d pairs, want %d each", len(found.sas), len(found.pairs), largeTunnels)
	}
	if took > 5*time.Second { // 0.3 s, and several times that under the race detector
		t.Errorf("it took %v of the processor to read", took)
	}
}

// processorTime is what the process has had of the processors so far.
func processorTime(t testing.TB) time.Duration {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkJournal is a change of a small journal and of a large one, which should not
// differ much.
func BenchmarkJournal(b *testing.B) {
	for name, count := range map[string]int{"10 tunnels": 10, "10000 tunnels": largeTunnels} {
		b.Run(name, func(b *testing.B) {
			all := newTunnels(count)
			n := filled(b, all)
			for i := 0; b.Loop(); i++ {
				n.Remember(all[i%count].pair)
			}
		})
	}
}

// FuzzJournal reads files that somebody has changed.
func FuzzJournal(f *testing.F) {
	n := newNotebook(f)
	n.Remember(testSA(1))
	n.Remember(testPair(2))
	f.Add(n.octets())
	f.Add([]byte(n.header))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, _ := n.read(data)
		if again, _ := n.read(data); len(again) != len(h) {
			t.Errorf("%d records, and then %d", len(h), len(again))
		}
	})
}

// FuzzRecord reads records that make no sense: what was sealed by another version of this
// program.
func FuzzRecord(f *testing.F) {
	for _, r := range []ike.Remember{testSA(1), testPair(2), {Key: "a", Used: []wire.MessageID{3}}} {
		c, made := coder{moment: testNow}, recordOf(r)
		made.code(&c)
		f.Add(c.b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := coder{b: data, reading: true, moment: testNow}
		var r record
		if r.code(&c); c.err != nil {
			return
		}
		again := coder{moment: testNow}
		r.code(&again)
	})
}
