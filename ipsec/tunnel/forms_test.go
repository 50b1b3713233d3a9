package tunnel

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/ah"
	"sallyport/ipsec/esp"
)

// bare makes the SA a bundle whose ESP leaves the ICV to AH.
func bare(sa *ipsec.SA) {
	around(0x3000)(sa)
	sa.Encryption, sa.EncryptionKey = ipsec.AES128, bytes.Repeat([]byte{1}, 16)
}

func extended(sa *ipsec.SA) { sa.ESN = true }

func null(sa *ipsec.SA) {
	sa.Encryption, sa.EncryptionKey = ipsec.Null, nil
	sa.Integrity, sa.IntegrityKey = ipsec.MD5, bytes.Repeat([]byte{1}, 16)
}

// wrappings are the ways in which an SA can be put around packets.
var wrappings = []struct {
	name     string
	change   []func(*ipsec.SA)
	protocol byte // of the outer header
}{
	{"ESP", nil, 50},
	{"ESP in UDP", []func(*ipsec.SA){inUDP}, protoUDP},
	{"ESP extended", []func(*ipsec.SA){extended}, 50},
	{"AH", []func(*ipsec.SA){onlyAH}, 51},
	{"AH extended", []func(*ipsec.SA){onlyAH, extended}, 51},
	{"bundle", []func(*ipsec.SA){around(0x3000)}, 51},
	{"bundle extended", []func(*ipsec.SA){around(0x3000), extended}, 51},
	{"bare bundle", []func(*ipsec.SA){bare}, 51},
	{"transport ESP", []func(*ipsec.SA){transport}, 50},
	{"transport ESP in UDP", []func(*ipsec.SA){transport, inUDP}, protoUDP},
	{"transport NULL in UDP", []func(*ipsec.SA){transport, inUDP, null}, protoUDP},
	{"transport AH", []func(*ipsec.SA){transport, onlyAH}, 51},
	{"transport bundle", []func(*ipsec.SA){transport, around(0x3000)}, 51},
	{"transport bare bundle", []func(*ipsec.SA){transport, bare}, 51},
}

// A pair is two gateways with one SA between them, from a to b.
type pair struct {
	a, b *rig
	sa   *ipsec.SA
}

func newPair(t testing.TB, change []func(*ipsec.SA)) pair {
	t.Helper()
	p := pair{newRig(t), newRig(t), outboundOf(0x1000, change...)}
	p.a.state(t, permit(lan, remote), permit(one(gateway), one(peer)))
	back := mirror(p.sa)
	if p.sa.AH != nil { // keys are the dataplane's that got them
		back = back.Clone()
	}
	p.a.add(t, p.sa)
	p.b.add(t, back)
	return p
}

// packet returns one that the SA is for.
func (p pair) packet(s shape) []byte {
	if p.sa.Mode == ipsec.Transport {
		s.from, s.to = gateway, peer
	}
	b := s.build()
	if n := headerLen(b); s.protocol == 0 && len(b) >= n+8 {
		binary.BigEndian.PutUint16(b[n+4:], uint16(len(b)-n))
		b[n+6], b[n+7] = 1, 1
		sumTransport(b[:n], b[n:])
	}
	return b
}

// cross sends what a has sent to b, by the raw socket or the UDP one.
func (p pair) cross() {
	if p.sa.Encapsulation == (ipsec.Ports{}) {
		p.a.connect(p.b)
		return
	}
	for _, packet := range p.a.wire.sent {
		at := headerLen(packet)
		p.b.InboundUDP(netip.AddrPortFrom(peer, 40000), netip.AddrPortFrom(gateway, 4500), bytes.Clone(packet[at+udpLen:]))
	}
	p.a.wire.sent = nil
}

