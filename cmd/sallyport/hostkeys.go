package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	gossh "golang.org/x/crypto/ssh"

	"sallyport/platform/store"
	"sallyport/shell/sshd"
)

// hostKeyFolder is in the state folder.
const hostKeyFolder = "ssh"

// hostKeyBits is the length of the RSA host key.
const hostKeyBits = 3072

// hostKeyKinds are the host keys, most wanted first.
var hostKeyKinds = []struct {
	file string
	make func() (any, error)
}{
	{"ssh_host_ed25519_key", func() (any, error) { _, key, err := ed25519.GenerateKey(rand.Reader); return key, err }},
	{"ssh_host_ecdsa_key", func() (any, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }},
	{"ssh_host_rsa_key", func() (any, error) { return rsa.GenerateKey(rand.Reader, hostKeyBits) }},
}

// openHostKeys reads the host keys from the state folder, and makes those that
// are not there.
func openHostKeys(state string) (keys []gossh.Signer, err error) {
	dir := filepath.Join(state, hostKeyFolder)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := ownerOnly(dir); err != nil {
		return nil, err
	}
	for _, kind := range hostKeyKinds {
		key, err := openHostKey(filepath.Join(dir, kind.file), kind.make)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// openHostKey reads one key, or makes it.
func openHostKey(path string, generate func() (any, error)) (gossh.Signer, error) {
	text, err := store.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeHostKey(path, generate)
	}
	if err != nil {
		return nil, err
	}
	if err := ownerOnly(path); err != nil {
		return nil, err
	}
	key, err := gossh.ParseRawPrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s is no private key (%w): restore it, or delete it and the box makes another", path, err)
	}
	return sshd.NewHostKey(key)
}

// makeHostKey makes a key and keeps it.
func makeHostKey(path string, generate func() (any, error)) (gossh.Signer, error) {
	key, err := generate()
	if err != nil {
		return nil, fmt.Errorf("host key: %w", err)
	}
	block, err := gossh.MarshalPrivateKey(key, "")
	if err != nil {
		return nil, fmt.Errorf("host key: %w", err)
	}
	if err := store.Write(path, pem.EncodeToMemory(block)); err != nil {
		return nil, err
	}
	return sshd.NewHostKey(key)
}
