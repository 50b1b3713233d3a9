package commands

import (
	"bytes"
	"crypto/rand"
	"runtime"
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/ike"
	"sallyport/ike/keymat"
	"sallyport/ipsec/ipsectest/footprint"
)

// maxFootprint is what an established tunnel may cost without its dataplane: an ISAKMP SA, an SA pair,
// and their configuration as a script has it. What a dataplane adds has its bound beside its own tests.
const maxFootprint = 5392

// perTunnel returns the octets that a box holds for each of its tunnels, when all are established and
// nothing of their negotiation has to be repeated any more. The script itself is not counted.
func perTunnel(t testing.TB, tunnelCount int) float64 {
	text := tunnels(tunnelCount)
	replayed(t, tunnels(4)) // what the first one makes for all
	before := footprint.Heap()
	box, config := newPureBox(), replayed(t, text)
	if err := box.Apply(config); err != nil {
		t.Fatal(err)
	}
	protection, err := config.Protection(port)
	if err != nil {
		t.Fatal(err)
	}
	now, up := time.Unix(1_800_000_000, 0), 0
	for _, p := range protection.IKE.Policies {
		up += establish(now, box.engine, protection.IKE, p)
	}
	if up != 2*tunnelCount {
		t.Fatalf("%d SAs, want %d", up, 2*tunnelCount)
	}
	for end := now.Add(3 * time.Minute); now.Before(end); {
		now = now.Add(time.Second)
		box.engine.Step(now, ike.Tick{})
	}
	protection = nil
	used := footprint.Heap() - before
	runtime.KeepAlive(text)
	runtime.KeepAlive(config)
	runtime.KeepAlive(box)
	return float64(used) / float64(tunnelCount)
}

// establish has a branch bring up the tunnel of a policy. It returns how many SAs the hub has got.
func establish(now time.Time, hub *ike.Engine, c *ike.Config, p *ike.Policy) (installed int) {
	mirror, peer, rule := *p, *p.Peer, p.ACL.Rules[0]
	rule.Source, rule.Destination = rule.Destination, rule.Source
	mirror.Local, mirror.Remote, mirror.Peer, peer.Remote = p.Remote, p.Local, &peer, p.Local
	mirror.ACL = &acl.ACL{Step: 5, Rules: []acl.Rule{rule}}
	branch := ike.New(&ike.Config{Proposals: c.Proposals, Policies: []*ike.Policy{&mirror}}, rand.Reader)
	from, to := branch, hub
	for inputs := []ike.Input{ike.Acquire{Policy: p.ID, Rule: rule.ID}}; len(inputs) > 0; from, to = to, from {
		var sent []ike.Input
		for ; len(inputs) > 0; inputs = inputs[1:] {
			for _, out := range from.Step(now, inputs[0]) {
				switch out := out.(type) {
				case ike.Send:
					sent = append(sent, ike.Datagram{Local: out.Remote, Remote: out.Local, Octets: out.Octets})
				case ike.Compute:
					inputs = append(inputs, ike.Computed{Job: out.Job, Result: noDiffieHellman(out.Work)})
				case ike.InstallSA:
					if from == hub {
						installed++
					}
				}
			}
		}
		inputs = sent
	}
	return installed
}

// noDiffieHellman makes the same secret for everybody.
func noDiffieHellman(w ike.Work) ike.Result {
	dh := w.(ike.DiffieHellman)
	r := keymat.DHResult{Public: bytes.Repeat([]byte{1}, keymat.PublicLen(dh.Group))}
	if dh.Peer != nil {
		r.Shared = bytes.Repeat([]byte{2}, keymat.PublicLen(dh.Group))
	}
	return ike.Result{DH: r}
}

// TestFootprint holds a tunnel against its bound.
func TestFootprint(t *testing.T) { footprint.Of(perTunnel).Test(t, maxFootprint) }

// BenchmarkFootprint tells what a tunnel costs without its dataplane.
func BenchmarkFootprint(b *testing.B) { footprint.Of(perTunnel).Bench(b) }
