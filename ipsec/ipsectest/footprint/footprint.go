// Package footprint measures what a room holds in memory for each of many tunnels, against the
// bound that its tests name. It is used by tests only.
//
// Start at [Of].
package footprint

import (
	"runtime"
	"testing"
)

// tunnels is how many a footprint is taken of.
const tunnels = 1000

// Of returns the octets that something holds for each of n tunnels.
type Of func(t testing.TB, n int) float64

// Test holds a tunnel against its bound.
func (of Of) Test(t *testing.T, most float64) {
	t.Helper()
	if got := of(t, tunnels); got > most {
		t.Errorf("a tunnel has %.0f octets, want at most %.0f", got, most)
	}
}

// Bench tells what a tunnel costs.
func (of Of) Bench(b *testing.B) {
	var sum float64
	for b.Loop() {
		sum += of(b, tunnels)
	}
	b.ReportMetric(sum/float64(b.N), "B/tunnel")
}

// Heap returns the octets in use, after a collection.
func Heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what has a finalizer goes the second time
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
