package esp

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"math"
	"net/netip"
	"strings"
	"testing"

	"sallyport/ike/iketest/recorded"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// The numbers of the IPsec DOI (RFC 2407 §4.4.4, §4.5) that the recordings have.
const (
	attributeAuth      = 5
	attributeKeyLength = 6
)

var recordedCiphers = map[[2]uint64]ipsec.Encryption{ // transform, key length
	{2, 0}: ipsec.DES, {3, 0}: ipsec.TripleDES, {12, 128}: ipsec.AES128, {12, 256}: ipsec.AES256,
}

var recordedAuthenticators = map[uint64]ipsec.Integrity{
	1: ipsec.MD5, 2: ipsec.SHA1, 5: ipsec.SHA256, 6: ipsec.SHA384, 7: ipsec.SHA512,
}

// TestRecordedPackets opens and seals every packet that another implementation sent,
// octet for octet.
func TestRecordedPackets(t *testing.T) {
	packets, seen := 0, map[ipsec.Offer]bool{}
	for _, c := range recorded.All(t) {
		if len(c.ESP) == 0 {
			continue
		}
		packets += len(c.ESP)
		sas := recordedSAs(t, c)
		for _, sa := range sas {
			seen[ipsec.Offer{Encryption: sa.Encryption, Integrity: sa.Integrity}] = true
		}
		t.Run(c.Name, func(t *testing.T) {
			for _, p := range c.ESP {
				sa := sas[ipsec.SPI(binary.BigEndian.Uint32(p.SPI))]
				if sa == nil {
					t.Fatalf("packet in frame %d has SPI %x, of no SA", p.Frame, p.SPI)
				}
				checkRecorded(t, sa, p)
			}
		})
	}
	if packets < 50 || len(seen) < 8 {
		t.Errorf("%d packets and %d pairs of algorithms were recorded, want 50 of 8", packets, len(seen))
	}
}

// recordedSAs returns the SAs of a recording.
func recordedSAs(t *testing.T, c *recorded.Case) map[ipsec.SPI]*ipsec.SA {
	t.Helper()
	sas := map[ipsec.SPI]*ipsec.SA{}
	for _, phase1 := range c.SAs {
		for _, quick := range phase1.QuickModes {
			cipher := [2]uint64{uint64(quick.Transform.ID), quick.Transform.Value(attributeKeyLength)}
			for _, keys := range quick.SAs {
				sa := newSA(recordedCiphers[cipher], recordedAuthenticators[quick.Transform.Value(attributeAuth)])
				sa.ID.SPI = ipsec.SPI(binary.BigEndian.Uint32(keys.SPI))
				sa.EncryptionKey, sa.IntegrityKey = secret.Octets(keys.Encryption), secret.Octets(keys.Auth)
				sas[sa.ID.SPI] = sa
			}
		}
	}
	return sas
}

