package kernel

import (
	"errors"
	"os"
	"slices"
	"testing"
)

// TestStatistics: a packet that a policy of ours blocks is counted, in its namespace.
func TestStatistics(t *testing.T) {
	left, right := newPair(t)
	p := plain.policy(In, left, right)
	p.Block, p.N, p.Templates = true, 0, [2]Template{}
	must(t, right.k.AddPolicy(p, false))
	if n := send(t, left, right, left.inner, right.inner, volley{3, 10, 0}); n != 0 {
		t.Errorf("%d arrived", n)
	}
	eventually(t, "3 are counted", func() bool {
		s, err := right.k.Statistics()
		must(t, err)
		return s.Of("XfrmInPolBlock") == 3 && s.Of("nothing") == 0
	})
	if got := left.errors(t); got != nil {
		t.Errorf("the other namespace has counted %v", got)
	}
}

// TestCountersIn reads what makes sense and leaves out the rest.
func TestCountersIn(t *testing.T) {
	got := countersIn([]byte("XfrmInError \t1\nXfrmInBufferError 2\nhalf\nXfrmMany many\nthree words here\nLast 18446744073709551615"))
	want := []Counter{{"XfrmInError", 1}, {"XfrmInBufferError", 2}, {"Last", ^uint64(0)}}
	if !slices.Equal(got, want) {
		t.Errorf("counters are %v, want %v", got, want)
	}
	if got := countersIn(nil); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}

func TestSNMPNumber(t *testing.T) {
	const file = "Ip: Forwarding FragOKs FragFails\nIp: 1 2 77\nIcmp: FragFails\nIcmp: 5\n"
	for _, test := range []struct {
		name, file string
		want       uint64
	}{
		{"there", file, 77},
		{"no such protocol", "Icmp: FragFails\nIcmp: 5\n", 0},
		{"no such name", "Ip: Forwarding\nIp: 1\n", 0},
		{"fewer numbers than names", "Ip: Forwarding FragFails\nIp: 1\n", 0},
		{"no number", "Ip: FragFails\nIp: many\n", 0},
		{"names alone", "Ip: FragFails\n", 0},
		{"nothing", "", 0},
	} {
		if got := snmpNumber([]byte(test.file), "Ip:", "FragFails"); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

// TestKernelThatDoesNotCount has no counters, which is no error; a closed one has none
// either.
func TestKernelThatDoesNotCount(t *testing.T) {
	if s, err := new(Kernel).Statistics(); len(s.Counters) != 0 || s.FragFails != 0 || err != nil {
		t.Errorf("%+v, %v", s, err)
	}
	f, err := optional(t.TempDir() + "/nothing")
	if f != nil || err != nil {
		t.Errorf("a file that is not there: %v, %v", f, err)
	}
	if f, err = os.Open(os.DevNull); err != nil {
		t.Fatal(err)
	}
	must(t, f.Close())
	if _, err := (&Kernel{counters: f}).Statistics(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
