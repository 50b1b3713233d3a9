package ipsec

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"sallyport/ipsec/secret"
)

// newSA returns a valid SA with those algorithms.
func newSA(e Encryption, i Integrity) *SA {
	return &SA{
		ID:            SAID{netip.MustParseAddr("198.51.100.2"), ESP, 0xb3254c1},
		Encryption:    e,
		Integrity:     i,
		EncryptionKey: make(secret.Octets, e.KeyLen()),
		IntegrityKey:  make(secret.Octets, i.KeyLen()),
		Window:        64,
	}
}

// newAH returns a sound AH for a bundle, if the algorithm is one.
func newAH(i Integrity) *AHPart {
	return &AHPart{SPI: 0x1234, Integrity: i, Key: make(secret.Octets, i.KeyLen())}
}

// TestValidateAlgorithms tries all pairs, and numbers that are no algorithms.
func TestValidateAlgorithms(t *testing.T) {
	for e := NoEncryption; int(e) <= len(encryptions); e++ {
		for i := NoIntegrity; int(i) <= len(integrities); i++ {
			known := e != NoEncryption && int(e) < len(encryptions) && int(i) < len(integrities)
			gcm := e == AES128GCM || e == AES192GCM || e == AES256GCM
			want := known && gcm == (i == NoIntegrity)
			if err := newSA(e, i).Validate(); (err == nil) != want {
				t.Errorf("SA with %d (%v) and %d (%v): %v, want valid %v", e, e, i, i, err, want)
			}
		}
	}
}

func TestValidate(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*SA)
		want   string // in the reason; empty: valid
	}{
		{"nothing changed", func(*SA) {}, ""},
		{"zero SA", func(sa *SA) { *sa = SA{} }, "protocol is 0"},
		{"UDP", func(sa *SA) { sa.ID.Protocol = 17 }, "protocol is 17, want ESP or AH"},
		{"AH that encrypts", func(sa *SA) { sa.ID.Protocol = AH }, "AH does not encrypt, and has AES-256"},
		{"AH", func(sa *SA) { *sa = *newSA(NoEncryption, SHA1); sa.ID.Protocol = AH }, ""},
		{"AH with nothing", func(sa *SA) { *sa = *newSA(NoEncryption, NoIntegrity); sa.ID.Protocol = AH }, "AH has no authentication"},
		{"AH in AH", func(sa *SA) { *sa = *newSA(NoEncryption, SHA1); sa.ID.Protocol = AH; sa.AH = newAH(MD5) }, "AH cannot go inside AH"},
		{"a bundle", func(sa *SA) { sa.AH = newAH(SHA512) }, ""},
		{"a bundle in which AH authenticates", func(sa *SA) { *sa = *newSA(AES128, NoIntegrity); sa.AH = newAH(MD5) }, ""},
		{"a bundle in which ESP does nothing", func(sa *SA) { *sa = *newSA(Null, NoIntegrity); sa.AH = newAH(MD5) }, "NULL has no authentication"},
		{"a bundle whose AH has a reserved SPI", func(sa *SA) { sa.AH = newAH(MD5); sa.AH.SPI = 255 }, "SPI of AH is 255, want 256"},
		{"a bundle whose AH has no algorithm", func(sa *SA) { sa.AH = newAH(NoIntegrity) }, "authentication algorithm 0 of AH"},
		{"a bundle whose AH has a short key", func(sa *SA) { sa.AH = newAH(MD5); sa.AH.Key = sa.AH.Key[1:] }, "key of AH has 15 octets, want 16"},
		{"reserved SPI", func(sa *SA) { sa.ID.SPI = 255 }, "SPI is 255, want 256"},
		{"lowest SPI", func(sa *SA) { sa.ID.SPI = 256 }, ""},
		{"null and null", func(sa *SA) { *sa = *newSA(Null, NoIntegrity) }, "NULL has no authentication"},
		{"GCM with HMAC", func(sa *SA) { *sa = *newSA(AES128GCM, SHA1) }, "has HMAC-SHA1-96 besides"},
		{"CBC without HMAC", func(sa *SA) { *sa = *newSA(AES128, NoIntegrity) }, "AES-128 has no authentication"},
		{"no key", func(sa *SA) { sa.EncryptionKey = nil }, "encryption key has 0 octets, AES-256 wants 32"},
		{"short key", func(sa *SA) { sa.EncryptionKey = sa.EncryptionKey[1:] }, "has 31 octets"},
		{"long key", func(sa *SA) { sa.EncryptionKey = make(secret.Octets, 36) }, "has 36 octets"},
		{"GCM key without salt", func(sa *SA) { *sa = *newSA(AES256GCM, NoIntegrity); sa.EncryptionKey = sa.EncryptionKey[4:] }, "has 32 octets, AES-256-GCM-128 wants 36"},
		{"short authentication key", func(sa *SA) { sa.IntegrityKey = sa.IntegrityKey[1:] }, "authentication key has 31 octets, want 32"},
		{"GCM with a second key", func(sa *SA) { *sa = *newSA(AES256GCM, NoIntegrity); sa.IntegrityKey = make(secret.Octets, 20) }, "authentication key has 20 octets, want 0"},
		{"no window", func(sa *SA) { sa.Window = 0 }, ""},
		{"smallest window", func(sa *SA) { sa.Window = 32 }, ""},
		{"largest window", func(sa *SA) { sa.Window = 1024 }, ""},
		{"window too small", func(sa *SA) { sa.Window = 31 }, "replay window is 31 packets, want 0 or 32 to 1024"},
		{"window too large", func(sa *SA) { sa.Window = 1025 }, "replay window is 1025"},
		{"window below zero", func(sa *SA) { sa.Window = -1 }, "replay window is -1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			sa := newSA(AES256, SHA256)
			test.change(sa)
			err := sa.Validate()
			if test.want == "" {
				if err != nil {
					t.Errorf("Validate() = %v, want none", err)
				}
				return
			}
			var invalid *InvalidSA
			if !errors.As(err, &invalid) || invalid.SA != sa.ID || !strings.Contains(invalid.Reason, test.want) {
				t.Errorf("Validate() = %v, want an InvalidSA of %v with %q", err, sa.ID, test.want)
			}
		})
	}
}

func TestInvalidSANamesTheSA(t *testing.T) {
	sa := newSA(DES, MD5)
	sa.EncryptionKey = secret.Octets("wrong key")
	want := "ESP 0xb3254c1 to 198.51.100.2: encryption key has 9 octets, DES wants 8"
	if err := sa.Validate(); err == nil || err.Error() != want {
		t.Errorf("Validate() = %v, want %q", err, want)
	}
	if text := fmt.Sprintf("%+v", sa); strings.Contains(text, "wrong key") || !strings.Contains(text, "******") {
		t.Errorf("an SA prints as %s", text)
	}
}
