package ipsec

import (
	"slices"
	"testing"
)

// TestEncryptions holds what the RFCs say of each cipher.
func TestEncryptions(t *testing.T) {
	want := []struct {
		e                   Encryption
		word                string
		key, iv, block, icv int
	}{
		{Null, "null", 0, 0, 1, 0},                       // RFC 2410
		{DES, "des", 8, 8, 8, 0},                         // RFC 2405
		{TripleDES, "3des", 24, 8, 8, 0},                 // RFC 2451
		{AES128, "aes-128", 16, 16, 16, 0},               // RFC 3602
		{AES192, "aes-192", 24, 16, 16, 0},               //
		{AES256, "aes-256", 32, 16, 16, 0},               //
		{AES128GCM, "aes-128-gcm-128", 16 + 4, 8, 1, 16}, // RFC 4106
		{AES192GCM, "aes-192-gcm-128", 24 + 4, 8, 1, 16}, //
		{AES256GCM, "aes-256-gcm-128", 32 + 4, 8, 1, 16}, //
	}
	all := Encryptions()
	if len(all) != len(want) {
		t.Fatalf("Encryptions() = %v, want %d", all, len(want))
	}
	for n, test := range want {
		e := all[n]
		if e != test.e || e.Word() != test.word || e.KeyLen() != test.key || e.IVLen() != test.iv ||
			e.BlockLen() != test.block || e.ICVLen() != test.icv || e.AEAD() != (test.icv > 0) {
			t.Errorf("%v (%s): key %d, IV %d, block %d, ICV %d, want %+v", e, e.Word(), e.KeyLen(), e.IVLen(), e.BlockLen(), e.ICVLen(), test)
		}
	}
}

// TestIntegrities holds what RFC 2403, 2404 and 4868 say of each authenticator.
func TestIntegrities(t *testing.T) {
	want := []struct {
		i        Integrity
		word     string
		key, icv int
	}{
		{MD5, "md5", 16, 12},
		{SHA1, "sha1", 20, 12},
		{SHA256, "sha2-256", 32, 16},
		{SHA384, "sha2-384", 48, 24},
		{SHA512, "sha2-512", 64, 32},
	}
	all := Integrities()
	if len(all) != len(want) {
		t.Fatalf("Integrities() = %v, want %d", all, len(want))
	}
	for n, test := range want {
		i := all[n]
		if i != test.i || i.Word() != test.word || i.KeyLen() != test.key || i.ICVLen() != test.icv {
			t.Errorf("%v (%s): key %d, ICV %d, want %+v", i, i.Word(), i.KeyLen(), i.ICVLen(), test)
		}
	}
}

// TestShortICV: SHA2-256 cut to 96 bits has the key and the number of SHA2-256, and no name of
// its own in negotiations.
func TestShortICV(t *testing.T) {
	s := SHA256Short
	if s.KeyLen() != 32 || s.ICVLen() != 12 || s.Word() != SHA256.Word() || s.Negotiated() != SHA256 || slices.Contains(Integrities(), s) {
		t.Errorf("%v: key %d, ICV %d, word %q, negotiated as %v", s, s.KeyLen(), s.ICVLen(), s.Word(), s.Negotiated())
	}
	for i, want := range map[Integrity]Integrity{SHA256: SHA256Short, SHA256Short: SHA256, SHA1: NoIntegrity, NoIntegrity: NoIntegrity} {
		if got, ok := i.Other(); got != want || ok != (want != NoIntegrity) {
			t.Errorf("%v.Other() = %v, %v, want %v", i, got, ok, want)
		}
	}
	c := Capabilities{Encryptions: []Encryption{AES128}, Integrities: []Integrity{SHA256}, AH: []Integrity{SHA256}}
	for _, o := range []Offer{{Encryption: AES128, Integrity: s}, {AH: s}} {
		if lacks := c.Lacks(o, Tunnel); lacks != "" {
			t.Errorf("who can SHA2-256 lacks %q for %v", lacks, o)
		}
	}
}

func TestNoAlgorithm(t *testing.T) {
	for _, e := range []Encryption{NoEncryption, Encryption(len(encryptions))} {
		if e.Word() != "" || e.KeyLen() != 0 || e.AEAD() {
			t.Errorf("cipher %d is %q", e, e.Word())
		}
	}
	for _, i := range []Integrity{NoIntegrity, Integrity(len(integrities))} {
		if i.Word() != "" || i.KeyLen() != 0 || i.ICVLen() != 0 {
			t.Errorf("authenticator %d is %q", i, i.Word())
		}
	}
}
