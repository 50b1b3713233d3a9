package loop

import (
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
)

func TestTimerTicksAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		start := time.Now()
		b.engine.deadline = start.Add(2 * time.Second)
		var ticked time.Time
		b.engine.answer = func(in ike.Input) []ike.Output {
			if _, ok := in.(ike.Tick); ok {
				ticked = time.Now()
			}
			return nil
		}
		b.run()
		time.Sleep(time.Hour)
		b.end()
		if got := ticked.Sub(start); got != 2*time.Second {
			t.Errorf("the tick came after %v, want 2s", got)
		}
		if got := strings.Count(b.String(), "step ike.Tick"); got != 1 {
			t.Errorf("%d ticks, want 1", got)
		}
	})
}

func TestADeadlineInThePastTicksAtOnce(t *testing.T) {
	conversation(t,
		func(b *bench) { b.engine.deadline = time.Now().Add(-time.Minute) },
		func(b *bench) {},
		"step ike.Tick")
}

func TestEndTellsPeersAndClosesSockets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.engine.answer = func(in ike.Input) []ike.Output {
			if r, ok := in.(ike.Reset); !ok || !r.Quiet {
				t.Errorf("engine got %#v, want a quiet Reset", in)
			}
			return []ike.Output{
				ike.RemoveSA{ID: ipsec.SAID{SPI: 300}},
				ike.Send{Local: here, Remote: there, Octets: []byte{1}},
				ike.Compute{Job: 1},
			}
		}
		b.run()
		synctest.Wait()
		if err := b.end(); err != nil {
			t.Errorf("Run() = %v, want nil", err)
		}
		want := "step ike.Reset\nremove 300\n500 192.0.2.1:500>198.51.100.7:500 01"
		if got := b.String(); got != want {
			t.Errorf("journal\n%s\nwant\n%s", got, want)
		}
		for _, p := range []*pipe{b.ike, b.natt} {
			if _, _, _, err := p.Read(nil); !errors.Is(err, net.ErrClosed) {
				t.Errorf("socket %s: Read error %v, want closed", p.name, err)
			}
		}
	})
}

func TestAClosedSocketEndsTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.run()
		b.natt.Close()
		err := <-b.ended
		var broken *SocketError
		if !errors.As(err, &broken) || !errors.Is(err, net.ErrClosed) {
			t.Errorf("Run() = %v, want a *SocketError that says closed", err)
		}
		if got := b.String(); got != "step ike.Reset" {
			t.Errorf("journal %q, want the engine to be shut down", got)
		}
	})
}

func TestOverloadedOperatorWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		accepted := 0
		go func() {
			for range operatorQueue + 3 {
				b.loop.Input(ike.SetConfig{})
				accepted++
			}
		}()
		synctest.Wait()
		if accepted != operatorQueue {
			t.Errorf("%d inputs accepted before Run, want %d", accepted, operatorQueue)
		}
		b.run()
		synctest.Wait()
		b.end()
		if got := strings.Count(b.String(), "step ike.SetConfig"); got != operatorQueue+3 {
			t.Errorf("%d inputs reached the engine, want %d", got, operatorQueue+3)
		}
	})
}

func TestOverloadedNetworkIsDropped(t *testing.T) {
	tests := []struct {
		name  string
		queue Queue
		bound int
		put   func(*Loop)
	}{
		{"datagrams", QueueDatagrams, datagramQueue, func(l *Loop) { l.Input(ike.Datagram{}) }},
		{"acquires", QueueNotices, noticeQueue, func(l *Loop) { l.Notify(ipsec.Acquire{}) }},
		{"expiries", QueueNotices, noticeQueue, func(l *Loop) { l.Notify(ipsec.Expired{}) }},
		{"moves", QueueNotices, noticeQueue, func(l *Loop) { l.Notify(ipsec.Moved{}) }},
	}
	for _, test := range tests {
		b := newBench()
		for range test.bound + 2 {
			test.put(b.loop)
		}
		if got := b.loop.Counters().Dropped[test.queue]; got != 2 {
			t.Errorf("%s: %d dropped, want 2", test.name, got)
		}
		if got := b.String(); got != "trouble *loop.Overload\ntrouble *loop.Overload" {
			t.Errorf("%s: journal %q, want two overloads", test.name, got)
		}
	}
}

