package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	gossh "golang.org/x/crypto/ssh"
)

// fingerprints opens the host keys in a state folder and returns them as text.
func fingerprints(t *testing.T, state string) string {
	t.Helper()
	keys, err := openHostKeys(state)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, k := range keys {
		all = append(all, k.PublicKey().Type()+" "+gossh.FingerprintSHA256(k.PublicKey()))
	}
	return strings.Join(all, "\n")
}

func TestHostKeysAreKept(t *testing.T) {
	state := t.TempDir()
	first := fingerprints(t, state)
	for _, kind := range []string{"ssh-ed25519 ", "ecdsa-sha2-nistp256 ", "ssh-rsa "} {
		if !strings.Contains(first, kind) {
			t.Errorf("no key %sin\n%s", kind, first)
		}
	}
	if again := fingerprints(t, state); again != first {
		t.Errorf("after a restart the keys are\n%s, want\n%s", again, first)
	}
	rsa := filepath.Join(state, hostKeyFolder, "ssh_host_rsa_key")
	if err := os.Remove(rsa); err != nil {
		t.Fatal(err)
	}
	if partly := fingerprints(t, state); partly == first || !strings.HasPrefix(partly, first[:strings.Index(first, "ssh-rsa")]) {
		t.Errorf("without the RSA key the keys are\n%s, want a new one beside the two of\n%s", partly, first)
	}
}

func TestHostKeysAreTheOwners(t *testing.T) {
	state := t.TempDir()
	fingerprints(t, state)
	dir := filepath.Join(state, hostKeyFolder)
	file := filepath.Join(dir, hostKeyKinds[0].file)
	for _, path := range []string{dir, file} {
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if before.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, before.Mode())
		}
		if err := os.Chmod(path, before.Mode().Perm()|0o040); err != nil {
			t.Fatal(err)
		}
		if _, err := openHostKeys(state); err == nil || !strings.Contains(err.Error(), path+" can be read by others") {
			t.Errorf("with %s readable by others openHostKeys = %v", path, err)
		}
		if err := os.Chmod(path, before.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHostKeysDamaged(t *testing.T) {
	state := t.TempDir()
	fingerprints(t, state)
	file := filepath.Join(state, hostKeyFolder, hostKeyKinds[1].file)
	for _, text := range []string{"", "half a key"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openHostKeys(state); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("with %q in %s openHostKeys = %v, want an error that names it", text, file, err)
		}
	}
	if _, err := openHostKeys(filepath.Join(state, "none")); err == nil {
		t.Error("keys in a folder that is not there")
	}
}
