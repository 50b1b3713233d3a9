package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"sallyport/ipsec/secret"
	"sallyport/platform/store"
)

const (
	sealMark   = "%^%#" // in front of and behind a sealed secret, as on the device
	sealFile   = "seal.key"
	sealKeyLen = 32
)

// sealEncoding has no slash: two of them would begin a comment.
var sealEncoding = base64.RawURLEncoding.Strict()

var errForeign = errors.New("the secret was sealed by another box, or damaged: type it in plain")

// A seal turns secrets into their stored form and back, under the box's key.
//
// The nonce is a MAC of the secret, so that the same secret always renders
// alike and a saved file changes only where the configuration did. The price is
// that equal secrets can be seen to be equal. Two different secrets share a
// nonce with probability 2^-96, as with random nonces of that length.
type seal struct {
	aead      cipher.AEAD
	nonceKey  []byte
	recordKey []byte // the keys of records are made of it
}

// openSeal reads the key from the state folder, or makes one there.
func openSeal(state string) (*seal, error) {
	path := filepath.Join(state, sealFile)
	key, err := store.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, sealKeyLen)
		rand.Read(key) // never fails: crypto/rand ends the program instead
		err = store.Write(path, key)
	}
	if err != nil {
		return nil, err
	}
	if err := ownerOnly(path); err != nil {
		return nil, err
	}
	return newSeal(path, key)
}

// newSeal derives one key for sealing, one for nonces and one for records.
func newSeal(path string, key []byte) (*seal, error) {
	if len(key) != sealKeyLen {
		return nil, fmt.Errorf("%s has %d octets, want %d: restore it, or delete it and type the secrets anew", path, len(key), sealKeyLen)
	}
	block, err := aes.NewCipher(mac(key, []byte("sallyport seal 1 encryption")))
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &seal{aead: aead, nonceKey: mac(key, []byte("sallyport seal 1 nonce")), recordKey: mac(key, []byte("sallyport seal 1 record"))}, nil
}

// records returns what seals the records of a file. Its key is the context's alone: what
// was sealed in another one does not open. Nonces are drawn, and part of what is sealed.
func (s *seal) records(context string) (cipher.AEAD, error) {
	block, err := aes.NewCipher(mac(s.recordKey, []byte(context)))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Seal returns the stored form of a secret.
func (s *seal) Seal(plain secret.Octets) string {
	nonce := mac(s.nonceKey, plain)[:s.aead.NonceSize()]
	return sealMark + sealEncoding.EncodeToString(s.aead.Seal(nonce, nonce, plain, nil)) + sealMark
}

// Open returns the secret of a stored form.
func (s *seal) Open(stored string) (secret.Octets, error) {
	body, begins := strings.CutPrefix(stored, sealMark)
	body, ends := strings.CutSuffix(body, sealMark)
	if !begins || !ends {
		return nil, fmt.Errorf("a sealed secret begins and ends with %s", sealMark)
	}
	sealed, err := sealEncoding.DecodeString(body)
	if err != nil || len(sealed) < s.aead.NonceSize() {
		return nil, errForeign
	}
	n := s.aead.NonceSize()
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], nil)
	if err != nil {
		return nil, errForeign
	}
	return plain, nil
}

// mac returns HMAC-SHA-256.
func mac(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}