// TestForms sends packets of many lengths in every form, and compares what comes out.
func TestForms(t *testing.T) {
	for _, form := range wrappings {
		t.Run(form.name, func(t *testing.T) {
			p := newPair(t, form.change)
			count := uint64(0)
			for size := 20 + 8; size < 200; size += 3 {
				want := p.packet(shape{size: size, tos: 0xb8, id: uint16(size), df: size%2 == 0, toPort: 53})
				p.a.leave(want)
				if len(p.a.wire.sent) != 1 || p.a.wire.sent[0][ipProtocol] != form.protocol {
					t.Fatalf("%d octets: sent % x, want a packet of protocol %d", size, p.a.wire.sent, form.protocol)
				}
				checkHeader(t, p.a.wire.sent[0])
				p.cross()
				count++
				if form.protocol == protoUDP && p.sa.Mode == ipsec.Transport { // the header does not come along
					clear(want[ipTOS : ipTOS+1])
					clear(want[ipID:ipTTL])
					want[ipTTL] = outerTTL
					sealHeader(want[:ipv4Len])
				}
				if got := p.b.inside.written; len(got) != 1 || !bytes.Equal(got[0], want) {
					t.Fatalf("%d octets: delivered % x, want % x", size, got, want)
				}
				p.b.inside.written = nil
			}
			for _, id := range names(p.sa) {
				out, _ := p.a.Counters(id)
				in, _ := p.b.Counters(id)
				if out.Packets != count || out.Sequence != count || in != out {
					t.Errorf("counters of %v are %+v and %+v, want %d packets", id, out, in, count)
				}
			}
			p.a.expectDrops(t, nil)
			p.b.expectDrops(t, nil)
		})
	}
}

// TestFormsInPlace: packets are protected in their buffer, behind the headers that esp
// and ah need.
func TestFormsInPlace(t *testing.T) {
	for _, form := range wrappings {
		p := newPair(t, form.change)
		out := p.a.sad.outbound[nameOf(p.sa.ID)]
		b := new(buffer)
		n := copy(b[headroom:], p.packet(shape{size: 100}))
		f := out.frame(b[headroom : headroom+n])
		packet, _, err := out.seal(b, &f, 7)
		if err != nil || &packet[0] != &b[f.start] || len(packet) != f.size() || totalLen(packet) != f.size() {
			t.Errorf("%s: sealed %d octets (%v), frame is %+v", form.name, len(packet), err, f)
		}
	}
}

// TestExactFit: the longest packet that fits is sent whole, one octet more is refused
// with that MTU. Options in transport mode are in the outer header.
func TestExactFit(t *testing.T) {
	for _, form := range wrappings {
		for _, options := range [][]byte{nil, {1, 1, 1, 0}} {
			p := newPair(t, form.change)
			fits := p.a.sad.outbound[nameOf(p.sa.ID)].fits(p.packet(shape{options: options}))
			if want := esp.MaxInner(p.sa, 1500); options == nil && fits != want {
				t.Errorf("%s: fits %d, MaxInner says %d", form.name, fits, want)
			}
			p.a.leave(p.packet(shape{size: fits, df: true, options: options}))
			if len(p.a.wire.sent) != 1 || len(p.a.wire.sent[0]) > 1500 {
				t.Fatalf("%s: a packet of %d octets is not sent whole", form.name, fits)
			}
			p.a.leave(p.packet(shape{size: fits + 1, df: true, options: options}))
			if answer := p.a.wire.sent[1]; answer[ipProtocol] != protoICMP || int(binary.BigEndian.Uint16(answer[ipv4Len+6:])) != fits {
				t.Errorf("%s: answer is % x, want an MTU of %d", form.name, answer, fits)
			}
			p.a.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropTooBig: 1})
		}
	}
}

// TestFragmentsOfForms: packets that may be cut are, after ESP and AH, and open when the
// system has put them together.
func TestFragmentsOfForms(t *testing.T) {
	for _, form := range wrappings {
		p := newPair(t, form.change)
		want := p.packet(shape{size: 2000, id: 9})
		p.a.leave(want)
		if len(p.a.wire.sent) != 2 {
			t.Fatalf("%s: %d packets are sent, want 2", form.name, len(p.a.wire.sent))
		}
		first, rest := p.a.wire.sent[0], p.a.wire.sent[1]
		whole := append(bytes.Clone(first), rest[headerLen(rest):]...)
		binary.BigEndian.PutUint16(whole[ipTotal:], uint16(len(whole)))
		clear(whole[ipFragment:ipTTL])
		sealHeader(whole[:headerLen(whole)])
		p.a.wire.sent = [][]byte{whole}
		p.cross()
		if got := p.b.inside.written; len(got) != 1 || !bytes.Equal(got[0][ipv4Len:], want[ipv4Len:]) {
			t.Errorf("%s: delivered %d packets, not what was sent", form.name, len(got))
		}
		p.b.expectDrops(t, nil)
	}
}

