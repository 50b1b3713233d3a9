package esp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"testing"
	"testing/iotest"

	"sallyport/ipsec"
)

// TestSealAnywhere seals a packet that lies elsewhere, in its place, or across it:
// the result is the same, and what was in dst stays.
func TestSealAnywhere(t *testing.T) {
	outer, inner := []byte("outer header of 28 octets..."), octets(777)
	eachOffer(t, func(t *testing.T, sa *ipsec.SA) {
		apart, _ := newPair(t, sa)
		want, _ := apart.Seal(bytes.Clone(outer), inner, NextIPv4)
		for offset := range 2 * MaxHeader {
			out, _ := newPair(t, sa)
			buffer := make([]byte, len(outer)+offset+len(inner)+MaxHeader+MaxTrailer)
			dst, packet := buffer[:len(outer)], buffer[len(outer)+offset:][:len(inner)]
			copy(dst, outer)
			copy(packet, inner)
			got, err := out.Seal(dst, packet, NextIPv4)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("Seal of a packet %d octets behind dst = %x, %v, want %x", offset, got, err, want)
			}
			if &got[0] != &buffer[0] {
				t.Fatalf("Seal of a packet %d octets behind dst made a new buffer", offset)
			}
		}
	})
}

// TestSealGrows seals into a slice without enough room.
func TestSealGrows(t *testing.T) {
	sa := newSA(ipsec.AES128, ipsec.SHA1)
	out, in := newPair(t, sa)
	dst := append(make([]byte, 0, 50), "head"...)
	got, err := out.Seal(dst, octets(100), NextIPv4)
	if err != nil || !bytes.HasPrefix(got, []byte("head")) {
		t.Fatalf("Seal = %x, %v, want it behind the head", got, err)
	}
	if inner, _, err := in.Open(got[4:]); err != nil || !bytes.Equal(inner, octets(100)) {
		t.Errorf("Open = %x, %v", inner, err)
	}
}

// TestSealFields reads the parts that are in clear with NULL.
func TestSealFields(t *testing.T) {
	out, _ := newPair(t, newSA(ipsec.Null, ipsec.MD5))
	seal(t, out, nil)
	got := seal(t, out, []byte("abc"))
	want := append([]byte{0x0b, 0x32, 0x54, 0xc1, 0, 0, 0, 2}, 'a', 'b', 'c', 1, 2, 3, 3, NextIPv4)
	if !bytes.Equal(got[:len(got)-12], want) {
		t.Errorf("Seal = %x, want %x and an ICV", got, want)
	}
}

func TestSequenceNeverWraps(t *testing.T) {
	eachOffer(t, func(t *testing.T, sa *ipsec.SA) {
		out, in := newPair(t, sa)
		out.sequence = math.MaxUint32 - 1
		if _, _, err := in.Open(seal(t, out, octets(9))); err != nil || in.Sequence() != math.MaxUint32 {
			t.Errorf("Open of the last packet: %v, sequence %d", err, in.Sequence())
		}
		for range 3 {
			dst := []byte("head")
			got, err := out.Seal(dst, octets(9), NextIPv4)
			if err != DropError(ipsec.DropExpired) || !bytes.Equal(got, dst) {
				t.Errorf("Seal after the last number = %x, %v, want DropExpired", got, err)
			}
		}
		if out.Sequence() != math.MaxUint32 {
			t.Errorf("sequence number became %d", out.Sequence())
		}
	})
}

// TestIVs checks that no two packets of an SA have the same IV, over more than a
// batch, and that those of GCM are the sequence number.
func TestIVs(t *testing.T) {
	eachOffer(t, func(t *testing.T, sa *ipsec.SA) {
		if sa.Encryption == ipsec.Null {
			return // it has none
		}
		out, _ := newPair(t, sa)
		seen := map[string]bool{}
		for range 3 * ivBatch {
			iv := seal(t, out, octets(20))[headerLen:out.HeaderLen()]
			if seen[string(iv)] {
				t.Fatalf("IV %x came twice", iv)
			}
			seen[string(iv)] = true
			if sa.Encryption.AEAD() && binary.BigEndian.Uint64(iv) != out.Sequence() {
				t.Fatalf("IV of packet %d is %x", out.Sequence(), iv)
			}
		}
	})
}

// TestEntropyFails checks that an error of the entropy uses up nothing, and that
// what the entropy gave before is used.
func TestEntropyFails(t *testing.T) {
	broken := errors.New("no entropy")
	entropy := io.MultiReader(bytes.NewReader(octets(2*16+5)), iotest.ErrReader(broken))
	out, err := NewOutbound(newSA(ipsec.AES128, ipsec.SHA1), entropy)
	if err != nil {
		t.Fatal(err)
	}
	seal(t, out, octets(20))
	seal(t, out, octets(20))
	if got, err := out.Seal([]byte("head"), octets(20), NextIPv4); !errors.Is(err, broken) || string(got) != "head" {
		t.Errorf("Seal without entropy = %x, %v, want %v", got, err, broken)
	}
	if out.Sequence() != 2 {
		t.Errorf("sequence number is %d, want 2", out.Sequence())
	}
}

func TestEntropyIsNeededForCBCOnly(t *testing.T) {
	eachOffer(t, func(t *testing.T, sa *ipsec.SA) {
		cbc := sa.Encryption.BlockLen() > 1
		if _, err := NewOutbound(sa, nil); (err != nil) != cbc {
			t.Errorf("NewOutbound without entropy: %v, want an error: %v", err, cbc)
		}
	})
}

// TestEntropyIsReadInBatches counts the reads, each of which may be a system call.
func TestEntropyIsReadInBatches(t *testing.T) {
	entropy := &countingReader{Reader: seeded()}
	out, err := NewOutbound(newSA(ipsec.AES128, ipsec.SHA1), entropy)
	if err != nil {
		t.Fatal(err)
	}
	for range 2*ivBatch + 1 {
		seal(t, out, octets(20))
	}
	if entropy.reads != 3 {
		t.Errorf("%d packets read the entropy %d times, want 3", out.Sequence(), entropy.reads)
	}
}

type countingReader struct {
	io.Reader
	reads int
}

func (r *countingReader) Read(b []byte) (int, error) {
	r.reads++
	return r.Reader.Read(b)
}
