package ike

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"testing"

	"sallyport/ike/iketest/recorded"
	"sallyport/ike/pki"
	"sallyport/ike/wire"
)

// A recordedKey signs what the recorded end has signed, with the signature that was recorded, and
// nothing else.
type recordedKey struct {
	public    crypto.PublicKey
	hash      []byte
	signature []byte
}

func (k recordedKey) Public() crypto.PublicKey { return k.public }

// Sign is crypto.Signer's.
func (k recordedKey) Sign(_ io.Reader, hash []byte, _ crypto.SignerOpts) ([]byte, error) {
	if !bytes.Equal(hash, k.hash) {
		return nil, errors.New("HASH_R is not the recorded one")
	}
	if _, ok := k.public.(*rsa.PublicKey); ok {
		return k.signature, nil
	}
	n := len(k.signature) / 2
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(k.signature[:n]), new(big.Int).SetBytes(k.signature[n:])})
}

// identities configures a peer and us as the recorded ends called themselves.
func (r *replay) identities(p *Peer) {
	if r.sa.Mode == "aggressive" {
		p.Mode = AggressiveMode
	}
	theirs, ours := recordedID(r.sa.IDi), recordedID(r.sa.IDr)
	p.RemoteIDType, p.LocalIDType = idTypes[theirs.IDType], idTypes[ours.IDType]
	switch p.RemoteIDType {
	case IDAddress:
		p.RemoteID, _, _ = theirs.Range()
	case IDKeyID:
		p.RemoteName = string(theirs.Data)
	default:
		p.RemoteName = pki.IDText(theirs)
	}
	if p.LocalIDType == IDFQDN {
		p.LocalID = string(ours.Data)
	}
}

// recordedID reads the body of an ID payload.
func recordedID(body recorded.Hex) wire.ID {
	return wire.ID{IDType: wire.IDType(body[0]), Data: body[4:]}
}

// credentials returns the responder's certificate, if it has shown one.
func (r *replay) credentials() map[string]*pki.Credential { return r.credentialsOf("r->i", r.sa.HashR) }

// credentialsOf returns the certificate that one end has shown, and signed a hash by.
func (r *replay) credentialsOf(direction string, hash []byte) map[string]*pki.Credential {
	leaf := r.payload(direction, wire.PayloadCert)
	if leaf == nil {
		return nil
	}
	c, err := x509.ParseCertificate(leaf[1:])
	if err != nil {
		r.t.Fatal(err)
	}
	credential, err := pki.NewCredential([]*x509.Certificate{c}, recordedKey{c.PublicKey, hash, r.payload(direction, wire.PayloadSignature)})
	if err != nil {
		r.t.Fatal(err)
	}
	return map[string]*pki.Credential{"recorded": credential}
}

// payload returns the body of the only payload of a type that one end has sent in phase 1.
func (r *replay) payload(direction string, t wire.PayloadType) []byte {
	for _, m := range r.sa.Messages {
		for _, p := range m.Payloads {
			if m.Direction == direction && be32(m.MessageID) == 0 && wire.PayloadType(p.Type) == t && p.Body != nil {
				return p.Body
			}
		}
	}
	return nil
}

// result does work, as far as it is not recorded.
func (r *replay) result(h wire.Header, work Work) Result {
	switch work := work.(type) {
	case DiffieHellman:
		return Result{DH: r.diffieHellman(h)}
	case Verification:
		return r.verified(work, r.sa.HashI)
	}
	return work.Do()
}

// verified checks a recorded signature over a hash. The path to its authority is left out: the
// authority is not in the recording.
func (r *replay) verified(v Verification, hash []byte) Result {
	if !bytes.Equal(v.Hash, hash) || len(v.Certificates) != 1 {
		r.t.Fatalf("the hash is %x, want %x; %d certificates", v.Hash, hash, len(v.Certificates))
	}
	c, err := x509.ParseCertificate(v.Certificates[0].Data)
	if err != nil {
		r.t.Fatal(err)
	}
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		err = rsa.VerifyPKCS1v15(key, 0, v.Hash, v.Signature)
	case *ecdsa.PublicKey:
		n := len(v.Signature) / 2
		if !ecdsa.Verify(key, v.Hash, new(big.Int).SetBytes(v.Signature[:n]), new(big.Int).SetBytes(v.Signature[n:])) {
			err = errors.New("not over this hash")
		}
	}
	if err != nil {
		r.t.Errorf("signature of %v: %v", c.Subject, err)
	}
	return Result{Proved: &pki.Verified{Subject: c.Subject.String(), Leaf: c}, Err: err}
}

// comparePhase1 compares what proves us with what was recorded.
func (r *replay) comparePhase1() {
	if r.sa.Mode == "main" {
		r.compareMainMode()
		return
	}
	if len(r.sent[0]) == 0 {
		r.t.Fatalf("aggressive mode was not answered; refused: %v", r.refused)
	}
	if r.sa.Signed != nil || r.payload("r->i", wire.PayloadSignature) != nil {
		return // recordedKey has seen HASH_R
	}
	m, err := wire.Parse(r.sent[0][0])
	if err != nil {
		r.t.Fatal(err)
	}
	for _, want := range []struct {
		t    wire.PayloadType
		body []byte
	}{{wire.PayloadKE, r.sa.PublicR}, {wire.PayloadNonce, r.sa.NonceR}, {wire.PayloadID, r.sa.IDr}, {wire.PayloadHash, r.sa.HashR}} {
		if i := m.Find(want.t); i < 0 || !bytes.Equal(m.Body(i), want.body) {
			r.t.Errorf("%v of aggressive mode's message 2 is not the recorded %x", want.t, want.body)
		}
	}
}

// TestRecordedKeyRefuses makes sure that a wrong HASH_R would be seen.
func TestRecordedKeyRefuses(t *testing.T) {
	for _, name := range []string{"cert-main", "cert-aggr", "cert-ecdsa"} {
		c := recorded.Load(t, name)
		r := newReplay(t, c)
		hash := bytes.Clone(r.sa.HashR)
		hash[0] ^= 1
		method := wire.AuthMethod(r.sa.Attributes.Auth)
		if _, err := r.credentials()["recorded"].Sign(method, hash); err == nil {
			t.Errorf("%s: another hash is signed", name)
		}
	}
}
