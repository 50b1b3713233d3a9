package main

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/acl"
	"sallyport/ike"
	"sallyport/ike/loop"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// These tests join the real loop and the real engine, without a system below.

// An ether joins sockets of several boxes by their addresses.
type ether map[netip.AddrPort]*plug

// A plug is a socket on an ether.
type plug struct {
	local netip.AddrPort
	ether ether
	in    chan arrival
	shut  chan struct{}
}

type arrival struct {
	from netip.AddrPort
	b    []byte
}

// socket adds a socket to the ether.
func (w ether) socket(address string, port uint16) *plug {
	local := netip.AddrPortFrom(netip.MustParseAddr(address), port)
	p := &plug{local: local, ether: w, in: make(chan arrival, 100), shut: make(chan struct{})}
	w[local] = p
	return p
}

func (p *plug) Read(b []byte) (int, netip.AddrPort, netip.AddrPort, error) {
	select {
	case a := <-p.in:
		return copy(b, a.b), p.local, a.from, nil
	case <-p.shut:
		return 0, netip.AddrPort{}, netip.AddrPort{}, net.ErrClosed
	}
}

func (p *plug) Write(b []byte, local, remote netip.AddrPort) error {
	if to := p.ether[remote]; to != nil {
		to.in <- arrival{local, append([]byte(nil), b...)}
	}
	return nil
}

func (p *plug) Close() error {
	close(p.shut)
	return nil
}

// A box is a loop around a real engine.
type box struct {
	story  lineWriter // what its events were
	out    strings.Builder
	loop   *loop.Loop
	policy ipsec.PolicyID
	flow   acl.Tuple
	end    func() error
}

// newBox starts a box that protects everything between the two hosts.
func newBox(w ether, local, remote, host, peer string, seed byte) *box {
	b := &box{policy: ipsec.PolicyID{Name: "m", Sequence: 1}}
	b.story.out = &b.out
	b.flow = acl.Tuple{Source: netip.MustParseAddr(host), Destination: netip.MustParseAddr(peer)}
	b.loop = loop.New(loop.Config{
		Engine:    ike.New(nil, rand.NewChaCha8([32]byte{seed})),
		Dataplane: acceptingPlane{},
		IKE:       w.socket(local, 500),
		NATT:      w.socket(local, 4500),
		ESP:       func(_, _ netip.AddrPort, _ []byte) {},
		Event: func(_ time.Time, e ike.Event) {
			switch e.(type) {
			case ike.Phase1Up, ike.Phase2Up, ike.NegotiationFailed, ike.Phase1Down:
				b.story.printf("%T\n", e)
			}
		},
		Trouble: func(err error) { panic(err) }, // there is none on this ether
	})
	list := acl.New(3000)
	list.Rules = []acl.Rule{{ID: 5, Action: acl.Permit, Source: acl.Host(b.flow.Source), Destination: acl.Host(b.flow.Destination)}}
	b.loop.Input(ike.SetConfig{Config: &ike.Config{
		Proposals: []*ike.Proposal{ike.NewProposal()},
		Policies: []*ike.Policy{{
			Policy:    ipsec.Policy{ID: b.policy, Local: netip.MustParseAddr(local), Remote: netip.MustParseAddr(remote), ACL: list},
			Peer:      &ike.Peer{Name: "p", Key: secret.Octets("Key@2026"), Remote: netip.MustParseAddr(remote)},
			Proposals: []*ipsec.Proposal{ipsec.NewProposal()},
			Lifetime:  ipsec.Lifetime{Duration: time.Hour},
		}},
	}})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- b.loop.Run(ctx) }()
	b.end = func() error { cancel(); return <-ended }
	return b
}

// An acceptingPlane takes every SA.
type acceptingPlane struct{ ipsec.Dataplane }

func (acceptingPlane) AddSA(*ipsec.SA) error     { return nil }
func (acceptingPlane) RemoveSA(ipsec.SAID) error { return nil }

// told returns the events so far.
func (b *box) told() string {
	b.story.mu.Lock()
	defer b.story.mu.Unlock()
	return b.out.String()
}

// children counts the pairs of IPsec SAs.
func (b *box) children() (n int) {
	for _, s := range b.loop.Status() {
		n += len(s.Children)
	}
	return n
}

func TestTwoBoxesMeet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := ether{}
		a := newBox(w, "192.0.2.1", "192.0.2.2", "10.1.0.1", "10.2.0.1", 1)
		b := newBox(w, "192.0.2.2", "192.0.2.1", "10.2.0.1", "10.1.0.1", 2)
		synctest.Wait() // until both are configured
		a.loop.Notify(ipsec.Acquire{Policy: a.policy, Rule: 5, Packet: a.flow})
		synctest.Wait()
		const up = "ike.Phase1Up\nike.Phase2Up\n"
		if a.told() != up || b.told() != up || a.children() != 1 || b.children() != 1 {
			t.Errorf("a: %q with %d children, b: %q with %d, want both phases up with one", a.told(), a.children(), b.told(), b.children())
		}
		time.Sleep(50 * time.Minute) // fake time, up to the rekeying at nine tenths of an hour
		if got := a.told(); got != up {
			t.Errorf("after 50 minutes a: %q", got)
		}
		time.Sleep(10 * time.Minute)
		if got := strings.Count(a.told(), "Phase2Up"); got != 2 {
			t.Errorf("after an hour a has had %d pairs, want 2", got)
		}
		if err := a.end(); err != nil {
			t.Errorf("a ended with %v", err)
		}
		synctest.Wait()
		if b.children() != 0 || !strings.Contains(b.told(), "ike.Phase1Down") {
			t.Errorf("after a's end b: %q with %d children, want a's deletes heard", b.told(), b.children())
		}
		if err := b.end(); err != nil {
			t.Errorf("b ended with %v", err)
		}
	})
}
