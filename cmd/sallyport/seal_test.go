package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/ipsec/secret"
)

// testSeal returns a seal under a key made of one octet.
func testSeal(t *testing.T, octet byte) *seal {
	t.Helper()
	s, err := newSeal("seal.key", bytes.Repeat([]byte{octet}, sealKeyLen))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealAndOpen(t *testing.T) {
	s := testSeal(t, 1)
	seen := map[string]bool{}
	for _, plain := range []string{"", "a", "b", "Key@123", strings.Repeat("x", 128), "//#!%^%#", "\x00\xFF"} {
		stored := s.Seal(secret.Octets(plain))
		got, err := s.Open(stored)
		if err != nil || string(got) != plain {
			t.Errorf("Open(Seal(%q)) = %q, %v", plain, string(got), err)
		}
		if again := s.Seal(secret.Octets(plain)); again != stored {
			t.Errorf("Seal(%q) = %q and then %q, want the same", plain, stored, again)
		}
		body := strings.TrimSuffix(strings.TrimPrefix(stored, sealMark), sealMark)
		if len(body)+2*len(sealMark) != len(stored) || strings.ContainsAny(body, " /#!\"%") {
			t.Errorf("Seal(%q) = %q, want one word between marks that begins no comment", plain, stored)
		}
		if seen[stored] {
			t.Errorf("Seal(%q) = %q, which is another secret's", plain, stored)
		}
		seen[stored] = true
	}
}

func TestOpenRefuses(t *testing.T) {
	s := testSeal(t, 1)
	stored := s.Seal(secret.Octets("Key@123"))
	middle := len(stored) / 2
	flipped := "A"
	if stored[middle] == 'A' {
		flipped = "B"
	}
	tests := []struct{ name, stored, want string }{
		{"nothing", "", "begins and ends with %^%#"},
		{"plain", "Key@123", "begins and ends with %^%#"},
		{"one mark", sealMark, "begins and ends with %^%#"},
		{"no end", strings.TrimSuffix(stored, sealMark), "begins and ends with %^%#"},
		{"empty", sealMark + sealMark, "sealed by another box"},
		{"not base64", sealMark + "a b" + sealMark, "sealed by another box"},
		{"a real device's", "%^%#@sPJ0>R{9#%^%#", "sealed by another box"},
		{"cut", stored[:middle] + sealMark, "sealed by another box"},
		{"changed", stored[:middle] + flipped + stored[middle+1:], "sealed by another box"},
		{"another box's", testSeal(t, 2).Seal(secret.Octets("Key@123")), "sealed by another box"},
	}
	for _, test := range tests {
		if got, err := s.Open(test.stored); !says(err, test.want) || got != nil {
			t.Errorf("%s: Open(%q) = %q, %v, want error %q", test.name, test.stored, string(got), err, test.want)
		}
	}
}

func TestSealKeyIsKept(t *testing.T) {
	folder := t.TempDir()
	first, err := openSeal(folder)
	if err != nil {
		t.Fatal(err)
	}
	mode, err := os.Stat(filepath.Join(folder, sealFile))
	if err != nil || mode.Mode() != 0o600 || mode.Size() != sealKeyLen {
		t.Errorf("key file %v, %v, want 32 octets of mode 0600", mode, err)
	}
	second, err := openSeal(folder)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := second.Open(first.Seal(secret.Octets("k"))); err != nil || string(got) != "k" {
		t.Errorf("after a restart Open() = %q, %v, want k", string(got), err)
	}
	other, err := openSeal(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open(first.Seal(secret.Octets("k"))); !errors.Is(err, errForeign) {
		t.Errorf("another box's Open() error %v, want errForeign", err)
	}
}

func TestOpenSealRefusesABadKeyFile(t *testing.T) {
	tests := []struct {
		name string
		size int
		mode os.FileMode
		want string
	}{
		{"readable by others", sealKeyLen, 0o644, "can be read by others (mode 0644): chmod go="},
		{"readable by the group", sealKeyLen, 0o640, "can be read by others"},
		{"short", sealKeyLen - 1, 0o600, "has 31 octets, want 32"},
		{"empty", 0, 0o600, "has 0 octets"},
	}
	for _, test := range tests {
		folder := t.TempDir()
		path := filepath.Join(folder, sealFile)
		if err := os.WriteFile(path, make([]byte, test.size), test.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, test.mode); err != nil { // past the umask
			t.Fatal(err)
		}
		if _, err := openSeal(folder); !says(err, test.want) {
			t.Errorf("%s: openSeal() error %v, want %q", test.name, err, test.want)
		}
	}
}