func TestNoticesReachTheEngine(t *testing.T) {
	conversation(t, nil, func(b *bench) {
		for _, e := range []ipsec.Event{ipsec.Acquire{}, ipsec.Expired{}, ipsec.Moved{}} {
			b.loop.Notify(e)
			synctest.Wait()
		}
	}, "step ike.Acquire", "step ike.Expire", "step ike.Moved")
}

func TestQuestionsAreAnsweredBetweenInputs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.engine.status = []ike.Status{{ConnectionID: 7}}
		b.engine.failures = []ike.Failure{{Category: "authentication fail"}}
		b.engine.offlines = []ike.Offline{{Reason: "peer request"}}
		b.engine.history = []ike.History{{Times: 3}}
		b.run()
		if got := b.loop.Offlines(); len(got) != 1 || got[0].Reason != "peer request" {
			t.Errorf("Offlines() = %v, want the engine's", got)
		}
		if got := b.loop.History(); len(got) != 1 || got[0].Times != 3 {
			t.Errorf("History() = %v, want the engine's", got)
		}
		if got := b.loop.Status(); len(got) != 1 || got[0].ConnectionID != 7 {
			t.Errorf("Status() = %v, want the engine's", got)
		}
		if got := b.loop.Failures(); len(got) != 1 || got[0].Category != "authentication fail" {
			t.Errorf("Failures() = %v, want the engine's", got)
		}
		b.end()
		if got := b.loop.Status(); got != nil {
			t.Errorf("Status() after the end = %v, want nil", got)
		}
		b.loop.Input(ike.SetConfig{}) // must not block for ever
	})
}

func TestAQuestionComesAfterWhatWasOrderedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.engine.answer = func(in ike.Input) []ike.Output {
			if _, ok := in.(ike.Reset); ok {
				b.engine.status = append(b.engine.status, ike.Status{})
			}
			return nil
		}
		b.run()
		for want := range 50 {
			if got := len(b.loop.Status()); got != want {
				t.Fatalf("Status() shows %d resets, want %d", got, want)
			}
			b.loop.Input(ike.Reset{})
		}
		b.end()
	})
}

func TestManyAskersAndSendersAtOnce(t *testing.T) {
	const senders, each = 4, 100
	b := newBench()
	b.loop.workers = 2
	configured, all := 0, make(chan struct{})
	b.engine.answer = func(in ike.Input) []ike.Output {
		switch in.(type) {
		case ike.Datagram:
			return []ike.Output{ike.Send{Local: hereNATT, Remote: there, Octets: []byte{1}}}
		case ike.SetConfig:
			if configured++; configured == senders*each {
				close(all)
			}
		}
		return nil
	}
	b.run()
	for range senders {
		go func() {
			for range each {
				b.loop.Status()
				b.loop.Notify(ipsec.Expired{})
				b.natt.in <- []byte{0, 0, 0, 0, 9}
				b.loop.Input(ike.SetConfig{})
			}
		}()
	}
	<-all
	if err := b.end(); err != nil {
		t.Errorf("Run() = %v, want nil", err)
	}
}

// TestClearForgetsTheLoopsCounts checks that what the loop dropped counts anew
// once refusals are cleared, and only then.
func TestClearForgetsTheLoopsCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.run()
		defer b.end()
		b.loop.counters.panics.Add(5)
		dropped := func() (n uint64) {
			for _, r := range b.loop.Refusals() {
				n += r.Count
			}
			return n
		}
		for _, step := range []struct {
			in   ike.Clear
			want uint64
		}{{ike.Clear{Failures: true}, 5}, {ike.Clear{Refusals: true}, 0}} {
			b.loop.Input(step.in)
			if got := dropped(); got != step.want {
				t.Errorf("after %+v: %d dropped, want %d", step.in, got, step.want)
			}
		}
		b.loop.counters.malformed.Add(2)
		if got := dropped(); got != 2 {
			t.Errorf("later: %d dropped, want 2", got)
		}
		if c := b.loop.Counters(); c.Panics != 5 || c.Malformed != 2 {
			t.Errorf("Counters() = %+v, want all since the start", c)
		}
	})
}
