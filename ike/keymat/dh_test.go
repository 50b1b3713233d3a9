package keymat

import (
	"bytes"
	"crypto/elliptic"
	"errors"
	"math/big"
	"testing"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

var allGroups = []wire.Group{
	wire.Group1, wire.Group2, wire.Group5, wire.Group14, wire.Group15, wire.Group16, wire.Group17, wire.Group18,
	wire.Group19, wire.Group20, wire.Group21, wire.Group22, wire.Group23, wire.Group24,
}

// private returns entropy of a group that tells two peers apart.
func private(g wire.Group, n byte) secret.Octets {
	return bytes.Repeat([]byte{n, 0x5a, n ^ 0x77}, PrivateLen(g))[:PrivateLen(g)]
}

func TestDHAgrees(t *testing.T) {
	for _, g := range allGroups {
		t.Run(g.String(), func(t *testing.T) {
			i := DH{Group: g, Private: private(g, 1)}.Do()
			if i.Err != nil || i.Shared != nil || len(i.Public) != PublicLen(g) {
				t.Fatalf("Do() without a peer = %d octets, shared %d, %v; want %d octets alone", len(i.Public), len(i.Shared), i.Err, PublicLen(g))
			}
			r := DH{Group: g, Private: private(g, 2), Peer: i.Public}.Do()
			again := DH{Group: g, Private: private(g, 1), Public: i.Public, Peer: r.Public}.Do()
			if r.Err != nil || again.Err != nil {
				t.Fatalf("Do() = %v and %v, want no error", r.Err, again.Err)
			}
			if !r.Shared.Equal(again.Shared) || len(r.Shared) == 0 {
				t.Error("the two sides have different secrets")
			}
			if !bytes.Equal(again.Public, i.Public) || bytes.Equal(i.Public, r.Public) {
				t.Error("public values: ours changed, or both sides have the same")
			}
		})
	}
}

func TestDHLeavesPrivateAlone(t *testing.T) {
	for _, g := range allGroups {
		p := private(g, 3)
		DH{Group: g, Private: p}.Do()
		if !p.Equal(private(g, 3)) {
			t.Errorf("%v: Do changed its private value", g)
		}
	}
}

// primeOf computes 2^n - 2^(n-64) - 1 + 2^64 * ([2^(n-130) pi] + k).
func primeOf(n uint, k int64) *big.Int {
	p := new(big.Int).Rsh(pi(n), 130)
	p.Add(p, big.NewInt(k)).Lsh(p, 64)
	one := big.NewInt(1)
	p.Add(p, new(big.Int).Lsh(one, n))
	p.Sub(p, new(big.Int).Lsh(one, n-64))
	return p.Sub(p, one)
}

// pi returns [2^n pi] by Machin's formula, right in all but the last few of 64
// more bits.
func pi(n uint) *big.Int {
	const guard = 64
	a, b := arctan(5, n+guard), arctan(239, n+guard)
	a.Mul(a, big.NewInt(16)).Sub(a, b.Mul(b, big.NewInt(4)))
	return a.Rsh(a, guard)
}

// arctan returns about 2^bits arctan(1/x).
func arctan(x int64, bits uint) *big.Int {
	term := new(big.Int).Lsh(big.NewInt(1), bits)
	term.Div(term, big.NewInt(x))
	total, square := new(big.Int), big.NewInt(x*x)
	for n := int64(1); term.Sign() != 0; n += 2 {
		part := new(big.Int).Div(term, big.NewInt(n))
		if n%4 == 3 {
			part.Neg(part)
		}
		total.Add(total, part)
		term.Div(term, square)
	}
	return total
}

// modpTable has the k of each prime: RFC 2409 §6.1, §6.2, RFC 3526 §2 to §7.
var modpTable = []struct {
	group wire.Group
	bits  uint
	k     int64
}{
	{wire.Group1, 768, 149686}, {wire.Group2, 1024, 129093}, {wire.Group5, 1536, 741804},
	{wire.Group14, 2048, 124476}, {wire.Group15, 3072, 1690314}, {wire.Group16, 4096, 240904},
	{wire.Group17, 6144, 929484}, {wire.Group18, 8192, 4743158},
}

func TestPrimes(t *testing.T) {
	for _, test := range modpTable {
		g := groups[test.group].(*modp)
		p := new(big.Int).SetBytes(g.prime.Nat().Bytes(g.prime))
		if want := primeOf(test.bits, test.k); p.Cmp(want) != 0 {
			t.Errorf("%v: prime = %x, want %x", test.group, p, want)
		}
		// Miller-Rabin once with a random base: the formula is the proof, this
		// only shows that the formula was copied right.
		if q := new(big.Int).Rsh(p, 1); test.bits <= 2048 && !(p.ProbablyPrime(1) && q.ProbablyPrime(1)) {
			t.Errorf("%v: not a safe prime", test.group)
		}
		if low := new(big.Int).And(p, big.NewInt(7)); low.Int64() != 7 {
			t.Errorf("%v: p mod 8 = %v, want 7, so that 2 is a square", test.group, low)
		}
	}
}

// TestMODPMatchesBig compares with arithmetic of another kind.
func TestMODPMatchesBig(t *testing.T) {
	for _, test := range modpTable {
		p := primeOf(test.bits, test.k)
		for n := range byte(3) {
			x := private(test.group, n)
			e := append([]byte(nil), x...)
			e[0] |= 0x80
			y := new(big.Int).Exp(big.NewInt(2), new(big.Int).SetBytes(e), p)
			got := DH{Group: test.group, Private: x}.Do()
			if want := y.FillBytes(make([]byte, test.bits/8)); !bytes.Equal(got.Public, want) {
				t.Errorf("%v: public value = %x, want %x", test.group, got.Public, want)
			}
			peer := new(big.Int).Sub(p, big.NewInt(int64(n)+2))
			got = DH{Group: test.group, Private: x, Peer: peer.Bytes()}.Do()
			want := new(big.Int).Exp(peer, new(big.Int).SetBytes(e), p).FillBytes(make([]byte, test.bits/8))
			if got.Err != nil || !got.Shared.Equal(want) {
				t.Errorf("%v: shared secret is not peer^x mod p (%v)", test.group, got.Err)
			}
		}
	}
}

// TestLeadingZeros looks for a secret that begins with a zero octet: it keeps
// the group's length.
func TestLeadingZeros(t *testing.T) {
	for _, g := range []wire.Group{wire.Group1, wire.Group19} {
		peer := DH{Group: g, Private: private(g, 9)}.Do().Public
		found := false
		for n := 0; n < 4096 && !found; n++ {
			x := private(g, 1)
			x[1], x[2] = byte(n>>8), byte(n)
			s := DH{Group: g, Private: x, Public: peer, Peer: peer}.Do().Shared
			if len(s) != len(peer)/map[bool]int{true: 2, false: 1}[g == wire.Group19] {
				t.Fatalf("%v: a secret of %d octets", g, len(s))
			}
			found = s[0] == 0
		}
		if !found {
			t.Errorf("%v: no secret began with a zero octet", g)
		}
	}
}

func TestPublicRefused(t *testing.T) {
	p := primeOf(768, 149686)
	near := func(n int64) []byte { return new(big.Int).Add(p, big.NewInt(n)).FillBytes(make([]byte, 96)) }
	small := func(n byte) []byte { return append(make([]byte, 95), n) }
	point := DH{Group: wire.Group19, Private: private(wire.Group19, 1)}.Do().Public
	off := bytes.Clone(point)
	off[63] ^= 1
	for _, test := range []struct {
		name  string
		group wire.Group
		peer  []byte
		ok    bool
	}{
		{"zero", wire.Group1, small(0), false},
		{"one", wire.Group1, small(1), false},
		{"two", wire.Group1, small(2), true},
		{"p-2", wire.Group1, near(-2), true},
		{"p-1", wire.Group1, near(-1), false},
		{"p", wire.Group1, near(0), false},
		{"p+1", wire.Group1, near(1), false},
		{"all ones", wire.Group1, bytes.Repeat([]byte{0xff}, 96), false},
		{"one octet short", wire.Group1, near(-2)[1:], false},
		{"one octet long", wire.Group1, append([]byte{0}, near(-2)...), false},
		{"empty", wire.Group1, []byte{}, false},
		{"of another group", wire.Group14, near(-2), false},
		{"a point", wire.Group19, point, true},
		{"not on the curve", wire.Group19, off, false},
		{"at infinity", wire.Group19, make([]byte, 64), false},
		{"compressed", wire.Group19, append([]byte{2}, point[:32]...), false},
		{"with its form", wire.Group19, append([]byte{4}, point...), false},
		{"x not below the field's prime", wire.Group19, bytes.Repeat([]byte{0xff}, 64), false},
		{"a point of another curve", wire.Group20, point, false},
	} {
		got := DH{Group: test.group, Private: private(test.group, 7), Peer: test.peer}.Do()
		var refused *PublicError
		switch {
		case test.ok && (got.Err != nil || len(got.Shared) == 0):
			t.Errorf("%s: Do() = %v, want a secret", test.name, got.Err)
		case !test.ok && (!errors.As(got.Err, &refused) || refused.Group != test.group || refused.Reason == ""):
			t.Errorf("%s: Do() = %v, want a *PublicError", test.name, got.Err)
		case !test.ok && (got.Shared != nil || got.Public != nil):
			t.Errorf("%s: a refused value left results", test.name)
		}
	}
}

func TestDHMistakes(t *testing.T) {
	for _, test := range []struct {
		name string
		work DH
	}{
		{"group not supported", DH{Group: wire.Group25, Private: make(secret.Octets, 32)}},
		{"no private value", DH{Group: wire.Group14}},
		{"private value too short", DH{Group: wire.Group14, Private: make(secret.Octets, 31)}},
		{"private value too long", DH{Group: wire.Group19, Private: make(secret.Octets, 33)}},
	} {
		var refused *PublicError
		if got := test.work.Do(); got.Err == nil || errors.As(got.Err, &refused) {
			t.Errorf("%s: Do() = %v, want an error that is no *PublicError", test.name, got.Err)
		}
	}
}

// TestScalars gives entropy that is no scalar as it is.
func TestScalars(t *testing.T) {
	for _, g := range []wire.Group{wire.Group19, wire.Group20, wire.Group21} {
		order := map[wire.Group]elliptic.Curve{
			wire.Group19: elliptic.P256(), wire.Group20: elliptic.P384(), wire.Group21: elliptic.P521(),
		}[g].Params().N
		seen := map[string]bool{}
		for name, entropy := range map[string]secret.Octets{
			"zeros":            make(secret.Octets, PrivateLen(g)),
			"ones":             bytes.Repeat([]byte{0xff}, PrivateLen(g)),
			"the order":        order.FillBytes(make([]byte, PrivateLen(g))),
			"one":              append(make(secret.Octets, PrivateLen(g)-1), 1),
			"the order less 1": new(big.Int).Sub(order, big.NewInt(1)).FillBytes(make([]byte, PrivateLen(g))),
		} {
			a, b := DH{Group: g, Private: entropy}.Do(), DH{Group: g, Private: entropy}.Do()
			if a.Err != nil || !bytes.Equal(a.Public, b.Public) {
				t.Errorf("%v, %s: Do() = %v and not the same twice", g, name, a.Err)
			}
			seen[string(a.Public)] = true
		}
		if len(seen) != 5 {
			t.Errorf("%v: %d public values of 5 private ones", g, len(seen))
		}
	}
}

// TestGroupTable checks that exponents are twice as long as the group is strong.
func TestGroupTable(t *testing.T) {
	strength := map[wire.Group]int{ // NIST SP 800-57, part 1, table 2; RFC 3526 §8 where higher
		wire.Group1: 80, wire.Group2: 80, wire.Group5: 120, wire.Group14: 128, wire.Group15: 160, wire.Group16: 192,
		wire.Group17: 208, wire.Group18: 256, wire.Group22: 80, wire.Group23: 112, wire.Group24: 112,
		wire.Group19: 128, wire.Group20: 192, wire.Group21: 256,
	}
	if len(groups) != len(strength) {
		t.Errorf("%d groups, %d strengths", len(groups), len(strength))
	}
	for g, bits := range strength {
		if got := PrivateLen(g) * 8; got < 2*bits || !GroupSupported(g) {
			t.Errorf("%v: %d bits of exponent, want %d at least", g, got, 2*bits)
		}
	}
	if GroupSupported(wire.Group28) || PrivateLen(wire.Group28) != 0 || PublicLen(wire.Group28) != 0 {
		t.Error("group 28 is not refused")
	}
}

func BenchmarkDH(b *testing.B) {
	for _, g := range allGroups {
		peer := DH{Group: g, Private: private(g, 1)}.Do().Public
		b.Run(g.String()+"/public", func(b *testing.B) {
			work := DH{Group: g, Private: private(g, 2)}
			for b.Loop() {
				work.Do()
			}
		})
		b.Run(g.String()+"/shared", func(b *testing.B) {
			work := DH{Group: g, Private: private(g, 2), Public: peer, Peer: peer}
			for b.Loop() {
				work.Do()
			}
		})
	}
}
