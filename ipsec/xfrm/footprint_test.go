package xfrm

import (
	"runtime"
	"testing"

	"sallyport/ipsec"
	"sallyport/ipsec/ipsectest/footprint"
)

// maxFootprint is what an SA pair and its policy may cost here, besides the kernel's memory, the
// configuration and the ipsec.SAs themselves, which are the engine's too.
const maxFootprint = 2560

// perTunnel returns the octets that a dataplane holds for each of its policies with an SA pair.
func perTunnel(t testing.TB, n int) float64 {
	policies := many(uint32(n))
	var sas []*ipsec.SA
	for i := range uint32(n) {
		sas = append(sas, inboundOf(ipsec.SPI(0x1000+i), ofRule(i, 5)), outboundOf(ipsec.SPI(0x1000+i), ofRule(i, 5)))
	}
	before := footprint.Heap()
	r := newRig(t)
	r.state(policies...)
	r.add(sas...)
	if len(r.memory.states) != len(sas) || len(r.memory.policies) != 3*len(policies) {
		t.Fatalf("the kernel has %d states and %d policies", len(r.memory.states), len(r.memory.policies))
	}
	*r.memory = memory{TB: t} // what the kernel has is its own
	used := footprint.Heap() - before
	runtime.KeepAlive(policies)
	runtime.KeepAlive(sas)
	runtime.KeepAlive(r)
	return float64(used) / float64(n)
}

// TestFootprint holds a tunnel against its bound.
func TestFootprint(t *testing.T) { footprint.Of(perTunnel).Test(t, maxFootprint) }

// BenchmarkFootprint tells what a tunnel costs here.
func BenchmarkFootprint(b *testing.B) { footprint.Of(perTunnel).Bench(b) }
