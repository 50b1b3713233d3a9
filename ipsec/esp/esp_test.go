package esp

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"testing"

	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// seeded returns entropy that is the same in each run.
func seeded() io.Reader { return rand.NewChaCha8([32]byte{1}) }

// octets returns n octets that are the same in each run.
func octets(n int) []byte {
	b := make([]byte, n)
	io.ReadFull(seeded(), b)
	return b
}

// newSA returns an SA with those algorithms and keys that are not all alike.
func newSA(e ipsec.Encryption, i ipsec.Integrity) *ipsec.SA {
	return &ipsec.SA{
		ID:            ipsec.SAID{Destination: netip.MustParseAddr("198.51.100.2"), Protocol: ipsec.ESP, SPI: 0xb3254c1},
		Encryption:    e,
		Integrity:     i,
		EncryptionKey: secret.Octets(octets(e.KeyLen())),
		IntegrityKey:  secret.Octets(octets(i.KeyLen())),
		Window:        64,
	}
}

// newPair returns the two ends of one SA.
func newPair(t testing.TB, sa *ipsec.SA) (*Outbound, *Inbound) {
	t.Helper()
	out, err := NewOutbound(sa, seeded())
	if err != nil {
		t.Fatal(err)
	}
	in, err := NewInbound(sa)
	if err != nil {
		t.Fatal(err)
	}
	return out, in
}

// offers are all pairs of algorithms that an SA may have.
func offers() []ipsec.Offer {
	p := ipsec.Proposal{Encryptions: ipsec.Encryptions(), Integrities: ipsec.Integrities()}
	return p.Offers()
}

// eachOffer runs a test for all pairs of algorithms.
func eachOffer(t *testing.T, do func(*testing.T, *ipsec.SA)) {
	for _, o := range offers() {
		t.Run(o.String(), func(t *testing.T) { do(t, newSA(o.Encryption, o.Integrity)) })
	}
}

// seal is Seal for a packet that must be sealed.
func seal(t testing.TB, out *Outbound, packet []byte) []byte {
	t.Helper()
	sealed, err := out.Seal(nil, packet, NextIPv4)
	if err != nil {
		t.Fatalf("Seal of %d octets: %v", len(packet), err)
	}
	return sealed
}

// TestIdentity is the first trial of a codec: what is sealed opens to itself, for
// all algorithms and all lengths.
func TestIdentity(t *testing.T) {
	inner := octets(1500)
	eachOffer(t, func(t *testing.T, sa *ipsec.SA) {
		out, in := newPair(t, sa)
		count := uint64(0)
		for n := 0; n <= len(inner); n += stride(sa.Encryption, n) {
			count++
			sealed := seal(t, out, inner[:n])
			if len(sealed) != out.SealedLen(n) {
				t.Fatalf("Seal of %d octets has %d, SealedLen says %d", n, len(sealed), out.SealedLen(n))
			}
			got, next, err := in.Open(sealed)
			if err != nil || next != NextIPv4 || !bytes.Equal(got, inner[:n]) {
				t.Fatalf("Open of %d octets = %d octets, next header %d, %v", n, len(got), next, err)
			}
		}
		if out.Sequence() != count || in.Sequence() != count {
			t.Errorf("sequence numbers are %d and %d, want %d", out.Sequence(), in.Sequence(), count)
		}
	})
}

// stride returns the distance to the next length to try: all, but for the ciphers
// that are slow in software, a hundred times so under the race detector.
func stride(e ipsec.Encryption, n int) int {
	if slow := e == ipsec.DES || e == ipsec.TripleDES; slow && n > 64 {
		return 13
	}
	return 1
}

// TestFlippedBits refuses a packet with any one bit changed. Only the SPI may be
// read without the keys, and only the sequence number can be refused before the ICV.
func TestFlippedBits(t *testing.T) {
	eachOffer(t, func(t *testing.T, sa *ipsec.SA) {
		out, in := newPair(t, sa)
		sealed := seal(t, out, octets(41))
		for bit := range len(sealed) * 8 {
			forged := bytes.Clone(sealed)
			forged[bit/8] ^= 1 << (bit % 8)
			want := DropError(ipsec.DropAuthentication)
			if bit/8 == 7 && bit%8 == 0 {
				want = DropError(ipsec.DropReplay) // sequence number 1 became 0
			}
			if inner, _, err := in.Open(forged); err != want || inner != nil {
				t.Errorf("Open with bit %d flipped = %x, %v, want %v", bit, inner, err, want)
			}
		}
		if in.Sequence() != 0 {
			t.Errorf("forged packets moved the window to %d", in.Sequence())
		}
		if _, _, err := in.Open(sealed); err != nil {
			t.Errorf("Open of the packet itself: %v", err)
		}
	})
}

