package loop

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
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// A wire joins sockets of several boxes by their addresses.
type wire map[netip.AddrPort]*plug

// A plug is a socket on a wire.
type plug struct {
	local netip.AddrPort
	wire  wire
	in    chan arrival
	shut  chan struct{}
}

type arrival struct {
	from netip.AddrPort
	b    []byte
}

// socket adds a socket to the wire.
func (w wire) socket(address string, port uint16) *plug {
	local := netip.AddrPortFrom(netip.MustParseAddr(address), port)
	p := &plug{local: local, wire: w, in: make(chan arrival, 100), shut: make(chan struct{})}
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
	if to := p.wire[remote]; to != nil {
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
	*journal
	loop   *Loop
	policy ipsec.PolicyID
	flow   acl.Tuple
	end    func() error
}

// newBox starts a box that protects everything between the two hosts.
func newBox(w wire, local, remote, host, peer string, seed byte) *box {
	j := &journal{}
	b := &box{journal: j, policy: ipsec.PolicyID{Name: "m", Sequence: 1}}
	b.flow = acl.Tuple{Source: netip.MustParseAddr(host), Destination: netip.MustParseAddr(peer)}
	b.loop = New(Config{
		Engine:    ike.New(nil, rand.NewChaCha8([32]byte{seed})),
		Dataplane: &plane{journal: &journal{}},
		IKE:       w.socket(local, 500),
		NATT:      w.socket(local, 4500),
		ESP:       func(_, _ netip.AddrPort, _ []byte) {},
		Event: func(_ time.Time, e ike.Event) {
			switch e := e.(type) {
			case ike.Phase1Up, ike.Phase2Up, ike.NegotiationFailed:
				j.add("%T", e)
			case ike.Phase1Down:
				j.add("%T %s", e, e.Reason)
			}
		},
		Trouble: func(err error) { j.add("trouble %v", err) },
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

// children counts the pairs of IPsec SAs.
func (b *box) children() (n int) {
	for _, s := range b.loop.Status() {
		n += len(s.Children)
	}
	return n
}

func TestTwoBoxesMeet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire{}
		a := newBox(w, "192.0.2.1", "192.0.2.2", "10.1.0.1", "10.2.0.1", 1)
		b := newBox(w, "192.0.2.2", "192.0.2.1", "10.2.0.1", "10.1.0.1", 2)
		synctest.Wait() // until both are configured
		a.loop.Notify(ipsec.Acquire{Policy: a.policy, Rule: 5, Packet: a.flow})
		synctest.Wait()
		const up = "ike.Phase1Up\nike.Phase2Up"
		if a.String() != up || b.String() != up || a.children() != 1 || b.children() != 1 {
			t.Errorf("a: %q with %d children, b: %q with %d, want both phases up with one", a, a.children(), b, b.children())
		}
		time.Sleep(50 * time.Minute) // fake time, up to the rekeying at nine tenths of an hour
		if got := a.String(); got != up {
			t.Errorf("after 50 minutes a: %q", got)
		}
		time.Sleep(10 * time.Minute)
		if got := strings.Count(a.String(), "Phase2Up"); got != 2 {
			t.Errorf("after an hour a has had %d pairs, want 2", got)
		}
		if err := a.end(); err != nil {
			t.Errorf("a ended with %v", err)
		}
		synctest.Wait()
		if b.children() != 0 || !strings.Contains(b.String(), "ike.Phase1Down") {
			t.Errorf("after a's end b: %q with %d children, want a's deletes heard", b, b.children())
		}
		if err := b.end(); err != nil {
			t.Errorf("b ended with %v", err)
		}
	})
}
