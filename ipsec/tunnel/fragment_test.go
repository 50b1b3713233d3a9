package tunnel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// reassemble puts the pieces together as RFC 791 §3.2 says, and checks each.
func reassemble(t *testing.T, pieces [][]byte, mtu int) []byte {
	t.Helper()
	var whole []byte
	for i, p := range pieces {
		checkHeader(t, p)
		n, flags := headerLen(p), binary.BigEndian.Uint16(p[ipFragment:])
		if len(p) > mtu {
			t.Errorf("piece %d has %d octets, MTU is %d", i, len(p), mtu)
		}
		if i == 0 {
			whole = bytes.Clone(p[:n])
		}
		if at := int(flags&offsetMask) * 8; at != len(whole)-headerLen(whole) {
			t.Errorf("piece %d is at %d, want %d", i, at, len(whole)-headerLen(whole))
		}
		if more, last := flags&moreFrags != 0, i == len(pieces)-1; more == last {
			t.Errorf("piece %d of %d: more fragments is %v", i, len(pieces), more)
		}
		whole = append(whole, p[n:]...)
	}
	writeFragment(whole[:headerLen(whole)], len(whole), 0)
	return whole
}

func cut(t *testing.T, packet []byte, mtu int) (pieces [][]byte) {
	t.Helper()
	err := fragment(packet, mtu, func(p []byte) error { pieces = append(pieces, bytes.Clone(p)); return nil })
	if err != nil {
		t.Fatalf("fragment(%d octets, %d) = %v", len(packet), mtu, err)
	}
	return pieces
}

func TestFragment(t *testing.T) {
	router := []byte{0x94, 4, 0, 0} // router alert: copied
	for _, test := range []struct {
		name   string
		packet shape
		mtu    int
		pieces int
	}{
		{"fits", shape{size: 1500}, 1500, 1},
		{"one octet too much", shape{size: 1501}, 1500, 2},
		{"MTU that is no multiple of 8 behind the header", shape{size: 3000}, 1499, 3},
		{"smallest MTU of all", shape{size: 60}, 28, 5},
		{"largest packet", shape{size: maxPacket}, 576, 119},
		{"with a copied option", shape{size: 1000, options: router}, 576, 2},
		{"ends on a boundary", shape{size: 20 + 2*552}, 572, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			packet := test.packet.build()
			want := bytes.Clone(packet)
			pieces := cut(t, packet, test.mtu)
			if len(pieces) != test.pieces {
				t.Errorf("%d pieces, want %d", len(pieces), test.pieces)
			}
			if got := reassemble(t, pieces, test.mtu); !bytes.Equal(got, want) {
				t.Error("what is put together again is not what was cut")
			}
		})
	}
}

// TestFragmentOfFragments cuts pieces once more, as a second router would.
func TestFragmentOfFragments(t *testing.T) {
	packet := shape{size: 4000}.build()
	want := bytes.Clone(packet)
	var pieces [][]byte
	for _, p := range cut(t, packet, 1500) {
		pieces = append(pieces, cut(t, p, 700)...)
	}
	if got := reassemble(t, pieces, 700); !bytes.Equal(got, want) {
		t.Error("what is put together again is not what was cut")
	}
}

func TestFragmentOptions(t *testing.T) {
	recordRoute, alert := []byte{7, 7, 4, 0, 0, 0, 0}, []byte{0x94, 4, 0, 0}
	options := append(append(bytes.Clone(recordRoute), optionNop), alert...)
	pieces := cut(t, shape{size: 1000, options: options}.build(), 576)
	if got := pieces[0][ipv4Len:32]; !bytes.Equal(got, options) {
		t.Errorf("first fragment has options % x, want % x", got, options)
	}
	want := append(bytes.Repeat([]byte{optionNop}, 8), alert...)
	if got := pieces[1][ipv4Len:32]; !bytes.Equal(got, want) {
		t.Errorf("second fragment has options % x, want % x", got, want)
	}
}

func TestDropUncopiedNeverPanics(t *testing.T) {
	for _, options := range [][]byte{{7}, {7, 0, 0, 0}, {7, 1, 0, 0}, {7, 9, 0, 0}, {0, 7, 9}, {1, 1, 1, 7}} {
		before := bytes.Clone(options)
		dropUncopied(options)
		if !bytes.Equal(options, before) {
			t.Errorf("options % x became % x; broken ones stay as they are", before, options)
		}
	}
}

func TestFragmentErrors(t *testing.T) {
	send := func([]byte) error { t.Error("something was sent"); return nil }
	if err := fragment(shape{size: 100}.build(), 27, send); !errors.Is(err, errNoRoom) {
		t.Errorf("fragment with MTU 27 = %v, want %v", err, errNoRoom)
	}
	broken, sent := errors.New("broken"), 0
	err := fragment(shape{size: 3000}.build(), 1500, func([]byte) error { sent++; return broken })
	if err != broken || sent != 1 {
		t.Errorf("fragment = %v after %d pieces, want %v after 1", err, sent, broken)
	}
}
