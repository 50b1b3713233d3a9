package tunnel

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/esp"
)

func TestLeaving(t *testing.T) {
	r := newRig(t)
	r.state(t, deny(lan, netip.MustParsePrefix("10.1.2.6/32")), permit(lan, remote))
	r.add(t, outboundOf(0x1000))
	other := shape{from: host, to: netip.MustParseAddr("10.1.2.7")}
	for _, test := range []struct {
		name   string
		packet []byte
		sent   byte // protocol of what is sent; 0: nothing
	}{
		{"denied", shape{}.build(), protoUDP},
		{"nobody's business", shape{from: host, to: netip.MustParseAddr("8.8.8.8")}.build(), protoUDP},
		{"permitted", other.build(), byte(ipsec.ESP)},
		{"permitted, with octets behind it", append(other.build(), 1, 2, 3), byte(ipsec.ESP)},
		{"no packet", []byte{0x60, 0}, 0},
	} {
		r.wire.sent = nil
		before := bytes.Clone(test.packet)
		r.leave(test.packet)
		switch {
		case test.sent == 0 && len(r.wire.sent) == 0:
		case test.sent == 0 || len(r.wire.sent) != 1 || r.wire.sent[0][ipProtocol] != test.sent:
			t.Errorf("%s: sent % x, want one packet of protocol %d", test.name, r.wire.sent, test.sent)
		case test.sent == protoUDP && !bytes.Equal(r.wire.sent[0], before):
			t.Errorf("%s: the packet was changed", test.name)
		default:
			checkHeader(t, r.wire.sent[0])
		}
	}
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropMalformed: 1})
	if s := r.Statistics(); s.OutPackets != 2 || s.OutOctets != 200 {
		t.Errorf("out are %d packets, %d octets, want 2 and 200", s.OutPackets, s.OutOctets)
	}
}

// TestHoldAndRelease: the first packets wait for the SA, one acquire a second asks
// for it, and they are sent in order.
func TestHoldAndRelease(t *testing.T) {
	a, b := newRig(t), newRig(t)
	a.state(t, permit(lan, remote))
	a.leave(shape{size: 101, toPort: 53}.build())
	a.leave(shape{size: 102}.build())
	a.clock = a.clock.Add(time.Second)
	a.leave(shape{size: 103, toPort: 54}.build())
	acquire := ipsec.Acquire{Policy: id(10), Rule: 5, Packet: acl.Tuple{Source: host, Destination: server, Protocol: acl.UDP, DestinationPort: 53}}
	again := acquire
	again.Packet.DestinationPort = 54
	if len(a.events) != 2 || a.events[0] != acquire || a.events[1] != again {
		t.Errorf("events are %+v, want %+v and %+v", a.events, acquire, again)
	}
	sa := outboundOf(0x1000)
	a.add(t, outboundOf(0x0fff, half), sa)
	b.add(t, mirror(sa))
	a.connect(b)
	var sizes []int
	for _, p := range b.inside.written {
		sizes = append(sizes, len(p))
	}
	if len(sizes) != 3 || sizes[0] != 101 || sizes[1] != 102 || sizes[2] != 103 {
		t.Errorf("packets of %v octets arrive, want 101, 102, 103", sizes)
	}
	a.expectDrops(t, nil)
}

func TestHeldPacketsExpire(t *testing.T) {
	r := newRig(t)
	r.state(t, permit(lan, remote))
	r.leave(shape{}.build())
	r.clock = r.clock.Add(maxHeldTime)
	r.expireHeld()
	r.add(t, outboundOf(0x1000))
	if len(r.wire.sent) != 0 {
		t.Error("a packet was sent after its time")
	}
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropNoSA: 1})
}

