package esp

import (
	"bytes"
	"encoding/binary"
	"testing"

	"sallyport/ipsec"
)

// forge returns a packet of a NULL SA with that sequence number and clear part, and
// with a right ICV.
func forge(sa *ipsec.SA, sequence uint32, clear []byte) []byte {
	packet := binary.BigEndian.AppendUint32(nil, uint32(sa.ID.SPI))
	packet = binary.BigEndian.AppendUint32(packet, sequence)
	packet = append(packet, clear...)
	packet = append(packet, make([]byte, sa.Integrity.ICVLen())...)
	(&nullSealer{authenticatorOf(sa)}).seal(packet, 0)
	return packet
}

func TestOpenPaddingAndNextHeader(t *testing.T) {
	for _, test := range []struct {
		name  string
		mode  ipsec.Mode
		clear []byte
		inner string // empty: refused
		next  byte
	}{
		{"no padding", ipsec.Tunnel, []byte{'a', 'b', 0, 4}, "ab", 4},
		{"padding", ipsec.Tunnel, []byte{'a', 'b', 'c', 1, 2, 3, 3, 4}, "abc", 4},
		{"more padding than needed", ipsec.Tunnel, []byte{'a', 1, 2, 3, 4, 5, 5, 4}, "a", 4},
		{"not from 1", ipsec.Tunnel, []byte{'a', 'b', 'c', 0, 1, 2, 3, 4}, "", 0},
		{"only the first octet wrong", ipsec.Tunnel, []byte{'a', 'b', 'c', 9, 2, 3, 3, 4}, "", 0},
		{"zeros", ipsec.Tunnel, []byte{'a', 'b', 'c', 0, 0, 0, 3, 4}, "", 0},
		{"last octet wrong", ipsec.Tunnel, []byte{'a', 'b', 'c', 1, 2, 4, 3, 4}, "", 0},
		{"pad length beyond the packet", ipsec.Tunnel, []byte{1, 2, 3, 4, 5, 6, 7, 4}, "", 0},
		{"pad length 255", ipsec.Tunnel, []byte{1, 2, 255, 4}, "", 0},
		{"dummy packet", ipsec.Tunnel, []byte{'a', 'b', 0, 59}, "ab", 59},
		{"IPv6 in a tunnel", ipsec.Tunnel, []byte{'a', 'b', 0, 41}, "", 0},
		{"UDP in a tunnel", ipsec.Tunnel, []byte{'a', 'b', 0, 17}, "", 0},
		{"UDP in transport mode", ipsec.Transport, []byte{'a', 'b', 0, 17}, "ab", 17},
	} {
		t.Run(test.name, func(t *testing.T) {
			sa := newSA(ipsec.Null, ipsec.SHA1)
			sa.Mode = test.mode
			_, in := newPair(t, sa)
			inner, next, err := in.Open(forge(sa, 1, test.clear))
			if string(inner) != test.inner || next != test.next {
				t.Errorf("Open = %q, %d, %v, want %q, %d", inner, next, err, test.inner, test.next)
			}
			if refused := test.inner == ""; (err == DropError(ipsec.DropPadding)) != refused || !refused && err != nil {
				t.Errorf("Open: %v, want refused: %v", err, refused)
			}
			if in.Sequence() != 1 {
				t.Errorf("window is at %d: an authentic packet moves it to 1", in.Sequence())
			}
		})
	}
}

func TestOpenOnlyPadding(t *testing.T) {
	sa := newSA(ipsec.Null, ipsec.SHA1)
	_, in := newPair(t, sa)
	inner, next, err := in.Open(forge(sa, 1, []byte{1, 2, 2, NextDummy}))
	if len(inner) != 0 || next != NextDummy || err != nil {
		t.Errorf("Open of a packet with nothing in it = %x, %d, %v", inner, next, err)
	}
}

