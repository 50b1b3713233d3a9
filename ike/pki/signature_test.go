package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"slices"
	"testing"

	"sallyport/ike/wire"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// raise returns signature^exponent modulo the key, as long as the key.
func raise(key *rsa.PublicKey, b []byte, exponent *big.Int) []byte {
	return new(big.Int).Exp(new(big.Int).SetBytes(b), exponent, key.N).FillBytes(make([]byte, key.Size()))
}

// block is what an RSA signature is to be over: RFC 2409 §5.1.
func block(key *rsa.PublicKey, hash []byte) []byte {
	b := bytes.Repeat([]byte{0xff}, key.Size()-len(hash))
	b[0], b[1], b[len(b)-1] = 0, 1, 0
	return append(b, hash...)
}

func TestSignRSA(t *testing.T) {
	key := rsaKey()
	for _, size := range []int{16, 20, 32, 48, 64} {
		hash := bytes.Repeat([]byte{7}, size)
		got, err := schemes[wire.AuthRSA].sign(key, hash)
		if err != nil {
			t.Fatal(err)
		}
		if want := raise(&key.PublicKey, block(&key.PublicKey, hash), key.D); !bytes.Equal(got, want) {
			t.Errorf("sign(%d octets) = %x, want %x", size, got, want)
		}
		if err := schemes[wire.AuthXAUTHRespRSA].verify(&key.PublicKey, hash, got); err != nil {
			t.Error(err)
		}
	}
}

// TestForgedRSA signs, with the real key, every block that is not the one that
// is wanted: a check that reads the block instead of comparing it takes some.
func TestForgedRSA(t *testing.T) {
	key := rsaKey()
	right := block(&key.PublicKey, theHash)
	info, err := rsa.SignPKCS1v15(nil, key, crypto.SHA1, theHash)
	if err != nil {
		t.Fatal(err)
	}
	change := func(at int, to byte) []byte {
		b := slices.Clone(right)
		b[at] = to
		return b
	}
	short := append(append([]byte{0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}, theHash...), make([]byte, 256-31)...)
	for name, signature := range map[string][]byte{
		"block type 2":               raise(&key.PublicKey, change(1, 2), key.D),
		"padding with a hole":        raise(&key.PublicKey, change(100, 0), key.D),
		"no end of padding":          raise(&key.PublicKey, change(len(right)-21, 0xff), key.D),
		"hash after short padding":   raise(&key.PublicKey, short, key.D),
		"hash with a changed octet":  raise(&key.PublicKey, change(len(right)-1, 0), key.D),
		"DigestInfo around the hash": info,
		"zero":                       make([]byte, 256),
		"the modulus":                key.N.Bytes(),
		"an octet before":            append([]byte{0}, raise(&key.PublicKey, right, key.D)...),
	} {
		if schemes[wire.AuthRSA].verify(&key.PublicKey, theHash, signature) == nil {
			t.Errorf("a signature with %s was accepted", name)
		}
	}
	if err := verifyRSA(&key.PublicKey, theHash, raise(&key.PublicKey, right, key.D)); err != nil {
		t.Errorf("the right block: %v", err)
	}
}

// TestRFC4754 has the first example of §8.
func TestRFC4754(t *testing.T) {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), unhex(t, "04"+
		"2442a5cc0ecd015fa3ca31dc8e2bbc70bf42d60cbca20085e0822cb04235e970"+
		"6fc98bd7e50211a4a27102fa3549df79ebcb4bf246b80945cddfe7d509bbfd7d"))
	if err != nil {
		t.Fatal(err)
	}
	hash := unhex(t, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
	signature := unhex(t, "cb28e0999b9c7715fd0a80d8e47a77079716cbbf917dd72e97566ea1c066957c"+
		"86fa3bb4e26cad5bf90b7f81899256ce7594bb1ea0c89212748bff3b3d5b0315")
	if err := schemes[wire.AuthECDSA256].verify(key, hash, signature); err != nil {
		t.Error(err)
	}
}

