package pki

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"sallyport/ike/wire"
)

// A responder answers as a case wants it to.
type responder struct {
	scene    *scene
	signer   *entity
	issuer   *entity // of the certificate that the answer is about; nil: the scene's authority
	template ocsp.Response
	embed    bool // the signer's certificate goes along
}

// answer checks the request and signs the template.
func (r *responder) answer(t *testing.T, request []byte) []byte {
	t.Helper()
	q, err := ocsp.ParseRequest(request)
	if err != nil || q.SerialNumber.Cmp(r.scene.leaf.SerialNumber) != 0 {
		t.Fatalf("request %+v, %v; want one about %v", q, err, r.scene.leaf.SerialNumber)
	}
	issuer := r.scene.ca.Certificate
	if r.issuer != nil {
		issuer = r.issuer.Certificate
	}
	if r.embed {
		r.template.Certificate = r.signer.Certificate
	}
	b, err := ocsp.CreateResponse(issuer, r.signer.Certificate, r.template, r.signer.key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// delegate makes the certificate of a responder.
func delegate(t *testing.T, issuer *entity, change func(*x509.Certificate)) *entity {
	c := x509.Certificate{RawSubject: name(t, "ocsp"), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}, KeyUsage: x509.KeyUsageDigitalSignature}
	change(&c)
	return sign(t, issuer, ecKey(t, elliptic.P256()), c)
}

func TestByResponder(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*testing.T, *responder)
		words  string // of the refusal; empty: accepted
	}{
		{"good, by the authority", func(*testing.T, *responder) {}, ""},
		{"good, by the authority with its certificate", func(_ *testing.T, r *responder) { r.embed = true }, ""},
		{"good, by a delegate", func(t *testing.T, r *responder) {
			r.signer, r.embed = delegate(t, r.scene.ca, func(*x509.Certificate) {}), true
		}, ""},
		{"revoked", func(_ *testing.T, r *responder) {
			r.template.Status, r.template.RevokedAt, r.template.RevocationReason = ocsp.Revoked, t0.Add(-time.Hour), 4
		}, "responder http://ocsp.test: revoked on 2026-11-21T11:00:00Z (superseded)"},
		{"unknown", func(_ *testing.T, r *responder) { r.template.Status = ocsp.Unknown }, "the certificate is unknown there"},
		{"about another", func(_ *testing.T, r *responder) { r.template.SerialNumber = big.NewInt(999999) }, "no response matching"},
		{"about one of another authority with its number", func(t *testing.T, r *responder) { r.issuer = authority(t, nil, "other") },
			"not about a certificate of /C=ZZ/O=interop/CN=ca"},
		{"about one of an authority of the same name", func(t *testing.T, r *responder) { r.issuer = authority(t, nil, "ca") }, "not about a certificate"},
		{"about one of an authority of the same key", func(t *testing.T, r *responder) {
			r.issuer = sign(t, nil, r.scene.ca.key, authorityTemplate(t, "other"))
		}, "not about a certificate"},
		{"with another hash than the request's", func(_ *testing.T, r *responder) { r.template.IssuerHash = crypto.SHA256 }, "not about a certificate"},
		{"stale", func(_ *testing.T, r *responder) { r.template.NextUpdate = t0.Add(-time.Second) }, "the answer holds from"},
		{"of tomorrow", func(_ *testing.T, r *responder) { r.template.ThisUpdate = t0.Add(time.Hour) }, "the answer holds from"},
		{"without an end, fresh", func(_ *testing.T, r *responder) { r.template.NextUpdate = time.Time{} }, ""},
		{"without an end, old", func(_ *testing.T, r *responder) {
			r.template.NextUpdate, r.template.ThisUpdate = time.Time{}, t0.Add(-time.Hour)
		}, "the answer holds from"},
		{"by a stranger of the same name", func(t *testing.T, r *responder) { r.signer = authority(t, nil, "ca") }, "not signed with the key of /C=ZZ/O=interop/CN=ca"},
		{"by another's delegate", func(t *testing.T, r *responder) {
			r.signer, r.embed = delegate(t, authority(t, nil, "ca"), func(*x509.Certificate) {}), true
		}, "CN=ocsp is not signed with the key"},
		{"by a delegate that may not", func(t *testing.T, r *responder) {
			r.signer, r.embed = delegate(t, r.scene.ca, func(c *x509.Certificate) { c.ExtKeyUsage = nil }), true
		}, "not for OCSP signing"},
		{"by the peer itself", func(_ *testing.T, r *responder) { r.signer, r.embed = r.scene.leaf, true }, "not for OCSP signing"},
		{"by an expired delegate", func(t *testing.T, r *responder) {
			r.signer, r.embed = delegate(t, r.scene.ca, func(c *x509.Certificate) { c.NotAfter = t0.Add(-time.Second) }), true
		}, "CN=ocsp was valid until"},
		{"signed with SHA-1", func(_ *testing.T, r *responder) { r.template.SignatureAlgorithm = x509.ECDSAWithSHA1 }, "the answer is signed with ECDSA-SHA1"},
		{"signed with SHA-1, allowed", func(_ *testing.T, r *responder) {
			r.template.SignatureAlgorithm, r.scene.domain.AllowSHA1 = x509.ECDSAWithSHA1, true
		}, ""},
		{"by a delegate with a weak key", func(t *testing.T, r *responder) {
			c := x509.Certificate{RawSubject: name(t, "ocsp"), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}}
			r.signer, r.embed = sign(t, r.scene.ca, rsaWeak(), c), true
		}, "CN=ocsp has an RSA key of 1024 bits"},
		{"by a delegate that may not sign", func(t *testing.T, r *responder) {
			r.signer, r.embed = delegate(t, r.scene.ca, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }), true
		}, "key usage keyAgreement"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			s.domain.Revocation, s.domain.Responder = RevocationOCSP, "http://ocsp.test"
			r := &responder{scene: s, signer: s.ca, template: ocsp.Response{Status: ocsp.Good, SerialNumber: s.leaf.SerialNumber,
				ThisUpdate: t0.Add(-time.Minute), NextUpdate: t0.Add(time.Hour), IssuerHash: crypto.SHA1}}
			test.change(t, r)
			s.verify.Fetch = func(url string, request []byte) ([]byte, error) {
				if url != "http://ocsp.test" {
					t.Errorf("asked %s", url)
				}
				return r.answer(t, request), nil
			}
			_, err := s.do(t)
			if test.words == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			checkRefused(t, err, wire.InvalidCertificate, test.words)
		})
	}
}

