package keymat

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// hashes has the algorithms that peers may agree on. MD5 and SHA-1 are weak as
// hashes but not broken as HMAC, which is all that IKEv1 needs of them.
var hashes = map[wire.HashAlgorithm]func() hash.Hash{
	wire.HashMD5:    md5.New,
	wire.HashSHA1:   sha1.New,
	wire.HashSHA256: sha256.New,
	wire.HashSHA384: sha512.New384,
	wire.HashSHA512: sha512.New,
}

// HashSupported reports whether a hash, and the prf made of it, can be used.
func HashSupported(h wire.HashAlgorithm) bool { return hashes[h] != nil }

// HashLen returns the octets that a hash, and the prf made of it, gives; 0 for
// one that is not supported.
func HashLen(h wire.HashAlgorithm) int {
	if !HashSupported(h) {
		return 0
	}
	return hashes[h]().Size()
}

// prf is HMAC with the negotiated hash over the concatenated parts: no other
// prf is assigned (RFC 2409 §4).
func prf(h wire.HashAlgorithm, key secret.Octets, parts ...[]byte) []byte {
	mac := hmac.New(hashes[h], key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

// sum is the negotiated hash over the concatenated parts.
func sum(h wire.HashAlgorithm, parts ...[]byte) []byte {
	d := hashes[h]()
	for _, p := range parts {
		d.Write(p)
	}
	return d.Sum(nil)
}

// expand returns the first n octets of K1 | K2 | ..., where K1 = prf(key, seed)
// and each next K = prf(key, the one before | chained). It leaves no other copy
// of them behind.
func expand(h wire.HashAlgorithm, n int, key secret.Octets, seed, chained []byte) secret.Octets {
	out := make(secret.Octets, 0, n+HashLen(h)) // room for all: growing would leave copies
	k := prf(h, key, seed)
	for {
		out = append(out, k...)
		if len(out) >= n {
			break
		}
		next := prf(h, key, k, chained)
		clear(k)
		k = next
	}
	clear(k)
	clear(out[n:])
	return out[:n:n]
}
