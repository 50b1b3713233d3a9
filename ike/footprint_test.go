package ike

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strconv"
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// A hub is an engine that many spokes negotiate with, each with an engine of its own. Nobody does
// Diffie-Hellman: all share one secret.
type hub struct {
	testing.TB
	now    time.Time
	engine *Engine
	spoke  func(n int) *Config
	sas    map[ipsec.SAID]*ipsec.SA // installed in the hub's dataplane
}

// newHub makes a hub with the configuration for so many spokes.
func newHub(t testing.TB, k hubKind, spokes int) *hub {
	config, spoke := k(t, spokes)
	return &hub{TB: t, now: kitStart, engine: New(config, rand.NewChaCha8([32]byte{1})), spoke: spoke, sas: map[ipsec.SAID]*ipsec.SA{}}
}

// join has the n-th spoke bring up its tunnel.
func (h *hub) join(n int) *Engine {
	c := h.spoke(n)
	e := New(c, rand.NewChaCha8([32]byte{2, byte(n), byte(n >> 8)}))
	h.exchange(e, Acquire{Policy: c.Policies[0].ID, Rule: kitRule})
	return e
}

// exchange gives a spoke an input, and each end what the other sends until nobody says anything.
func (h *hub) exchange(spoke *Engine, in Input) {
	from, to := spoke, h.engine
	for sends := h.step(from, in); len(sends) > 0; from, to = to, from {
		var answers []Send
		for _, s := range sends {
			answers = append(answers, h.step(to, Datagram{s.Remote, s.Local, s.Octets})...)
		}
		sends = answers
	}
}

// step feeds an engine and does what it wants, but for what it sends.
func (h *hub) step(e *Engine, in Input) (sends []Send) {
	for inputs := []Input{in}; len(inputs) > 0; inputs = inputs[1:] {
		for _, out := range e.Step(h.now, inputs[0]) {
			switch out := out.(type) {
			case Send:
				sends = append(sends, out)
			case Compute:
				inputs = append(inputs, Computed{out.Job, cheap(out.Work)})
			case Authenticate:
				inputs = append(inputs, Authenticated{Job: out.Job, Granted: true})
			case InstallSA:
				if e == h.engine {
					h.sas[out.SA.ID] = out.SA
				}
			case RemoveSA:
				delete(h.sas, out.ID)
			case Refused:
				h.Fatalf("%v", out.Err)
			}
		}
	}
	return sends
}

// cheap does work, but for the mathematics of Diffie-Hellman.
func cheap(w Work) Result {
	dh, ok := w.(DiffieHellman)
	if !ok {
		return w.Do()
	}
	n := keymat.PublicLen(dh.Group)
	r := keymat.DHResult{Public: bytes.Repeat([]byte{1}, n)}
	if dh.Peer != nil {
		r.Shared = bytes.Repeat([]byte{2}, n)
	}
	return Result{DH: r}
}

// wait lets time pass for the hub. What it sends is lost.
func (h *hub) wait(d time.Duration) {
	end := h.now.Add(d)
	for {
		at, ok := h.engine.Deadline()
		if !ok || at.After(end) {
			break
		}
		h.now = at
		h.step(h.engine, Tick{})
	}
	h.now = end
}

// A hubKind returns the configurations of a hub and of its n-th spoke.
type hubKind func(t testing.TB, spokes int) (*Config, func(n int) *Config)

// spokeAddr is the address of the n-th spoke, and spokeNet the network behind it.
func spokeAddr(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{203, byte(n >> 8), byte(n), 1})
}

func spokeNet(n int) uint32 { return 10<<24 | uint32(n)<<8 }

// hubNet is the network behind the hub.
const hubNet = 172<<24 | 16<<16

// towards is one end's half of a tunnel.
func towards(local, remote netip.Addr, from, to uint32) *Config {
	c := kitConfig(0)
	p := c.Policies[0]
	p.Local, p.Remote, p.Peer.Remote = local, remote, remote
	p.ACL = &acl.ACL{Number: 3000, Step: 5, Rules: []acl.Rule{kitPermit(kitRule, from, to)}}
	return c
}

// spokeOf is the configuration of the n-th spoke.
func spokeOf(n int) *Config { return towards(spokeAddr(n), kitAddr(0), spokeNet(n), hubNet) }

// preSharedHub has an ike peer and a policy for each spoke.
func preSharedHub(_ testing.TB, spokes int) (*Config, func(int) *Config) {
	c := kitConfig(0)
	proposals := c.Policies[0].Proposals
	c.Policies = nil
	for n := range spokes {
		p := towards(kitAddr(0), spokeAddr(n), hubNet, spokeNet(n)).Policies[0]
		p.ID.Sequence, p.Peer.Name, p.Proposals = uint32(n+1), "branch-"+strconv.Itoa(n), proposals
		c.Policies = append(c.Policies, p)
	}
	return c, spokeOf
}

// signingHub is preSharedHub with certificates.
func signingHub(t testing.TB, spokes int) (*Config, func(int) *Config) {
	sign := signingWorld(t, MainMode)
	c, _ := preSharedHub(t, spokes)
	one := &Config{Proposals: c.Proposals}
	for _, p := range c.Policies {
		one.Policies = []*Policy{p}
		sign("hq", one)
	}
	one.Policies = c.Policies
	return one, func(n int) *Config {
		s := spokeOf(n)
		sign("branch", s)
		return s
	}
}

// templateHub has one entry of a template for all spokes.
func templateHub(testing.TB, int) (*Config, func(int) *Config) {
	c := kitConfig(0)
	p := c.Policies[0]
	p.Template, p.ACL, p.Remote, p.Peer.Remote = true, &acl.ACL{}, netip.Addr{}, netip.Addr{}
	return c, spokeOf
}

// clientHub has one entry of a template for clients with XAUTH and mode configuration.
func clientHub(t testing.TB, spokes int) (*Config, func(int) *Config) {
	c, _ := templateHub(t, spokes)
	peer := c.Policies[0].Peer
	peer.XAUTH, peer.Scheme = XAUTHGateway, "scheme"
	c.Schemes = map[string]*Scheme{"scheme": {Name: "scheme", Pools: []Pool{{
		Name: "pool", First: netip.MustParseAddr("10.64.0.1"), Last: netip.MustParseAddr("10.65.255.254"), Bits: 15}}}}
	return c, func(n int) *Config {
		s := spokeOf(n)
		s.Policies[0].ACL.Rules[0].Source = acl.Wildcard{}
		peer := s.Policies[0].Peer
		peer.XAUTH, peer.User, peer.Password, peer.ConfigExchange = XAUTHClient, fmt.Sprint("user-", n), secret.Octets("pass"), ConfigRequest
		return s
	}
}

var hubKinds = []struct {
	name string
	kind hubKind
}{{"pre-shared", preSharedHub}, {"certificate", signingHub}, {"template", templateHub}, {"client", clientHub}}

// maxFootprint is what an established tunnel may cost: an ISAKMP SA, a pair and their configuration.
// What a dataplane adds has its own bound beside the tests of each.
const maxFootprint = 4096

// footprint returns the octets that a hub holds for each of its tunnels, once nothing of their
// negotiation has to be repeated any more.
func footprint(t testing.TB, k hubKind, spokes int) float64 {
	before := heapUse()
	h := newHub(t, k, spokes)
	for n := range spokes {
		h.join(n)
	}
	h.wait(3 * time.Minute)
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
				sum += footprint(b, bench.kind, 4000)
			}
			b.ReportMetric(sum/float64(b.N), "B/tunnel")
		})
	}
}

var _ = wire.ProtoESP
var _ = errors.New
