package tunnel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"

	"sallyport/acl"
	"sallyport/ipsec"
)

// TestMoveSA has an SA pair follow its peer: what it has counted and told stays, and packets go
// there at once.
func TestMoveSA(t *testing.T) {
	r := newRig(t)
	r.state(t, permit(lan, remote))
	older, sa, in := outboundOf(0x1001, inUDP), outboundOf(0x1003, inUDP), inboundOf(0x1000, inUDP)
	r.add(t, older, sa, in)
	r.leave(shape{}.build())
	away := netip.AddrPortFrom(netip.MustParseAddr("203.0.113.9"), 5000)
	r.routes.mtu = 1400
	moved, err := r.MoveSA(sa.ID, away)
	if want := (ipsec.SAID{Destination: away.Addr(), Protocol: ipsec.ESP, SPI: 0x1003}); err != nil || moved != want {
		t.Fatalf("MoveSA = %v, %v, want %v", moved, err, want)
	}
	if sa.Remote != peer || sa.Encapsulation.Remote != 40000 {
		t.Error("what the owner holds has changed")
	}
	r.leave(shape{}.build())
	last := r.wire.sent[len(r.wire.sent)-1]
	if destination(last) != away.Addr() || binary.BigEndian.Uint16(last[ipv4Len+2:]) != away.Port() {
		t.Errorf("a packet left to %v port %d, want %v", destination(last), binary.BigEndian.Uint16(last[ipv4Len+2:]), away)
	}
	if c, ok := r.Counters(moved); !ok || c.Packets != 2 || c.Sequence != 2 {
		t.Errorf("counters are %+v, %v, want 2 packets", c, ok)
	}
	if _, ok := r.Counters(sa.ID); ok || r.sad.outbound[nameOf(moved)].pmtu.Load() != 1400 {
		t.Errorf("the old name is there: %v, or the path MTU is not asked for", ok)
	}
	if name, err := r.MoveSA(in.ID, away); err != nil || name != in.ID || r.sad.inbound[nameOf(in.ID)].peer != endpointOf(away) || len(r.sad.byPolicy[in.Policy].in) != 1 {
		t.Errorf("MoveSA of the inbound SA = %v, %v", name, err)
	}
	if err := r.RemoveSA(moved); err != nil {
		t.Fatal(err)
	}
	r.leave(shape{}.build())
	if last := r.wire.sent[len(r.wire.sent)-1]; destination(last) != peer {
		t.Errorf("a packet left to %v, want the older SA's peer", destination(last))
	}
	if !bytes.Equal(sa.EncryptionKey, make([]byte, len(sa.EncryptionKey))) {
		t.Error("the keys of a moved SA are there after it")
	}
}

func TestMoveSARefused(t *testing.T) {
	r := newRig(t)
	away := netip.AddrPortFrom(netip.MustParseAddr("203.0.113.9"), 5000)
	plain, fixed, first, second := outboundOf(0x1001), outboundOf(0x1003, inUDP, transport), outboundOf(0x1005, inUDP), outboundOf(0x1005, inUDP)
	second.Remote, second.ID.Destination = away.Addr(), away.Addr()
	r.add(t, plain, fixed, first, second)
	for name, test := range map[string]struct {
		id ipsec.SAID
		to netip.AddrPort
	}{
		"not in UDP": {plain.ID, away}, "transport mode": {fixed.ID, away}, "name in use": {first.ID, away},
		"none": {ipsec.SAID{SPI: 7}, away}, "no port": {first.ID, netip.AddrPortFrom(peer, 0)},
		"no IPv4 address": {first.ID, netip.MustParseAddrPort("[2001:db8::1]:4500")},
	} {
		if _, err := r.MoveSA(test.id, test.to); err == nil {
			t.Errorf("%s: MoveSA = nil, want an error", name)
		}
	}
	if _, err := r.MoveSA(fixed.ID, netip.AddrPortFrom(peer, 50000)); err != nil {
		t.Errorf("transport mode to another port: MoveSA = %v", err)
	}
}

