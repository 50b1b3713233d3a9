package tunnel

import (
	"net/netip"
	"testing"

	"sallyport/ipsec"
)

func TestGuard(t *testing.T) {
	branch := netip.MustParseAddr("10.1.2.7")
	r := newRig(t)
	r.state(t, deny(lan, netip.PrefixFrom(server, 32)), toPort(permit(lan, remote), 53))
	for _, test := range []struct {
		name   string
		packet []byte
		passes bool
		drop   ipsec.DropReason
	}{
		{"mirror of a deny rule", shape{from: server, to: host}.build(), true, 0},
		{"mirror of a permit rule", shape{from: branch, to: host, fromPort: 53, more: true, id: 5}.build(), false, ipsec.DropClear},
		{"the rest of it", shape{from: branch, to: host, offset: 80, id: 5}.build(), false, ipsec.DropClear},
		{"another port", shape{from: branch, to: host, fromPort: 54}.build(), true, 0},
		{"a rest of nothing", shape{from: branch, to: host, offset: 80, id: 6}.build(), false, ipsec.DropMalformed},
		{"from nobody we know", shape{from: netip.MustParseAddr("8.8.8.8"), to: host}.build(), true, 0},
		{"no packet", []byte{0x45}, false, ipsec.DropMalformed},
	} {
		r.wire.sent = nil
		before := r.Statistics().Drops
		r.guard.packet(test.packet)
		r.guard.packet(test.packet) // remembered
		if got := len(r.wire.sent) == 2; got != test.passes {
			t.Errorf("%s: passes is %v, want %v", test.name, got, test.passes)
		}
		if got := r.Statistics().Drops[test.drop] - before[test.drop]; !test.passes && got != 2 {
			t.Errorf("%s: %d dropped for %q, want 2", test.name, got, test.drop)
		}
	}
}

// TestGuardOfOverlappingList: a list that covers its own mirror does not make us
// protect what a stranger sends.
func TestGuardOfOverlappingList(t *testing.T) {
	r := newRig(t)
	r.state(t, permit(world, world))
	r.add(t, outboundOf(0x1000, func(sa *ipsec.SA) {
		sa.Selector = ipsec.Selector{Local: ipsec.PrefixRange(world), Remote: ipsec.PrefixRange(world)}
	}))
	r.guard.packet(shape{from: netip.MustParseAddr("8.8.8.8"), to: host}.build())
	if len(r.wire.sent) != 0 {
		t.Errorf("sent % x, want nothing", r.wire.sent)
	}
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropClear: 1})
}
