package tunnel

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/esp"
)

// from is the peer's end of an inbound SA: it seals what the peer sends.
type from struct {
	t  testing.TB
	sa *ipsec.SA
	*esp.Outbound
}

func peerOf(t testing.TB, in *ipsec.SA) from {
	t.Helper()
	sa := mirror(in)
	out, err := esp.NewOutbound(sa, zeros{})
	if err != nil {
		t.Fatal(err)
	}
	return from{t, sa, out}
}

// esp returns an ESP packet around what is inside.
func (f from) esp(inner []byte, next byte) []byte {
	f.t.Helper()
	packet, err := f.Seal(nil, inner, next)
	if err != nil {
		f.t.Fatal(err)
	}
	return packet
}

// ip puts an outer header in front.
func (f from) ip(packet []byte, tos byte) []byte {
	packet = append(make([]byte, ipv4Len), packet...)
	(&outer{local: f.sa.Local.As4(), remote: f.sa.Remote.As4(), protocol: byte(ipsec.ESP)}).write(packet, carried{tos: tos}, 1)
	return packet
}

// back is a packet of the answer's direction.
var back = shape{from: server, to: host, fromPort: 53}

// TestArrival sends one packet to a gateway with one SA, and compares what becomes
// of it.
func TestArrival(t *testing.T) {
	tos := func(s shape, tos byte) shape { s.tos = tos; return s }
	stranger := back
	stranger.from = netip.MustParseAddr("10.1.3.1")
	tcp := back
	tcp.protocol = acl.TCP
	const delivered = ipsec.DropReasons
	for _, test := range []struct {
		name   string
		packet func(from) []byte // with outer header
		want   ipsec.DropReason  // or delivered
		inner  []byte            // what is delivered; nil: nothing
	}{
		{"good", func(f from) []byte { return f.ip(f.esp(back.build(), 4), 0) }, delivered, back.build()},
		{"good, outer header with options", func(f from) []byte {
			p := f.ip(append([]byte{1, 1, 1, 1}, f.esp(back.build(), 4)...), 0)
			p[0]++
			return p
		}, delivered, back.build()},
		{"padded for traffic flow confidentiality", func(f from) []byte {
			return f.ip(f.esp(append(back.build(), make([]byte, 50)...), 4), 0)
		}, delivered, back.build()},
		{"dummy", func(f from) []byte { return f.ip(f.esp([]byte("nothing"), 59), 0) }, delivered, nil},
		{"congestion met", func(f from) []byte { return f.ip(f.esp(tos(back, ect0).build(), 4), ce) }, delivered, tos(back, ce).build()},
		{"congestion met, sender deaf", func(f from) []byte { return f.ip(f.esp(back.build(), 4), ce) }, ipsec.DropMalformed, nil},
		{"no SPI", func(f from) []byte { return f.ip([]byte{1, 2, 3, 4, 5, 6, 7}, 0) }, ipsec.DropShort, nil},
		{"header cut off", func(f from) []byte { return f.ip(nil, 0)[:19] }, ipsec.DropShort, nil},
		{"shorter than its header says", func(f from) []byte { p := f.ip(f.esp(back.build(), 4), 0); return p[:len(p)-1] }, ipsec.DropShort, nil},
		{"header longer than the packet", func(f from) []byte { p := f.ip(f.esp(back.build(), 4), 0); p[ipTotal], p[ipTotal+1] = 0, 19; return p }, ipsec.DropShort, nil},
		{"header of four words", func(f from) []byte { p := f.ip(f.esp(back.build(), 4), 0); p[0] = 0x44; return p }, ipsec.DropShort, nil},
		{"shorter than its parts", func(f from) []byte { return f.ip(f.esp(back.build(), 4)[:12], 0) }, ipsec.DropShort, nil},
		{"unknown SPI", func(f from) []byte { p := f.esp(back.build(), 4); p[3]++; return f.ip(p, 0) }, ipsec.DropUnknownSPI, nil},
		{"another destination", func(f from) []byte {
			p := f.ip(f.esp(back.build(), 4), 0)
			p[ipDest+3]++
			return p
		}, ipsec.DropUnknownSPI, nil},
		{"forged", func(f from) []byte { p := f.esp(back.build(), 4); p[30] ^= 1; return f.ip(p, 0) }, ipsec.DropAuthentication, nil},
		{"next header is not IPv4", func(f from) []byte { return f.ip(f.esp(back.build(), 41), 0) }, ipsec.DropPadding, nil},
		{"no packet inside", func(f from) []byte { return f.ip(f.esp([]byte{0x45, 0, 0, 99}, 4), 0) }, ipsec.DropMalformed, nil},
		{"not of the selector", func(f from) []byte { return f.ip(f.esp(stranger.build(), 4), 0) }, ipsec.DropSelector, nil},
		{"of the selector, denied by the list", func(f from) []byte { return f.ip(f.esp(tcp.build(), 4), 0) }, ipsec.DropSelector, nil},
		{"our own direction", func(f from) []byte { return f.ip(f.esp(shape{}.build(), 4), 0) }, ipsec.DropSelector, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			sa := inboundOf(0x1000)
			noTCP := deny(lan, remote)
			noTCP.Protocol = acl.TCP
			r.state(t, noTCP, permit(lan, remote))
			r.add(t, sa)
			(&arriving{d: r.Dataplane}).packet(test.packet(peerOf(t, sa)))
			drops := map[ipsec.DropReason]uint64{test.want: 1}
			r.expectDrops(t, drops)
			var want [][]byte
			if test.inner != nil {
				want = append(want, test.inner)
			}
			if len(r.inside.written) != len(want) || len(want) == 1 && !bytes.Equal(r.inside.written[0], want[0]) {
				t.Errorf("delivered % x, want % x", r.inside.written, want)
			}
			if s := r.Statistics(); s.InPackets != uint64(len(want)) || s.InOctets != uint64(len(test.inner)) {
				t.Errorf("in are %d packets, %d octets", s.InPackets, s.InOctets)
			}
		})
	}
}

