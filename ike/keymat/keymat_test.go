package keymat

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// unhex reads hexadecimal constants of tests.
func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

var ciphers = []Cipher{
	{wire.EncDES, 0}, {wire.Enc3DES, 0}, {wire.EncAES, 128}, {wire.EncAES, 192}, {wire.EncAES, 256},
}

// sample is an exchange with nothing special about it.
var sample = Exchange{
	CookieI: wire.Cookie{1}, CookieR: wire.Cookie{2},
	PublicI: []byte("g^xi"), PublicR: []byte("g^xr"),
	NonceI: []byte("Ni_b...."), NonceR: []byte("Nr_b...."), SA: []byte("SAi_b"),
}

func sampleKeys(t testing.TB, c Cipher, h wire.HashAlgorithm) *Keys {
	t.Helper()
	k, err := PreShared(Suite{c, h, wire.Group14}, secret.Octets("psk"), secret.Octets("g^xy"), sample)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestCipherLengths(t *testing.T) {
	for _, test := range []struct {
		cipher     Cipher
		key, block int
		text       string
	}{
		{Cipher{wire.EncDES, 0}, 8, 8, "des-cbc"},
		{Cipher{wire.Enc3DES, 0}, 24, 8, "3des-cbc"},
		{Cipher{wire.EncAES, 128}, 16, 16, "aes-cbc-128"},
		{Cipher{wire.EncAES, 192}, 24, 16, "aes-cbc-192"},
		{Cipher{wire.EncAES, 256}, 32, 16, "aes-cbc-256"},
		{Cipher{wire.EncAES, 0}, 0, 0, "aes-cbc"},
		{Cipher{wire.EncAES, 512}, 0, 0, "aes-cbc-512"},
		{Cipher{wire.EncDES, 64}, 0, 0, "des-cbc-64"},
		{Cipher{wire.Enc3DES, 192}, 0, 0, "3des-cbc-192"},
		{Cipher{wire.EncBlowfish, 128}, 0, 0, "blowfish-cbc-128"},
		{Cipher{}, 0, 0, "0"},
	} {
		c := test.cipher
		if c.KeyLen() != test.key || c.BlockLen() != test.block || c.Supported() != (test.key != 0) || c.String() != test.text {
			t.Errorf("%v: key %d, block %d, supported %t; want %s: %d, %d", c, c.KeyLen(), c.BlockLen(), c.Supported(), test.text, test.key, test.block)
		}
	}
}

func TestEncrypt(t *testing.T) {
	for _, c := range ciphers {
		k := sampleKeys(t, c, wire.HashSHA256)
		size := c.BlockLen()
		iv := k.FirstIV(sample)
		before := bytes.Clone(iv)
		for _, test := range []struct{ plain, padded int }{{1, size}, {size - 1, size}, {size, size}, {size + 1, 2 * size}, {0, 0}} {
			plain := bytes.Repeat([]byte{7}, test.plain)
			got, next := k.Encrypt([]byte("header"), iv, plain)
			if len(got) != len("header")+test.padded || !bytes.HasPrefix(got, []byte("header")) {
				t.Fatalf("%v: Encrypt(%d octets) = %d octets, want 6 + %d", c, test.plain, len(got), test.padded)
			}
			if len(next) != size || (test.padded > 0 && !bytes.HasSuffix(got, next)) {
				t.Errorf("%v: next IV %x is not the last block", c, []byte(next))
			}
			if test.padded == 0 {
				continue
			}
			back, nextBack, err := k.Decrypt(iv, got[len("header"):])
			want := append(plain, make([]byte, test.padded-test.plain)...)
			if err != nil || !bytes.Equal(back, want) || !bytes.Equal(nextBack, next) {
				t.Errorf("%v: Decrypt = %x, %x, %v; want %x, %x", c, back, []byte(nextBack), err, want, []byte(next))
			}
		}
		if !bytes.Equal(iv, before) {
			t.Errorf("%v: the IV given was changed", c)
		}
	}
}

// TestNextIVIsOwn checks that the IV kept does not share octets with a datagram.
func TestNextIVIsOwn(t *testing.T) {
	k := sampleKeys(t, ciphers[2], wire.HashSHA1)
	ciphertext := bytes.Repeat([]byte{1}, 32)
	plain, next, err := k.Decrypt(k.FirstIV(sample), ciphertext)
	if err != nil {
		t.Fatal(err)
	}
	clear(ciphertext)
	if next[0] != 1 || len(plain) != 32 {
		t.Error("the next IV changed with the ciphertext")
	}
}

func TestDecryptRefuses(t *testing.T) {
	for _, c := range ciphers {
		k := sampleKeys(t, c, wire.HashSHA1)
		for _, n := range []int{0, 1, c.BlockLen() - 1, c.BlockLen() + 1, 3*c.BlockLen() - 1} {
			var syntax *wire.SyntaxError
			if plain, next, err := k.Decrypt(k.FirstIV(sample), make([]byte, n)); !errors.As(err, &syntax) || plain != nil || next != nil {
				t.Errorf("%v: Decrypt(%d octets) = %x, %x, %v; want a *SyntaxError alone", c, n, plain, []byte(next), err)
			}
		}
	}
}

func TestPreSharedRefuses(t *testing.T) {
	good := Suite{Cipher{wire.EncAES, 128}, wire.HashSHA1, wire.Group14}
	for _, test := range []struct {
		name   string
		change func(*Suite)
	}{
		{"cipher", func(s *Suite) { s.Cipher.Algorithm = wire.EncIDEA }},
		{"key length", func(s *Suite) { s.Cipher.KeyBits = 0 }},
		{"hash", func(s *Suite) { s.Hash = wire.HashTiger }},
		{"group", func(s *Suite) { s.Group = wire.Group30 }},
	} {
		s := good
		test.change(&s)
		if k, err := PreShared(s, nil, nil, sample); err == nil || k != nil || s.Supported() {
			t.Errorf("%s: PreShared(%v) = %v, want an error", test.name, s, err)
		}
		if k, err := Signature(wire.AuthRSA, s, nil, sample); err == nil || k != nil {
			t.Errorf("%s: Signature(%v) = %v, want an error", test.name, s, err)
		}
	}
	if !good.Supported() {
		t.Errorf("%v is not supported", good)
	}
}

func TestHashLen(t *testing.T) {
	for h, want := range map[wire.HashAlgorithm]int{
		wire.HashMD5: 16, wire.HashSHA1: 20, wire.HashSHA256: 32, wire.HashSHA384: 48, wire.HashSHA512: 64, wire.HashTiger: 0,
	} {
		if got := HashLen(h); got != want || HashSupported(h) != (want != 0) {
			t.Errorf("HashLen(%v) = %d, want %d", h, got, want)
		}
	}
}

// TestPRF uses RFC 2202 §2 and §3, RFC 4231 §4.3: HMAC with key "Jefe".
func TestPRF(t *testing.T) {
	for h, want := range map[wire.HashAlgorithm]string{
		wire.HashMD5:    "750c783e6ab0b503eaa86e310a5db738",
		wire.HashSHA1:   "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
		wire.HashSHA256: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		wire.HashSHA384: "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
		wire.HashSHA512: "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
	} {
		got := prf(h, secret.Octets("Jefe"), []byte("what do ya want "), []byte("for nothing?"))
		if !bytes.Equal(got, unhex(want)) {
			t.Errorf("prf(%v) = %x, want %s", h, got, want)
		}
	}
}

func TestExpand(t *testing.T) {
	key, seed := secret.Octets("key"), []byte("seed")
	k1 := prf(wire.HashMD5, key, seed)
	k2 := prf(wire.HashMD5, key, k1, seed)
	k3 := prf(wire.HashMD5, key, k2, seed)
	all := append(append(bytes.Clone(k1), k2...), k3...)
	for _, n := range []int{1, 15, 16, 17, 32, 33, 48} {
		if got := expand(wire.HashMD5, n, key, seed, seed); !bytes.Equal(got, all[:n]) {
			t.Errorf("expand(%d) = %x, want %x", n, []byte(got), all[:n])
		}
	}
}

// TestKeymatTakesAll checks that each argument changes the result.
func TestKeymatTakesAll(t *testing.T) {
	k := sampleKeys(t, ciphers[2], wire.HashSHA1)
	ni, nr := []byte("ni"), []byte("nr")
	base := k.Keymat(64, wire.ProtoESP, 0x1000, nil, ni, nr)
	for name, other := range map[string]secret.Octets{
		"protocol": k.Keymat(64, wire.ProtoAH, 0x1000, nil, ni, nr),
		"SPI":      k.Keymat(64, wire.ProtoESP, 0x1001, nil, ni, nr),
		"shared":   k.Keymat(64, wire.ProtoESP, 0x1000, secret.Octets("g"), ni, nr),
		"nonces":   k.Keymat(64, wire.ProtoESP, 0x1000, nil, nr, ni),
	} {
		if base.Equal(other) || len(other) != 64 {
			t.Errorf("KEYMAT does not depend on %s", name)
		}
	}
	if short := k.Keymat(20, wire.ProtoESP, 0x1000, nil, ni, nr); !short.Equal(base[:20]) {
		t.Error("a shorter KEYMAT is not the beginning of a longer one")
	}
}

func TestWeakKeys(t *testing.T) {
	for _, test := range []struct {
		name string
		key  string
		weak bool
	}{
		{"zeros with parity", "0101010101010101", true},
		{"zeros without parity", "0000000000000000", true},
		{"ones", "fefefefefefefefe", true},
		{"ones without parity", "ffffffffffffffff", true},
		{"weak e0", "e0e0e0e0f1f1f1f1", true},
		{"weak 1f", "1f1f1f1f0e0e0e0e", true},
		{"semi-weak", "01fe01fe01fe01fe", true},
		{"its partner", "fe01fe01fe01fe01", true},
		{"semi-weak 1fe0", "1fe01fe00ef10ef1", true},
		{"semi-weak 01e0", "01e001e001f101f1", true},
		{"semi-weak 1ffe", "1ffe1ffe0efe0efe", true},
		{"semi-weak 011f", "011f011f010e010e", true},
		{"semi-weak e0fe", "e0fee0fef1fef1fe", true},
		{"one bit off", "0101010101010103", false},
		{"halves mixed", "e0e0e0e00e0e0e0e", false},
		{"ordinary", "0123456789abcdef", false},
	} {
		if got := isWeakDES(unhex(test.key)); got != test.weak {
			t.Errorf("%s: isWeakDES = %t, want %t", test.name, got, test.weak)
		}
	}
}

// TestWeakMeansInvolution checks the table against the cipher itself: each key
// has a partner in the table under which encrypting again gives the plaintext.
func TestWeakMeansInvolution(t *testing.T) {
	key := func(v uint64) secret.Octets { return unhex(fmt.Sprintf("%016x", v)) }
	plain := []byte("sallyprt")
	for v := range weakDES {
		once, twice := make([]byte, 8), make([]byte, 8)
		Cipher{wire.EncDES, 0}.newBlock(key(v)).Encrypt(once, plain)
		found := false
		for w := range weakDES {
			Cipher{wire.EncDES, 0}.newBlock(key(w)).Encrypt(twice, once)
			found = found || bytes.Equal(twice, plain)
		}
		if !found {
			t.Errorf("%016x has no partner: it is not weak", v)
		}
	}
	if len(weakDES) != 16 {
		t.Errorf("%d keys, want 4 weak and 12 semi-weak ones", len(weakDES))
	}
}

func TestWeak3DES(t *testing.T) {
	a, b, c := "0123456789abcdef", "fedcba9876543210", "0011223344556677"
	for _, test := range []struct {
		name string
		key  string
		weak bool
	}{
		{"three keys", a + b + c, false},
		{"two keys", a + b + a, false},
		{"first two the same", a + a + c, true},
		{"last two the same", a + b + b, true},
		{"the same but for parity", a + "0022446688aaccee" + c, true},
	} {
		if got := isWeak3DES(unhex(test.key)); got != test.weak {
			t.Errorf("%s: isWeak3DES = %t, want %t", test.name, got, test.weak)
		}
		err := checkKey(wire.Enc3DES, unhex(test.key))
		if errors.Is(err, ErrWeakKey) != test.weak {
			t.Errorf("%s: checkKey = %v", test.name, err)
		}
	}
	if err := checkKey(wire.EncDES, make(secret.Octets, 8)); !errors.Is(err, ErrWeakKey) {
		t.Errorf("checkKey(DES, zeros) = %v, want ErrWeakKey", err)
	}
	if err := checkKey(wire.EncAES, make(secret.Octets, 16)); err != nil {
		t.Errorf("checkKey(AES, zeros) = %v, want nil", err)
	}
}

func TestNATD(t *testing.T) {
	i, r := wire.Cookie{1}, wire.Cookie{2}
	base := NATD(wire.HashSHA1, i, r, netip.MustParseAddrPort("10.0.0.1:500"))
	if mapped := NATD(wire.HashSHA1, i, r, netip.MustParseAddrPort("[::ffff:10.0.0.1]:500")); !bytes.Equal(mapped, base) {
		t.Errorf("a mapped address gives %x, want %x", mapped, base)
	}
	for name, other := range map[string][]byte{
		"cookie order": NATD(wire.HashSHA1, r, i, netip.MustParseAddrPort("10.0.0.1:500")),
		"address":      NATD(wire.HashSHA1, i, r, netip.MustParseAddrPort("10.0.0.2:500")),
		"port":         NATD(wire.HashSHA1, i, r, netip.MustParseAddrPort("10.0.0.1:4500")),
		"IPv6":         NATD(wire.HashSHA1, i, r, netip.MustParseAddrPort("[fd00::1]:500")),
	} {
		if bytes.Equal(base, other) || len(other) != 20 {
			t.Errorf("NATD does not depend on %s", name)
		}
	}
}

func TestWipe(t *testing.T) {
	k := sampleKeys(t, ciphers[1], wire.HashMD5)
	kept := []secret.Octets{k.SKEYID, k.SKEYIDd, k.SKEYIDa, k.SKEYIDe, k.Encryption}
	k.Wipe()
	for i, o := range kept {
		if !o.Equal(make(secret.Octets, len(o))) || len(o) == 0 {
			t.Errorf("key %d is still there", i)
		}
	}
}

// TestNoKeyIsPrinted prints everything that holds secrets in every way.
func TestNoKeyIsPrinted(t *testing.T) {
	k := sampleKeys(t, ciphers[2], wire.HashSHA1)
	d := DH{Group: wire.Group19, Private: private(wire.Group19, 1), Peer: DH{Group: wire.Group19, Private: private(wire.Group19, 2)}.Do().Public}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
		text := fmt.Sprintf(verb, *k) + fmt.Sprintf(verb, d) + fmt.Sprintf(verb, d.Do())
		for _, o := range []secret.Octets{k.SKEYID, k.SKEYIDe, k.Encryption, d.Private, d.Do().Shared} {
			if strings.Contains(text, fmt.Sprintf("%x", []byte(o))) || strings.Contains(text, string(o)) {
				t.Errorf("%s prints a secret", verb)
			}
		}
	}
}

func BenchmarkPreShared(b *testing.B) {
	s := Suite{Cipher{wire.EncAES, 256}, wire.HashSHA256, wire.Group14}
	for b.Loop() {
		if _, err := PreShared(s, secret.Octets("psk"), secret.Octets("g^xy"), sample); err != nil {
			b.Fatal(err)
		}
	}
}