// TestCorrectTransport: a sum that is right over the peer's addresses is right over ours, and a
// wrong one stays wrong.
func TestCorrectTransport(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 3))
	address := func() netip.Addr {
		return netip.AddrFrom4([4]byte{byte(random.Uint32()), byte(random.Uint32()), 0, byte(random.Uint32())})
	}
	for range 5000 {
		protocol := []byte{acl.TCP, acl.UDP}[random.IntN(2)]
		segment := make([]byte, 20+random.IntN(30))
		for i := range segment {
			segment[i] = byte(random.Uint32())
		}
		was := ipsec.Ends{Remote: address(), Local: address()}
		theirs := shape{from: was.Remote, to: was.Local, protocol: protocol, size: 20}.build()
		ours := shape{from: address(), to: address(), protocol: protocol, size: 20}.build()
		segment[udpChecksum] |= 1 // there is one
		sumTransport(theirs, segment)
		want := bytes.Clone(segment)
		sumTransport(ours, want)
		got := bytes.Clone(segment)
		correctTransport(ours, got, was)
		if !bytes.Equal(got, want) && !(protocol == acl.TCP && equivalent(got, want)) {
			t.Fatalf("% x became % x, want % x", segment, got, want)
		}
		segment[0] ^= 1
		correctTransport(ours, segment, was)
		want = bytes.Clone(segment)
		if sumTransport(ours, want); bytes.Equal(segment, want) {
			t.Fatalf("a wrong sum became right: % x", segment)
		}
	}
	none := []byte{0, 1, 0, 2, 0, 8, 0, 0}
	correctTransport(shape{from: gateway, to: peer, size: 20}.build(), none, ipsec.Ends{Remote: host, Local: server})
	if none[6] != 0 || none[7] != 0 {
		t.Errorf("a datagram without a sum got % x", none[6:])
	}
}

// equivalent reports whether two segments of TCP differ in nothing but the two ways to
// write a sum of 0.
func equivalent(a, b []byte) bool {
	c := bytes.Clone(a)
	copy(c[tcpChecksum:], b[tcpChecksum:tcpChecksum+2])
	return bytes.Equal(c, b) && (a[tcpChecksum] == 0 && a[tcpChecksum+1] == 0 || a[tcpChecksum] == 0xff && a[tcpChecksum+1] == 0xff)
}

// TestOriginal: what was sent in transport mode from behind NAT arrives from the address that
// is seen here, with a sum that is right for it.
func TestOriginal(t *testing.T) {
	behind := netip.MustParseAddr("10.9.9.9")
	in := inboundOf(0x1000, inUDP, transport, func(sa *ipsec.SA) { sa.Original = ipsec.Ends{Local: gateway, Remote: behind} })
	r := newRig(t)
	p := r.state(t, permit(one(gateway), one(peer)))
	p.Mode = ipsec.Transport
	r.add(t, in)
	segment := []byte{6, 0xa5, 6, 0xa5, 0, 12, 9, 9, 'a', 'b', 'c', 'd'}
	sumTransport(shape{from: behind, to: gateway, size: 20}.build(), segment)
	sealed := peerOf(t, in).esp(segment, protoUDP)
	r.InboundUDP(netip.AddrPortFrom(gateway, 4500), netip.AddrPortFrom(peer, 40000), sealed)
	if len(r.inside.written) != 1 {
		t.Fatalf("%d packets came out; drops %v", len(r.inside.written), r.Statistics().Drops)
	}
	got := r.inside.written[0]
	checkHeader(t, got)
	want := bytes.Clone(segment)
	sumTransport(got[:ipv4Len], want)
	if source(got) != peer || !bytes.Equal(got[ipv4Len:], want) {
		t.Errorf("from %v came % x, want from %v % x", source(got), got[ipv4Len:], peer, want)
	}
}

// TestChangesWhilePacketsPass moves an SA, and has instances come and go, while packets leave
// and arrive: none is lost, and no number comes twice.
func TestChangesWhilePacketsPass(t *testing.T) {
	r := newRig(t)
	if err := r.SetPolicies([]*ipsec.Policy{template(5), policy(10, permit(lan, remote))}); err != nil {
		t.Fatal(err)
	}
	sa, in := outboundOf(0x1001, inUDP), inboundOf(0x1000, inUDP)
	r.add(t, sa, in)
	peers, packets := peerOf(t, in), 500
	var workers sync.WaitGroup
	workers.Go(func() {
		for range packets {
			r.leave(shape{}.build())
		}
	})
	workers.Go(func() {
		for range packets {
			r.InboundUDP(netip.AddrPortFrom(gateway, 4500), netip.AddrPortFrom(peer, 40000), peers.esp(back.build(), 4))
		}
	})
	id := sa.ID
	for n := range 100 {
		var err error
		to := netip.AddrPortFrom([]netip.Addr{peer, peer.Next()}[n%2], uint16(n+1))
		if id, err = r.MoveSA(id, to); err != nil {
			t.Error(err)
		}
		if _, err := r.MoveSA(in.ID, to); err != nil {
			t.Error(err)
		}
		p := instance(5, 1, permit(remote, lan))
		if err := errors.Join(r.AddPolicy(p), r.RemovePolicy(p.ID)); err != nil {
			t.Error(err)
		}
	}
	workers.Wait()
	out, _ := r.Counters(id)
	came, _ := r.Counters(in.ID)
	if out.Packets != uint64(packets) || out.Sequence != uint64(packets) || len(r.wire.sent) != packets || came.Packets != uint64(packets) {
		t.Errorf("%+v left, %d were sent, %+v came, want %d each", out, len(r.wire.sent), came, packets)
	}
}