// TestTruncated is the second trial: every prefix of a packet is refused.
func TestTruncated(t *testing.T) {
	eachOffer(t, func(t *testing.T, sa *ipsec.SA) {
		out, in := newPair(t, sa)
		sealed := seal(t, out, octets(41))
		for n := range sealed {
			inner, _, err := in.Open(bytes.Clone(sealed[:n]))
			want := DropError(ipsec.DropAuthentication)
			if !in.fits(n) {
				want = DropError(ipsec.DropShort)
			}
			if err != want || inner != nil {
				t.Errorf("Open of the first %d of %d octets = %x, %v, want %v", n, len(sealed), inner, err, want)
			}
		}
	})
}

// TestFits holds which lengths can be a packet's: RFC 4303 §2.4 wants a multiple of
// the cipher's block, and of 4.
func TestFits(t *testing.T) {
	for _, test := range []struct {
		e        ipsec.Encryption
		i        ipsec.Integrity
		least, n int // the shortest packet, and the distance to the next
	}{
		{ipsec.Null, ipsec.MD5, 8 + 4 + 12, 4},
		{ipsec.DES, ipsec.SHA1, 8 + 8 + 8 + 12, 8},
		{ipsec.TripleDES, ipsec.SHA256, 8 + 8 + 8 + 16, 8},
		{ipsec.AES128, ipsec.SHA384, 8 + 16 + 16 + 24, 16},
		{ipsec.AES256, ipsec.SHA512, 8 + 16 + 16 + 32, 16},
		{ipsec.AES256GCM, ipsec.NoIntegrity, 8 + 8 + 4 + 16, 4},
	} {
		l := layoutOf(test.e, test.i)
		for length := range 300 {
			want := length >= test.least && (length-test.least)%test.n == 0
			if got := l.fits(length); got != want {
				t.Errorf("%v %v fits into %d octets: %v, want %v", test.e, test.i, length, got, want)
			}
		}
	}
}

// TestSizes compares the arithmetic of lengths with packets.
func TestSizes(t *testing.T) {
	for _, test := range []struct {
		e                   ipsec.Encryption
		i                   ipsec.Integrity
		header, empty, full int // HeaderLen, SealedLen(0), SealedLen(1400)
		plain, udp          int // MaxInner(1500), without and with encapsulation
	}{
		{ipsec.DES, ipsec.MD5, 16, 16 + 8 + 12, 16 + 1408 + 12, 1446, 1438},
		{ipsec.TripleDES, ipsec.SHA1, 16, 16 + 8 + 12, 16 + 1408 + 12, 1446, 1438},
		{ipsec.AES128, ipsec.SHA1, 24, 24 + 16 + 12, 24 + 1408 + 12, 1438, 1422},
		{ipsec.AES256, ipsec.SHA256, 24, 24 + 16 + 16, 24 + 1408 + 16, 1438, 1422},
		{ipsec.AES192, ipsec.SHA384, 24, 24 + 16 + 24, 24 + 1408 + 24, 1422, 1422},
		{ipsec.AES256, ipsec.SHA512, 24, 24 + 16 + 32, 24 + 1408 + 32, 1422, 1406},
		{ipsec.AES128GCM, ipsec.NoIntegrity, 16, 16 + 4 + 16, 16 + 1404 + 16, 1446, 1438},
		{ipsec.Null, ipsec.SHA1, 8, 8 + 4 + 12, 8 + 1404 + 12, 1458, 1450},
	} {
		t.Run(fmt.Sprintf("%v %v", test.e, test.i), func(t *testing.T) {
			sa := newSA(test.e, test.i)
			out, _ := newPair(t, sa)
			if got := [3]int{out.HeaderLen(), out.SealedLen(0), out.SealedLen(1400)}; got != [3]int{test.header, test.empty, test.full} {
				t.Errorf("HeaderLen, SealedLen(0) and (1400) = %v, want %v", got, [3]int{test.header, test.empty, test.full})
			}
			plain := MaxInner(sa, 1500)
			transport := *sa
			transport.Mode = ipsec.Transport
			if got := MaxInner(&transport, 1500); got != MaxInner(sa, 1500)+20 {
				t.Errorf("MaxInner(1500) in transport mode = %d, want %d", got, plain+20)
			}
			sa.Encapsulation = ipsec.Ports{Local: 4500, Remote: 4500}
			if udp := MaxInner(sa, 1500); plain != test.plain || udp != test.udp {
				t.Errorf("MaxInner(1500) = %d, encapsulated %d, want %d, %d", plain, udp, test.plain, test.udp)
			}
		})
	}
}

