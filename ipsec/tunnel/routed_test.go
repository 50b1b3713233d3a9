package tunnel

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"slices"
	"testing"

	"sallyport/acl"
	"sallyport/ipsec"
)

// routedPolicy returns a policy with a tunnel interface of its own.
func routedPolicy(sequence uint32, device string) *ipsec.Policy {
	p := policy(sequence, permit(world, world))
	p.Device, p.Routed = device, true
	return p
}

// anyTraffic is what an SA of a routed policy, or of a manual one, is for.
func anyTraffic(sa *ipsec.SA) {
	sa.Selector = ipsec.Selector{Local: ipsec.PrefixRange(world), Remote: ipsec.PrefixRange(world)}
}

func (r *rig) set(t testing.TB, policies ...*ipsec.Policy) {
	t.Helper()
	if err := r.SetPolicies(policies); err != nil {
		t.Fatal(err)
	}
}

// enter sends a packet into a tunnel's device.
func (r *rig) enter(device string, p []byte) {
	l := &leaving{d: r.Dataplane, tunnel: device}
	l.packet(copy(l.buffer[headroom:], p))
}

// open returns the names of the devices that are there.
func (m *maker) open() (names []string) {
	for _, p := range m.made {
		select {
		case <-p.closed:
		default:
			names = append(names, p.name)
		}
	}
	slices.Sort(names)
	return names
}

// TestRoutedDevices: a device comes and goes with its policies, and is the same while
// there is one for its name.
func TestRoutedDevices(t *testing.T) {
	r := newRig(t)
	diverted := policy(10, permit(lan, remote))
	one, two := routedPolicy(20, "Tunnel1"), routedPolicy(30, "Tunnel2")
	moved := *two
	moved.Device = "Tunnel3"
	for _, step := range []struct {
		name     string
		policies []*ipsec.Policy
		open     []string
		made     int
		routed   []*ipsec.Policy // what routing is told
	}{
		{"one", []*ipsec.Policy{one}, []string{"Tunnel1"}, 1, nil},
		{"again", []*ipsec.Policy{one}, []string{"Tunnel1"}, 1, nil},
		{"a second, and another policy", []*ipsec.Policy{one, diverted, two}, []string{"Tunnel1", "Tunnel2"}, 2, []*ipsec.Policy{diverted}},
		{"its name is another policy's", []*ipsec.Policy{diverted, routedPolicy(40, "Tunnel1"), two}, []string{"Tunnel1", "Tunnel2"}, 2, []*ipsec.Policy{diverted}},
		{"a policy takes another name", []*ipsec.Policy{&moved}, []string{"Tunnel3"}, 3, nil},
		{"none", nil, nil, 3, nil},
		{"one again", []*ipsec.Policy{one}, []string{"Tunnel1"}, 4, nil},
	} {
		r.set(t, step.policies...)
		if got := r.tunnels.open(); !slices.Equal(got, step.open) || len(r.tunnels.made) != step.made {
			t.Errorf("%s: devices are %v of %d made, want %v of %d", step.name, got, len(r.tunnels.made), step.open, step.made)
		}
		if got := r.routes.set[len(r.routes.set)-1]; !slices.Equal(got, step.routed) {
			t.Errorf("%s: routing was told %v, want %v", step.name, got, step.routed)
		}
	}
	if err := r.Close(); err != nil || r.tunnels.open() != nil {
		t.Errorf("Close = %v, and %v are left", err, r.tunnels.open())
	}
}