// TestNoAnswer has responders that are none.
func TestNoAnswer(t *testing.T) {
	for _, test := range []struct {
		name  string
		url   string
		fetch func(string, []byte) ([]byte, error)
		words string
	}{
		{"none configured", "", func(string, []byte) ([]byte, error) { return nil, nil }, `domain "vpn" has no OCSP responder`},
		{"no way to ask", "http://ocsp.test", nil, "has no OCSP responder"},
		{"does not answer", "http://ocsp.test", func(string, []byte) ([]byte, error) { return nil, errors.New("time\x1bout") }, "ocsp.test: time?out"},
		{"empty", "http://ocsp.test", func(string, []byte) ([]byte, error) { return nil, nil }, "ocsp.test: "},
		{"a web page", "http://ocsp.test", func(string, []byte) ([]byte, error) { return []byte("<html>"), nil }, "ocsp.test: "},
		{"try later", "http://ocsp.test", func(string, []byte) ([]byte, error) { return ocsp.TryLaterErrorResponse, nil }, "try later"},
		{"too much", "http://ocsp.test", func(string, []byte) ([]byte, error) { return make([]byte, maxOCSP+1), nil }, "16385 octets, want at most 16384"},
	} {
		s := newScene(t)
		s.domain.Revocation, s.domain.Responder, s.verify.Fetch = RevocationOCSP, test.url, test.fetch
		_, err := s.do(t)
		checkRefused(t, err, wire.InvalidCertificate, test.words)
	}
}

// TestCRLOrOCSP: a list decides if it is current; a revoked certificate stays so.
func TestCRLOrOCSP(t *testing.T) {
	for _, test := range []struct {
		name  string
		lists func(*testing.T, *scene) *x509.RevocationList
		asks  bool
		words string
	}{
		{"a current list", func(t *testing.T, s *scene) *x509.RevocationList { return list(t, s.ca, x509.RevocationList{}) }, false, ""},
		{"revoked by the list", func(t *testing.T, s *scene) *x509.RevocationList {
			return list(t, s.ca, x509.RevocationList{}, s.leaf.SerialNumber)
		}, false, "revoked"},
		{"a stale list", func(t *testing.T, s *scene) *x509.RevocationList {
			return list(t, s.ca, x509.RevocationList{NextUpdate: t0.Add(-time.Second)})
		}, true, ""},
		{"no list and no answer", nil, false, "no revocation list of /C=ZZ/O=interop/CN=ca is there, and OCSP responder"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			s.domain.Revocation, s.domain.Responder = RevocationCRLOrOCSP, "http://ocsp.test"
			if test.lists != nil {
				s.lists(test.lists(t, s))
			}
			r := &responder{scene: s, signer: s.ca, template: ocsp.Response{SerialNumber: s.leaf.SerialNumber, ThisUpdate: t0, NextUpdate: t0.Add(time.Hour), IssuerHash: crypto.SHA1}}
			asked := false
			s.verify.Fetch = func(_ string, request []byte) ([]byte, error) {
				if test.lists == nil {
					return nil, errors.New("unreachable")
				}
				asked = true
				return r.answer(t, request), nil
			}
			_, err := s.do(t)
			if asked != test.asks {
				t.Errorf("asked the responder: %v, want %v", asked, test.asks)
			}
			if test.words == "" && err != nil {
				t.Error(err)
			}
			if test.words != "" {
				checkRefused(t, err, wire.InvalidCertificate, test.words)
			}
		})
	}
}