func TestReplay(t *testing.T) {
	r := newRig(t)
	sa := inboundOf(0x1000)
	r.add(t, sa)
	f := peerOf(t, sa)
	packet := f.ip(f.esp(back.build(), 4), 0)
	r.lookAtClock()
	for range 3 {
		(&arriving{d: r.Dataplane}).packet(bytes.Clone(packet))
	}
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropReplay: 2})
	if c, ok := r.Counters(sa.ID); !ok || c != (ipsec.Counters{Packets: 1, Octets: 100, Sequence: 1, LastUsed: r.clock}) {
		t.Errorf("counters are %+v, %v", c, ok)
	}
}

// TestForm: an SA takes only packets in the form that it was negotiated for.
func TestForm(t *testing.T) {
	plain, encapsulated := inboundOf(0x1000), inboundOf(0x2000, inUDP)
	r := newRig(t)
	r.add(t, plain, encapsulated)
	in := &arriving{d: r.Dataplane}
	local, remote := netip.AddrPortFrom(gateway, 4500), netip.AddrPortFrom(peer, 40000)
	f, g := peerOf(t, plain), peerOf(t, encapsulated)
	r.InboundUDP(local, remote, f.esp(back.build(), 4))
	in.packet(g.ip(g.esp(back.build(), 4), 0))
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropUnknownSPI: 2})
	in.packet(f.ip(f.esp(back.build(), 4), 0))
	r.InboundUDP(local, remote, g.esp(back.build(), 4))
	mapped := netip.AddrPortFrom(netip.AddrFrom16(gateway.As16()), 4500)
	r.InboundUDP(mapped, netip.AddrPortFrom(netip.AddrFrom16(peer.As16()), 40000), g.esp(back.build(), 4))
	if len(r.inside.written) != 3 {
		t.Errorf("%d packets are delivered, want 3", len(r.inside.written))
	}
	if len(r.events) != 0 {
		t.Errorf("events are %+v, want none", r.events)
	}
}

// TestMoved: RFC 3947 §6, and only for news.
func TestMoved(t *testing.T) {
	sa := inboundOf(0x1000, inUDP)
	r := newRig(t)
	r.add(t, sa)
	f := peerOf(t, sa)
	packets := make([][]byte, 6)
	for i := range packets {
		packets[i] = f.esp(back.build(), 4)
	}
	forged := f.esp(back.build(), 4)
	forged[20] ^= 1
	old, moved, third := netip.MustParseAddrPort("192.0.2.2:40000"), netip.MustParseAddrPort("192.0.2.2:40001"), netip.MustParseAddrPort("198.51.100.1:1")
	for _, test := range []struct {
		name   string
		packet []byte
		remote netip.AddrPort
		told   bool
	}{
		{"as negotiated", packets[0], old, false},
		{"forged, from elsewhere", forged, third, false},
		{"new port", packets[3], moved, true},
		{"new port again", packets[4], moved, false},
		{"delayed, from the old port", packets[2], old, false},
		{"repeated, from elsewhere", bytes.Clone(packets[4]), third, false},
		{"new address", packets[5], third, true},
	} {
		r.events = nil
		r.InboundUDP(netip.AddrPortFrom(gateway, 4500), test.remote, test.packet)
		if !test.told && len(r.events) == 0 {
			continue
		}
		want := ipsec.Moved{SA: sa.ID, Remote: test.remote}
		if !test.told || len(r.events) != 1 || r.events[0] != want {
			t.Errorf("%s: events are %+v, want told %v", test.name, r.events, test.told)
		}
	}
}

