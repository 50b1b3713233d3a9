package tunnel

import (
	"errors"
	"testing"

	"sallyport/ipsec"
)

func TestSetPoliciesForgets(t *testing.T) {
	r := newRig(t)
	both := []*ipsec.Policy{policy(10, permit(lan, remote)), policy(20, permit(lan, lan))}
	if err := r.SetPolicies(both); err != nil {
		t.Fatal(err)
	}
	r.leave(shape{}.build()) // waits
	r.add(t, inboundOf(0x1000), outboundOf(0x1000, half), outboundOf(0x1001, otherPolicy), outboundOf(0x1002, func(sa *ipsec.SA) { sa.Policy = id(99) }))
	for range 2 {
		if err := r.SetPolicies(both[1:]); err != nil {
			t.Fatal(err)
		}
	}
	for sa, want := range map[ipsec.SAID]bool{
		inboundOf(0x1000).ID: false, outboundOf(0x1000).ID: false, outboundOf(0x1001).ID: true, outboundOf(0x1002).ID: true,
	} {
		if _, got := r.Counters(sa); got != want {
			t.Errorf("%v is there: %v, want %v", sa, got, want)
		}
	}
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropNoSA: 1})
	if n := len(r.routes.set); n != 3 {
		t.Errorf("routing was stated %d times, want 3", n)
	}
}

// TestSetPoliciesFails: an error leaves everything as it was.
func TestSetPoliciesFails(t *testing.T) {
	r := newRig(t)
	r.state(t, permit(lan, remote))
	r.add(t, outboundOf(0x1000))
	r.routes.err = errors.New("no such device")
	if err := r.SetPolicies(nil); !errors.Is(err, r.routes.err) {
		t.Errorf("SetPolicies = %v, want %v", err, r.routes.err)
	}
	if err := r.SetPolicies([]*ipsec.Policy{policy(1), policy(1)}); err == nil || errors.Is(err, r.routes.err) {
		t.Errorf("SetPolicies of a list with repetitions = %v", err)
	}
	r.leave(shape{}.build())
	if len(r.wire.sent) != 1 || r.wire.sent[0][ipProtocol] != byte(ipsec.ESP) {
		t.Errorf("sent % x, want ESP", r.wire.sent)
	}
}

func TestRemoveWhatIsNotThere(t *testing.T) {
	r := newRig(t)
	if err := r.RemoveSA(outboundOf(0x1000).ID); err != nil {
		t.Errorf("RemoveSA = %v, want nil", err)
	}
	if c, ok := r.Counters(outboundOf(0x1000).ID); ok {
		t.Errorf("Counters = %+v of nothing", c)
	}
}

func TestCloseTwice(t *testing.T) {
	r := newRig(t)
	r.start()
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestDefaults(t *testing.T) {
	c := Config{}.withDefaults()
	if c.Mark != DefaultMark || c.Table != DefaultTable || c.Notify == nil || c.Entropy == nil {
		t.Errorf("defaults are %+v", c)
	}
	c.Notify(ipsec.Acquire{}) // nobody hears it, and nothing happens
	if c := (Config{Mark: 1, Table: 2}).withDefaults(); c.Mark != 1 || c.Table != 2 {
		t.Errorf("what is set became %+v", c)
	}
}

func TestIdentificationsDiffer(t *testing.T) {
	r := newRig(t)
	seen := make(map[uint16]bool)
	for range 1 << 16 {
		seen[r.nextID()] = true
	}
	if len(seen) != 1<<16-1 || seen[0] {
		t.Errorf("%d different identifications in 65536 packets, 0 among them: %v", len(seen), seen[0])
	}
}