// TestTransportKeepsHeader: what the sender wrote is what the receiver sees, but for an
// identification of 0, which the system would fill in behind AH's back.
func TestTransportKeepsHeader(t *testing.T) {
	for _, form := range [][]func(*ipsec.SA){{transport}, {transport, onlyAH}, {transport, around(0x3000)}} {
		p := newPair(t, form)
		p.a.leave(p.packet(shape{tos: ce, options: []byte{148, 4, 0, 0, 7, 3, 4, 0}, df: true}))
		sent := p.a.wire.sent[0]
		if binary.BigEndian.Uint16(sent[ipID:]) == 0 {
			t.Error("a packet leaves without identification")
		}
		sent[ipTTL] -= 5 // routers do that, and record their route
		sent[ipv4Len+7] = 0
		sealHeader(sent[:headerLen(sent)])
		p.cross()
		got := p.b.inside.written
		if len(got) != 1 {
			t.Fatalf("delivered % x", got)
		}
		want := p.packet(shape{tos: ce, options: []byte{148, 4, 0, 0, 7, 3, 4, 0}, df: true, id: binary.BigEndian.Uint16(sent[ipID:])})
		want[ipTTL] = 58
		sealHeader(want[:headerLen(want)])
		if !bytes.Equal(got[0], want) {
			t.Errorf("delivered % x, want % x", got[0], want)
		}
	}
}

// TestTransportRefuses: transport mode is for whole packets between the very ends.
func TestTransportRefuses(t *testing.T) {
	for _, form := range [][]func(*ipsec.SA){{transport}, {transport, onlyAH}, {transport, around(0x3000)}} {
		p := newPair(t, form)
		p.sa.Selector = ipsec.Selector{Local: ipsec.PrefixRange(world), Remote: ipsec.PrefixRange(world)}
		for _, s := range []shape{
			{from: gateway, to: peer, more: true}, {from: gateway, to: peer, offset: 80}, {}, {from: host, to: peer}, {from: gateway, to: server},
		} {
			b := new(buffer)
			p.a.protect(p.a.sad.outbound[nameOf(p.sa.ID)], b, copy(b[headroom:], s.build()))
		}
		if len(p.a.wire.sent) != 0 {
			t.Errorf("sent % x", p.a.wire.sent)
		}
		p.a.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropMalformed: 5})
	}
}

// TestSourceRouteUnderAH: what AH cannot cover is dropped.
func TestSourceRouteUnderAH(t *testing.T) {
	p := newPair(t, []func(*ipsec.SA){transport, onlyAH})
	p.a.leave(p.packet(shape{options: []byte{131, 7, 4, 10, 0, 0, 1, 0}}))
	p.a.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropMalformed: 1})
}

// TestWrongForm: what was agreed to come under AH is taken in no other form, and what
// AH protects is what it says.
func TestWrongForm(t *testing.T) {
	type change struct {
		name   string
		change func(p []byte) []byte
		want   ipsec.DropReason
	}
	const at = ipv4Len
	withoutAH := func(p []byte) []byte {
		size := (int(p[at+1]) + 2) * 4
		p = append(p[:at], p[at+size:]...)
		p[ipProtocol] = 50
		binary.BigEndian.PutUint16(p[ipTotal:], uint16(len(p)))
		return p
	}
	for _, test := range []change{
		{"without its AH", withoutAH, ipsec.DropUnknownSPI},
		{"SPI of AH unknown", func(p []byte) []byte { p[at+7]++; return p }, ipsec.DropUnknownSPI},
		{"AH forged", func(p []byte) []byte { p[at+12]++; return p }, ipsec.DropAuthentication},
		{"source forged", func(p []byte) []byte { p[ipSource]++; return p }, ipsec.DropAuthentication},
		{"payload forged", func(p []byte) []byte { p[len(p)-1]++; return p }, ipsec.DropAuthentication},
		{"AH cut off", func(p []byte) []byte { return p[:at+11] }, ipsec.DropShort},
		{"AH too short", func(p []byte) []byte { binary.BigEndian.PutUint16(p[ipTotal:], at+11); return p }, ipsec.DropShort},
	} {
		p := newPair(t, []func(*ipsec.SA){around(0x3000)})
		p.a.leave(p.packet(shape{}))
		p.a.wire.sent[0] = test.change(p.a.wire.sent[0])
		p.cross()
		p.b.expectDrops(t, map[ipsec.DropReason]uint64{test.want: 1})
		if len(p.b.inside.written) != 0 {
			t.Errorf("%s: delivered % x", test.name, p.b.inside.written)
		}
	}
}