func TestInboundLimits(t *testing.T) {
	sa := inboundOf(0x1000, func(sa *ipsec.SA) { sa.Soft.Octets, sa.Hard.Octets = 100, 200 })
	r := newRig(t)
	r.add(t, sa)
	f := peerOf(t, sa)
	for range 4 {
		(&arriving{d: r.Dataplane}).packet(f.ip(f.esp(back.build(), 4), 0))
	}
	if len(r.inside.written) != 2 {
		t.Errorf("%d packets are delivered, want 2", len(r.inside.written))
	}
	want := []ipsec.Event{ipsec.Expired{SA: sa.ID}, ipsec.Expired{SA: sa.ID, Hard: true}}
	if len(r.events) != 2 || r.events[0] != want[0] || r.events[1] != want[1] {
		t.Errorf("events are %+v, want %+v", r.events, want)
	}
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropExpired: 2})
}

// TestInboundPortsOfFragments: SAs whose selector has a port take the fragments of
// its packets.
func TestInboundPortsOfFragments(t *testing.T) {
	sa := inboundOf(0x1000, func(sa *ipsec.SA) { sa.Selector.Protocol, sa.Selector.RemotePort = acl.UDP, 53 })
	r := newRig(t)
	r.add(t, sa)
	f := peerOf(t, sa)
	piece, rest, lost := back, back, back
	piece.id, piece.more = 7, true
	rest.id, rest.offset = 7, 80
	lost.id, lost.offset = 8, 80
	for _, s := range []shape{piece, rest, lost} {
		(&arriving{d: r.Dataplane}).packet(f.ip(f.esp(s.build(), 4), 0))
	}
	if len(r.inside.written) != 2 {
		t.Errorf("%d fragments are delivered, want 2", len(r.inside.written))
	}
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropSelector: 1})
}

// TestPolicyChangeReachesSAs: what a list permits no longer is not delivered, though
// the SA and its memory of the flow are still there.
func TestPolicyChangeReachesSAs(t *testing.T) {
	sa := inboundOf(0x1000)
	r := newRig(t)
	r.state(t, permit(lan, remote))
	r.add(t, sa)
	f := peerOf(t, sa)
	in := &arriving{d: r.Dataplane}
	in.packet(f.ip(f.esp(back.build(), 4), 0))
	r.state(t, deny(lan, netip.PrefixFrom(server, 32)), permit(lan, remote))
	in.packet(f.ip(f.esp(back.build(), 4), 0))
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropSelector: 1})
}

func TestDeviceRefusesPacket(t *testing.T) {
	sa := inboundOf(0x1000)
	r := newRig(t)
	r.add(t, sa)
	r.inside.err = errors.New("device is down")
	f := peerOf(t, sa)
	(&arriving{d: r.Dataplane}).packet(f.ip(f.esp(back.build(), 4), 0))
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropSend: 1})
}

// FuzzArrival: nothing that comes from the network may panic, nor be delivered
// unless it is authentic.
func FuzzArrival(f *testing.F) {
	sa := inboundOf(0x1000)
	p := peerOf(f, sa)
	f.Add(p.ip(p.esp(back.build(), 4), 0), true)
	f.Add(p.ip(p.esp(nil, 59), 3), false)
	f.Add([]byte("10\x00\x000000000000000000"), true) // shorter than its header: found by fuzzing
	f.Fuzz(func(t *testing.T, packet []byte, plain bool) {
		r := newRig(t)
		r.add(t, sa)
		if plain {
			(&arriving{d: r.Dataplane}).packet(packet)
		} else {
			r.InboundUDP(netip.AddrPortFrom(gateway, 4500), netip.AddrPortFrom(peer, 4500), packet)
		}
		for _, inner := range r.inside.written {
			if !bytes.Equal(inner, back.build()) {
				t.Errorf("delivered % x", inner)
			}
		}
	})
}

// FuzzLeaving: nothing that a LAN sends may panic.
func FuzzLeaving(f *testing.F) {
	f.Add(shape{}.build())
	f.Add(shape{size: 1500, df: true}.build())
	f.Add(shape{size: 1600, options: []byte{7, 4, 0, 0}}.build())
	f.Add(shape{protocol: protoICMP, size: 20}.build())
	f.Fuzz(func(t *testing.T, packet []byte) {
		if len(packet) > maxPacket {
			return
		}
		r := newRig(t)
		r.state(t, permit(world, remote))
		r.add(t, outboundOf(0x1000))
		r.wire.mtu, r.routes.mtu = 1400, 1400
		r.leave(packet)
		r.guard.packet(packet)
	})
}
