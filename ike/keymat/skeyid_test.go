package keymat

import (
	"bytes"
	"testing"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// TestAuthenticated compares SKEYID of each method with the formulas of RFC 2409 §5,
// and HASH_I and HASH_R with the hash that belongs to the method.
func TestAuthenticated(t *testing.T) {
	s := Suite{Cipher{wire.EncAES, 128}, wire.HashMD5, wire.Group14}
	secrets := Secrets{PreShared: secret.Octets("psk"), Shared: secret.Octets("g^xy")}
	nonces := bytes.Join([][]byte{sample.NonceI, sample.NonceR}, nil)
	preShared := prf(s.Hash, secrets.PreShared, nonces)
	signed := prf(s.Hash, secret.Octets(nonces), secrets.Shared)
	for _, test := range []struct {
		method wire.AuthMethod
		skeyid []byte // nil: not supported
		proof  wire.HashAlgorithm
	}{
		{wire.AuthPSK, preShared, wire.HashMD5},
		{wire.AuthXAUTHInitPSK, preShared, wire.HashMD5},
		{wire.AuthXAUTHRespPSK, preShared, wire.HashMD5},
		{wire.AuthRSA, signed, wire.HashMD5},
		{wire.AuthXAUTHInitRSA, signed, wire.HashMD5},
		{wire.AuthHybridInitRSA, signed, wire.HashMD5},
		{wire.AuthHybridRespRSA, signed, wire.HashMD5},
		{wire.AuthDSS, signed, wire.HashSHA1},
		{wire.AuthHybridInitDSS, signed, wire.HashSHA1},
		{wire.AuthECDSA256, signed, wire.HashSHA256},
		{wire.AuthECDSA384, signed, wire.HashSHA384},
		{wire.AuthECDSA521, signed, wire.HashSHA512},
		{wire.AuthRSAEncryption, nil, 0},
		{wire.AuthXAUTHInitRSARevised, nil, 0},
		{77, nil, 0},
	} {
		k, err := Authenticated(test.method, s, secrets, sample)
		if test.skeyid == nil {
			if err == nil || k != nil {
				t.Errorf("%v: Authenticated = %v, want an error", test.method, err)
			}
			continue
		}
		if err != nil || !k.SKEYID.Equal(test.skeyid) {
			t.Errorf("%v: SKEYID is not as RFC 2409 says: %v", test.method, err)
			continue
		}
		checkProof(t, test.method, k, test.proof)
	}
}

// checkProof compares HASH_I and HASH_R with those of a hash.
func checkProof(t *testing.T, m wire.AuthMethod, k *Keys, h wire.HashAlgorithm) {
	t.Helper()
	x, id := sample, []byte("ID")
	i := prf(h, k.SKEYID, x.PublicI, x.PublicR, x.CookieI[:], x.CookieR[:], x.SA, id)
	r := prf(h, k.SKEYID, x.PublicR, x.PublicI, x.CookieR[:], x.CookieI[:], x.SA, id)
	if !bytes.Equal(k.HashI(x, id), i) || !bytes.Equal(k.HashR(x, id), r) {
		t.Errorf("%v: HASH_I or HASH_R is not of %v", m, h)
	}
	if len(k.Hash1(1, id)) != HashLen(wire.HashMD5) {
		t.Errorf("%v: HASH(1) is not of the negotiated hash", m)
	}
	if got := ProofHash(m, wire.HashMD5); got != h {
		t.Errorf("ProofHash(%v) = %v, want %v", m, got, h)
	}
}

func TestSignatureRefuses(t *testing.T) {
	s := Suite{Cipher{wire.EncAES, 128}, wire.HashSHA1, wire.Group14}
	for _, m := range []wire.AuthMethod{wire.AuthPSK, wire.AuthXAUTHInitPSK, wire.AuthRSAEncryption, 0} {
		if k, err := Signature(m, s, nil, sample); err == nil || k != nil {
			t.Errorf("Signature(%v) = %v, want an error", m, err)
		}
	}
}

// TestSignatureKeepsNonces checks that the nonces in the caller's hands stay as they
// are, with room behind them or not.
func TestSignatureKeepsNonces(t *testing.T) {
	x := sample
	roomy := append(make([]byte, 0, 64), x.NonceI...)
	x.NonceI = roomy
	if _, err := Signature(wire.AuthRSA, Suite{Cipher{wire.EncAES, 128}, wire.HashSHA1, wire.Group14}, nil, x); err != nil {
		t.Fatal(err)
	}
	if rest := roomy[len(roomy):cap(roomy)]; !bytes.Equal(rest, make([]byte, len(rest))) {
		t.Errorf("what follows Ni_b was overwritten with %x", rest)
	}
}