// TestOtherESPInBundle: an authentic AH does not let in the ESP of another SA.
func TestOtherESPInBundle(t *testing.T) {
	p := newPair(t, []func(*ipsec.SA){around(0x3000)})
	other := mirror(outboundOf(0x1001))
	p.b.add(t, other)
	sealer, err := esp.NewOutbound(outboundOf(0x1001), zeros{})
	if err != nil {
		t.Fatal(err)
	}
	inside, err := sealer.Seal(nil, p.packet(shape{}), 4)
	if err != nil {
		t.Fatal(err)
	}
	p.a.wire.sent = [][]byte{underAH(t, p.sa, inside, 50)}
	p.cross()
	p.b.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropUnknownSPI: 1})
}

// underAH puts AH of an SA, the first packet's, around octets.
func underAH(t *testing.T, sa *ipsec.SA, inside []byte, next byte) []byte {
	t.Helper()
	sealer, err := ah.NewOutbound(sa)
	if err != nil {
		t.Fatal(err)
	}
	packet := append(make([]byte, ipv4Len+sealer.HeaderLen()), inside...)
	o := outer{local: sa.Local.As4(), remote: sa.Remote.As4(), protocol: byte(ipsec.AH)}
	o.write(packet, carried{}, 1)
	if err := sealer.Seal(packet, next); err != nil {
		t.Fatal(err)
	}
	return packet
}

// TestBundleIsOne: both parts come, are counted and go together, by either name.
func TestBundleIsOne(t *testing.T) {
	for i := range 2 {
		p := newPair(t, []func(*ipsec.SA){around(0x3000)})
		ids := names(p.sa)
		if err := p.a.RemoveSA(ids[i]); err != nil {
			t.Fatal(err)
		}
		if err := p.b.RemoveSA(ids[i]); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			_, a := p.a.Counters(id)
			if _, b := p.b.Counters(id); a || b {
				t.Errorf("%v is left after %v was removed: %v, %v", id, ids[i], a, b)
			}
		}
		if !bytes.Equal(p.sa.AH.Key, make([]byte, 20)) {
			t.Error("the key of AH is not wiped")
		}
	}
}

// TestTransportSelectors: what comes out is checked as in tunnel mode.
func TestTransportSelectors(t *testing.T) {
	p := newPair(t, []func(*ipsec.SA){transport, func(sa *ipsec.SA) { sa.Selector.Protocol = acl.TCP }})
	p.sa.Selector.Protocol = 0 // the sender does not keep to it
	p.a.leave(p.packet(shape{}))
	p.cross()
	p.b.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropSelector: 1})
}

// TestTransportBehindNAT: the peer's own address is another than the SA's, and so was what
// its checksum covered.
func TestTransportBehindNAT(t *testing.T) {
	p := newPair(t, []func(*ipsec.SA){transport, inUDP})
	public := netip.MustParseAddr("203.0.113.9")
	if err := p.b.RemoveSA(p.sa.ID); err != nil {
		t.Fatal(err)
	}
	there := outboundOf(0x1000, transport, inUDP)
	in := mirror(there)
	in.Remote, in.Selector.Remote = public, ipsec.PrefixRange(one(public))
	p.b.add(t, in)
	p.a.RemoveSA(there.ID)
	p.a.add(t, there)
	p.a.leave(p.packet(shape{size: 99}))
	p.cross()
	if len(p.b.inside.written) != 1 {
		t.Fatalf("drops are %v", p.b.Statistics().Drops)
	}
	got := p.b.inside.written[0]
	checkHeader(t, got)
	pseudo := append(bytes.Clone(got[ipSource:ipv4Len]), 0, protoUDP, 0, 79)
	if total := sum(append(pseudo, got[ipv4Len:]...)); source(got) != public || total != 0xffff {
		t.Errorf("delivered % x, whose sum is %#x", got, total)
	}
}

