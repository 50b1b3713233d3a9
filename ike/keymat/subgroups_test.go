package keymat

import (
	"bytes"
	"errors"
	"math/big"
	"testing"

	"sallyport/ike/wire"
)

// subgroupTable has the sizes of RFC 5114 §2.1 to §2.3.
var subgroupTable = []struct {
	group       wire.Group
	prime, bits int
}{
	{wire.Group22, 1024, 160}, {wire.Group23, 2048, 224}, {wire.Group24, 2048, 256},
}

// subgroup returns prime, generator and order of a group.
func subgroup(of wire.Group) (p, g, q *big.Int) {
	m := groups[of].(*modp)
	return new(big.Int).SetBytes(m.prime.Nat().Bytes(m.prime)), new(big.Int).SetBytes(m.generator.Bytes(m.prime)), new(big.Int).SetBytes(m.order)
}

// TestSubgroups checks that prime, generator and order belong together.
func TestSubgroups(t *testing.T) {
	one := big.NewInt(1)
	for _, test := range subgroupTable {
		p, g, q := subgroup(test.group)
		if p.BitLen() != test.prime || q.BitLen() != test.bits || !p.ProbablyPrime(2) || !q.ProbablyPrime(2) {
			t.Errorf("%v: prime of %d bits, order of %d, want primes of %d and %d", test.group, p.BitLen(), q.BitLen(), test.prime, test.bits)
		}
		if rest := new(big.Int).Mod(new(big.Int).Sub(p, one), q); rest.Sign() != 0 {
			t.Errorf("%v: the order does not divide p-1", test.group)
		}
		if g.Cmp(one) <= 0 || new(big.Int).Exp(g, q, p).Cmp(one) != 0 {
			t.Errorf("%v: the generator has another order", test.group)
		}
	}
}

// TestSubgroupMatchesBig compares with arithmetic of another kind.
func TestSubgroupMatchesBig(t *testing.T) {
	for _, test := range subgroupTable {
		p, g, _ := subgroup(test.group)
		x := private(test.group, 5)
		e := bytes.Clone(x)
		e[0] |= 0x80
		want := new(big.Int).Exp(g, new(big.Int).SetBytes(e), p).FillBytes(make([]byte, test.prime/8))
		if got := (DH{Group: test.group, Private: x}).Do(); !bytes.Equal(got.Public, want) {
			t.Errorf("%v: public value = %x, want %x", test.group, got.Public, want)
		}
	}
}

// TestSubgroupRefused offers values that are below the prime and outside of the
// subgroup: they would tell the exponent modulo a small number.
func TestSubgroupRefused(t *testing.T) {
	for _, test := range subgroupTable {
		p, g, q := subgroup(test.group)
		small := new(big.Int).Exp(big.NewInt(3), new(big.Int).Mul(q, big.NewInt(2)), p)
		for name, y := range map[string]*big.Int{
			"two":                   big.NewInt(2),
			"p-2":                   new(big.Int).Sub(p, big.NewInt(2)),
			"minus the generator":   new(big.Int).Sub(p, g),
			"of another order":      small,
			"the generator squared": new(big.Int).Exp(g, big.NewInt(2), p),
		} {
			got := DH{Group: test.group, Private: private(test.group, 7), Peer: y.FillBytes(make([]byte, test.prime/8))}.Do()
			var refused *PublicError
			if inside := name == "the generator squared"; inside != (got.Err == nil) || !inside && !errors.As(got.Err, &refused) {
				t.Errorf("%v, %s: Do() = %v", test.group, name, got.Err)
			}
		}
	}
}
