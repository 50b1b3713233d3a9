package ike

import (
	"testing"
	"time"

	"sallyport/ike/wire"
)

// beating makes a connected world in which both ends have heartbeats.
func beating(t *testing.T, b Heartbeat) *world {
	return connected(t, 1, func(_ string, c *Config) { c.Heartbeat = b })
}

func TestHeartbeatNumbers(t *testing.T) {
	for _, test := range []struct {
		name string
		data []byte
		want uint32
		ok   bool
	}{
		{"a number alone", []byte{0, 0, 1, 2}, 258, true},
		{"with a list", append([]byte{0, 0, 0, 9}, make([]byte, 16)...), 9, true},
		{"too short", []byte{0, 0, 1}, 0, false},
		{"nothing", nil, 0, false},
		{"half an entry", append([]byte{0, 0, 0, 9}, make([]byte, 5)...), 0, false},
	} {
		got, ok := heartbeatNumber(wire.Notify{Data: test.data})
		if got != test.want || ok != test.ok {
			t.Errorf("%s: heartbeatNumber = %d, %v, want %d, %v", test.name, got, ok, test.want, test.ok)
		}
	}
}

// TestHeartbeatSequences looks at the numbers that go out, before a crash and after it.
func TestHeartbeatSequences(t *testing.T) {
	for _, fresh := range []bool{false, true} {
		w := beating(t, Heartbeat{Interval: 20 * time.Second, NewSeq: fresh})
		n := w.ends[0]
		w.run(61 * time.Second)
		s := kitSA(n)
		own := s.own()
		first := s.pulse.beats.sequence - 3
		if fresh != (first != 0) || first >= 1<<31 {
			t.Errorf("new=%v: the first number is %d after cookie %v", fresh, first+1, own)
		}
		last := s.pulse.beats.sequence
		s.pulse.beats = s.newHeartbeats() // what a successor does
		if !ahead(s.pulse.beats.sequence+1, last) {
			t.Errorf("new=%v: after %d comes %d", fresh, last, s.pulse.beats.sequence+1)
		}
	}
}

// TestHeartbeatsOfTheConfiguration changes it under an SA.
func TestHeartbeatsOfTheConfiguration(t *testing.T) {
	w := beating(t, Heartbeat{})
	n := w.ends[0]
	set := func(b Heartbeat) (send, miss bool) {
		c := *n.config
		c.Heartbeat = b
		n.config = &c
		n.step(SetConfig{&c})
		if beats := kitSA(n).pulse.beats; beats != nil {
			return beats.send.place != 0, beats.miss.place != 0
		}
		return false, false
	}
	before := n.engine.size().deadlines
	for _, test := range []struct {
		b          Heartbeat
		send, miss bool
	}{
		{Heartbeat{Interval: 20 * time.Second}, true, false},
		{Heartbeat{Interval: 20 * time.Second, Timeout: 60 * time.Second}, true, true},
		{Heartbeat{Timeout: 60 * time.Second}, false, true},
		{Heartbeat{}, false, false},
	} {
		if send, miss := set(test.b); send != test.send || miss != test.miss {
			t.Errorf("%+v: timers %v %v, want %v %v", test.b, send, miss, test.send, test.miss)
		}
	}
	if after := n.engine.size().deadlines; after != before {
		t.Errorf("%d deadlines, %d before", after, before)
	}
}

// TestHeartbeatTimeout: the first time-out marks the SA, the second ends everything.
func TestHeartbeatTimeout(t *testing.T) {
	w := beating(t, Heartbeat{Interval: 20 * time.Second, Timeout: 60 * time.Second})
	n := w.ends[0]
	w.run(21 * time.Second)
	w.ends[1].kill()
	w.run(60 * time.Second)
	if st := n.engine.Status(); len(st) != 1 || !st[0].TimedOut || !st[0].Heartbeat {
		t.Errorf("after one time-out: %+v", st)
	}
	w.run(60 * time.Second)
	if off := n.engine.Offlines(); len(off) != 1 || off[0].Reason != "heartbeat timeout" || len(n.sas) != 0 || len(n.engine.sas) != 0 {
		t.Errorf("after two: offline %+v, %d ISAKMP SAs, dataplane %v", off, len(n.engine.sas), n.sas)
	}
}