// TestOpenOrder gives packets that are wrong in two ways: the earlier check of RFC
// 4303 §3.4 decides, and the window stays where it is.
func TestOpenOrder(t *testing.T) {
	sa := newSA(ipsec.AES128, ipsec.SHA1)
	out, in := newPair(t, sa)
	first := seal(t, out, octets(20))
	if _, _, err := in.Open(bytes.Clone(first)); err != nil {
		t.Fatal(err)
	}
	badICV := bytes.Clone(first)
	badICV[len(badICV)-1]++
	ahead := seal(t, out, octets(20))
	ahead[len(ahead)-1]++
	for _, test := range []struct {
		name   string
		packet []byte
		want   ipsec.DropReason
	}{
		{"short and repeated", first[:len(first)-1], ipsec.DropShort},
		{"repeated", first, ipsec.DropReplay},
		{"repeated with a wrong ICV", badICV, ipsec.DropReplay},
		{"new with a wrong ICV", ahead, ipsec.DropAuthentication},
		{"the same again", ahead, ipsec.DropAuthentication},
		{"nothing", nil, ipsec.DropShort},
		{"only a header", first[:headerLen], ipsec.DropShort},
	} {
		t.Run(test.name, func(t *testing.T) {
			if inner, _, err := in.Open(bytes.Clone(test.packet)); err != DropError(test.want) || inner != nil {
				t.Errorf("Open = %x, %v, want %v", inner, err, test.want)
			}
			if in.Sequence() != 1 {
				t.Errorf("window is at %d, want 1", in.Sequence())
			}
		})
	}
}

// TestOpenReordered takes packets in another order, each once.
func TestOpenReordered(t *testing.T) {
	eachOffer(t, func(t *testing.T, sa *ipsec.SA) {
		out, in := newPair(t, sa)
		var packets [][]byte
		for range 5 {
			packets = append(packets, seal(t, out, octets(30)))
		}
		for _, i := range []int{2, 0, 4, 1, 3} {
			if _, _, err := in.Open(bytes.Clone(packets[i])); err != nil {
				t.Errorf("Open of packet %d: %v", i+1, err)
			}
			if _, _, err := in.Open(bytes.Clone(packets[i])); err != DropError(ipsec.DropReplay) {
				t.Errorf("Open of packet %d again: %v, want DropReplay", i+1, err)
			}
		}
	})
}

func TestOpenWithoutWindow(t *testing.T) {
	sa := newSA(ipsec.AES128GCM, ipsec.NoIntegrity)
	sa.Window = 0
	out, in := newPair(t, sa)
	packet := seal(t, out, octets(30))
	for range 2 {
		if _, _, err := in.Open(bytes.Clone(packet)); err != nil {
			t.Errorf("Open without a replay check: %v", err)
		}
	}
}

// TestOpenInPlace checks that the result is part of the packet.
func TestOpenInPlace(t *testing.T) {
	eachOffer(t, func(t *testing.T, sa *ipsec.SA) {
		out, in := newPair(t, sa)
		packet := seal(t, out, octets(30))
		inner, _, err := in.Open(packet)
		if err != nil || &inner[0] != &packet[out.HeaderLen()] {
			t.Errorf("Open: %v, and the result is not where the packet was", err)
		}
	})
}

// FuzzOpen gives an SA random octets and a packet of its own with a part replaced.
// Nothing may panic, be opened that was not sealed, or move the window.
func FuzzOpen(f *testing.F) {
	all := offers()
	for n := range all {
		f.Add(uint8(n), []byte{}, uint16(0))
		f.Add(uint8(n), octets(64), uint16(8))
		f.Add(uint8(n)|128, octets(64), uint16(8))
	}
	f.Fuzz(func(t *testing.T, offer uint8, patch []byte, at uint16) {
		o := all[int(offer&127)%len(all)]
		sa := newSA(o.Encryption, o.Integrity)
		sa.ESN = offer&128 != 0
		out, in := newPair(t, sa)
		if inner, _, err := in.Open(bytes.Clone(patch)); err == nil {
			t.Fatalf("Open of %x = %x", patch, inner)
		}
		sealed := seal(t, out, octets(100))
		forged := bytes.Clone(sealed)
		copy(forged[int(at)%len(forged):], patch)
		if _, _, err := in.Open(bytes.Clone(forged)); (err == nil) != bytes.Equal(forged, sealed) {
			t.Fatalf("Open of %x: %v, sealed was %x", forged, err, sealed)
		} else if err != nil && in.Sequence() != 0 {
			t.Fatalf("%x moved the window to %d", forged, in.Sequence())
		}
	})
}
