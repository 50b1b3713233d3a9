package keymat

import (
	"encoding/binary"
	"fmt"
	"slices"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// Keys are SKEYID and its children (RFC 2409 §5) and the key of the cipher (App.
// B). [Authenticated] makes them.
type Keys struct {
	SKEYID     secret.Octets
	SKEYIDd    secret.Octets // derives the keys of other SAs
	SKEYIDa    secret.Octets // authenticates messages
	SKEYIDe    secret.Octets // keeps messages secret
	Encryption secret.Octets // the cipher's key, of SKEYIDe
	suite      Suite
	proof      wire.HashAlgorithm // of HASH_I and HASH_R
}

// derive makes the children of SKEYID, which all methods of authentication have
// in common.
func derive(s Suite, skeyid, shared secret.Octets, x Exchange) (*Keys, error) {
	k := &Keys{SKEYID: skeyid, suite: s, proof: s.Hash}
	if err := k.Complete(shared, x); err != nil {
		return nil, err
	}
	return k, nil
}

// Complete makes the children of SKEYID, and the cipher's key, from g^xy, which the caller
// keeps. It is an error, wrapping ErrWeakKey, if the cipher's key turns out weak: the keys
// are wiped then.
func (k *Keys) Complete(shared secret.Octets, x Exchange) error {
	child := func(before secret.Octets, n byte) secret.Octets {
		return prf(k.suite.Hash, k.SKEYID, before, shared, x.CookieI[:], x.CookieR[:], []byte{n})
	}
	k.SKEYIDd = child(nil, 0)
	k.SKEYIDa = child(k.SKEYIDd, 1)
	k.SKEYIDe = child(k.SKEYIDa, 2)
	k.Encryption = cipherKey(k.suite, k.SKEYIDe)
	err := checkKey(k.suite.Cipher.Algorithm, k.Encryption)
	if err != nil {
		k.Wipe()
	}
	return err
}

// Completed reports whether there is more than SKEYID: what [ProofOnly] makes proves, and
// protects nothing.
func (k *Keys) Completed() bool { return k.Encryption != nil }

// FromSKEYIDs returns the keys of an ISAKMP SA that was negotiated before, of which
// SKEYID itself is not needed any more. They become the Keys' own. It is an error if they
// are no such keys.
func FromSKEYIDs(s Suite, d, a, e secret.Octets) (*Keys, error) {
	if !s.Supported() {
		return nil, fmt.Errorf("suite %v is not supported", s)
	}
	for _, k := range []secret.Octets{d, a, e} {
		if want := HashLen(s.Hash); len(k) != want {
			return nil, fmt.Errorf("a SKEYID has %d octets, want %d", len(k), want)
		}
	}
	return &Keys{SKEYIDd: d, SKEYIDa: a, SKEYIDe: e, Encryption: cipherKey(s, e), suite: s, proof: s.Hash}, nil
}

// cipherKey returns the leading octets of SKEYID_e, or of Ka = K1 | K2 | ...
// if SKEYID_e is too short: RFC 2409 App. B.
func cipherKey(s Suite, skeyidE secret.Octets) secret.Octets {
	n := s.Cipher.KeyLen()
	if len(skeyidE) >= n {
		return skeyidE[:n:n]
	}
	return expand(s.Hash, n, skeyidE, []byte{0}, nil)
}

// Suite returns what the keys were made for.
func (k *Keys) Suite() Suite { return k.suite }

// Settle wipes and drops what only phase 1 needs: SKEYID itself. There are no proofs
// afterwards.
func (k *Keys) Settle() {
	k.SKEYID.Wipe()
	k.SKEYID = nil
}

// Wipe overwrites all keys. They cannot be used afterwards.
func (k *Keys) Wipe() {
	for _, o := range []secret.Octets{k.SKEYID, k.SKEYIDd, k.SKEYIDa, k.SKEYIDe, k.Encryption} {
		o.Wipe()
	}
}

// HashI returns HASH_I over the body of the initiator's ID: RFC 2409 §5. It is what
// SIG_I signs as well, with ECDSA in the hash of the method: RFC 4754 §2.
func (k *Keys) HashI(x Exchange, idii []byte) []byte {
	return prf(k.proof, k.SKEYID, x.PublicI, x.PublicR, x.CookieI[:], x.CookieR[:], x.SA, idii)
}

// HashR returns HASH_R over the body of the responder's ID: RFC 2409 §5. It is what
// SIG_R signs as well, with ECDSA in the hash of the method: RFC 4754 §2.
func (k *Keys) HashR(x Exchange, idir []byte) []byte {
	return prf(k.proof, k.SKEYID, x.PublicR, x.PublicI, x.CookieR[:], x.CookieI[:], x.SA, idir)
}

// Hash1 returns HASH(1) of quick mode and of informational and transaction
// exchanges: after is every payload behind the HASH, with headers, in the order
// on the wire. RFC 2409 §5.5, §5.7.
func (k *Keys) Hash1(id wire.MessageID, after []byte) []byte {
	return prf(k.suite.Hash, k.SKEYIDa, messageID(id), after)
}

// Hash2 returns HASH(2) of quick mode: RFC 2409 §5.5. ni is the body of the
// initiator's nonce.
func (k *Keys) Hash2(id wire.MessageID, ni, after []byte) []byte {
	return prf(k.suite.Hash, k.SKEYIDa, messageID(id), ni, after)
}

// Hash3 returns HASH(3) of quick mode: RFC 2409 §5.5. ni and nr are bodies.
func (k *Keys) Hash3(id wire.MessageID, ni, nr []byte) []byte {
	return prf(k.suite.Hash, k.SKEYIDa, []byte{0}, messageID(id), ni, nr)
}

// Keymat returns n octets of KEYMAT for the SA of a protocol with that SPI, the
// one its receiver chose: RFC 2409 §5.5. shared is g(qm)^xy, nil without PFS; ni
// and nr are the bodies of quick mode's nonces.
func (k *Keys) Keymat(n int, protocol wire.ProtocolID, spi uint32, shared secret.Octets, ni, nr []byte) secret.Octets {
	seed := secret.Octets(slices.Concat(shared, []byte{byte(protocol)}, binary.BigEndian.AppendUint32(nil, spi), ni, nr))
	defer seed.Wipe()
	return expand(k.suite.Hash, n, k.SKEYIDd, seed, seed)
}
