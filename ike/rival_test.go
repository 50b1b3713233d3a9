package ike

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"sallyport/ike/wire"
)

// forged returns a message 2, 3 or 4 of main mode with another cookie, or another nonce or
// public value, which nobody can tell from the genuine one.
func forgedClear(t *testing.T, octets []byte, what int) []byte {
	m, err := wire.Parse(octets)
	if err != nil {
		t.Fatal(err)
	}
	m.Payloads = slices.Clone(m.Payloads)
	for i, p := range m.Payloads {
		switch p := p.(type) {
		case wire.SA:
			m.CookieR[what%8] ^= 1 << what
		case wire.Nonce:
			m.Payloads[i] = wire.Nonce{Data: bytes.Repeat([]byte{byte(what + 1)}, len(p.Data))}
		}
	}
	return m.Append(nil)
}

// TestForgedMainMode has somebody in the path send a message 2, 3 or 4 of main mode of its own, or
// several, before the genuine one, behind it, or both: the two ends come up all the same.
func TestForgedMainMode(t *testing.T) {
	for _, method := range []struct {
		name   string
		change func(string, *Config)
	}{{"pre-shared key", nil}, {"certificates", signingWorld(t, MainMode)}} {
		for number := 2; number <= 4; number++ {
			for _, test := range []struct{ before, after int }{{1, 0}, {0, 1}, {1, 1}, {maxRivals, 0}, {0, maxRivals + 2}, {2, 2}} {
				w := newWorld(t, 1, method.change)
				count := 0
				inject := func(f flight, n, from int) {
					for i := range n {
						f.to.step(Datagram{f.in.Local, f.in.Remote, forgedClear(t, f.in.Octets, from+i)})
					}
				}
				w.before = func(f flight) {
					if count++; count == number {
						inject(f, test.before, 0)
					}
				}
				w.after = func(f flight) {
					if count == number {
						inject(f, test.after, test.before)
					}
				}
				w.ends[0].acquire()
				w.run(30 * time.Second)
				what := fmt.Sprintf("%s, message %d, %d before and %d behind", method.name, number, test.before, test.after)
				if !w.agree() {
					t.Errorf("%s: no pair; refused %v, %v", what, w.ends[0].refused, w.ends[1].refused)
				}
				w.mustEnd()
			}
		}
	}
}

// TestForgedFiveBesideRivals sends messages 5 that nobody can read while there are rivals of message 3:
// each costs at most the keys of one more of them, and the genuine one is read.
func TestForgedFiveBesideRivals(t *testing.T) {
	w := newWorld(t, 1, nil)
	branch, count, works := w.ends[1], 0, 0
	w.before = func(f flight) {
		switch count++; count {
		case 3:
			for i := range 2 {
				branch.step(Datagram{f.in.Local, f.in.Remote, forgedClear(t, f.in.Octets, i)})
			}
		case 5:
			before := branch.engine.lastJob
			for i := range 6 {
				d := f.in
				d.Octets = bytes.Clone(d.Octets)
				d.Octets[30] ^= byte(i + 1)
				branch.step(d)
			}
			works = int(branch.engine.lastJob - before)
		}
	}
	w.ends[0].acquire()
	w.run(10 * time.Second)
	if w.mustAgree(); works > 6*2 {
		t.Errorf("6 forged messages 5 cost %d Diffie-Hellmans", works)
	}
	w.mustEnd()
}

// TestRivalsAreBounded sends many rivals of message 3, and long ones: few are kept.
func TestRivalsAreBounded(t *testing.T) {
	w := newWorld(t, 1, nil)
	branch, count := w.ends[1], 0
	w.after = func(f flight) {
		if count++; count != 3 {
			return
		}
		m, err := wire.Parse(f.in.Octets)
		if err != nil {
			t.Fatal(err)
		}
		m.Payloads = append(m.Payloads, wire.VendorSallyport.Filled(maxRival))
		long := m.Append(nil)
		for i := range 3 * maxRivals {
			branch.step(Datagram{f.in.Local, f.in.Remote, forgedClear(t, long, i)})
		}
		kept := &branch.engine.sasSorted()[0].phase1.forks[atKeys]
		if len(kept.others) != 0 {
			t.Errorf("%d rivals of %d octets are kept", len(kept.others), len(long))
		}
		for i := range 3 * maxRivals {
			branch.step(Datagram{f.in.Local, f.in.Remote, forgedClear(t, f.in.Octets, i)})
		}
		if len(kept.others) != maxRivals {
			t.Errorf("%d rivals are kept, want %d", len(kept.others), maxRivals)
		}
	}
	w.ends[0].acquire()
	w.run(10 * time.Second)
	w.mustAgree()
	w.mustEnd()
}

// TestSwitchesEnd has nobody answer an initiator that has rivals of message 2: it gives up as usual.
func TestSwitchesEnd(t *testing.T) {
	w := newWorld(t, 1, nil)
	hq := w.ends[0]
	w.route = func(f flight) []flight {
		if len(w.sent) > 2 {
			return nil
		}
		return []flight{f}
	}
	w.after = func(f flight) {
		if f.to == hq {
			for i := range maxRivals {
				hq.step(Datagram{f.in.Local, f.in.Remote, forgedClear(t, f.in.Octets, i)})
			}
		}
	}
	hq.acquire()
	w.run(2 * time.Minute)
	if f := hq.engine.Failures(); len(f) != 1 || f[0].Category != NoAnswer.String() {
		t.Errorf("failures %v, want one of no answer", f)
	}
	if size := hq.engine.size(); size.sas != 0 || size.jobs != 0 {
		t.Errorf("%+v is left", size)
	}
}
