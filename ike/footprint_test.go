package ike

import (
	"runtime"
	"testing"
	"time"

	"sallyport/ipsec/ipsectest/footprint"
)

// maxFootprint is what an established tunnel may cost the engine: an ISAKMP SA, a pair and their
// configuration. The test of package commands counts what a script leaves besides, those of the
// dataplanes what each of them adds.
const maxFootprint = 5632

// perTunnel measures what a hub holds for each of its tunnels, once nothing of their negotiation has to be
// repeated any more.
func perTunnel(k hubKind) footprint.Of {
	return func(t testing.TB, spokes int) float64 {
		before := footprint.Heap()
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
		used := footprint.Heap() - before
		runtime.KeepAlive(h)
		return float64(used) / float64(spokes)
	}
}

// TestFootprint holds a tunnel against its bound.
func TestFootprint(t *testing.T) {
	for _, test := range hubKinds {
		t.Run(test.name, func(t *testing.T) { perTunnel(test.kind).Test(t, maxFootprint) })
	}
}

// BenchmarkFootprint tells what a tunnel costs.
func BenchmarkFootprint(b *testing.B) {
	for _, bench := range hubKinds {
		b.Run(bench.name, func(b *testing.B) { perTunnel(bench.kind).Bench(b) })
	}
}