// TestTakeoverOfFlow: what is remembered of a flow ends with each change of SAs.
func TestTakeoverOfFlow(t *testing.T) {
	r := newRig(t)
	r.state(t, permit(lan, remote))
	name := func(spi ipsec.SPI) ipsec.SAID { return outboundOf(spi).ID }
	for _, step := range []struct {
		name string
		do   func()
		want ipsec.SPI
	}{
		{"first", func() { r.add(t, outboundOf(0x1000)) }, 0x1000},
		{"newer", func() { r.add(t, outboundOf(0x1001)) }, 0x1001},
		{"newer gone", func() { r.RemoveSA(name(0x1001)) }, 0x1000},
		{"policies stated again", func() { r.state(t, permit(lan, remote)) }, 0x1000},
	} {
		step.do()
		r.wire.sent = nil
		r.leave(shape{}.build())
		if len(r.wire.sent) != 1 {
			t.Fatalf("%s: %d packets, want 1", step.name, len(r.wire.sent))
		}
		if spi, _ := esp.SPIOf(r.wire.sent[0][ipv4Len:]); spi != step.want {
			t.Errorf("%s: SPI %#x, want %#x", step.name, spi, step.want)
		}
	}
}

// TestTooBigForTheTunnel: DF set is refused with the MTU that fits, exactly.
func TestTooBigForTheTunnel(t *testing.T) {
	for _, form := range []func(*ipsec.SA){func(*ipsec.SA) {}, inUDP} {
		r := newRig(t)
		r.state(t, permit(lan, remote))
		sa := outboundOf(0x1000, form)
		r.add(t, sa)
		fits := esp.MaxInner(sa, 1500)
		r.leave(shape{size: fits, df: true}.build())
		if len(r.wire.sent) != 1 || len(r.wire.sent[0]) > 1500 {
			t.Fatalf("a packet of %d octets is not sent whole", fits)
		}
		r.leave(shape{size: fits + 1, df: true}.build())
		answer := r.wire.sent[1]
		checkHeader(t, answer)
		if destination(answer) != host || answer[ipv4Len] != icmpUnreachable || int(answer[ipv4Len+6])<<8|int(answer[ipv4Len+7]) != fits {
			t.Errorf("answer is % x, want an MTU of %d for %v", answer, fits, host)
		}
		r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropTooBig: 1})
	}
}

// TestSmallerPath: the system refuses a packet that we thought would fit.
func TestSmallerPath(t *testing.T) {
	whole, cuttable := shape{size: 1400, df: true}, shape{size: 1400}
	for _, test := range []struct {
		name   string
		packet shape
		sent   []int // sizes
		drops  map[ipsec.DropReason]uint64
	}{
		{"may be cut: is sent in fragments at once", cuttable, []int{996, 480}, nil},
		{"must stay whole: is lost, and the MTU learnt", whole, nil, map[ipsec.DropReason]uint64{ipsec.DropTooBig: 1}},
	} {
		r := newRig(t)
		r.state(t, permit(lan, remote))
		r.add(t, outboundOf(0x1000))
		r.routes.mtu, r.wire.mtu = 1000, 1000
		r.leave(test.packet.build())
		var sizes []int
		for _, p := range r.wire.sent {
			sizes = append(sizes, len(p))
		}
		if len(sizes) != len(test.sent) || len(sizes) > 1 && (sizes[0] != test.sent[0] || sizes[1] != test.sent[1]) {
			t.Errorf("%s: sent %v octets, want %v", test.name, sizes, test.sent)
		}
		r.expectDrops(t, test.drops)
		if got := r.sad.outbound[nameOf(outboundOf(0x1000).ID)].pmtu.Load(); got != 1000 {
			t.Errorf("%s: the path MTU is %d, want 1000", test.name, got)
		}
	}
}

func TestSendErrors(t *testing.T) {
	r := newRig(t)
	r.state(t, permit(lan, remote))
	r.add(t, outboundOf(0x1000))
	r.wire.err = errors.New("no route")
	r.leave(shape{}.build())
	r.leave(shape{from: host, to: netip.MustParseAddr("8.8.8.8")}.build())
	r.leave(shape{size: 1500, df: true}.build()) // the answer cannot be sent
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropSend: 3, ipsec.DropTooBig: 1})
}

