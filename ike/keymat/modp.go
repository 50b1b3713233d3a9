package keymat

import (
	"encoding/hex"

	"filippo.io/bigmod"

	"sallyport/ipsec/secret"
)

// A modp is a group of integers modulo a safe prime, with generator 2: RFC 2409
// §6.1, §6.2, RFC 3526. Exponentiation takes the same time for all exponents of
// a length.
type modp struct {
	prime    *bigmod.Modulus
	exponent int // octets
}

func newMODP(prime string, exponent int) *modp {
	b, err := hex.DecodeString(prime)
	if err != nil {
		panic(err) // a constant in primes.go is wrong; the first test finds it
	}
	p, err := bigmod.NewModulus(b)
	if err != nil {
		panic(err) // likewise
	}
	return &modp{p, exponent}
}

func (g *modp) privateLen() int { return g.exponent }

func (g *modp) publicLen() int { return g.prime.Size() }

func (g *modp) public(private secret.Octets) []byte {
	two := bigmod.NewNat().SetUint(2).ExpandFor(g.prime)
	return g.exp(two, private)
}

// shared refuses 0, 1, p-1 and what is not below p. The order of any other
// value is (p-1)/2 or p-1, p being safe: the secret cannot be forced into a small
// subgroup, and a value that is no square betrays one bit of an exponent
// that is used once. So there is no subgroup check here, unlike RFC 5114's groups
// would need.
func (g *modp) shared(private secret.Octets, peer []byte) (secret.Octets, string) {
	if len(peer) != g.publicLen() {
		return nil, wrongLength(len(peer), g.publicLen())
	}
	y, err := bigmod.NewNat().SetBytes(peer, g.prime)
	if err != nil {
		return nil, "p or above, wanted less than p-1"
	}
	if y.IsZero()|y.IsOne()|y.IsMinusOne(g.prime) != 0 {
		return nil, "0, 1 or p-1, wanted a number between"
	}
	return g.exp(y, private), ""
}

// exp returns y to the private exponent, in as many octets as the prime has.
// The exponent's first bit is set: it is then never 0 and always of full length.
func (g *modp) exp(y *bigmod.Nat, private secret.Octets) []byte {
	x := append(secret.Octets(nil), private...)
	defer x.Wipe()
	x[0] |= 0x80
	return bigmod.NewNat().Exp(y, x, g.prime).Bytes(g.prime)
}