// TestMaxInner checks that the longest packet fits and the next longer does not.
func TestMaxInner(t *testing.T) {
	eachOffer(t, func(t *testing.T, sa *ipsec.SA) {
		out, _ := newPair(t, sa)
		for mtu := -10; mtu <= 1600; mtu++ {
			n := MaxInner(sa, mtu)
			if outer := outerHeader + out.SealedLen(n); n > 0 && outer > mtu {
				t.Fatalf("MaxInner(%d) = %d, whose outer packet has %d", mtu, n, outer)
			}
			if outer := outerHeader + out.SealedLen(n+1); outer <= mtu {
				t.Fatalf("MaxInner(%d) = %d, but one more has %d", mtu, n, outer)
			}
		}
	})
}

// TestMaxInnerUnderAH counts AH by itself and around ESP.
func TestMaxInnerUnderAH(t *testing.T) {
	for _, test := range []struct {
		name string
		mode ipsec.Mode
		sa   *ipsec.SA
		mtu  int
		want int
	}{
		{"AH", ipsec.Tunnel, ahSA(ipsec.SHA256), 1500, 1500 - 20 - 28},
		{"AH of the longest ICV", ipsec.Tunnel, ahSA(ipsec.SHA512), 1500, 1500 - 20 - 44},
		{"AH in transport mode", ipsec.Transport, ahSA(ipsec.MD5), 1500, 1500 - 24},
		{"AH has no room", ipsec.Transport, ahSA(ipsec.MD5), 44, 0},
		{"ESP inside", ipsec.Tunnel, under(newSA(ipsec.AES128, ipsec.SHA1)), 1500, 1500 - 20 - 24 - (24 + 12 + 2) - 12},
		{"bare ESP inside", ipsec.Tunnel, under(newSA(ipsec.AES128, ipsec.NoIntegrity)), 1500, 1500 - 20 - 24 - (24 + 2) - 8},
		{"bare ESP inside, in transport mode", ipsec.Transport, under(newSA(ipsec.AES128, ipsec.NoIntegrity)), 1500, 1500 - 24 - (24 + 2) - 8},
	} {
		test.sa.Mode = test.mode
		if got := MaxInner(test.sa, test.mtu); got != test.want {
			t.Errorf("%s: MaxInner(%d) = %d, want %d", test.name, test.mtu, got, test.want)
		}
	}
}

func ahSA(i ipsec.Integrity) *ipsec.SA {
	return &ipsec.SA{ID: ipsec.SAID{Protocol: ipsec.AH}, Integrity: i}
}

// under makes the SA a bundle.
func under(sa *ipsec.SA) *ipsec.SA {
	sa.AH = &ipsec.AHPart{SPI: 0x1000, Integrity: ipsec.SHA1, Key: octets(20)}
	return sa
}

// TestRoom checks that no SA needs more room around a packet than the constants say.
func TestRoom(t *testing.T) {
	header, trailer := 0, 0
	for _, o := range offers() {
		out, _ := newPair(t, newSA(o.Encryption, o.Integrity))
		header = max(header, out.HeaderLen())
		for n := range 100 {
			trailer = max(trailer, out.SealedLen(n)-out.HeaderLen()-n)
		}
	}
	if header != MaxHeader || trailer != MaxTrailer {
		t.Errorf("most room needed is %d before and %d after, constants are %d and %d", header, trailer, MaxHeader, MaxTrailer)
	}
}

func TestSPIOf(t *testing.T) {
	sealed := []byte{0xb, 0x32, 0x54, 0xc1, 0, 0, 0, 1}
	if got, ok := SPIOf(sealed); !ok || got != 0xb3254c1 {
		t.Errorf("SPIOf = %#x, %v, want 0xb3254c1", got, ok)
	}
	if _, ok := SPIOf(sealed[:7]); ok {
		t.Error("SPIOf of 7 octets has an SPI")
	}
}

func TestDropError(t *testing.T) {
	err := DropError(ipsec.DropReplay)
	if err.Reason() != ipsec.DropReplay || err.Error() != "replay packet" {
		t.Errorf("error is %v with reason %v, want those of DropReplay", err, err.Reason())
	}
}

// TestInvalidSA refuses an SA that Validate refuses, at both ends.
func TestInvalidSA(t *testing.T) {
	sa := newSA(ipsec.AES128, ipsec.SHA1)
	sa.EncryptionKey = sa.EncryptionKey[1:]
	if _, err := NewOutbound(sa, seeded()); err == nil {
		t.Error("NewOutbound takes a short key")
	}
	if _, err := NewInbound(sa); err == nil {
		t.Error("NewInbound takes a short key")
	}
}
