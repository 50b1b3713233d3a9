package keymat

import (
	"fmt"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// Secrets are what two peers share before phase 1 has keys.
type Secrets struct {
	PreShared secret.Octets // the pre-shared key; not looked at by methods that sign
	Shared    secret.Octets // g^xy
}

// Authenticated derives the keys of a method of authentication: RFC 2409 §5.1 and
// §5.4, and the same with XAUTH. It is an error if the method or the suite is not
// supported and, wrapping ErrWeakKey, if the cipher's key turns out weak. The
// caller keeps the secrets.
func Authenticated(m wire.AuthMethod, s Suite, of Secrets, x Exchange) (*Keys, error) {
	switch {
	case m.IsPreShared():
		return PreShared(s, of.PreShared, of.Shared, x)
	case m.IsSignature():
		return Signature(m, s, of.Shared, x)
	}
	return nil, fmt.Errorf("authentication method %v is not supported", m)
}

// PreShared derives the keys of authentication with a pre-shared key, from that
// key and g^xy. It is an error if the suite is not supported and, wrapping
// ErrWeakKey, if the cipher's key turns out weak. The caller keeps psk and shared.
func PreShared(s Suite, psk secret.Octets, shared secret.Octets, x Exchange) (*Keys, error) {
	k, err := ProofOnly(s, psk, x)
	if err != nil {
		return nil, err
	}
	if err := k.Complete(shared, x); err != nil {
		return nil, err
	}
	return k, nil
}

// ProofOnly derives SKEYID of a pre-shared key, which takes no g^xy and is all that HASH_I and
// HASH_R take. [Keys.Complete] makes the rest. It is an error if the suite is not
// supported. The caller keeps psk.
func ProofOnly(s Suite, psk secret.Octets, x Exchange) (*Keys, error) {
	if !s.Supported() {
		return nil, fmt.Errorf("suite %v is not supported", s)
	}
	return &Keys{SKEYID: prf(s.Hash, psk, x.NonceI, x.NonceR), suite: s, proof: s.Hash}, nil
}

// Signature derives the keys of authentication with signatures, of both ends or,
// in a hybrid method, of one, from g^xy. SKEYID is of the negotiated hash with
// every method. Errors are those of [PreShared], and a method that does not sign.
func Signature(m wire.AuthMethod, s Suite, shared secret.Octets, x Exchange) (*Keys, error) {
	if !m.IsSignature() {
		return nil, fmt.Errorf("authentication method %v does not sign", m)
	}
	if !s.Supported() {
		return nil, fmt.Errorf("suite %v is not supported", s)
	}
	nonces := make(secret.Octets, 0, len(x.NonceI)+len(x.NonceR))
	k, err := derive(s, prf(s.Hash, append(append(nonces, x.NonceI...), x.NonceR...), shared), shared, x)
	if err != nil {
		return nil, err
	}
	k.proof = ProofHash(m, s.Hash)
	return k, nil
}

// ProofHash returns the hash that makes HASH_I and HASH_R with a method: that of the
// method itself with ECDSA (RFC 4754 §2), SHA-1 with DSS (RFC 2409 §5.1), else the
// negotiated one.
func ProofHash(m wire.AuthMethod, negotiated wire.HashAlgorithm) wire.HashAlgorithm {
	switch m.Base() {
	case wire.AuthDSS:
		return wire.HashSHA1
	case wire.AuthECDSA256:
		return wire.HashSHA256
	case wire.AuthECDSA384:
		return wire.HashSHA384
	case wire.AuthECDSA521:
		return wire.HashSHA512
	}
	return negotiated
}