// TestRoutedDevicesFail: an error leaves anyTraffic as it was.
func TestRoutedDevicesFail(t *testing.T) {
	broken := errors.New("broken")
	one, two := routedPolicy(20, "Tunnel1"), routedPolicy(30, "Tunnel2")
	for _, test := range []struct {
		name     string
		fail     func(*rig)
		policies []*ipsec.Policy
	}{
		{"no device", func(r *rig) { r.tunnels.err = broken }, []*ipsec.Policy{one, two}},
		{"no routing", func(r *rig) { r.routes.err = broken }, []*ipsec.Policy{two}},
		{"two policies of one device", func(*rig) {}, []*ipsec.Policy{one, two, routedPolicy(40, "Tunnel2")}},
	} {
		r := newRig(t)
		r.set(t, one)
		test.fail(r)
		if err := r.SetPolicies(test.policies); err == nil {
			t.Errorf("%s: SetPolicies says nothing", test.name)
		}
		if got := r.tunnels.open(); !slices.Equal(got, []string{"Tunnel1"}) {
			t.Errorf("%s: devices are %v, want Tunnel1", test.name, got)
		}
		r.add(t, outboundOf(0x1000, anyTraffic, func(sa *ipsec.SA) { sa.Policy = id(20) }))
		r.enter("Tunnel1", shape{}.build())
		if len(r.wire.sent) != 1 {
			t.Errorf("%s: nothing is protected any more", test.name)
		}
	}
}

// TestRouted: what enters a tunnel's device is protected by its policy, whatever it is
// and whatever other policies say, and comes out of the device of the peer's.
func TestRouted(t *testing.T) {
	a, b := newRig(t), newRig(t)
	for _, r := range []*rig{a, b} {
		r.set(t, policy(20, deny(world, world)), routedPolicy(30, "Tunnel2"), routedPolicy(10, "Tunnel1"))
	}
	abroad := shape{from: host, to: netip.MustParseAddr("8.8.8.8"), offset: 80}.build()
	a.enter("Tunnel1", abroad)
	want := ipsec.Acquire{Policy: id(10), Rule: 5, Packet: acl.Tuple{
		Source: host, Destination: netip.MustParseAddr("8.8.8.8"), Protocol: protoUDP, Fragment: true,
	}}
	if len(a.events) != 1 || a.events[0] != want {
		t.Fatalf("events are %+v, want %+v", a.events, want)
	}
	sa := outboundOf(0x1000, anyTraffic)
	b.add(t, mirror(sa))
	a.add(t, sa)
	a.enter("Tunnel1", shape{}.build())
	a.leave(shape{}.build()) // the other way in: denied, in clear
	if n := len(a.wire.sent); n != 3 || a.wire.sent[0][ipProtocol] != 50 || a.wire.sent[1][ipProtocol] != 50 || a.wire.sent[2][ipProtocol] != protoUDP {
		t.Fatalf("sent % x, want two of ESP and one in clear", a.wire.sent)
	}
	a.wire.sent = a.wire.sent[:2]
	a.connect(b)
	got := b.tunnels.made
	for _, device := range got {
		written := [][]byte{abroad, shape{}.build()}
		if device.name != "Tunnel1" {
			written = nil
		}
		if !slices.EqualFunc(device.written, written, bytes.Equal) {
			t.Errorf("out of %s come % x", device.name, device.written)
		}
	}
	if len(b.inside.written) != 0 {
		t.Errorf("out of the inside device come % x", b.inside.written)
	}
	a.expectDrops(t, nil)
	b.expectDrops(t, nil)
}

// TestRoutedIntoItself: with the way to the peer through the tunnel, its own packets come
// back to it.
func TestRoutedIntoItself(t *testing.T) {
	for _, form := range wrappings {
		if slices.ContainsFunc(form.change, func(f func(*ipsec.SA)) bool { sa := outboundOf(1, f); return sa.Mode == ipsec.Transport }) {
			continue
		}
		r := newRig(t)
		r.set(t, routedPolicy(10, "Tunnel1"))
		r.add(t, outboundOf(0x1000, append(slices.Clone(form.change), anyTraffic)...))
		r.enter("Tunnel1", shape{}.build())
		sent := r.wire.sent[0]
		r.enter("Tunnel1", sent)
		r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropSend: 1})
		r.enter("Tunnel1", shape{from: gateway, to: peer, protocol: protoICMP}.build())
		if len(r.wire.sent) != 2 {
			t.Errorf("%s: a ping to the peer's address is not sent", form.name)
		}
	}
}