// checkRecorded opens one packet, and seals its inner packet with its IV and number.
func checkRecorded(t *testing.T, sa *ipsec.SA, p recorded.ESPPacket) {
	t.Helper()
	in, err := NewInbound(sa)
	if err != nil {
		t.Fatal(err)
	}
	inner, next, err := in.Open(bytes.Clone(p.Packet))
	if err != nil || next != p.NextHeader || !bytes.Equal(inner, p.Inner) || in.Sequence() != uint64(p.Sequence) {
		t.Errorf("Open of frame %d = %x, %d, %v, want %x", p.Frame, inner, next, err, p.Inner)
	}
	iv := p.Packet[headerLen : headerLen+sa.Encryption.IVLen()]
	out, err := NewOutbound(sa, bytes.NewReader(iv))
	if err != nil {
		t.Fatal(err)
	}
	out.sequence = uint64(p.Sequence) - 1
	if sealed, err := out.Seal(nil, p.Inner, p.NextHeader); err != nil || !bytes.Equal(sealed, p.Packet) {
		t.Errorf("Seal of frame %d = %x, %v, want %x", p.Frame, sealed, err, p.Packet)
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestGCMVector opens the packet of draft-mcgrew-gcm-test-01 that has sequence
// numbers of 32 bits. Its IV is not a counter, so it cannot be sealed by us.
func TestGCMVector(t *testing.T) {
	sa := newSA(ipsec.AES128GCM, ipsec.NoIntegrity)
	sa.ID.SPI, sa.Mode, sa.Window = 0xa5f8, ipsec.Transport, 0
	sa.EncryptionKey = secret.Octets(unhex(t, "feffe9928665731c6d6a8f9467308308 cafebabe"))
	packet := unhex(t, `0000a5f8 0000000a facedbaddecaf888
		deb22cd9b07c72c16e3a65beeb8df304 a5a5897d33ae530f1ba76d5d114d2a5c
		3de81827c10e9a4f51330d0eec416642 cfbb85a5b47e48a4ec3b9ba95d918bd1
		83b70d3aa8bc6ee4c309e9d85a41ad4a`)
	want := unhex(t, `4500003e698f0000 80114dccc0a80102 c0a801010a980035 002a2343b2d00100
		0001000000000000 0373697009637962 6572636974790264 6b0000010001`)
	in, err := NewInbound(sa)
	if err != nil {
		t.Fatal(err)
	}
	inner, next, err := in.Open(packet)
	if err != nil || next != 1 || !bytes.Equal(inner, want) {
		t.Errorf("Open = %x, %d, %v, want %x", inner, next, err, want)
	}
}

// TestGCMAgainstStandardLibrary builds RFC 4106's packet from its text: nonce is salt
// and IV, the header is authenticated.
func TestGCMAgainstStandardLibrary(t *testing.T) {
	for _, e := range []ipsec.Encryption{ipsec.AES128GCM, ipsec.AES192GCM, ipsec.AES256GCM} {
		sa := newSA(e, ipsec.NoIntegrity)
		out, _ := newPair(t, sa)
		out.sequence = math.MaxUint32 - 2
		got := seal(t, out, []byte("abc"))

		key, salt := sa.EncryptionKey[:e.KeyLen()-4], sa.EncryptionKey[e.KeyLen()-4:]
		block, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			t.Fatal(err)
		}
		header, iv := unhex(t, "0b3254c1 fffffffe"), unhex(t, "00000000 fffffffe")
		want := append(bytes.Clone(header), iv...)
		want = aead.Seal(want, append(bytes.Clone(salt), iv...), []byte{'a', 'b', 'c', 1, 2, 3, 3, NextIPv4}, header)
		if !bytes.Equal(got, want) {
			t.Errorf("Seal with %v = %x, want %x", e, got, want)
		}
	}
}

// TestCBCWithoutSetIV compares the way that needs no SetIV with the usual one.
func TestCBCWithoutSetIV(t *testing.T) {
	sa := newSA(ipsec.TripleDES, ipsec.SHA1)
	usual, _ := newPair(t, sa)
	out, in := newPair(t, sa)
	block, err := newBlock(sa)
	if err != nil {
		t.Fatal(err)
	}
	out.transform.(*cbcSealer).mode = newChained(block, withoutSetIV(cipher.NewCBCEncrypter))
	in.transform.(*cbcOpener).mode = newChained(block, withoutSetIV(cipher.NewCBCDecrypter))
	for range 3 {
		got, want := seal(t, out, octets(50)), seal(t, usual, octets(50))
		if !bytes.Equal(got, want) {
			t.Errorf("Seal without SetIV = %x, want %x", got, want)
		}
		if inner, _, err := in.Open(got); err != nil || !bytes.Equal(inner, octets(50)) {
			t.Errorf("Open without SetIV = %x, %v", inner, err)
		}
	}
}

// withoutSetIV returns modes that have no more than their interface says.
func withoutSetIV(start func(cipher.Block, []byte) cipher.BlockMode) func(cipher.Block, []byte) cipher.BlockMode {
	return func(b cipher.Block, iv []byte) cipher.BlockMode { return struct{ cipher.BlockMode }{start(b, iv)} }
}

// TestAddressesDoNotMatter checks that only SPI, keys and algorithms make a packet:
// the outer addresses may change on the way (RFC 3948).
func TestAddressesDoNotMatter(t *testing.T) {
	sa := newSA(ipsec.AES128, ipsec.SHA1)
	out, _ := newPair(t, sa)
	moved := *sa
	moved.ID.Destination = netip.MustParseAddr("203.0.113.9")
	_, in := newPair(t, &moved)
	if _, _, err := in.Open(seal(t, out, octets(20))); err != nil {
		t.Errorf("Open at another address: %v", err)
	}
}
