package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"
	"testing"
)

// A KeyKind is a kind of private key.
type KeyKind int

// The kinds.
const (
	RSA   KeyKind = iota // 2048 bits
	ECDSA                // P-256
)

func (k KeyKind) String() string {
	switch k {
	case RSA:
		return "RSA"
	case ECDSA:
		return "ECDSA"
	}
	return fmt.Sprint(int(k))
}

func (k KeyKind) generate() (crypto.Signer, error) {
	switch k {
	case RSA:
		return rsa.GenerateKey(rand.Reader, 2048)
	case ECDSA:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	return nil, fmt.Errorf("key of kind %v, want %v or %v", k, RSA, ECDSA)
}

// keys are the keys of this process, by kind and name: func() (crypto.Signer, error).
var keys sync.Map

// keyOf returns the key of a name, made when it is first asked for. Different
// names' are made at the same time.
func keyOf(t testing.TB, kind KeyKind, name string) crypto.Signer {
	t.Helper()
	make, _ := keys.LoadOrStore(fmt.Sprint(kind, " ", name), sync.OnceValues(kind.generate))
	key, err := make.(func() (crypto.Signer, error))()
	if err != nil {
		t.Fatalf("key for %s: %v", name, err)
	}
	return key
}
