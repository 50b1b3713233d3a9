package ike

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"sallyport/ike/wire"
)

// A rekeying is one of the two sorts of rekey.
type rekeying struct {
	name   string
	phase1 time.Duration // lifetimes
	phase2 time.Duration
	pfs    wire.Group
	due    func(spoke *Engine) time.Time
}

const never = 1000 * 24 * time.Hour

var rekeyings = []rekeying{
	{"phase1", time.Hour, never, 0, func(e *Engine) time.Time { return e.current(party{peer: "peer"}).soft.at }},
	{"phase2", never, time.Hour, wire.Group19, func(e *Engine) time.Time { return e.childrenSorted()[0].soft.at }},
}

// hub returns one with so many policies, whose last spoke rekeys in this way only.
func (r rekeying) hub(t testing.TB, policies int) (*hub, *Engine) {
	set := func(c *Config) *Config {
		c.Proposals[0].Lifetime = r.phase1
		for _, p := range c.Policies {
			p.Lifetime.Duration, p.PFS = r.phase2, r.pfs
		}
		return c
	}
	h := newHub(t, func(t testing.TB, n int) (*Config, func(int) *Config) {
		c, spoke := preSharedHub(t, n)
		return set(c), func(n int) *Config { return set(spoke(n)) }
	}, policies)
	return h, h.join(policies - 1)
}

// rekey lets time pass until the spoke has rekeyed and nothing of it has to be done any more. It
// returns what the engines have used.
func (h *hub) rekey(spoke *Engine, r rekeying) time.Duration {
	before, works := h.used[spoke]+h.used[h.engine], h.works[h.engine]
	h.wait(r.due(spoke).Sub(h.now)+2*time.Minute, spoke)
	if h.works[h.engine] == works {
		h.Fatal("the hub was not asked for Diffie-Hellman")
	}
	if s := h.engine.size(); s.sas != 1 || s.inbound != 1 || s.quick != 0 {
		h.Fatalf("the hub has %+v", s)
	}
	return h.used[spoke] + h.used[h.engine] - before
}

// BenchmarkRekey is a rekey that a spoke begins, with all that both ends do of it until the older
// SAs have gone, but for Diffie-Hellman and the dataplane. The hub has so many policies.
func BenchmarkRekey(b *testing.B) {
	for _, bench := range rekeyings {
		for _, policies := range []int{1, many} {
			b.Run(fmt.Sprintf("%s/policies=%d", bench.name, policies), func(b *testing.B) {
				h, spoke := bench.hub(b, policies)
				var used []time.Duration
				for b.Loop() {
					used = append(used, h.rekey(spoke, bench))
				}
				b.ReportMetric(median(used), "engine-ns/rekey")
			})
		}
	}
}

// median is in nanoseconds. Unlike a mean it does not count what else the machine did.
func median(all []time.Duration) float64 {
	slices.Sort(all)
	return float64(all[len(all)/2].Nanoseconds())
}

// BenchmarkJoin is one spoke more on one entry of a template that has so many spokes: what the hub's
// engine uses, but for Diffie-Hellman and the dataplane.
func BenchmarkJoin(b *testing.B) {
	for _, spokes := range []int{10, many} {
		b.Run(fmt.Sprintf("spokes=%d", spokes), func(b *testing.B) {
			h := newHub(b, templateHub, 0)
			for n := range spokes {
				h.join(n)
			}
			h.wait(2*time.Minute, nil)
			var used []time.Duration
			for b.Loop() {
				before := h.used[h.engine]
				spoke := h.join(spokes)
				used = append(used, h.used[h.engine]-before)
				h.exchange(spoke, Reset{})
				h.wait(2*time.Minute, nil)
			}
			b.ReportMetric(median(used), "engine-ns/join")
		})
	}
}