// TestOpenSSLResponder asks `openssl ocsp`, which reads the request from a file
// and writes its answer to another.
func TestOpenSSLResponder(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip(err)
	}
	for _, test := range []struct {
		name, index, words string
		delegated          bool
	}{
		{"good", "V\t301231000000Z\t\t%02X\tunknown\t/CN=left\n", "", false},
		{"good by a delegate", "V\t301231000000Z\t\t%02X\tunknown\t/CN=left\n", "", true},
		{"revoked", "R\t301231000000Z\t261101000000Z,keyCompromise\t%02X\tunknown\t/CN=left\n", "revoked on 2026-11-01T00:00:00Z (keyCompromise)", false},
		{"unknown", "", "the certificate is unknown there", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			signer := s.ca
			if test.delegated {
				signer = delegate(t, s.ca, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Unix(0, 0), time.Now().AddDate(1, 0, 0) })
			}
			index := test.index
			if index != "" {
				index = fmt.Sprintf(index, s.leaf.SerialNumber)
			}
			s.domain.Revocation, s.domain.Responder = RevocationOCSP, "http://ocsp.test"
			s.verify.Fetch = openSSL(t, s.ca, signer, index)
			q := inquiry{domain: &s.domain, now: time.Now(), fetch: s.verify.Fetch}
			err := q.ask(s.leaf.Certificate, s.ca.Certificate)
			if test.words == "" && err != nil {
				t.Error(err)
			}
			if test.words != "" {
				checkError(t, err, test.words)
			}
		})
	}
}

// openSSL returns a fetch that runs `openssl ocsp` with an index of certificates.
func openSSL(t *testing.T, ca, signer *entity, index string) func(string, []byte) ([]byte, error) {
	t.Helper()
	dir := t.TempDir()
	key, err := KeyPEM(signer.key)
	if err != nil {
		t.Fatal(err)
	}
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, b []byte) {
		if err := os.WriteFile(path(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("ca.pem", CertificatesPEM(ca.Certificate))
	write("signer.pem", CertificatesPEM(signer.Certificate))
	write("signer.key", key)
	write("index.txt", []byte(index))
	return func(_ string, request []byte) ([]byte, error) {
		write("request.der", request)
		out, err := exec.Command("openssl", "ocsp", "-index", path("index.txt"), "-CA", path("ca.pem"), "-rsigner", path("signer.pem"),
			"-rkey", path("signer.key"), "-reqin", path("request.der"), "-respout", path("answer.der")).CombinedOutput()
		if err != nil {
			t.Logf("openssl: %s", out)
			return nil, err
		}
		return os.ReadFile(path("answer.der"))
	}
}

func FuzzOCSP(f *testing.F) {
	ca := authority(f, nil, "ca")
	leaf := sign(f, ca, ecKey(f, elliptic.P256()), leafTemplate(f))
	b, err := ocsp.CreateResponse(ca.Certificate, ca.Certificate, ocsp.Response{SerialNumber: leaf.SerialNumber, ThisUpdate: t0, IssuerHash: crypto.SHA1}, ca.key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	right, err := ocsp.ParseResponse(b, nil)
	if err != nil {
		f.Fatal(err)
	}
	request, err := ocsp.CreateRequest(leaf.Certificate, ca.Certificate, nil)
	if err != nil {
		f.Fatal(err)
	}
	q := inquiry{domain: &Domain{Name: "vpn"}, now: t0}
	if err := q.checkAnswer(b, request, leaf.Certificate, ca.Certificate); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		if q.checkAnswer(answer, request, leaf.Certificate, ca.Certificate) != nil {
			return
		}
		if r, err := ocsp.ParseResponse(answer, nil); err != nil || !bytes.Equal(r.TBSResponseData, right.TBSResponseData) {
			t.Errorf("%x was accepted", answer)
		}
	})
}

func TestRevocationString(t *testing.T) {
	var all []string
	for r := range Revocation(5) {
		all = append(all, r.String())
	}
	if got := strings.Join(all, " "); got != "crl ocsp crl-or-ocsp none revocation 4" {
		t.Errorf("the rules are %s", got)
	}
	q := inquiry{domain: &Domain{Revocation: 4}}
	checkError(t, q.ask(nil, nil), "is no rule")
}
