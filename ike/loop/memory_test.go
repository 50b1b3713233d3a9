package loop

import (
	"testing"
	"testing/synctest"
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
)

// A notebook is a memory that writes down what it is told.
type notebook struct{ *journal }

func (n notebook) Remember(r ike.Remember) { n.add("remember %s", r.Key) }
func (n notebook) Forget(key string)       { n.add("forget %s", key) }

// remembering gives a bench a memory.
func remembering(outputs ...ike.Output) func(*bench) {
	return func(b *bench) {
		b.loop.config.Memory = notebook{b.journal}
		b.plane.refuse = []ipsec.SPI{2}
		toConfig(outputs...)(b)
	}
}

func TestTheMemoryIsToldInOrder(t *testing.T) {
	conversation(t,
		remembering(ike.Remember{Key: "a"}, install(1), ike.Send{Local: here, Remote: there, Octets: []byte{0xAB}},
			remove(3), ike.Forget{Key: "b"}, ike.Phase2Up{}),
		configure,
		"step ike.SetConfig", "remember a", "add 1", "500 192.0.2.1:500>198.51.100.7:500 ab", "remove 3", "forget b", "event ike.Phase2Up")
}

func TestTheMemoryKeepsWhatIsNotInstalledUntilToldOtherwise(t *testing.T) {
	conversation(t,
		remembering(ike.Remember{Key: "a"}, install(2), ike.Forget{Key: "b"}),
		configure,
		"step ike.SetConfig", "remember a", "add 2", "step failed ike.InstallSA: no room for 2")
}

func TestWithoutAMemoryNothingIsRemembered(t *testing.T) {
	conversation(t,
		toConfig(ike.Remember{Key: "a"}, install(1), ike.Forget{Key: "b"}),
		configure,
		"step ike.SetConfig", "add 1")
}

// TestKeepEndsInSilence ends a loop whose SAs are left to a successor.
func TestKeepEndsInSilence(t *testing.T) {
	for keep, want := range map[bool]string{false: "step ike.Tick\nstep ike.Reset", true: "step ike.Tick"} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			b.loop.config.Keep = keep
			b.engine.deadline = time.Now().Add(time.Second)
			b.run()
			time.Sleep(2 * time.Second)
			if err := b.end(); err != nil || b.String() != want {
				t.Errorf("Keep %v: Run() = %v, journal\n%s\nwant\n%s", keep, err, b, want)
			}
		})
	}
}
