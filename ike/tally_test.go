package ike

import (
	"testing"
	"time"
)

// count returns one of some counts.
func count(t *testing.T, all []Count, what string) uint64 {
	t.Helper()
	for _, c := range all {
		if c.What == what {
			return c.Count
		}
	}
	t.Fatalf("%q is not counted: %v", what, all)
	return 0
}

// TestCounts counts what two ends do from the first message to a delete.
func TestCounts(t *testing.T) {
	w := connected(t, 1, func(name string, c *Config) {
		if name == "hq" {
			c.DPD = DPD{Type: DPDPeriodic, Idle: 10 * time.Second}
		}
	})
	hq, branch := w.ends[0], w.ends[1]
	w.run(15 * time.Second)
	hq.step(Reset{})
	w.run(time.Second)
	ours, theirs := hq.engine.Counts(), branch.engine.Counts()
	for _, test := range []struct {
		counts Counts
		what   string
		want   uint64
	}{
		{ours, "phase 1 established", 1}, {ours, "phase 2 established", 1}, {ours, "phase 1 ended", 1}, {ours, "phase 2 ended", 1},
		{ours, "output phase 1 init", 1}, {ours, "output phase 2 init", 1}, {ours, "input phase 1 init", 0},
		{theirs, "input phase 1 init", 1}, {theirs, "input phase 2 init", 1}, {theirs, "output phase 1 init", 0},
		{ours, "output DPD request", 1}, {ours, "input DPD ack", 1}, {theirs, "input DPD request", 1}, {theirs, "output DPD ack", 1},
		{ours, "output notify", 1}, {theirs, "input notify", 1},
		{ours, "output delete", 2}, {theirs, "input delete", 2},
	} {
		if got := count(t, test.counts.Events, test.what); got != test.want {
			t.Errorf("%s: %d, want %d", test.what, got, test.want)
		}
	}
}

// TestCountsOfFailures counts one by its category, and forgets it.
func TestCountsOfFailures(t *testing.T) {
	w := newWorld(t, 1, nil)
	hq := w.ends[0]
	hq.step(Datagram{Local: kitPort(1, 500), Remote: kitPort(2, 500), Octets: messageOf1(1, longOffer(1))})
	if got := count(t, hq.engine.Counts().Failed, Phase1Mismatch.String()); got != 1 {
		t.Errorf("%d negotiations have failed for want of a proposal, want 1", got)
	}
	hq.step(Clear{Refusals: true})
	if got := count(t, hq.engine.Counts().Failed, Phase1Mismatch.String()); got != 0 {
		t.Errorf("%d negotiations have failed after a reset, want 0", got)
	}
	for _, name := range talliedNames {
		if name == "" {
			t.Error("a count has no name")
		}
	}
}
