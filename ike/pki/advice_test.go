package pki

import (
	"crypto"
	"crypto/x509"
	"errors"
	"math/big"
	"testing"
)

// TestAdvice is which lines a refusal names.
func TestAdvice(t *testing.T) {
	silent := func(string, []byte) ([]byte, error) { return nil, errors.New("nobody answers") }
	plain := func(*x509.Certificate) {}
	for _, test := range []struct {
		name   string
		change func(*testing.T, *scene)
		want   string
	}{
		{"no list", func(_ *testing.T, s *scene) { s.domain.Revocation = RevocationCRL },
			"`certificate-check crl` of pki domain vpn wants a current list: `pki import-crl` brings one (`certificate-check none` takes revoked certificates, too)"},
		{"revoked", func(t *testing.T, s *scene) {
			s.domain.Revocation = RevocationCRLOrOCSP
			s.lists(list(t, s.ca, x509.RevocationList{}, s.leaf.SerialNumber))
		}, "`certificate-check crl ocsp` of pki domain vpn has it asked about: another certificate is needed"},
		{"no responder", func(_ *testing.T, s *scene) { s.domain.Revocation = RevocationOCSP },
			"`certificate-check ocsp` of pki domain vpn wants a responder's word: `ocsp url` has to say where it is (`certificate-check none` takes revoked certificates, too)"},
		{"a responder that says nothing", func(_ *testing.T, s *scene) {
			s.domain.Revocation, s.domain.Responder, s.verify.Fetch = RevocationOCSP, "http://192.0.2.9/", silent
		}, "`certificate-check ocsp` of pki domain vpn wants a responder's word: `ocsp url http://192.0.2.9/` has to answer (`certificate-check none` takes revoked certificates, too)"},
		{"neither", func(_ *testing.T, s *scene) { s.domain.Revocation = RevocationCRLOrOCSP },
			"`certificate-check crl ocsp` of pki domain vpn wants a current list or a responder's word: `pki import-crl` brings a list, `ocsp url` has to say where it is"},
		{"a certificate with SHA-1", func(t *testing.T, s *scene) { *s = *oldScene(t, plain, oidSHA1WithRSA, crypto.SHA1) },
			"`signature sha1 enable` of pki domain vpn would accept it, and what is forged with it"},
		{"a list with SHA-1", func(t *testing.T, s *scene) {
			*s = *oldScene(t, plain, oidSHA1WithRSA, crypto.SHA1)
			s.replace(sign(t, s.ca, rsaKey(), leafTemplate(t)))
			l, err := x509.ParseRevocationList(resigned(t, list(t, s.ca, x509.RevocationList{}, big.NewInt(1)).Raw, s.ca.key, oidSHA1WithRSA, crypto.SHA1))
			if err != nil {
				t.Fatal(err)
			}
			s.domain.Revocation = RevocationCRL
			s.lists(l)
		}, "`signature sha1 enable` of pki domain vpn would accept it, and what is forged with it"},
		{"a certificate with MD5, which nothing allows", func(t *testing.T, s *scene) { *s = *oldScene(t, plain, oidMD5WithRSA, crypto.MD5) }, ""},
		{"expired", func(_ *testing.T, s *scene) { s.verify.Now = s.leaf.NotAfter.Add(1) }, ""},
	} {
		s := newScene(t)
		test.change(t, s)
		_, err := s.do(t)
		var r *Refusal
		if !errors.As(err, &r) || r.Advice != test.want {
			t.Errorf("%s: refused with %+v, want the advice %q", test.name, r, test.want)
		}
	}
}
