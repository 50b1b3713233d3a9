package esp

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"sallyport/ipsec"
)

// extended returns the two ends of an SA with extended sequence numbers, which both
// have had that many packets.
func extended(t testing.TB, sa *ipsec.SA, packets uint64) (*Outbound, *Inbound) {
	t.Helper()
	sa.ESN = true
	out, in := newPair(t, sa)
	out.sequence = packets
	in.window.Accept(packets)
	return out, in
}

// TestExtended sends packets across 2^32, reordered and repeated.
func TestExtended(t *testing.T) {
	eachOffer(t, func(t *testing.T, sa *ipsec.SA) {
		out, in := extended(t, sa, subspace-3)
		packets := make([][]byte, 6)
		for i := range packets {
			packets[i] = seal(t, out, octets(30))
		}
		for _, i := range []int{1, 3, 2, 0, 5, 4} { // the third is number 2^32
			inner, _, err := in.Open(bytes.Clone(packets[i]))
			if err != nil || !bytes.Equal(inner, octets(30)) {
				t.Errorf("Open of packet %d = %x, %v", i, inner, err)
			}
			if _, _, err := in.Open(bytes.Clone(packets[i])); err != DropError(ipsec.DropReplay) {
				t.Errorf("Open of packet %d again: %v, want DropReplay", i, err)
			}
		}
		if in.Sequence() != subspace+3 || out.Sequence() != subspace+3 {
			t.Errorf("sequence numbers are %#x and %#x", out.Sequence(), in.Sequence())
		}
	})
}

// TestExtendedIsCovered: a packet of another round of the low half, or of an SA with
// short numbers, is not authentic.
func TestExtendedIsCovered(t *testing.T) {
	eachOffer(t, func(t *testing.T, sa *ipsec.SA) {
		short, _ := newPair(t, sa)
		out, in := extended(t, sa, subspace)
		first, _ := newPair(t, sa)
		want := DropError(ipsec.DropAuthentication)
		if _, _, err := in.Open(seal(t, first, octets(30))); err != want {
			t.Errorf("Open of number 1 as 2^32+1: %v, want %v", err, want)
		}
		_, fresh := newPair(t, sa)
		if _, _, err := fresh.Open(seal(t, short, octets(30))); err != want {
			t.Errorf("Open of a packet with short numbers: %v, want %v", err, want)
		}
		if _, _, err := in.Open(seal(t, out, octets(30))); err != nil {
			t.Errorf("Open of number 2^32+1: %v", err)
		}
	})
}

func TestExtendedNeverWraps(t *testing.T) {
	out, in := extended(t, newSA(ipsec.AES128GCM, ipsec.NoIntegrity), math.MaxUint64-1)
	if _, _, err := in.Open(seal(t, out, octets(9))); err != nil || in.Sequence() != math.MaxUint64 {
		t.Errorf("Open of the last packet: %v, sequence %#x", err, in.Sequence())
	}
	if _, err := out.Seal(nil, octets(9), NextIPv4); err != DropError(ipsec.DropExpired) {
		t.Errorf("Seal after the last number: %v, want DropExpired", err)
	}
}

// TestExtendedHMAC builds the ICV of RFC 4303 §2.2.1 from its text: over the packet,
// and the high half after it.
func TestExtendedHMAC(t *testing.T) {
	sa := newSA(ipsec.Null, ipsec.SHA256)
	out, _ := extended(t, sa, 5<<32|6)
	got := seal(t, out, []byte("ab"))
	want := unhex(t, "0b3254c1 00000007 6162 00 04")
	mac := hmac.New(sha256.New, sa.IntegrityKey)
	mac.Write(want)
	mac.Write([]byte{0, 0, 0, 5})
	if want = append(want, mac.Sum(nil)[:16]...); !bytes.Equal(got, want) {
		t.Errorf("Seal = %x, want %x", got, want)
	}
}

// TestExtendedGCM builds the packet of RFC 4106 §5 from its text: SPI and all of the
// number are authenticated.
func TestExtendedGCM(t *testing.T) {
	sa := newSA(ipsec.AES128GCM, ipsec.NoIntegrity)
	out, _ := extended(t, sa, 5<<32|6)
	got := seal(t, out, []byte("ab"))
	block, err := aes.NewCipher(sa.EncryptionKey[:16])
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	iv := unhex(t, "00000005 00000007")
	want := append(unhex(t, "0b3254c1 00000007"), iv...)
	want = aead.Seal(want, append(bytes.Clone(sa.EncryptionKey[16:]), iv...), []byte{'a', 'b', 0, 4}, unhex(t, "0b3254c1 00000005 00000007"))
	if !bytes.Equal(got, want) {
		t.Errorf("Seal = %x, want %x", got, want)
	}
}

