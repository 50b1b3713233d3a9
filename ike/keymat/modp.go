package keymat

import (
	"encoding/hex"

	"filippo.io/bigmod"

	"sallyport/ipsec/secret"
)

// A modp is a group of integers modulo a prime: a safe one with generator 2 (RFC
// 2409 §6.1, §6.2, RFC 3526), or one with a generator of a small subgroup (RFC
// 5114 §2). Exponentiation takes the same time for all exponents of a length.
type modp struct {
	prime     *bigmod.Modulus
	generator *bigmod.Nat
	order     []byte // of the subgroup; nil if the prime is safe
	exponent  int    // octets
}

// newMODP makes a group of a safe prime in hexadecimal.
func newMODP(prime string, exponent int) *modp {
	p, err := bigmod.NewModulus(constant(prime))
	if err != nil {
		panic(err) // a constant in primes.go is wrong; the first test finds it
	}
	return &modp{prime: p, generator: bigmod.NewNat().SetUint(2).ExpandFor(p), exponent: exponent}
}

// newSubgroup makes a group of a prime, a generator and its order in hexadecimal.
func newSubgroup(prime, generator, order string, exponent int) *modp {
	g := newMODP(prime, exponent)
	var err error
	if g.generator, err = bigmod.NewNat().SetBytes(constant(generator), g.prime); err != nil {
		panic(err) // a constant in subgroups.go is wrong; the first test finds it
	}
	g.order = constant(order)
	return g
}

func constant(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err) // a constant of this package is wrong; the first test finds it
	}
	return b
}

func (g *modp) privateLen() int { return g.exponent }

func (g *modp) publicLen() int { return g.prime.Size() }

func (g *modp) public(private secret.Octets) []byte {
	return g.exp(g.generator, private)
}

// shared refuses 0, 1, p-1 and what is not below p. If p is safe, the order of any
// other value is (p-1)/2 or p-1: the secret cannot be forced into a small
// subgroup, and a value that is no square betrays one bit of an exponent
// that is used once. If p is not, a value outside of the subgroup is refused too.
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
	if g.order != nil && bigmod.NewNat().Exp(y, g.order, g.prime).IsOne() == 0 {
		return nil, "not in the subgroup of prime order"
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
