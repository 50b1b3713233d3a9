package main

import (
	"testing"
	"testing/synctest"
	"time"

	"sallyport/commands"
	"sallyport/platform/link"
)

// TestSamples looks every ten seconds for a while, of which two periods are kept.
func TestSamples(t *testing.T) {
	start := time.Date(2026, 5, 7, 11, 0, 0, 0, time.UTC)
	after := func(seconds int) sample[int] {
		return sample[int]{start.Add(time.Duration(seconds) * time.Second), seconds}
	}
	var s samples[int]
	s.keep(2, after(0))
	for _, test := range []struct {
		name           string
		keep, ask      int // seconds; keep 0: nothing is kept any more
		from, until, n int
	}{
		{"before the second look", 0, 4, 0, 4, 2},
		{"between looks", 10, 14, 0, 10, 2},
		{"two periods", 20, 21, 0, 20, 3},
		{"the first is forgotten", 30, 31, 10, 30, 3},
		{"nobody has asked for long", 40, 49, 20, 40, 3},
	} {
		if test.keep > 0 {
			s.keep(2, after(test.keep))
		}
		got := s.with(after(test.ask))
		if len(got) != test.n || got[0].value != test.from || got[len(got)-1].value != test.until {
			t.Errorf("%s: %v, want %d from %d to %d", test.name, got, test.n, test.from, test.until)
		}
	}
}

// TestRateSince has a device that is there all the time, and one that came later.
func TestRateSince(t *testing.T) {
	at := func(seconds int, old, later uint64) sample[map[string]link.Counters] {
		v := sample[map[string]link.Counters]{time.Unix(int64(seconds), 0), map[string]link.Counters{"old": {InPackets: old}}}
		if later > 0 {
			v.value["later"] = link.Counters{InPackets: later}
		}
		return v
	}
	kept := samples[map[string]link.Counters]{at(0, 100, 0), at(10, 150, 7), at(20, 160, 27)}
	for device, want := range map[string]commands.InterfaceRate{
		"old":   {Period: 20 * time.Second, InPackets: 3},
		"later": {Period: 10 * time.Second, InPackets: 2},
		"none":  {},
	} {
		if got := rateSince(kept, device); got != want {
			t.Errorf("rateSince(%s) = %+v, want %+v", device, got, want)
		}
	}
}

// TestHostWatches has a host run for an hour that nobody asks: what it did lately is
// over the last 60 and 300 seconds all the same.
func TestHostWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{ports: &ports{}, now: time.Now, proc: paperProc("1000", "5000", "200"), resets: map[string]link.Counters{}}
		h.look()
		stop := h.watch()
		time.Sleep(time.Hour + 3*time.Second)
		cpu, err := h.CPU()
		if err != nil || cpu.Period != time.Minute {
			t.Errorf("CPU() = %+v, %v, want the last 60 seconds", cpu, err)
		}
		all, err := h.Interfaces()
		if err != nil || len(all) == 0 || all[0].Rate.Period != 5*time.Minute {
			t.Errorf("Interfaces() = %+v, %v, want the last 300 seconds", all, err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