// TestSumTransport: NAT has replaced the addresses that a checksum covers.
func TestSumTransport(t *testing.T) {
	for _, test := range []struct {
		name     string
		protocol byte
		segment  []byte
		at       int // of the checksum; -1: nothing is written
	}{
		{"UDP", acl.UDP, []byte{0, 1, 0, 2, 0, 9, 9, 9, 'x'}, 6},
		{"UDP without", acl.UDP, []byte{0, 1, 0, 2, 0, 9, 0, 0, 'x'}, -1},
		{"TCP", acl.TCP, append(make([]byte, 19), 1), 16},
		{"TCP too short", acl.TCP, make([]byte, 17), -1},
		{"ICMP", protoICMP, []byte{8, 0, 9, 9, 0, 0, 0, 0}, -1},
	} {
		header := shape{from: gateway, to: peer, protocol: test.protocol, size: 20}.build()
		got := bytes.Clone(test.segment)
		sumTransport(header, got)
		if test.at < 0 {
			if !bytes.Equal(got, test.segment) {
				t.Errorf("%s: % x became % x", test.name, test.segment, got)
			}
			continue
		}
		pseudo := append(bytes.Clone(header[ipSource:]), 0, test.protocol, 0, byte(len(got)))
		if total := sum(append(pseudo, got...)); total != 0xffff {
			t.Errorf("%s: sum is %#x, want 0xffff", test.name, total)
		}
	}
	zero := []byte{0, 0, 0, 0, 0, 8, 1, 0} // whose checksum is 0, which is written as its complement
	header := make([]byte, ipv4Len)
	header[ipProtocol] = acl.UDP
	binary.BigEndian.PutUint16(zero, ^uint16(8+8+acl.UDP))
	sumTransport(header, zero)
	if zero[6] != 0xff || zero[7] != 0xff {
		t.Errorf("a checksum of 0 is written as % x", zero[6:])
	}
}

// ways returns functions that send one packet out, and take one in, over fakes that keep
// nothing.
func (p pair) ways(size int) (out, in func()) {
	packet := p.packet(shape{size: size})
	p.a.leave(packet)
	sealed := p.a.wire.sent[0]
	p.a.wire.discard, p.b.inside.discard = true, true
	arriving, again := &arriving{d: p.b.Dataplane}, make([]byte, len(sealed))
	return func() { p.a.leave(packet) }, func() {
		copy(again, sealed) // it is decrypted where it lies
		if p.sa.Encapsulation == (ipsec.Ports{}) {
			arriving.packet(again)
			return
		}
		p.b.InboundUDP(netip.AddrPortFrom(peer, 40000), netip.AddrPortFrom(gateway, 4500), again[ipv4Len+udpLen:])
	}
}

func unchecked(sa *ipsec.SA) { sa.Window = 0 }

func TestNoAllocationInAnyForm(t *testing.T) {
	for _, form := range wrappings {
		p := newPair(t, append(slices.Clone(form.change), unchecked))
		out, in := p.ways(1200)
		for name, do := range map[string]func(){"out": out, "in": in} {
			if n := testing.AllocsPerRun(200, do); n != 0 {
				t.Errorf("%s %s: %v allocations per packet, want none", form.name, name, n)
			}
		}
		p.b.expectDrops(t, nil)
	}
}

func BenchmarkForms(b *testing.B) {
	for _, form := range wrappings {
		out, in := newPair(b, append(slices.Clone(form.change), unchecked)).ways(1200)
		for _, way := range []struct {
			name string
			do   func()
		}{{"out", out}, {"in", in}} {
			b.Run(form.name+"/"+way.name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(1200)
				for b.Loop() {
					way.do()
				}
			})
		}
	}
}

// formed returns a pair of the n-th form whose keys no other form has.
func formed(t testing.TB, n uint8) pair {
	n %= uint8(len(wrappings))
	other := func(key []byte) {
		for i := range key {
			key[i] ^= n
		}
	}
	return newPair(t, append(slices.Clone(wrappings[n].change), func(sa *ipsec.SA) {
		other(sa.EncryptionKey)
		other(sa.IntegrityKey)
		if sa.AH != nil {
			other(sa.AH.Key)
		}
	}))
}

// FuzzForms: nothing that comes from the network may panic, nor be delivered unless it is
// authentic.
func FuzzForms(f *testing.F) {
	for n := range wrappings {
		p := formed(f, uint8(n))
		p.a.leave(p.packet(shape{}))
		f.Add(uint8(n), p.a.wire.sent[0])
	}
	f.Fuzz(func(t *testing.T, n uint8, packet []byte) {
		p := formed(t, n)
		p.a.leave(p.packet(shape{}))
		p.cross()
		want := p.b.inside.written[0]
		if len(packet) < ipv4Len+udpLen || headerLen(packet)+udpLen > len(packet) {
			return
		}
		other := formed(t, n)
		other.a.wire.sent = [][]byte{packet}
		other.cross()
		for _, inner := range other.b.inside.written {
			if !bytes.Equal(inner[headerLen(inner):], want[ipv4Len:]) {
				t.Errorf("delivered % x", inner)
			}
		}
	})
}
