package ike

import (
	"net/netip"
	"testing"
	"time"
)

// TestOffline has a tunnel go down in several ways, and looks at what either end
// remembers of it.
func TestOffline(t *testing.T) {
	const manual, byPeer = "config modify or manual offline", "peer request"
	for _, test := range []struct {
		name     string
		talk     func(*world)
		reasons  [2]string // the newest of each end; empty: nothing went offline
		tunnels  int       // in the history of each end
		offlines int
	}{
		{"nothing", func(w *world) {}, [2]string{}, 0, 0},
		{"both rekeyed", func(w *world) { w.run(23 * time.Hour) }, [2]string{}, 0, 0},
		{"everything reset", func(w *world) { w.ends[0].step(Reset{}) }, [2]string{manual, byPeer}, 1, 1},
		{"the pair reset", func(w *world) { w.ends[0].step(Reset{ChildrenOnly: true}) }, [2]string{manual, byPeer}, 1, 1},
		{"reset twice", func(w *world) {
			w.ends[0].step(Reset{})
			w.run(time.Second)
			w.ends[0].acquire()
			w.run(time.Second)
			w.ends[0].step(Reset{})
		}, [2]string{manual, byPeer}, 1, 2},
	} {
		w := connected(t, 1, nil)
		test.talk(w)
		w.run(time.Second)
		for i, n := range w.ends {
			offlines, history := n.engine.Offlines(), n.engine.History(w.now)
			if len(offlines) != test.offlines || len(history) != test.tunnels {
				t.Errorf("%s: end %d has %d offlines and %d tunnels, want %d and %d", test.name, i, len(offlines), len(history), test.offlines, test.tunnels)
				continue
			}
			if test.offlines > 0 {
				checkOffline(t, n, test.name, test.reasons[i], test.offlines)
			}
		}
	}
}

// checkOffline checks the newest of an end's records.
func checkOffline(t *testing.T, n *end, name, reason string, times int) {
	t.Helper()
	o, h := n.engine.Offlines()[0], n.engine.History(n.w.now)[0]
	if o.Reason != reason || o.Peer != "peer" || o.Remote.Port() != 500 || o.Time.IsZero() {
		t.Errorf("%s: offline %+v, want reason %q", name, o, reason)
	}
	if h.Reason != reason || h.Policy != kitPolicy || h.Times != times || h.Remote != o.Remote || !h.Time.Equal(o.Time) {
		t.Errorf("%s: history %+v, want reason %q and %d times", name, h, reason, times)
	}
	if !h.Selector.Remote.First.IsValid() {
		t.Errorf("%s: history %+v has no flow", name, h)
	}
}

// TestHistoryCountsADay shows that a tunnel's falls are counted for a day.
func TestHistoryCountsADay(t *testing.T) {
	e := New(nil, &script{})
	for hour := range 30 {
		e.now = kitStart.Add(time.Duration(hour) * time.Hour)
		h := e.tunnelHistory(flowKey{rule: 1})
		h.last = History{Time: e.now}
		h.times = append(h.times, e.now)
	}
	for after, want := range map[time.Duration]int{0: 24, time.Hour: 23, 23 * time.Hour: 1, 24 * time.Hour: 0} {
		if got := e.History(e.now.Add(after)); len(got) != 1 || got[0].Times != want {
			t.Errorf("%v later: %+v, want %d times", after, got, want)
		}
	}
}

func TestOfflineBounds(t *testing.T) {
	e := New(nil, &script{})
	for i := range uint32(maxOfflines + 50) {
		e.now = kitStart.Add(time.Duration(i) * time.Second)
		e.wentOffline(Offline{Remote: netip.AddrPortFrom(kitAddr(0), uint16(i)), Reason: "r"})
		e.tunnelHistory(flowKey{rule: i}).last = History{Time: e.now}
	}
	if all := e.Offlines(); len(all) != maxOfflines || all[0].Remote.Port() != maxOfflines+49 {
		t.Errorf("%d offlines, newest %+v", len(all), all[0])
	}
	if all := e.History(e.now); len(all) != maxHistories || !all[0].Time.Equal(e.now) {
		t.Errorf("%d tunnels, newest %+v", len(all), all[0])
	}
	e.tunnelHistory(flowKey{rule: 100}) // comes again
	if n := len(e.history); n != maxHistories || e.history[n-1].flow.rule != 100 {
		t.Errorf("%d tunnels, newest %+v, want that of rule 100", n, e.history[n-1])
	}
}

// TestATunnelsTimesAreBounded has one tunnel go up and down more often than is
// counted.
func TestATunnelsTimesAreBounded(t *testing.T) {
	w := connected(t, 1, nil)
	for range maxTimes + 5 {
		w.ends[0].step(Reset{ChildrenOnly: true})
		w.run(time.Second)
		w.ends[0].acquire()
		w.run(time.Second)
	}
	if all := w.ends[0].engine.History(w.now); len(all) != 1 || all[0].Times != maxTimes {
		t.Errorf("history %+v, want one tunnel and %d times", all, maxTimes)
	}
}

func TestClear(t *testing.T) {
	for _, test := range []struct {
		name string
		in   Clear
		want [3]bool // whether failures, offlines and refusals are left
	}{
		{"nothing", Clear{}, [3]bool{true, true, true}},
		{"failures", Clear{Failures: true}, [3]bool{false, true, true}},
		{"offlines", Clear{Offlines: true}, [3]bool{true, false, true}},
		{"refusals", Clear{Refusals: true}, [3]bool{true, true, false}},
	} {
		e := ring(3, "peer")
		e.wentOffline(Offline{Reason: "r"})
		e.refused[InvalidCookie] = 7
		e.Step(e.now, test.in)
		got := [3]bool{len(e.Failures()) > 0, len(e.Offlines()) > 0, e.Refusals()[InvalidCookie].Count > 0}
		if got != test.want {
			t.Errorf("%s: left %v, want %v", test.name, got, test.want)
		}
	}
}
