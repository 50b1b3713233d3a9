package ike

import (
	"testing"
	"time"

	"sallyport/ike/wire"
)

// TestStatusTellsTheMode looks at both ends, and at the successors of killed ones: that phase 1
// was aggressive mode stays to be seen.
func TestStatusTellsTheMode(t *testing.T) {
	for _, test := range []struct {
		name       string
		change     func(string, *Config)
		aggressive bool
	}{
		{"main mode", nil, false},
		{"aggressive mode", aggressively, true},
	} {
		w := newWorld(t, 1, test.change)
		for i := range w.ends {
			w.ends[i].remembers()
		}
		w.ends[0].acquire()
		w.run(time.Second)
		for i, n := range w.ends {
			before := n.engine.Status()
			n.kill()
			n.succeed(uint64(i), n.will())
			for _, all := range [][]Status{before, n.engine.Status()} {
				if len(all) != 1 || all[0].Aggressive != test.aggressive || all[0].Method != wire.AuthPSK {
					t.Errorf("%s, end %d: %+v", test.name, i, all)
				}
			}
		}
	}
}
