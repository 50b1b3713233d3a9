package loop

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/ike"
	"sallyport/ike/keymat"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

func install(spi ipsec.SPI) ike.Output {
	return ike.InstallSA{SA: &ipsec.SA{ID: ipsec.SAID{SPI: spi}}}
}

func remove(spi ipsec.SPI) ike.Output { return ike.RemoveSA{ID: ipsec.SAID{SPI: spi}} }

// toConfig answers a SetConfig with the outputs, and everything else with nothing.
func toConfig(outputs ...ike.Output) func(*bench) {
	return func(b *bench) {
		b.engine.answer = func(in ike.Input) []ike.Output {
			if _, ok := in.(ike.SetConfig); ok {
				return outputs
			}
			return nil
		}
	}
}

func configure(b *bench) { b.loop.Input(ike.SetConfig{}) }

func TestOutputsArePerformedInOrder(t *testing.T) {
	send := ike.Send{Local: here, Remote: there, Octets: []byte{0xAB}}
	conversation(t,
		toConfig(install(1), install(2), send, ike.Phase2Up{}, remove(3)),
		configure,
		"step ike.SetConfig", "add 1", "add 2", "500 192.0.2.1:500>198.51.100.7:500 ab",
		"event ike.Phase2Up", "remove 3")
}

// TestPoliciesAreClosedBeforeAnythingElse: a failure is told and holds up nothing, for the SAs that follow
// protect the traffic in any case.
func TestPoliciesAreClosedBeforeAnythingElse(t *testing.T) {
	pass := func(n uint32, open bool) ike.Output {
		return ike.OpenPolicy{ID: ipsec.PolicyID{Sequence: n}, Open: open}
	}
	conversation(t,
		toConfig(pass(1, true), pass(stuckPolicy, false), pass(1, false), install(1)),
		configure,
		"step ike.SetConfig", "pass clear 1 true", "pass clear 666 false", "trouble *loop.OpenPolicyError",
		"pass clear 1 false", "add 1")
}

func TestAFailedInstallEndsItsBatch(t *testing.T) {
	conversation(t,
		func(b *bench) {
			toConfig(install(1), install(2), ike.Send{Local: here, Remote: there})(b)
			b.plane.refuse = []ipsec.SPI{2}
		},
		configure,
		"step ike.SetConfig", "add 1", "add 2", "step failed ike.InstallSA: no room for 2")
}

func TestAFailedMoveEndsNothing(t *testing.T) {
	move := func(spi ipsec.SPI) ike.Output { return ike.MoveSA{SA: ipsec.SAID{SPI: spi}, From: here, To: there} }
	conversation(t,
		func(b *bench) {
			toConfig(move(1), move(2), ike.Send{Local: here, Remote: there, Octets: []byte{0xAB}})(b)
			b.plane.refuse = []ipsec.SPI{1}
		},
		configure,
		"step ike.SetConfig", "move 1 to 198.51.100.7:500", "move 2 to 198.51.100.7:500", "500 192.0.2.1:500>198.51.100.7:500 ab",
		"step failed ike.MoveSA: 1 is stuck")
}

func TestAFailedRemovalIsOnlyReported(t *testing.T) {
	conversation(t,
		func(b *bench) {
			toConfig(remove(1), remove(2))(b)
			b.plane.refuse = []ipsec.SPI{1}
		},
		configure,
		"step ike.SetConfig", "remove 1", "trouble *loop.RemoveError", "remove 2")
}

func TestWhatAnAnswerBringsAboutIsPerformed(t *testing.T) {
	conversation(t,
		func(b *bench) {
			b.plane.refuse = []ipsec.SPI{1}
			b.engine.answer = func(in ike.Input) []ike.Output {
				switch in.(type) {
				case ike.SetConfig:
					return []ike.Output{install(1)}
				case ike.Failed:
					return []ike.Output{remove(2), ike.NegotiationFailed{}}
				}
				return nil
			}
		},
		configure,
		"step ike.SetConfig", "add 1", "step failed ike.InstallSA: no room for 1",
		"remove 2", "event ike.NegotiationFailed")
}

func TestWorkComesBack(t *testing.T) {
	refused := errors.New("not on the curve")
	conversation(t,
		func(b *bench) {
			b.loop.workers = 1
			b.loop.do = func(ike.Work) ike.Result { return ike.Result{Err: refused} }
			toConfig(ike.Compute{Job: 7}, ike.Compute{Job: 8})(b)
		},
		configure,
		"step ike.SetConfig", "step computed 7: not on the curve", "step computed 8: not on the curve")
}

func TestWorkThatPanicsComesBack(t *testing.T) {
	conversation(t,
		func(b *bench) {
			b.loop.workers = 1
			b.loop.do = func(ike.Work) ike.Result { panic("too large") }
			toConfig(ike.Compute{Job: 7})(b)
		},
		configure,
		"step ike.SetConfig", "trouble *loop.Panic", "step computed 7: "+errWork.Error())
}

func TestAResultThatNobodyWantsIsWiped(t *testing.T) {
	b := newBench()
	close(b.loop.stop)
	shared := secret.Octets{1, 2, 3}
	if b.loop.deliver(ike.Computed{Result: ike.Result{DH: keymat.DHResult{Shared: shared}}}) {
		t.Error("deliver() = true after the stop, want false")
	}
	if !shared.Equal(make(secret.Octets, 3)) {
		t.Error("the shared secret was left in memory")
	}
}

func TestWorkThatDoesNotFitComesBackAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench() // without workers
		var jobs []ike.Output
		for i := range workQueue + 2 {
			jobs = append(jobs, ike.Compute{Job: uint64(i)})
		}
		toConfig(jobs...)(b)
		b.run()
		configure(b)
		synctest.Wait()
		got := b.String()
		b.end()
		want := "step ike.SetConfig\ntrouble *loop.Overload\ntrouble *loop.Overload\n" +
			"step computed 64: " + ike.ErrBusy.Error() + "\nstep computed 65: " + ike.ErrBusy.Error()
		if got != want {
			t.Errorf("journal\n%s\nwant\n%s", got, want)
		}
		if got := b.loop.Counters().Dropped[QueueWork]; got != 2 {
			t.Errorf("%d jobs dropped, want 2", got)
		}
	})
}

func TestEventsHaveTheTimeOfTheStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		toConfig(ike.Send{Local: here, Remote: there}, ike.MessageSent{})(b)
		start := time.Now()
		b.ike.slow = time.Second
		var told time.Time
		b.loop.config.Event = func(now time.Time, _ ike.Event) { told = now }
		b.run()
		configure(b)
		time.Sleep(2 * time.Second)
		b.end()
		if !told.Equal(start) {
			t.Errorf("the event has a time %v after the step", told.Sub(start))
		}
	})
}

func TestAPanicOfOursIsNotHidden(t *testing.T) {
	b := newBench()
	b.engine.answer = func(ike.Input) []ike.Output { panic("tick") }
	defer func() {
		if recover() == nil {
			t.Error("a panic in Tick was swallowed; it would be due again for ever")
		}
	}()
	b.loop.feed(ike.Tick{})
}

func TestLossesInWords(t *testing.T) {
	c := Counters{Malformed: 2, KeepAlives: 7, Panics: 1}
	c.Dropped[QueueDatagrams] = 3
	if got, want := c.String(), "received IKE messages: 3, malformed datagrams: 2, panics: 1"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	if got := (Counters{KeepAlives: 7}).String(); got != "" {
		t.Errorf("nothing is lost, and String() = %q", got)
	}
}
