package ike

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// An idleWorld is an engine with many tunnels that nothing passes, and the engine of all their
// peers.
type idleWorld struct {
	now         time.Time
	hub, spokes *Engine
}

// newIdleWorld makes the ISAKMP SAs over the first half minute.
func newIdleWorld(d DPD) *idleWorld {
	c := manyPolicies()
	c.DPD = d
	w := &idleWorld{kitStart, New(c, rand.NewChaCha8([32]byte{1})), New(nil, rand.NewChaCha8([32]byte{2}))}
	w.hub.Use(Options{Counters: func(ipsec.SAID) (ipsec.Counters, bool) { return ipsec.Counters{}, true }})
	suite := keymat.Suite{Cipher: keymat.Cipher{Algorithm: wire.EncAES, KeyBits: 256}, Hash: wire.HashSHA256, Group: wire.Group14}
	for i, p := range c.Policies {
		w.hub.now = w.now.Add(time.Duration(i) * 30 * time.Second / many)
		local, remote := netip.AddrPortFrom(p.Local, portIKE), netip.AddrPortFrom(p.Remote, portIKE)
		a, b := w.hub.newSA(p.Peer, true, local, remote), w.spokes.newSA(p.Peer, false, remote, local)
		a.cookieR, b.cookieI = b.cookieR, a.cookieI
		for _, s := range []*sa{a, b} {
			s.keys, _ = keymat.FromSKEYIDs(suite, bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32), bytes.Repeat([]byte{byte(i)}, 32))
			s.suite, s.lastIV, s.lifetime = suite, make([]byte, 16), 24*time.Hour
			s.proved, s.established, s.peerCan.DPD = true, true, true
		}
		a.schedule()
		a.watch()
		w.hub.tunnel(a, p)
	}
	return w
}

// tunnel gives an ISAKMP SA a pair.
func (e *Engine) tunnel(s *sa, p *Policy) {
	k := &child{engine: e, sa: s, peer: p.Peer, party: s.party, id: e.newID(), flow: e.flow(flowKey{p.ID, 5}), up: true, remote: s.remote,
		in: &ipsec.SA{ID: ipsec.SAID{SPI: ipsec.SPI(256 + s.id)}}, out: &ipsec.SA{ID: ipsec.SAID{SPI: ipsec.SPI(256 + s.id)}}}
	s.children, k.flow.children = []*child{k}, []*child{k}
	e.pairs[s.party] = []*child{k}
}

// run lets time pass, and returns what the hub has used of it and how many datagrams it has got.
func (w *idleWorld) run(d time.Duration) (used time.Duration, answers int) {
	step := func(in Input) []Output {
		began := time.Now()
		out := w.hub.Step(w.now, in)
		used += time.Since(began)
		return out
	}
	for end := w.now.Add(d); ; {
		at, ok := w.hub.Deadline()
		if !ok || at.After(end) {
			w.now = end
			return used, answers
		}
		w.now = at
		for _, out := range step(Tick{}) {
			send, ok := out.(Send)
			if !ok {
				continue
			}
			for _, answer := range w.spokes.Step(w.now, Datagram{send.Remote, send.Local, send.Octets}) {
				if back, ok := answer.(Send); ok {
					answers++
					step(Datagram{back.Remote, back.Local, back.Octets})
				}
			}
		}
	}
}

// BenchmarkIdle10000 is what the engine uses of a core for 10,000 idle tunnels that are watched, for
// one of them and a minute, and all in all.
func BenchmarkIdle10000(b *testing.B) {
	for name, kind := range map[string]DPDType{"periodic": DPDPeriodic, "on-demand": DPDOnDemand} {
		b.Run(name, func(b *testing.B) {
			w := newIdleWorld(DPD{Type: kind, Idle: 30 * time.Second})
			w.run(time.Minute)
			var used time.Duration
			for b.Loop() {
				more, answers := w.run(time.Minute)
				used += more
				if want := map[DPDType]int{DPDPeriodic: 2 * many}[kind]; answers != want {
					b.Fatalf("%d answers in a minute, want %d", answers, want)
				}
			}
			a := used / time.Duration(b.N)
			b.ReportMetric(float64(a.Nanoseconds())/many, "ns/tunnel-minute")
			b.ReportMetric(100*a.Seconds()/60, "%core")
		})
	}
}
