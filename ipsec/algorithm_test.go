package ipsec

import "testing"

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