// TestSignECDSA signs twice and gets the same: RFC 6979.
func TestSignECDSA(t *testing.T) {
	for m, size := range map[wire.AuthMethod]int{wire.AuthECDSA256: 64, wire.AuthECDSA384: 96, wire.AuthECDSA521: 132} {
		s := schemes[m]
		key := ecKey(t, s.curve)
		hash := bytes.Repeat([]byte{9}, s.hash.Size())
		one, err := s.sign(key, hash)
		if err != nil {
			t.Fatal(err)
		}
		two, _ := s.sign(key, hash)
		if len(one) != size || !bytes.Equal(one, two) {
			t.Errorf("%v signs %x, then %x; want the same %d octets", m, one, two, size)
		}
		if err := s.verify(&key.PublicKey, hash, one); err != nil {
			t.Errorf("%v: %v", m, err)
		}
		for i := range one {
			bad := slices.Clone(one)
			bad[i] ^= 0x10
			if s.verify(&key.PublicKey, hash, bad) == nil {
				t.Errorf("%v accepts a signature with octet %d changed", m, i)
			}
		}
		checkError(t, s.verify(&key.PublicKey, hash, one[1:]), "want r and s of")
		checkError(t, s.verify(&key.PublicKey, hash, make([]byte, size)), "not over our hash")
		checkError(t, s.verify(&key.PublicKey, hash[1:], one), "octets, want the")
	}
}

// TestECDSAIsNotDER refuses the form that X.509 uses.
func TestECDSAIsNotDER(t *testing.T) {
	key := ecKey(t, elliptic.P256())
	hash := make([]byte, 32)
	b, err := key.Sign(nil, hash, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(b, &pair); err != nil {
		t.Fatal(err)
	}
	checkError(t, schemes[wire.AuthECDSA256].verify(&key.PublicKey, hash, b), "want r and s of 32 each")
}

// TestRFC6979 has the example of A.2.5 for the message "sample", P-256 and SHA-256.
func TestRFC6979(t *testing.T) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), unhex(t, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"))
	if err != nil {
		t.Fatal(err)
	}
	hash := unhex(t, "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf")
	want := unhex(t, "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"+
		"f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8")
	if got, err := schemes[wire.AuthECDSA256].sign(key, hash); err != nil || !bytes.Equal(got, want) {
		t.Errorf("sign(%x) = %x, %v, want %x", hash, got, err, want)
	}
}

func TestFits(t *testing.T) {
	keys := map[string]crypto.PublicKey{
		"RSA": rsaKey().Public(), "P-256": ecKey(t, elliptic.P256()).Public(), "P-384": ecKey(t, elliptic.P384()).Public(), "P-521": ecKey(t, elliptic.P521()).Public(),
	}
	for m, want := range map[wire.AuthMethod]string{
		wire.AuthRSA: "RSA", wire.AuthHybridInitRSA: "RSA", wire.AuthHybridRespRSA: "RSA", wire.AuthXAUTHInitRSA: "RSA",
		wire.AuthXAUTHRespRSA: "RSA", wire.AuthECDSA256: "P-256", wire.AuthECDSA384: "P-384", wire.AuthECDSA521: "P-521",
		wire.AuthPSK: "", wire.AuthDSS: "", wire.AuthRSAEncryption: "", wire.AuthRSARevised: "", wire.AuthXAUTHInitPSK: "",
	} {
		s, signs := schemes[m]
		for name, key := range keys {
			if got := signs && s.fits(key); got != (name == want) {
				t.Errorf("%v fits %s: %v", m, name, got)
			}
		}
	}
}

func FuzzSignature(f *testing.F) {
	key := ecKey(f, elliptic.P256())
	hash := make([]byte, 32)
	good, err := schemes[wire.AuthECDSA256].sign(key, hash)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(make([]byte, 256))
	f.Fuzz(func(t *testing.T, b []byte) {
		if schemes[wire.AuthECDSA256].verify(&key.PublicKey, hash, b) == nil && !bytes.Equal(b, good) {
			t.Errorf("%x was accepted", b)
		}
		if schemes[wire.AuthRSA].verify(rsaKey().Public(), hash, b) == nil {
			t.Errorf("%x was accepted", b)
		}
	})
}
