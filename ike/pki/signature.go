package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"math/big"

	"sallyport/ike/wire"
)

// A scheme is how a method signs HASH_I and HASH_R.
type scheme struct {
	curve elliptic.Curve // nil: RSA, PKCS #1 v1.5 around the bare hash
	hash  crypto.Hash    // of the method's prf; 0: the negotiated one
}

// schemes has the methods that sign: RFC 2409 §5.1, RFC 4754 §7, and the
// drafts on hybrid authentication and XAUTH, which sign as RSA does.
var schemes = map[wire.AuthMethod]scheme{
	wire.AuthRSA:           {},
	wire.AuthHybridInitRSA: {},
	wire.AuthHybridRespRSA: {},
	wire.AuthXAUTHInitRSA:  {},
	wire.AuthXAUTHRespRSA:  {},
	wire.AuthECDSA256:      {elliptic.P256(), crypto.SHA256},
	wire.AuthECDSA384:      {elliptic.P384(), crypto.SHA384},
	wire.AuthECDSA521:      {elliptic.P521(), crypto.SHA512},
}

// field is the size in octets of r and of s.
func (s scheme) field() int { return (s.curve.Params().BitSize + 7) / 8 }

// fits reports whether a key is one of the scheme's.
func (s scheme) fits(key crypto.PublicKey) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return s.curve == nil
	case *ecdsa.PublicKey:
		return s.curve != nil && key.Curve == s.curve
	}
	return false
}

// checkHash refuses a hash that the method cannot have made.
func (s scheme) checkHash(hash []byte) error {
	if s.curve != nil && len(hash) != s.hash.Size() {
		return fmt.Errorf("a hash of %d octets, want the %d of %v", len(hash), s.hash.Size(), s.hash)
	}
	if len(hash) < 16 || len(hash) > 64 {
		return fmt.Errorf("a hash of %d octets, want 16 to 64", len(hash))
	}
	return nil
}

// sign signs without entropy: ECDSA then draws k as in RFC 6979.
func (s scheme) sign(key crypto.Signer, hash []byte) ([]byte, error) {
	if err := s.checkHash(hash); err != nil {
		return nil, err
	}
	b, err := key.Sign(nil, hash, s.hash)
	if err != nil || s.curve == nil {
		return b, err
	}
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(b, &pair); err != nil {
		return nil, err
	}
	out := make([]byte, 2*s.field())
	pair.R.FillBytes(out[:s.field()])
	pair.S.FillBytes(out[s.field():])
	return out, nil
}

// verify reports what is wrong with a signature; the key fits.
func (s scheme) verify(key crypto.PublicKey, hash, signature []byte) error {
	if err := s.checkHash(hash); err != nil {
		return err
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		return verifyRSA(key, hash, signature)
	case *ecdsa.PublicKey:
		return s.verifyECDSA(key, hash, signature)
	}
	return fmt.Errorf("a key of type %T", key)
}

// verifyRSA compares all octets of the opened signature with the whole block
// that is expected: 00 01 FF.. 00 HASH. That is how crypto/rsa does it; it
// reads nothing out of the block.
func verifyRSA(key *rsa.PublicKey, hash, signature []byte) error {
	if len(signature) != key.Size() {
		return fmt.Errorf("a signature of %d octets, want the %d of the key", len(signature), key.Size())
	}
	if rsa.VerifyPKCS1v15(key, 0, hash, signature) != nil {
		return fmt.Errorf("the RSA signature is not over our hash")
	}
	return nil
}

func (s scheme) verifyECDSA(key *ecdsa.PublicKey, hash, signature []byte) error {
	n := s.field()
	if len(signature) != 2*n {
		return fmt.Errorf("a signature of %d octets, want r and s of %d each", len(signature), n)
	}
	r, t := new(big.Int).SetBytes(signature[:n]), new(big.Int).SetBytes(signature[n:])
	if !ecdsa.Verify(key, hash, r, t) {
		return fmt.Errorf("the ECDSA signature is not over our hash")
	}
	return nil
}
