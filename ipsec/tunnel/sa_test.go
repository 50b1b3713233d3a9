package tunnel

import (
	"errors"
	"testing"

	"sallyport/ipsec"
	"sallyport/ipsec/esp"
)

// sealOf seals the packet of n octets in b.
func sealOf(sa *outboundSA, b *buffer, n int) ([]byte, *ipsec.Expired, error) {
	f := sa.frame(b[headroom : headroom+n])
	return sa.seal(b, &f, 1)
}

func TestTellSoft(t *testing.T) {
	const softSequence = 1 << 32 / 10 * 9
	for _, test := range []struct {
		name     string
		soft     uint64
		octets   uint64
		sequence uint64
		want     bool
	}{
		{"no limit", 0, 1 << 60, 1, false},
		{"below", 1000, 999, 1, false},
		{"reached", 1000, 1000, 1, true},
		{"sequence numbers below nine tenths", 0, 0, softSequence - 1, false},
		{"sequence numbers at nine tenths", 0, 0, softSequence, true},
	} {
		sa, l := &ipsec.SA{Soft: ipsec.Lifetime{Octets: test.soft}}, limits{}
		if got := l.tellSoft(sa, test.octets, test.sequence); got != test.want {
			t.Errorf("%s: tellSoft(%d, %d) = %v, want %v", test.name, test.octets, test.sequence, got, test.want)
		}
		if l.tellSoft(sa, test.octets, test.sequence) {
			t.Errorf("%s: told twice", test.name)
		}
	}
}

func TestExceeded(t *testing.T) {
	for _, test := range []struct {
		hard, octets uint64
		packet       int
		want         bool
	}{{0, 1 << 60, 1500, false}, {1000, 900, 100, false}, {1000, 900, 101, true}, {1000, 1000, 1, true}} {
		sa := &ipsec.SA{Hard: ipsec.Lifetime{Octets: test.hard}}
		if got := exceeded(sa, test.octets, test.packet); got != test.want {
			t.Errorf("exceeded(%d, %d) of %d = %v, want %v", test.octets, test.packet, test.hard, got, test.want)
		}
	}
}

// TestSealLeavesRoom seals a packet with every pair of algorithms and opens it.
func TestSealLeavesRoom(t *testing.T) {
	for _, e := range ipsec.Encryptions() {
		for _, i := range append(ipsec.Integrities(), ipsec.NoIntegrity) {
			if ipsec.Compatible(e, i) {
				sealAndOpen(t, e, i, func(*ipsec.SA) {})
				sealAndOpen(t, e, i, inUDP)
			}
		}
	}
}

func sealAndOpen(t *testing.T, e ipsec.Encryption, i ipsec.Integrity, form func(*ipsec.SA)) {
	t.Helper()
	sa := outboundOf(0x1000, form, func(sa *ipsec.SA) {
		sa.Encryption, sa.Integrity = e, i
		sa.EncryptionKey, sa.IntegrityKey = make([]byte, e.KeyLen()), make([]byte, i.KeyLen())
	})
	out, b := entry(t, sa), new(buffer)
	n := copy(b[headroom:], shape{size: 321}.build())
	packet, told, err := sealOf(out, b, n)
	if err != nil || told != nil {
		t.Fatalf("%v %v: seal = %v, %v", e, i, told, err)
	}
	if &packet[0] != &b[headroom-out.esp.HeaderLen()-out.outer.size()] {
		t.Errorf("%v %v: the packet was copied out of its buffer", e, i)
	}
	in, err := esp.NewInbound(mirror(sa))
	if err != nil {
		t.Fatal(err)
	}
	inner, _, err := in.Open(packet[out.outer.size():])
	if err != nil || len(inner) != 321 {
		t.Errorf("%v %v: Open = %d octets, %v, want 321", e, i, len(inner), err)
	}
}

func TestHardLimit(t *testing.T) {
	out, b := entry(t, outboundOf(0x1000, func(sa *ipsec.SA) { sa.Hard.Octets = 250 })), new(buffer)
	seal := func() (*ipsec.Expired, error) {
		_, told, err := sealOf(out, b, copy(b[headroom:], shape{size: 100}.build()))
		return told, err
	}
	for range 2 {
		if told, err := seal(); told != nil || err != nil {
			t.Fatalf("below the limit: %v, %v", told, err)
		}
	}
	told, err := seal()
	if want := (ipsec.Expired{SA: out.ID, Hard: true}); told == nil || *told != want || !errors.Is(err, esp.DropError(ipsec.DropExpired)) {
		t.Errorf("beyond the limit: %v, %v, want %v and expired", told, err, want)
	}
	if told, err := seal(); told != nil || err == nil {
		t.Errorf("beyond the limit again: %v, %v, want nothing told and an error", told, err)
	}
	if c := out.counters(ipsec.ESP); c != (ipsec.Counters{Packets: 2, Octets: 200, Sequence: 2}) || !out.done.Load() {
		t.Errorf("counters are %+v, used up %v", c, out.done.Load())
	}
	if out.chosenFor(tuple()) {
		t.Error("a used up SA is chosen")
	}
}

func TestNoEntropy(t *testing.T) {
	broken := errors.New("no entropy")
	sa := outboundOf(0x1000, func(sa *ipsec.SA) {
		sa.Encryption, sa.EncryptionKey = ipsec.AES128, make([]byte, 16)
		sa.Integrity, sa.IntegrityKey = ipsec.SHA1, make([]byte, 20)
	})
	out, err := newOutbound(sa, failing{broken}, 1500)
	if err != nil {
		t.Fatal(err)
	}
	b := new(buffer)
	if _, _, err := sealOf(out, b, copy(b[headroom:], shape{}.build())); !errors.Is(err, broken) {
		t.Errorf("seal = %v, want %v", err, broken)
	}
	if out.done.Load() {
		t.Error("an SA without entropy for a moment is used up")
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
