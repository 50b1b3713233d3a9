package ike

import (
	"runtime"
	"testing"
	"time"
)

// maxFootprint is what an established tunnel may cost the engine: an ISAKMP SA, a pair and their
// configuration. The test of package commands counts what a script leaves besides, those of the
// dataplanes what each of them adds.
const maxFootprint = 5632

// footprint returns the octets that a hub holds for each of its tunnels, once nothing of their
// negotiation has to be repeated any more.
func footprint(t testing.TB, k hubKind, spokes int) float64 {
	before := heapUse()
	h := newHub(t, k, spokes)
	for n := range spokes {
		spoke := h.join(n)
		delete(h.used, spoke)
		delete(h.works, spoke)
	}
	h.wait(3*time.Minute, nil)
	if s := h.engine.size(); s.sas != spokes || s.inbound != spokes || len(h.sas) != 2*spokes {
		t.Fatalf("%+v", s)
	}
	h.sas = nil // a dataplane's
	used := heapUse() - before
	runtime.KeepAlive(h)
	return float64(used) / float64(spokes)
}

// heapUse returns the octets in use, after a collection.
func heapUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what has a finalizer goes the second time
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestFootprint holds a tunnel against its bound.
func TestFootprint(t *testing.T) {
	for _, test := range hubKinds {
		t.Run(test.name, func(t *testing.T) {
			if got := footprint(t, test.kind, 1000); got > maxFootprint {
				t.Errorf("a tunnel has %.0f octets, want at most %d", got, maxFootprint)
			}
		})
	}
}

// BenchmarkFootprint tells what a tunnel costs.
func BenchmarkFootprint(b *testing.B) {
	for _, bench := range hubKinds {
		b.Run(bench.name, func(b *testing.B) {
			var sum float64
			for b.Loop() {
				sum += footprint(b, bench.kind, 1000)
			}
			b.ReportMetric(sum/float64(b.N), "B/tunnel")
		})
	}
}
