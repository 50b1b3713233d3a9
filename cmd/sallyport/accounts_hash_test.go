package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/crypto/argon2"

	"sallyport/ipsec/secret"
)

func TestHash(t *testing.T) {
	h := newHasher(bytes.NewReader(make([]byte, 2*argonSalt)))
	stored, err := h.Hash(secret.Octets("Huawei@123"))
	const want = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
	if err != nil || !strings.HasPrefix(stored, want) || len(stored) != len(want)+43 {
		t.Fatalf("Hash = %q, %v, want %s…", stored, err, want)
	}
	for password, want := range map[string]bool{"Huawei@123": true, "Huawei@124": false, "": false, "Huawei@123\x00": false} {
		if got := h.Matches(stored, secret.Octets(password)); got != want {
			t.Errorf("Matches(%q) = %v, want %v", password, got, want)
		}
	}
	if again, err := newHasher(bytes.NewReader(bytes.Repeat([]byte{1}, argonSalt))).Hash(secret.Octets("Huawei@123")); err != nil || again == stored {
		t.Errorf("with another salt Hash = %q, %v, want another text", again, err)
	}
}

// A password that was stored by an earlier version is still the password. The
// second line is the test vector of the reference implementation for version 19,
// t=2, m=65536, p=1.
func TestHashStaysTheSame(t *testing.T) {
	const stored = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$T95q7S205tf9WI4HhYOZDIQmMMAbntacGXTIku0gXT8"
	if got := storedForm([]byte("saltsaltsaltsalt"), argon(secret.Octets("password"), []byte("saltsaltsaltsalt"))); got != stored {
		t.Errorf("stored form %s, want %s", got, stored)
	}
	got := hex.EncodeToString(argon2.IDKey([]byte("password"), []byte("somesalt"), 2, 65536, 1, 32))
	if want := "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"; got != want {
		t.Errorf("Argon2id = %s, want %s", got, want)
	}
}

func TestHashWithoutEntropy(t *testing.T) {
	broken := errors.New("no entropy")
	if _, err := newHasher(iotest.ErrReader(broken)).Hash(secret.Octets("x")); !errors.Is(err, broken) {
		t.Errorf("Hash = %v, want %v", err, broken)
	}
}

func TestMatchesNoStoredForm(t *testing.T) {
	h := newHasher(bytes.NewReader(make([]byte, argonSalt)))
	stored, err := h.Hash(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"", "x", argonPrefix, stored[:len(stored)-1], stored + "A", stored + "$",
		strings.Replace(stored, "argon2id", "argon2i", 1), strings.Replace(stored, "t=2", "t=1", 1),
		nobodysPassword, "%^%#AAAA%^%#",
	} {
		if h.Matches(text, nil) {
			t.Errorf("%q matches the empty password", text)
		}
	}
	if !h.Matches(stored, nil) {
		t.Error("the stored form itself does not match")
	}
}

// Whoever is nobody costs what a wrong password costs: one hash.
func TestNobodysPasswordIsComputed(t *testing.T) {
	if _, _, ok := partsOf(nobodysPassword); !ok {
		t.Error("the password of nobody is no stored form: it is not computed")
	}
}

func BenchmarkPassword(b *testing.B) {
	for b.Loop() {
		argon(secret.Octets("Huawei@123"), make([]byte, argonSalt))
	}
}
