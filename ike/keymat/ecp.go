package keymat

import (
	"crypto/ecdh"
	"crypto/sha3"
	"slices"

	"sallyport/ipsec/secret"
)

// uncompressed is in front of a point in the form that crypto/ecdh takes; KE
// payloads leave it out: RFC 5903 §7.
const uncompressed = 4

// An ecp is a group on one of NIST's prime curves: RFC 5903.
type ecp struct {
	curve ecdh.Curve
	size  int   // octets of a coordinate
	first uint8 // bits of the first octet that a scalar may have
}

func (g *ecp) privateLen() int { return g.size }

func (g *ecp) publicLen() int { return 2 * g.size }

// public returns x | y: RFC 5903 §7.
func (g *ecp) public(private secret.Octets) []byte {
	return g.scalar(private).PublicKey().Bytes()[1:]
}

// shared returns x of the common point: RFC 5903 §7 and §9.
func (g *ecp) shared(private secret.Octets, peer []byte) (secret.Octets, string) {
	if len(peer) != g.publicLen() {
		return nil, wrongLength(len(peer), g.publicLen())
	}
	public, err := g.curve.NewPublicKey(append([]byte{uncompressed}, peer...))
	if err != nil {
		return nil, "not a point of the curve"
	}
	s, err := g.scalar(private).ECDH(public)
	if err != nil {
		return nil, "the common point is at infinity"
	}
	return s, ""
}

// scalar makes a private key of entropy. What is 0 or not below the curve's
// order, as one in 2^32 is at worst, is hashed until it is; so every scalar
// stays equally likely.
func (g *ecp) scalar(entropy secret.Octets) *ecdh.PrivateKey {
	b := slices.Clone(entropy)
	defer b.Wipe()
	for {
		b[0] &= g.first
		if key, err := g.curve.NewPrivateKey(b); err == nil {
			return key
		}
		h := sha3.NewSHAKE256()
		h.Write(b)
		h.Read(b)
	}
}