// TestRoutedIsNoDiversion: a tunnel's policy says nothing about packets elsewhere.
func TestRoutedIsNoDiversion(t *testing.T) {
	r := newRig(t)
	p := routedPolicy(10, "Tunnel1")
	p.ACL = policy(10, toPort(permit(world, world), 53)).ACL
	r.set(t, p)
	r.leave(shape{}.build())
	r.leave(shape{offset: 80}.build())
	r.guard.packet(back.build())
	if len(r.wire.sent) != 3 {
		t.Errorf("%d packets go on in clear, want 3", len(r.wire.sent))
	}
	r.enter("Tunnel2", shape{}.build())
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropNoSA: 1})
}

// TestManualWithoutEnds: a configured policy that is not complete has no ends. What leaves
// is dropped, and so is what comes in clear.
func TestManualWithoutEnds(t *testing.T) {
	r := newRig(t)
	p := policy(10, permit(lan, remote))
	p.Manual, p.Local, p.Remote = true, netip.Addr{}, netip.Addr{}
	r.set(t, p)
	r.leave(shape{}.build())
	r.guard.packet(back.build())
	if len(r.wire.sent)+len(r.inside.written)+len(r.events) != 0 {
		t.Errorf("sent % x, delivered % x, events %+v", r.wire.sent, r.inside.written, r.events)
	}
	r.leave(shape{from: peer, to: host}.build())
	if len(r.wire.sent) != 1 {
		t.Error("a packet that the policy is not about has not left")
	}
}

// TestManual: no packet asks for an SA, and without one none waits. The pair serves every
// rule.
func TestManual(t *testing.T) {
	r := newRig(t)
	p := policy(10, permit(lan, remote), permit(lan, one(peer)))
	p.Manual = true
	r.set(t, p)
	r.leave(shape{}.build())
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropNoSA: 1})
	manual := func(sa *ipsec.SA) { anyTraffic(sa); sa.Rule, sa.Window = 0, 0 }
	r.add(t, inboundOf(0x2000, manual), outboundOf(0x1000, manual))
	if len(r.wire.sent) != 0 {
		t.Error("a packet waited")
	}
	r.leave(shape{}.build())
	r.leave(shape{from: host, to: peer}.build())
	r.leave(shape{from: peer, to: host}.build())
	if n := len(r.wire.sent); n != 3 || r.wire.sent[0][ipProtocol] != 50 || r.wire.sent[1][ipProtocol] != 50 || r.wire.sent[2][ipProtocol] != protoUDP {
		t.Errorf("sent % x, want two of ESP and one in clear", r.wire.sent)
	}
	f := peerOf(t, inboundOf(0x2000, manual))
	in := &arriving{d: r.Dataplane}
	first := f.ip(f.esp(back.build(), 4), 0)
	in.packet(bytes.Clone(first))
	in.packet(first) // no replay check
	in.packet(f.ip(f.esp(shape{from: host, to: server}.build(), 4), 0))
	if len(r.inside.written) != 2 || len(r.events) != 0 {
		t.Errorf("%d packets are delivered, want 2; events are %+v", len(r.inside.written), r.events)
	}
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropNoSA: 1, ipsec.DropSelector: 1})
}

// TestRoutedWrites: a device that is down refuses packets.
func TestRoutedWrites(t *testing.T) {
	r := newRig(t)
	r.set(t, routedPolicy(10, "Tunnel1"))
	sa := inboundOf(0x1000, anyTraffic)
	r.add(t, sa)
	r.tunnels.made[0].err = os.ErrClosed
	f := peerOf(t, sa)
	(&arriving{d: r.Dataplane}).packet(f.ip(f.esp(back.build(), 4), 0))
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropSend: 1})
}
