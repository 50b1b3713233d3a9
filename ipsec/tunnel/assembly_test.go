package tunnel

import (
	"bytes"
	"slices"
	"testing"

	"sallyport/acl"
	"sallyport/ipsec"
)

// pieces cuts a packet as the system does.
func pieces(t testing.TB, packet []byte, mtu int) (all [][]byte) {
	t.Helper()
	err := fragment(bytes.Clone(packet), mtu, func(p []byte) error {
		all = append(all, bytes.Clone(p))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// assemble adds fragments, all of one packet unless they say otherwise.
func assemble(t *testing.T, a *assembly, fragments ...[]byte) (whole [][]byte, lost int) {
	t.Helper()
	for _, f := range fragments {
		tuple, err := acl.ParseTuple(f)
		if err != nil {
			t.Fatal(err)
		}
		p, n := a.add(f, datagramKeyOf(f, tuple))
		if lost += n; p != nil {
			whole = append(whole, bytes.Clone(p))
		}
	}
	return whole, lost
}

func TestAssembly(t *testing.T) {
	packet := shape{size: 3000, id: 7}.build()
	other := shape{size: 3000, id: 8, protocol: protoICMP}.build()
	p, q := pieces(t, packet, 1000), pieces(t, other, 1500)
	unaligned := bytes.Clone(p[0][:len(p[0])-1])
	unaligned[ipTotal+1]--
	for _, test := range []struct {
		name      string
		fragments [][]byte
		want      [][]byte
		lost      int
	}{
		{"in order", p, [][]byte{packet}, 0},
		{"two packets", slices.Concat(p[:2], q, p[2:]), [][]byte{other, packet}, 0},
		{"twice", slices.Concat(p, p), [][]byte{packet, packet}, 0},
		{"the first is missing", p[1:], nil, len(p) - 1},
		{"one is missing", slices.Concat(p[:1], p[2:]), nil, len(p) - 2},
		{"one comes twice", slices.Concat(p[:2], p[1:]), nil, 1 + len(p) - 2},
		{"the first comes twice", slices.Concat(p[:1], p), nil, 1 + len(p) - 1},
		{"a hole", slices.Concat([][]byte{unaligned}, p[1:]), nil, len(p) - 1},
		{"the last is missing", p[:len(p)-1], nil, 0},
	} {
		whole, lost := assemble(t, new(assembly), test.fragments...)
		if !slices.EqualFunc(whole, test.want, bytes.Equal) || lost != test.lost {
			t.Errorf("%s: %d packets, %d lost, want %d and %d", test.name, len(whole), lost, len(test.want), test.lost)
		}
	}
}

// TestAssemblyIsBounded: of many packets that never end the oldest go, and one cannot be
// longer than a packet.
func TestAssemblyIsBounded(t *testing.T) {
	a, lost := new(assembly), 0
	for id := range uint16(3 * maxAssemblies) {
		_, n := assemble(t, a, shape{id: id, more: true}.build())
		lost += n
	}
	if lost != 2*maxAssemblies {
		t.Errorf("%d packets are lost, want %d", lost, 2*maxAssemblies)
	}
	long := pieces(t, shape{size: maxPacket, id: 999}.build(), 1500)
	last := long[len(long)-1]
	longer := append(bytes.Clone(last), make([]byte, 100)...)
	longer[ipTotal+1] += 100
	whole, lost := assemble(t, new(assembly), append(long[:len(long)-1:len(long)-1], longer)...)
	if whole != nil || lost != 1 {
		t.Errorf("%d packets longer than one can be, %d lost", len(whole), lost)
	}
	if whole, _ := assemble(t, new(assembly), long...); len(whole) != 1 || len(whole[0]) != maxPacket {
		t.Errorf("%d packets as long as one can be, want one", len(whole))
	}
}

// TestTransportOfFragments: what the system has cut is put together before it is
// protected, also while it waits for an SA.
func TestTransportOfFragments(t *testing.T) {
	for _, test := range []struct {
		stated ipsec.Mode // by the policy: the SA's may be another
		early  bool       // the packet comes before the SA
	}{{ipsec.Transport, true}, {ipsec.Transport, false}, {ipsec.Tunnel, false}} {
		a, b := newRig(t), newRig(t)
		p := policy(10, permit(one(gateway), one(peer)))
		p.Mode = test.stated
		a.set(t, p)
		sa := outboundOf(0x1000, transport)
		b.add(t, mirror(sa))
		want := shape{from: gateway, to: peer, size: 3000, id: 7}.build()
		if !test.early {
			a.add(t, sa)
		}
		for _, f := range pieces(t, want, 1500) {
			a.leave(f)
		}
		if test.early {
			a.add(t, sa)
		}
		if n := len(a.wire.sent); n != 3 {
			t.Fatalf("%d fragments of ESP are sent, want 3", n)
		}
		whole, lost := assemble(t, new(assembly), a.wire.sent...)
		if len(whole) != 1 || lost != 0 {
			t.Fatalf("%d packets of ESP, %d lost", len(whole), lost)
		}
		(&arriving{d: b.Dataplane}).packet(whole[0])
		if got := b.inside.written; len(got) != 1 || !bytes.Equal(got[0], want) {
			t.Errorf("%d packets are delivered, not what was sent", len(got))
		}
		a.leave(pieces(t, want, 1500)[1])
		a.expectDrops(t, map[ipsec.DropReason]uint64{ipsec.DropMalformed: 1})
	}
}
