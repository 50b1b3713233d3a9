package xfrm

import (
	"errors"
	"os"
	"testing"

	"sallyport/ipsec"
	"sallyport/ipsec/xfrm/kernel"
)

func TestAdopt(t *testing.T) {
	old := newRig(t)
	p := policy(10, permit(lan, remote))
	old.state(policy(5, permit(remote, lan)), p)
	in, out, half := inboundOf(0x1000), outboundOf(0x1001), outboundOf(0x1002, bundle)
	old.add(half, in, out, inboundOf(0x1003), inboundOf(0x1004, ofRule(5, 5)))
	around, _ := half.AHID()
	delete(old.memory.states, around)
	foreign := ipsec.SAID{Destination: nomad, Protocol: ipsec.ESP, SPI: 0x9999}
	old.memory.states[foreign] = kernel.Installed{State: kernel.State{ID: foreign, ReqID: 7}}
	old.memory.states[out.ID] = counting(old.memory.states[out.ID], 10, 1000)
	old.memory.changes()

	for _, sa := range []*ipsec.SA{in, out, half} {
		sa.EncryptionKey, sa.IntegrityKey = nil, nil // a journal has none
	}
	r := newRigOver(old.memory)
	kept, err := r.Adopt([]*ipsec.SA{in, out, half, outboundOf(0x5000)})
	if err != nil || len(kept) != 2 || kept[0] != in || kept[1] != out {
		t.Fatalf("Adopt = %v, %v, want the first two", kept, err)
	}
	r.expect("delete state", "delete state", "delete state")
	if len(r.memory.states) != 3 {
		t.Errorf("left are %v, want two and another program's", r.memory.states)
	}
	r.state(policy(5, permit(remote, lan)), p)
	r.expect() // policies and SAs fit together as they are
	r.memory.states[out.ID] = counting(r.memory.states[out.ID], 12, 1200)
	if sums := r.Statistics(); sums.OutPackets != 2 || sums.OutOctets != 200 {
		t.Errorf("statistics are %+v, want what came after the start", sums)
	}
	r.state(p)
	if err := r.RemoveSA(out.ID); err != nil || len(r.memory.states) != 2 {
		t.Errorf("RemoveSA = %v with %d states left, want 2", err, len(r.memory.states))
	}
}

func TestRemovedPolicyTakesItsSAs(t *testing.T) {
	r := newRig(t)
	p := policy(10, permit(lan, remote))
	r.state(p, policy(20, permit(lan, lan)))
	r.add(inboundOf(0x1000), outboundOf(0x1001), outboundOf(0x1002, ofRule(20, 5)))
	r.state(p)
	if len(r.memory.states) != 2 || len(r.flows.byKey) != 2 {
		t.Errorf("%d states and %d flows, want 2 and 2", len(r.memory.states), len(r.flows.byKey))
	}
	changed := policy(10, permit(remote, lan), permit(lan, remote)) // its rule 5 is another
	r.state(changed)
	if len(r.memory.states) != 2 {
		t.Errorf("%d states after a change, want both", len(r.memory.states))
	}
}

func TestEnd(t *testing.T) {
	for _, keep := range []bool{false, true} {
		r := newRig(t)
		r.memory.policies[8] = kernel.Policy{Index: 8} // another program's
		r.memory.waiting = kernel.Patient              // as one left it that was killed
		if err := r.start(); err != nil {
			t.Fatal(err)
		}
		r.state(policy(10, toPort(permit(lan, remote), 80)))
		r.add(inboundOf(0x1000))
		if !r.memory.reassembling || r.memory.waiting != kernel.Patient {
			t.Errorf("fragments are put together: %v, waiting %+v", r.memory.reassembling, r.memory.waiting)
		}
		end := r.Close
		if keep {
			end = r.Keep
		}
		if err := errors.Join(end(), r.Close()); err != nil {
			t.Fatal(err)
		}
		left := len(r.memory.policies) + len(r.memory.states)
		if !keep && (left != 1 || r.memory.reassembling || !r.memory.waiting.Drop) || keep && left < 5 {
			t.Errorf("keep %v leaves %d policies and states, %+v, %v", keep, left, r.memory.waiting, r.memory.reassembling)
		}
		for what, err := range map[string]error{
			"SetPolicies": r.SetPolicies(nil), "AddSA": r.AddSA(inboundOf(0x2000)),
		} {
			if !errors.Is(err, os.ErrClosed) {
				t.Errorf("%s after the end = %v, want %v", what, err, os.ErrClosed)
			}
		}
	}
}

// TestAdoptConfigured: an SA that brings its keys is taken over only if the kernel's is made
// of the same.
func TestAdoptConfigured(t *testing.T) {
	old := newRig(t)
	p := policy(10, permit(lan, remote))
	p.Manual = true
	old.state(p)
	var wanted []*ipsec.SA
	for spi := ipsec.SPI(0x1000); spi < 0x1005; spi++ {
		sa := outboundOf(spi, bundle)
		sa.AH.SPI += 0x1000 * (spi - 0xfff)
		sa.Rule = 0
		wanted = append(wanted, sa.Clone())
		old.add(sa)
	}
	wanted[1].EncryptionKey[0]++
	wanted[2].AH.Key[0]++
	wanted[3].Local = wanted[3].Local.Next()
	r := newRigOver(old.memory)
	kept, err := r.Adopt(wanted)
	if err != nil || len(kept) != 2 || kept[0] != wanted[0] || kept[1] != wanted[4] || len(r.memory.states) != 4 {
		t.Errorf("Adopt = %v, %v with %d states left, want the first and the last", kept, err, len(r.memory.states))
	}
}
