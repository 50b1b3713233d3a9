package pki

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"sallyport/ike/iketest/recorded"
	"sallyport/ike/wire"
)

// interopModulus is the RSA modulus of the authority /C=ZZ/O=interop/CN=ca that
// signed the recorded certificates, whose own certificate was never sent. It is
// the common divisor of s^65537 - m over two of their signatures;
// TestInteropKey finds it in their authority key identifier.
const interopModulus = "c050b4dfa7dc1a38420bea9c969f9c7f3ee619bd3a35b31b56ea98b60c565b15" +
	"f44000b8ddc2f7e4b637ed0d80fe6fdb310912fcd5f00624ce7571d8f758bfe8" +
	"9c8af2152c825aa2387bf59d65e9809a0ece0e2dae98106cedd4d458766a0fe0" +
	"5288c4845715effcced0e690d21465791e7b286373719dae661c43514a36deba" +
	"3edd9a88107c73d7d0faaac72936bb989c0fddd1aab3af3d98df59c3e2d8d850" +
	"05bb0cd973cd4bb6407993033280417df165b9d54123c33281aab160c1d07474" +
	"e0ccc9ad9f338c052fb82c7d77d161d49b9d4b2f5fb13deaaf2fb5163ed9f493" +
	"ed76720c1094b2572c1a74deff4604e945fcbf5f65c07f8ef37bcd793595516f"

// recordedTime is when the exchanges were recorded.
var recordedTime = time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)

func interopKey(t testing.TB) *rsa.PublicKey {
	return &rsa.PublicKey{N: new(big.Int).SetBytes(unhex(t, interopModulus)), E: 65537}
}

// interopAuthority is a certificate around that key. Nobody has the private
// one, so its signature is another's; nothing checks the signature of an
// authority that is configured.
func interopAuthority(t testing.TB) *x509.Certificate {
	t.Helper()
	c := authorityTemplate(t, "ca")
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(1), recordedTime.AddDate(-1, 0, 0), recordedTime.AddDate(1, 0, 0)
	b, err := x509.CreateCertificate(nil, &c, &c, interopKey(t), rsaKey())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(b)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// A proof is a message with a signature in a recorded exchange.
type proof struct {
	name   string
	hash   string // HASH_I or HASH_R
	block  []byte
	verify Verify
}

// proofs returns all signatures of the recorded exchanges, each ready to be
// verified.
func proofs(t testing.TB) (all []proof) {
	t.Helper()
	store, err := NewStore(Domain{Name: "interop", Authorities: []*x509.Certificate{interopAuthority(t)}, Revocation: RevocationNone})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range recorded.All(t) {
		for i := range c.SAs {
			sa := &c.SAs[i]
			for _, m := range sa.Messages {
				v := Verify{Now: recordedTime, Store: store, Method: wire.AuthMethod(sa.Attributes.Auth)}
				for _, p := range m.Payloads {
					switch wire.PayloadType(p.Type) {
					case wire.PayloadCert:
						v.Certificates = append(v.Certificates, wire.Certificate{Encoding: p.Body[0], Data: p.Body[1:]})
					case wire.PayloadSignature:
						v.Signature = p.Body
					}
				}
				if v.Signature == nil {
					continue
				}
				id, hash, label := sa.IDi, sa.HashI, "HASH_I"
				if m.Direction == "r->i" {
					id, hash, label = sa.IDr, sa.HashR, "HASH_R"
				}
				v.ID, v.Hash = wire.ID{IDType: wire.IDType(id[0]), Data: id[4:]}, hash
				all = append(all, proof{c.Name, label, sa.Signed[label], v})
			}
		}
	}
	return all
}

// TestInteropKey finds the key where the authority put its hash.
func TestInteropKey(t *testing.T) {
	sum := sha1.Sum(x509.MarshalPKCS1PublicKey(interopKey(t)))
	for _, p := range proofs(t) {
		c, err := x509.ParseCertificate(p.verify.Certificates[0].Data)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(c.AuthorityKeyId, sum[:]) {
			t.Errorf("%s %s: authority key %x, want %x", p.name, p.hash, c.AuthorityKeyId, sum)
		}
	}
}

// TestRecorded verifies what strongSwan signed, and refuses it with each part
// of it changed.
func TestRecorded(t *testing.T) {
	seen := make(map[string]int)
	for _, p := range proofs(t) {
		seen[p.name]++
		got, err := p.verify.Do()
		if err != nil {
			t.Errorf("%s %s: %v", p.name, p.hash, err)
			continue
		}
		if len(got.Path) != 2 || got.Domain != "interop" {
			t.Errorf("%s %s: verified %+v", p.name, p.hash, got)
		}
		if key, ok := got.Leaf.PublicKey.(*rsa.PublicKey); ok {
			if opened := raise(key, p.verify.Signature, big.NewInt(int64(key.E))); !bytes.Equal(opened, p.block) || !bytes.Equal(opened, block(key, p.verify.Hash)) {
				t.Errorf("%s %s: block %x, want %x", p.name, p.hash, opened, p.block)
			}
		}
		checkTampered(t, p)
	}
	for name, want := range map[string]int{"cert-main": 2, "cert-aggr": 2, "cert-ecdsa": 2, "cert-main-frag": 2, "hybrid": 1} {
		if seen[name] != want {
			t.Errorf("%s has %d signatures, want %d", name, seen[name], want)
		}
	}
}

// checkTampered changes one thing at a time.
func checkTampered(t *testing.T, p proof) {
	t.Helper()
	flip := func(b []byte, at int) []byte {
		c := bytes.Clone(b)
		c[at] ^= 1
		return c
	}
	v := p.verify
	v.Hash = flip(v.Hash, 0)
	_, err := v.Do()
	checkRefused(t, err, wire.InvalidSignature, "not over our hash")
	v = p.verify
	v.Signature = flip(v.Signature, len(v.Signature)-1)
	_, err = v.Do()
	checkRefused(t, err, wire.InvalidSignature, "not over our hash")
	v = p.verify
	v.ID.Data = flip(v.ID.Data, len(v.ID.Data)-1)
	_, err = v.Do()
	checkRefused(t, err, wire.InvalidIDInformation, "is not in the certificate")
	v = p.verify
	data := v.Certificates[0].Data
	v.Certificates = []wire.Certificate{{Encoding: v.Certificates[0].Encoding, Data: flip(data, len(data)-1)}}
	_, err = v.Do()
	checkRefused(t, err, wire.InvalidCertificate, "not signed with the key")
}
