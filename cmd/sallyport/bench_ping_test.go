package main_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"sallyport/platform/icmp"
)

// BenchmarkFirstPing is the time from the first packet of a flow to its answer,
// through two appliances and cables without delay: acquire, main mode with
// group 14, quick mode, the packet that was held, and the reply. strongSwan
// cannot do it in this harness: its userspace plugin takes no traps.
// cpu-ns/op is the processor time of both appliances.
func BenchmarkFirstPing(b *testing.B) {
	a, peer := twins()
	lab := newTwinLab(b, a.config(plain), peer.config(plain))
	b.ResetTimer()
	var waited, cpu time.Duration
	for range b.N {
		before := lab.cpu(b)
		waited += lab.firstPing(b)
		cpu += lab.cpu(b) - before
		lab.a.console("reset ike sa")
		lab.down(b)
	}
	b.ReportMetric(float64(waited.Nanoseconds())/float64(b.N), "ns/op")
	b.ReportMetric(float64(cpu.Nanoseconds())/float64(b.N), "cpu-ns/op")
}

// firstPing sends one echo request and returns the time to its reply.
func (lab *twinLab) firstPing(b *testing.B) time.Duration {
	var got icmp.Reply
	request := icmp.Request{Host: netip.MustParseAddr(hostB), Count: 1, Timeout: patience}
	must(b, lab.pcA.Do(func() error {
		return icmp.Ping(context.Background(), request, func(r icmp.Reply) { got = r })
	}))
	if got.Lost || got.Time == 0 {
		b.Fatalf("the first ping was lost: %+v", got)
	}
	return got.Time
}

// cpu returns the processor time of both appliances so far.
func (lab *twinLab) cpu(t testing.TB) time.Duration {
	return processCPU(t, lab.a.run.Process.Pid) + processCPU(t, lab.b.run.Process.Pid)
}
