package ike

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/ike/keymat"
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
	used   map[*Engine]time.Duration
	works  map[*Engine]int
}

// newHub makes a hub with the configuration for so many spokes.
func newHub(t testing.TB, k hubKind, spokes int) *hub {
	config, spoke := k(t, spokes)
	return &hub{TB: t, now: kitStart, engine: New(config, rand.NewChaCha8([32]byte{1})), spoke: spoke,
		sas: map[ipsec.SAID]*ipsec.SA{}, used: map[*Engine]time.Duration{}, works: map[*Engine]int{}}
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
		began := time.Now()
		outputs := e.Step(h.now, inputs[0])
		h.used[e] += time.Since(began)
		for _, out := range outputs {
			switch out := out.(type) {
			case Send:
				sends = append(sends, out)
			case Compute:
				h.works[e]++
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

// wait lets time pass for the hub and a spoke, if there is one.
func (h *hub) wait(d time.Duration, spoke *Engine) {
	for end := h.now.Add(d); ; {
		at, who := end, (*Engine)(nil)
		for _, e := range []*Engine{h.engine, spoke} {
			if e == nil {
				continue
			}
			if t, ok := e.Deadline(); ok && t.Before(at) {
				at, who = t, e
			}
		}
		if at.After(h.now) {
			h.now = at
		}
		switch {
		case who == nil:
			return
		case spoke == nil:
			h.step(who, Tick{})
		default:
			h.tick(who, spoke)
		}
	}
}

// tick lets one end do what is due.
func (h *hub) tick(who, spoke *Engine) {
	if who == spoke {
		h.exchange(spoke, Tick{})
		return
	}
	for _, s := range h.step(who, Tick{}) {
		h.exchange(spoke, Datagram{s.Remote, s.Local, s.Octets})
	}
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
