package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/ike/wire"
)

// t0 is when the tests are.
var t0 = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// rsaKey and rsaKey2 are made once: they take their time.
var (
	rsaKey  = sync.OnceValue(func() *rsa.PrivateKey { return mustRSA(2048) })
	rsaKey2 = sync.OnceValue(func() *rsa.PrivateKey { return mustRSA(2048) })
	rsaWeak = sync.OnceValue(func() *rsa.PrivateKey { return mustRSA(1024) })
)

func mustRSA(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

func ecKey(t testing.TB, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// An entity is a certificate with its key and who made it.
type entity struct {
	*x509.Certificate
	key crypto.Signer
}

// name is the DER of "C=ZZ, O=interop, CN=cn".
func name(t testing.TB, cn string) []byte {
	t.Helper()
	d, err := ParseDN("C=ZZ, O=interop, CN=" + cn)
	if err != nil {
		t.Fatal(err)
	}
	return d.DER()
}

// serials counts certificates, so that none is another.
var serials int64

// sign issues a certificate of a template and key; a nil issuer: by itself.
func sign(t testing.TB, issuer *entity, key crypto.Signer, template x509.Certificate) *entity {
	t.Helper()
	serials++
	template.SerialNumber = big.NewInt(serials)
	if template.NotBefore.IsZero() {
		template.NotBefore = t0.Add(-time.Hour)
	}
	if template.NotAfter.IsZero() {
		template.NotAfter = t0.Add(24 * time.Hour)
	}
	parent, by := &template, key
	if issuer != nil {
		parent, by = issuer.Certificate, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &entity{c, key}
}

// authorityTemplate is an authority's certificate, which any change may be made to.
func authorityTemplate(t testing.TB, cn string) x509.Certificate {
	return x509.Certificate{RawSubject: name(t, cn), BasicConstraintsValid: true, IsCA: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
}

// authority makes an authority, by itself if the issuer is nil.
func authority(t testing.TB, issuer *entity, cn string) *entity {
	t.Helper()
	return sign(t, issuer, ecKey(t, elliptic.P256()), authorityTemplate(t, cn))
}

// leafTemplate is a gateway's certificate.
func leafTemplate(t testing.TB) x509.Certificate {
	return x509.Certificate{RawSubject: name(t, "left"), KeyUsage: x509.KeyUsageDigitalSignature,
		DNSNames: []string{"left.test"}, EmailAddresses: []string{"Ops@left.test"}, IPAddresses: ips("10.99.0.1", "2001:db8::1")}
}

// A scene is one authority, one peer with an RSA certificate, and its valid
// signature; a case changes what it wants to.
type scene struct {
	ca, leaf *entity
	domain   Domain
	verify   Verify
}

var theHash = []byte("a hash of SHA-1, 20o")

func newScene(t testing.TB) *scene {
	t.Helper()
	s := &scene{ca: authority(t, nil, "ca")}
	s.leaf = sign(t, s.ca, rsaKey(), leafTemplate(t))
	s.domain = Domain{Name: "vpn", Authorities: []*x509.Certificate{s.ca.Certificate}, Revocation: RevocationNone}
	s.verify = Verify{Now: t0, Method: wire.AuthRSA, Hash: theHash, ID: dnID(s.leaf), Certificates: payloads(s.leaf)}
	s.verify.Signature = signed(t, s.leaf, wire.AuthRSA, theHash)
	return s
}

// replace gives the peer another certificate over the same key.
func (s *scene) replace(leaf *entity) {
	s.leaf = leaf
	s.verify.ID, s.verify.Certificates = dnID(leaf), payloads(leaf)
}

// do verifies with the scene's domain.
func (s *scene) do(t testing.TB) (*Verified, error) {
	t.Helper()
	store, err := NewStore(s.domain)
	if err != nil {
		t.Fatal(err)
	}
	s.verify.Store = store
	return s.verify.Do()
}

func dnID(e *entity) wire.ID { return wire.ID{IDType: wire.IDDERASN1DN, Data: e.RawSubject} }

// payloads wraps certificates.
func payloads(entities ...*entity) (out []wire.Certificate) {
	for _, e := range entities {
		out = append(out, wire.Certificate{Encoding: uint8(wire.CertX509Signature), Data: e.Raw})
	}
	return out
}

// signed is the signature over a hash, by the room's own way.
func signed(t testing.TB, e *entity, m wire.AuthMethod, hash []byte) []byte {
	t.Helper()
	b, err := schemes[m].sign(e.key, hash)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checkRefused fails unless the error is a Refusal of that type whose reason
// holds the words.
func checkRefused(t testing.TB, err error, notify wire.NotifyType, words string) {
	t.Helper()
	var r *Refusal
	if !errors.As(err, &r) {
		t.Fatalf("error %v, want a Refusal with %v", err, notify)
	}
	if r.Notify != notify || !strings.Contains(r.Reason, words) {
		t.Errorf("refused with %v: %s\nwant %v: ...%s...", r.Notify, r.Reason, notify, words)
	}
}

// checkError fails unless the error's text holds the words.
func checkError(t testing.TB, err error, words string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("error %v, want one with %q", err, words)
	}
}

// list makes a revocation list of these serial numbers.
func list(t testing.TB, issuer *entity, template x509.RevocationList, serials ...*big.Int) *x509.RevocationList {
	t.Helper()
	if template.ThisUpdate.IsZero() {
		template.ThisUpdate = t0.Add(-time.Hour)
	}
	if template.NextUpdate.IsZero() {
		template.NextUpdate = t0.Add(time.Hour)
	}
	if template.Number == nil {
		template.Number = big.NewInt(1)
	}
	for _, n := range serials {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: n, RevocationTime: t0.Add(-2 * time.Hour), ReasonCode: 1})
	}
	der, err := x509.CreateRevocationList(rand.Reader, &template, issuer.Certificate, issuer.key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := x509.ParseRevocationList(der)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// bend changes one octet of a certificate's signature.
func bend(e *entity) *entity {
	raw := append([]byte(nil), e.Raw...)
	raw[len(raw)-1] ^= 1
	c, err := x509.ParseCertificate(raw)
	if err != nil {
		panic(err)
	}
	return &entity{c, e.key}
}

// der is asn1.Marshal of what can be marshalled.
func der(t testing.TB, v any) []byte {
	t.Helper()
	b, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
