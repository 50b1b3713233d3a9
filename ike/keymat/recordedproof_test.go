package keymat_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"testing"

	"sallyport/ike/iketest/recorded"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
)

// A proof is what one end shows to be itself.
type proof struct {
	name string // "HASH_I" or "HASH_R"
	hash []byte // as we compute it
	sent *wire.Message
}

// proofs returns the messages of phase 1 with a HASH or SIG payload.
func proofs(t *testing.T, sa recorded.ISAKMPSA, k *keymat.Keys) []proof {
	t.Helper()
	var list []proof
	for _, m := range sa.Messages {
		if number(m.MessageID) != 0 {
			continue
		}
		parsed := parse(t, m)
		if parsed.Find(wire.PayloadHash) < 0 && parsed.Find(wire.PayloadSignature) < 0 {
			continue
		}
		p := proof{"HASH_I", k.HashI(exchangeOf(sa), sa.IDi), parsed}
		if m.Direction == "r->i" {
			p = proof{"HASH_R", k.HashR(exchangeOf(sa), sa.IDr), parsed}
		}
		list = append(list, p)
	}
	return list
}

// TestRecordedProofs checks the hash or the signature by which each end
// authenticates itself, the latter with the key of the certificate beside it.
func TestRecordedProofs(t *testing.T) {
	each(t, func(t *testing.T, sa recorded.ISAKMPSA, k *keymat.Keys) {
		method := wire.AuthMethod(sa.Attributes.Auth)
		signed := 0
		list := proofs(t, sa, k)
		for _, p := range list {
			if i := p.sent.Find(wire.PayloadHash); i >= 0 {
				same(t, p.name, p.sent.Payloads[i].(wire.Hash).Data, p.hash)
				continue
			}
			signed++
			checkSignature(t, sa, p)
		}
		want := map[bool]int{true: 2}[method.IsSignature()]
		if method == wire.AuthHybridInitRSA || method == wire.AuthHybridRespRSA {
			want = 1 // the gateway's
		}
		if len(list) != 2 || signed != want {
			t.Errorf("%d proofs, %d of them signatures, want 2 and %d", len(list), signed, want)
		}
	})
}

// checkSignature verifies a signature over the hash itself, which is not hashed
// again and has no name of an algorithm in front.
func checkSignature(t *testing.T, sa recorded.ISAKMPSA, p proof) {
	t.Helper()
	signature := p.sent.Payloads[p.sent.Find(wire.PayloadSignature)].(wire.Signature).Data
	switch key := publicKey(t, p.sent).(type) {
	case *rsa.PublicKey:
		block := new(big.Int).Exp(new(big.Int).SetBytes(signature), big.NewInt(int64(key.E)), key.N)
		same(t, "block under the signature of "+p.name, block.FillBytes(make([]byte, key.Size())), sa.Signed[p.name])
		if err := rsa.VerifyPKCS1v15(key, crypto.Hash(0), p.hash, signature); err != nil {
			t.Errorf("signature of %s: %v", p.name, err)
		}
	case *ecdsa.PublicKey:
		half := len(signature) / 2
		r, s := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
		if len(signature) != 64 || !ecdsa.Verify(key, p.hash, r, s) {
			t.Errorf("signature of %s of %d octets is wrong", p.name, len(signature))
		}
	default:
		t.Errorf("key of type %T", key)
	}
}

// publicKey returns the key in a message's first certificate.
func publicKey(t *testing.T, m *wire.Message) any {
	t.Helper()
	i := m.Find(wire.PayloadCert)
	if i < 0 {
		t.Fatalf("no certificate in %v", m)
	}
	c, err := x509.ParseCertificate(m.Payloads[i].(wire.Certificate).Data)
	if err != nil {
		t.Fatal(err)
	}
	return c.PublicKey
}