// TestNumber: RFC 4303 appendix A2.2.
func TestNumber(t *testing.T) {
	for _, test := range []struct {
		name    string
		size    int
		highest uint64
		low     uint32
		want    uint64
	}{
		{"first", 64, 0, 1, 1},
		{"first is far", 64, 0, 1 << 31, 1 << 31},
		{"nothing is before the first round", 64, 5, math.MaxUint32, math.MaxUint32},
		{"A: left edge", 64, 7<<32 | 100, 37, 7<<32 | 37},
		{"A: left of the window is the next round", 64, 7<<32 | 100, 36, 8<<32 | 36},
		{"A: ahead", 64, 7<<32 | 100, math.MaxUint32, 7<<32 | math.MaxUint32},
		{"A: window from 0", 64, 7<<32 | 63, 0, 7 << 32},
		{"A: at the end", 64, 7<<32 | math.MaxUint32, 0, 8 << 32},
		{"B: within", 64, 7<<32 | 62, 3, 7<<32 | 3},
		{"B: left edge, a round back", 64, 7<<32 | 62, math.MaxUint32, 6<<32 | math.MaxUint32},
		{"B: between is ahead", 64, 7<<32 | 62, math.MaxUint32 - 1, 7<<32 | math.MaxUint32 - 1},
		{"no check: in the largest window", 0, 7<<32 | 1100, 77, 7<<32 | 77},
		{"no check: ahead of it", 0, 7<<32 | 1100, 76, 8<<32 | 76},
		{"last round", 64, math.MaxUint64, 0, 0},
	} {
		w := NewWindow(&ipsec.SA{Window: test.size, ESN: true})
		w.Accept(test.highest)
		if got := w.Number(test.low); got != test.want {
			t.Errorf("%s: at %#x Number(%#x) = %#x, want %#x", test.name, test.highest, test.low, got, test.want)
		}
	}
	w := newWindow(64)
	w.Accept(math.MaxUint32)
	if got := w.Number(1); got != 1 {
		t.Errorf("with short numbers Number(1) = %#x", got)
	}
}

// TestNumberIsFound: any number in the window, or less than 2^32 and the window ahead
// of its left edge, is told by its low half.
func TestNumberIsFound(t *testing.T) {
	for _, size := range []int{32, 100, 1024} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			draw := rand.New(rand.NewPCG(uint64(size), 2))
			for range 100000 {
				highest := draw.Uint64N(5)<<32 + draw.Uint64N(3000)
				if draw.IntN(2) == 0 {
					highest += subspace - 3000
				}
				edge := max(highest, uint64(size)) - uint64(size) + 1
				number := edge + draw.Uint64N(subspace)
				if draw.IntN(2) == 0 {
					number = edge + draw.Uint64N(uint64(2*size))
				}
				if highest < uint64(size) && number >= subspace {
					continue // so far ahead is no packet of the first round
				}
				w := NewWindow(&ipsec.SA{Window: size, ESN: true})
				w.Accept(highest)
				if got := w.Number(uint32(number)); got != number {
					t.Fatalf("at %#x Number of the low half of %#x = %#x", highest, number, got)
				}
			}
		})
	}
}

// TestBareUnderAH: a bundle's ESP may go without an ICV. It is opened whoever made it,
// and its numbers are checked.
func TestBareUnderAH(t *testing.T) {
	for _, e := range []ipsec.Encryption{ipsec.DES, ipsec.TripleDES, ipsec.AES128, ipsec.AES192, ipsec.AES256} {
		sa := under(newSA(e, ipsec.NoIntegrity))
		out, in := newPair(t, sa)
		packet := seal(t, out, octets(41))
		if want := out.SealedLen(41); len(packet) != want || (want-headerLen)%e.BlockLen() != 0 {
			t.Errorf("%v: packet has %d octets, SealedLen says %d", e, len(packet), want)
		}
		inner, _, err := in.Open(bytes.Clone(packet))
		if err != nil || !bytes.Equal(inner, octets(41)) {
			t.Errorf("%v: Open = %x, %v", e, inner, err)
		}
		if _, _, err := in.Open(packet); err != DropError(ipsec.DropReplay) {
			t.Errorf("%v: Open again: %v, want DropReplay", e, err)
		}
	}
}