// TestClearTooBig: a clear packet that does not fit its way gets what a router would
// do.
func TestClearTooBig(t *testing.T) {
	abroad := netip.MustParseAddr("8.8.8.8")
	for _, test := range []struct {
		name  string
		df    bool
		path  error
		sent  int
		drops map[ipsec.DropReason]uint64
	}{
		{"is cut", false, nil, 2, nil},
		{"is refused", true, nil, 1, map[ipsec.DropReason]uint64{ipsec.DropTooBig: 1}},
		{"has no way", false, unix.ENETUNREACH, 0, map[ipsec.DropReason]uint64{ipsec.DropSend: 1}},
	} {
		r := newRig(t)
		r.routes.mtu, r.wire.mtu, r.routes.path = 1000, 1000, test.path
		r.leave(shape{from: host, to: abroad, size: 1400, df: test.df}.build())
		if len(r.wire.sent) != test.sent {
			t.Errorf("%s: %d packets, want %d", test.name, len(r.wire.sent), test.sent)
		}
		r.expectDrops(t, test.drops)
	}
}

// TestPortsOfFragments: a later fragment goes the way of its first, and nowhere if
// that is not known.
func TestPortsOfFragments(t *testing.T) {
	r := newRig(t)
	r.state(t, toPort(permit(lan, remote), 53))
	r.add(t, outboundOf(0x1000))
	for _, test := range []struct {
		name   string
		packet shape
		sent   byte
	}{
		{"first, protected", shape{id: 1, more: true, toPort: 53}, byte(ipsec.ESP)},
		{"later, protected", shape{id: 1, offset: 80}, byte(ipsec.ESP)},
		{"first, clear", shape{id: 2, more: true, toPort: 54}, protoUDP},
		{"later, clear", shape{id: 2, offset: 80}, protoUDP},
		{"later, unknown", shape{id: 3, offset: 80}, 0},
	} {
		r.wire.sent = nil
		r.leave(test.packet.build())
		if test.sent == 0 {
			if len(r.wire.sent) != 0 {
				t.Errorf("%s: something was sent", test.name)
			}
		} else if len(r.wire.sent) != 1 || r.wire.sent[0][ipProtocol] != test.sent {
			t.Errorf("%s: sent % x, want protocol %d", test.name, r.wire.sent, test.sent)
		}
	}
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropMalformed: 1})
}

// TestUsedUp: after the hard limit packets wait for the next SA.
func TestUsedUp(t *testing.T) {
	r := newRig(t)
	r.state(t, permit(lan, remote))
	sa := outboundOf(0x1000, func(sa *ipsec.SA) { sa.Soft.Octets, sa.Hard.Octets = 100, 150 })
	r.add(t, sa)
	for range 3 {
		r.leave(shape{}.build())
	}
	if len(r.wire.sent) != 1 {
		t.Errorf("%d packets are sent, want 1", len(r.wire.sent))
	}
	want := []ipsec.Event{ipsec.Expired{SA: sa.ID}, ipsec.Expired{SA: sa.ID, Hard: true}}
	if len(r.events) != 3 || r.events[0] != want[0] || r.events[1] != want[1] {
		t.Errorf("events are %+v, want %+v and an acquire", r.events, want)
	}
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropExpired: 1})
	r.add(t, outboundOf(0x1001))
	if len(r.wire.sent) != 2 {
		t.Error("the packet that waited is not sent with the next SA")
	}
}

func TestPanicsStayInTheirPacket(t *testing.T) {
	r := newRig(t)
	r.state(t, permit(lan, remote))
	r.notify = func(ipsec.Event) { panic("owner") }
	var caught []any
	r.caught = func(v any) { caught = append(caught, v) }
	r.leave(shape{}.build())
	if len(caught) != 1 || caught[0] != "owner" {
		t.Errorf("caught %v, want the panic", caught)
	}
	r.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropMalformed: 1})
	r.caught = nil
	defer func() {
		if recover() == nil {
			t.Error("without anybody to tell, a panic is swallowed")
		}
	}()
	r.clock = r.clock.Add(time.Minute)
	r.leave(shape{}.build())
}
