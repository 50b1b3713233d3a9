package xfrm

import (
	"runtime"
	"testing"

	"sallyport/ipsec"
)

// maxFootprint is what an SA pair and its policy may cost here, besides the kernel's memory, the
// configuration and the ipsec.SAs themselves, which are the engine's too.
const maxFootprint = 2560

// footprint returns the octets that a dataplane holds for each of its policies with an SA pair.
func footprint(t testing.TB, n uint32) float64 {
	policies := many(n)
	var sas []*ipsec.SA
	for i := range n {
		sas = append(sas, inboundOf(ipsec.SPI(0x1000+i), ofRule(i, 5)), outboundOf(ipsec.SPI(0x1000+i), ofRule(i, 5)))
	}
	before := heapUse()
	r := newRig(t)
	r.state(policies...)
	r.add(sas...)
	if len(r.memory.states) != len(sas) || len(r.memory.policies) != 3*len(policies) {
		t.Fatalf("the kernel has %d states and %d policies", len(r.memory.states), len(r.memory.policies))
	}
	*r.memory = memory{TB: t} // what the kernel has is its own
	used := heapUse() - before
	runtime.KeepAlive(policies)
	runtime.KeepAlive(sas)
	runtime.KeepAlive(r)
	return float64(used) / float64(n)
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
	if got := footprint(t, 1000); got > maxFootprint {
		t.Errorf("a tunnel has %.0f octets, want at most %d", got, maxFootprint)
	}
}

// BenchmarkFootprint tells what a tunnel costs here.
func BenchmarkFootprint(b *testing.B) {
	var sum float64
	for b.Loop() {
		sum += footprint(b, 1000)
	}
	b.ReportMetric(sum/float64(b.N), "B/tunnel")
}
