package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"sallyport/ipsec/secret"
)

// A KeyType is a kind of private key.
type KeyType uint8

// The kinds.
const (
	RSA   KeyType = iota // of 2048, 3072 or 4096 bits
	ECDSA                // on P-256, P-384 or P-521: of 256, 384 or 521 bits
)

// String returns "RSA" or "ECDSA".
func (t KeyType) String() string {
	switch t {
	case RSA:
		return "RSA"
	case ECDSA:
		return "ECDSA"
	}
	return fmt.Sprintf("key type %d", uint8(t))
}

// GenerateKey makes a key. It takes no source of entropy because crypto/rsa and
// crypto/ecdsa draw from the system's whatever they are handed; the engine does
// not call it. An RSA key takes from a tenth of a second to some. Errors: a
// size that the type does not have.
func GenerateKey(t KeyType, bits int) (crypto.Signer, error) {
	switch {
	case t == RSA && (bits == 2048 || bits == 3072 || bits == 4096):
		return rsa.GenerateKey(nil, bits)
	case t == RSA:
		return nil, fmt.Errorf("an RSA key of %d bits, want 2048, 3072 or 4096", bits)
	case t == ECDSA:
		for _, c := range curves {
			if c.Params().BitSize == bits {
				return ecdsa.GenerateKey(c, nil)
			}
		}
		return nil, fmt.Errorf("an ECDSA key of %d bits, want 256, 384 or 521", bits)
	}
	return nil, fmt.Errorf("%v, want RSA or ECDSA", t)
}

// curves are those that IKE has an authentication method for: RFC 4754.
var curves = []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()}

// KeyPEM writes a private key as PEM, PKCS #8.
func KeyPEM(key crypto.Signer) (secret.Octets, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// ParseKey reads a private key, PEM or DER, in PKCS #8, PKCS #1 or SEC 1, at
// most 1 MiB. Errors, which never quote it: a key that is encrypted, no key or
// several, and what [NewCredential] would not take.
func ParseKey(data secret.Octets) (crypto.Signer, error) {
	if len(data) > maxImport {
		return nil, fmt.Errorf("a key file of %d octets, want at most %d", len(data), maxImport)
	}
	der := []byte(data)
	if isPEM(data) {
		var err error
		if der, err = keyBlock(data); err != nil {
			return nil, err
		}
	}
	key := parsePrivate(der)
	if key == nil {
		return nil, fmt.Errorf("octets that are no private key: want PKCS #8, PKCS #1 or SEC 1, PEM or DER")
	}
	if err := checkKey(key.Public()); err != nil {
		return nil, err
	}
	return key, nil
}

// keyBlock returns the one private key among PEM blocks.
func keyBlock(data []byte) (der []byte, err error) {
	for block := range blocks(data) {
		switch block.Type {
		case "ENCRYPTED PRIVATE KEY":
			return nil, fmt.Errorf("the key is encrypted: want one without a password, or PKCS #12")
		case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY":
			if block.Headers["DEK-Info"] != "" {
				return nil, fmt.Errorf("the key is encrypted: want one without a password, or PKCS #12")
			}
			if der != nil {
				return nil, fmt.Errorf("more than one private key, want one")
			}
			der = block.Bytes
		}
	}
	if der == nil {
		return nil, fmt.Errorf("no private key among the PEM blocks")
	}
	return der, nil
}

// parsePrivate tries each encoding; nil: it is none.
func parsePrivate(der []byte) crypto.Signer {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		signer, _ := key.(crypto.Signer) // a key that only agrees is none of ours
		return signer
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key
	}
	return nil
}

// keySize returns the type and bits of a public key; 0 bits: a type that IKE
// does not sign with.
func keySize(key crypto.PublicKey) (name string, bits int) {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return "RSA", key.N.BitLen()
	case *ecdsa.PublicKey:
		return "ECDSA", key.Params().BitSize
	}
	return fmt.Sprintf("%T", key), 0
}

// checkKey refuses a public key that is too weak, too costly, or of a type that
// no authentication method has.
func checkKey(key crypto.PublicKey) error {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return checkRSA(key)
	case *ecdsa.PublicKey:
		for _, c := range curves {
			if key.Curve == c {
				return nil
			}
		}
		return fmt.Errorf("an ECDSA key on %s, want P-256, P-384 or P-521", key.Params().Name)
	}
	name, _ := keySize(key)
	return fmt.Errorf("a key of type %s, want RSA or ECDSA", name)
}

// checkRSA refuses exponent 3 and below because forged signatures are cheap
// with it wherever somebody's check has a hole.
func checkRSA(key *rsa.PublicKey) error {
	if n := key.N.BitLen(); n < minRSABits || n > maxRSABits {
		return fmt.Errorf("an RSA key of %d bits, want %d to %d", n, minRSABits, maxRSABits)
	}
	if key.E <= 3 || key.E%2 == 0 {
		return fmt.Errorf("an RSA key with exponent %d, want an odd one above 3", key.E)
	}
	return nil
}
