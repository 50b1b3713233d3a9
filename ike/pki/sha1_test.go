package pki

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sallyport/ike/wire"
)

// RSA with SHA-1 and with MD5: RFC 4055, RFC 3279.
var (
	oidSHA1WithRSA = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}
	oidMD5WithRSA  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 4}
)

// resigned signs what is signed in a certificate or list again, with another
// hash: crypto/x509 does not make such.
func resigned(t testing.TB, raw []byte, key crypto.Signer, oid asn1.ObjectIdentifier, h crypto.Hash) []byte {
	t.Helper()
	algorithm := der(t, struct {
		OID  asn1.ObjectIdentifier
		Null asn1.RawValue
	}{oid, asn1.NullRawValue})
	var outer, tbs []asn1.RawValue
	unmarshal(t, raw, &outer)
	unmarshal(t, outer[0].FullBytes, &tbs)
	i := slices.IndexFunc(tbs, func(v asn1.RawValue) bool { return slices.Equal(v.FullBytes, outer[1].FullBytes) })
	tbs[i] = asn1.RawValue{FullBytes: algorithm}
	body := der(t, tbs)
	sum := h.New()
	sum.Write(body)
	signature, err := key.Sign(nil, sum.Sum(nil), h)
	if err != nil {
		t.Fatal(err)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(body)
		b.AddBytes(algorithm)
		b.AddASN1BitString(signature)
	})
	return b.BytesOrPanic()
}

func unmarshal(t testing.TB, b []byte, v any) {
	t.Helper()
	if _, err := asn1.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

// oldScene has an RSA authority and a peer whose certificate it signed with an
// old hash.
func oldScene(t *testing.T, change func(*x509.Certificate), oid asn1.ObjectIdentifier, h crypto.Hash) *scene {
	s := newScene(t)
	c := authorityTemplate(t, "ca")
	change(&c)
	s.ca = sign(t, nil, rsaKey2(), c)
	s.domain.Authorities = []*x509.Certificate{s.ca.Certificate}
	leaf := sign(t, s.ca, rsaKey(), leafTemplate(t))
	cert, err := x509.ParseCertificate(resigned(t, leaf.Raw, s.ca.key, oid, h))
	if err != nil {
		t.Fatal(err)
	}
	s.replace(&entity{cert, leaf.key})
	return s
}

func TestSHA1(t *testing.T) {
	plain := func(*x509.Certificate) {}
	s := oldScene(t, plain, oidSHA1WithRSA, crypto.SHA1)
	_, err := s.do(t)
	checkRefused(t, err, wire.InvalidCertificate, "is signed with SHA1-RSA, want RSA or ECDSA with SHA-2")
	s.domain.AllowSHA1 = true
	if _, err := s.do(t); err != nil {
		t.Errorf("SHA-1 is allowed: %v", err)
	}
	s.replace(bend(s.leaf))
	_, err = s.do(t)
	checkRefused(t, err, wire.InvalidCertificate, "not signed with the key")
	s = oldScene(t, func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"left.test"} }, oidSHA1WithRSA, crypto.SHA1)
	s.domain.AllowSHA1 = true
	_, err = s.do(t)
	checkRefused(t, err, wire.InvalidCertificate, "has constraints (2.5.29.30) over a path with SHA-1")
	s = oldScene(t, plain, oidMD5WithRSA, crypto.MD5)
	s.domain.AllowSHA1 = true
	_, err = s.do(t)
	checkRefused(t, err, wire.InvalidCertificate, "is signed with MD5-RSA")
}

// TestSHA1List: the same flag is for lists.
func TestSHA1List(t *testing.T) {
	s := newScene(t)
	s.ca = sign(t, nil, rsaKey2(), authorityTemplate(t, "ca"))
	s.domain.Authorities, s.domain.Revocation = []*x509.Certificate{s.ca.Certificate}, RevocationCRL
	s.replace(sign(t, s.ca, rsaKey(), leafTemplate(t)))
	l, err := x509.ParseRevocationList(resigned(t, list(t, s.ca, x509.RevocationList{NextUpdate: t0.Add(time.Hour)}).Raw, s.ca.key, oidSHA1WithRSA, crypto.SHA1))
	if err != nil {
		t.Fatal(err)
	}
	s.lists(l)
	_, err = s.do(t)
	checkRefused(t, err, wire.InvalidCertificate, "list of /C=ZZ/O=interop/CN=ca is signed with SHA1-RSA")
	s.domain.AllowSHA1 = true
	if _, err := s.do(t); err != nil {
		t.Error(err)
	}
}
