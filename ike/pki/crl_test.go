package pki

import (
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"sallyport/ike/wire"
)

func TestByList(t *testing.T) {
	critical := []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}}
	for _, test := range []struct {
		name   string
		change func(*testing.T, *scene)
		words  string // of the refusal; empty: accepted
	}{
		{"a current list without it", func(t *testing.T, s *scene) { s.lists(list(t, s.ca, x509.RevocationList{}, big.NewInt(999999))) }, ""},
		{"a current list with it", func(t *testing.T, s *scene) { s.lists(list(t, s.ca, x509.RevocationList{}, s.leaf.SerialNumber)) },
			"revoked on 2026-11-21T10:00:00Z by the list of /C=ZZ/O=interop/CN=ca (keyCompromise)"},
		{"no list", func(*testing.T, *scene) {}, "no revocation list of /C=ZZ/O=interop/CN=ca is there"},
		{"a list of another authority", func(t *testing.T, s *scene) { s.lists(list(t, authority(t, nil, "other"), x509.RevocationList{})) }, "no revocation list of"},
		{"a list of an authority of the same name", func(t *testing.T, s *scene) { s.lists(list(t, authority(t, nil, "ca"), x509.RevocationList{})) }, "not signed with its key"},
		{"a stale list", func(t *testing.T, s *scene) {
			s.lists(list(t, s.ca, x509.RevocationList{ThisUpdate: t0.Add(-time.Hour), NextUpdate: t0.Add(-time.Second)}))
		},
			"held until 2026-11-21T11:59:59Z, it is"},
		{"a stale list with it", func(t *testing.T, s *scene) {
			s.lists(list(t, s.ca, x509.RevocationList{NextUpdate: t0.Add(-time.Second)}, s.leaf.SerialNumber))
		}, "revoked"},
		{"a list of tomorrow", func(t *testing.T, s *scene) {
			s.lists(list(t, s.ca, x509.RevocationList{ThisUpdate: t0.Add(time.Hour), NextUpdate: t0.Add(2 * time.Hour)}))
		}, "is of 2026-11-21T13:00:00Z"},
		{"a list of a minute ahead", func(t *testing.T, s *scene) {
			s.lists(list(t, s.ca, x509.RevocationList{ThisUpdate: t0.Add(time.Minute), NextUpdate: t0.Add(2 * time.Hour)}))
		}, ""},
		{"the higher number withdraws", func(t *testing.T, s *scene) {
			s.lists(list(t, s.ca, x509.RevocationList{Number: big.NewInt(8)}, s.leaf.SerialNumber), list(t, s.ca, x509.RevocationList{Number: big.NewInt(7)}))
		}, "revoked"},
		{"the higher number gives back", func(t *testing.T, s *scene) {
			s.lists(list(t, s.ca, x509.RevocationList{Number: big.NewInt(7)}, s.leaf.SerialNumber), list(t, s.ca, x509.RevocationList{Number: big.NewInt(8)}))
		}, ""},
		{"a higher number that is forged", func(t *testing.T, s *scene) {
			s.lists(list(t, s.ca, x509.RevocationList{}, s.leaf.SerialNumber), list(t, authority(t, nil, "ca"), x509.RevocationList{Number: big.NewInt(8)}))
		}, "revoked"},
		{"a list that the peer sends", func(t *testing.T, s *scene) { s.send(list(t, s.ca, x509.RevocationList{}).Raw) }, "no revocation list of"},
		{"a newer list that the peer sends", func(t *testing.T, s *scene) {
			s.lists(list(t, s.ca, x509.RevocationList{Number: big.NewInt(2)}, s.leaf.SerialNumber))
			s.send(list(t, s.ca, x509.RevocationList{Number: big.NewInt(3)}).Raw)
		}, "revoked"},
		{"a newer list that the peer sends, with itself", func(t *testing.T, s *scene) {
			s.lists(list(t, s.ca, x509.RevocationList{Number: big.NewInt(2)}))
			s.send(list(t, s.ca, x509.RevocationList{Number: big.NewInt(3)}, s.leaf.SerialNumber).Raw)
		}, ""},
		{"what the peer sends as a list is none, and long", func(t *testing.T, s *scene) {
			s.lists(list(t, s.ca, x509.RevocationList{}))
			s.send(make([]byte, maxPayload+1))
		}, ""},
		{"a delta list", func(t *testing.T, s *scene) { s.lists(list(t, s.ca, x509.RevocationList{ExtraExtensions: critical})) },
			"critical extension 2.5.29.27: want a whole list"},
		{"an entry of another issuer", func(t *testing.T, s *scene) {
			s.lists(list(t, s.ca, x509.RevocationList{RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(5), RevocationTime: t0,
				ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 29}, Critical: true, Value: []byte{0x30, 0}}}}}}))
		}, "an entry with the critical extension 2.5.29.29"},
		{"an intermediate without a list", func(t *testing.T, s *scene) {
			chain := s.below(t, 1)
			s.lists(list(t, chain[1], x509.RevocationList{}))
		}, "CN=suba, number"},
		{"an intermediate that is revoked", func(t *testing.T, s *scene) {
			chain := s.below(t, 1)
			s.lists(list(t, chain[1], x509.RevocationList{}), list(t, s.ca, x509.RevocationList{}, chain[1].SerialNumber))
		}, "revoked"},
		{"lists for all of the path", func(t *testing.T, s *scene) {
			chain := s.below(t, 1)
			s.lists(list(t, chain[1], x509.RevocationList{}), list(t, s.ca, x509.RevocationList{}))
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			s.domain.Revocation = RevocationCRL
			test.change(t, s)
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

func (s *scene) lists(lists ...*x509.RevocationList) { s.domain.CRLs = lists }

// send adds a list to the peer's CERT payloads.
func (s *scene) send(list []byte) {
	s.verify.Certificates = append(s.verify.Certificates, wire.Certificate{Encoding: uint8(wire.CertCRL), Data: list})
}

// TestNoNextUpdate makes what CreateRevocationList refuses to.
func TestNoNextUpdate(t *testing.T) {
	s := newScene(t)
	s.domain.Revocation = RevocationCRL
	l := list(t, s.ca, x509.RevocationList{})
	l.NextUpdate = time.Time{}
	s.lists(l)
	_, err := s.do(t)
	checkRefused(t, err, wire.InvalidCertificate, "does not say until when it holds")
}

// TestRevocationIsLast: who cannot sign learns nothing of lists, and no
// responder is asked for him.
func TestRevocationIsLast(t *testing.T) {
	s := newScene(t)
	s.domain.Revocation, s.domain.Responder = RevocationOCSP, "http://ocsp.test"
	s.verify.Fetch = func(string, []byte) ([]byte, error) { t.Error("the responder was asked"); return nil, nil }
	s.verify.Signature[0] ^= 1
	_, err := s.do(t)
	checkRefused(t, err, wire.InvalidSignature, "not over our hash")
}

func TestCheckCRL(t *testing.T) {
	ca := authority(t, nil, "ca")
	l := list(t, ca, x509.RevocationList{})
	if err := CheckCRL(l, ca.Certificate); err != nil {
		t.Error(err)
	}
	checkError(t, CheckCRL(l, authority(t, nil, "other").Certificate), "is by /C=ZZ/O=interop/CN=ca, not by /C=ZZ/O=interop/CN=other")
	c := authorityTemplate(t, "ca")
	c.KeyUsage = x509.KeyUsageCertSign
	checkError(t, CheckCRL(l, sign(t, nil, ca.key, c).Certificate), "key usage keyCertSign, want cRLSign")
	c.KeyUsage, c.IsCA = 0, false
	checkError(t, CheckCRL(l, sign(t, nil, ca.key, c).Certificate), "is not an authority's")
	weak := authorityTemplate(t, "ca")
	checkError(t, CheckCRL(l, sign(t, nil, ecKey(t, elliptic.P224()), weak).Certificate), "want P-256, P-384 or P-521")
}

// TestNewer: numbers decide, then time.
func TestNewer(t *testing.T) {
	one, two, early, late := big.NewInt(1), big.NewInt(2), t0, t0.Add(time.Hour)
	for _, test := range []struct {
		a, b x509.RevocationList
		want bool
	}{
		{x509.RevocationList{Number: two, ThisUpdate: early}, x509.RevocationList{Number: one, ThisUpdate: late}, true},
		{x509.RevocationList{Number: one, ThisUpdate: late}, x509.RevocationList{Number: two, ThisUpdate: early}, false},
		{x509.RevocationList{Number: one, ThisUpdate: late}, x509.RevocationList{Number: one, ThisUpdate: early}, true},
		{x509.RevocationList{ThisUpdate: late}, x509.RevocationList{Number: two, ThisUpdate: early}, true},
		{x509.RevocationList{Number: two, ThisUpdate: early}, x509.RevocationList{ThisUpdate: early}, false},
	} {
		if got := newer(&test.a, &test.b); got != test.want {
			t.Errorf("newer(%v of %v, %v of %v) = %v, want %v", test.a.Number, test.a.ThisUpdate, test.b.Number, test.b.ThisUpdate, got, test.want)
		}
	}
}

func TestReasonText(t *testing.T) {
	for code, want := range map[int]string{0: "unspecified", 6: "certificateHold", 7: "reason 7", 99: "reason 99"} {
		if got := reasonText(code); got != want {
			t.Errorf("reasonText(%d) = %q, want %q", code, got, want)
		}
	}
}
