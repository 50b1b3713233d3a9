package pki

import (
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"sallyport/ike/wire"
)

// judge has a scene's domain judge a certificate.
func (s *scene) judge(t *testing.T, c *entity, sent ...*entity) (*Verified, error) {
	t.Helper()
	store, err := NewStore(s.domain)
	if err != nil {
		t.Fatal(err)
	}
	var others []*x509.Certificate
	for _, e := range sent {
		others = append(others, e.Certificate)
	}
	j := Judge{Now: s.verify.Now, Store: store, Domain: s.verify.Domain, Fetch: s.verify.Fetch}
	return j.Do(c.Certificate, others)
}

func TestJudgeAccepts(t *testing.T) {
	s := newScene(t)
	leaf := s.leaf
	chain := s.below(t, 2) // another leaf first
	for _, test := range []struct {
		name string
		c    *entity
		sent []*entity
		path int
	}{
		{"a leaf", leaf, nil, 2},
		{"a leaf with what is above it", chain[0], chain[1:], 4},
		{"an authority in between", chain[1], chain[2:], 3},
		{"the authority itself", s.ca, nil, 1},
	} {
		got, err := s.judge(t, test.c, test.sent...)
		if err != nil || got.Domain != "vpn" || len(got.Path) != test.path || !got.Leaf.Equal(test.c.Certificate) {
			t.Errorf("%s: judged %+v, %v, want a path of %d", test.name, got, err, test.path)
		}
	}
}

// The authority itself is on no list, whatever the rule: nobody stands above it.
func TestJudgeOfAnAuthorityAsksNobody(t *testing.T) {
	s := newScene(t)
	s.domain.Revocation = RevocationOCSP
	s.verify.Fetch = func(string, []byte) ([]byte, error) {
		t.Error("a responder was asked")
		return nil, errors.New("asked")
	}
	if _, err := s.judge(t, s.ca); err != nil {
		t.Error(err)
	}
}

func TestJudgeRefuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*testing.T, *scene)
		notify wire.NotifyType
		words  string
	}{
		{"a domain that is not there", func(_ *testing.T, s *scene) { s.verify.Domain = "other" }, wire.InvalidCertAuthority, `domain "other" is not configured`},
		{"one that has expired", func(_ *testing.T, s *scene) { s.verify.Now = s.leaf.NotAfter.Add(time.Second) }, wire.InvalidCertificate, "was valid until"},
		{"one of another authority", func(t *testing.T, s *scene) {
			s.replace(sign(t, authority(t, nil, "other"), rsaKey(), leafTemplate(t)))
		}, wire.InvalidCertAuthority, "from which no path leads"},
		{"one that may not sign", func(t *testing.T, s *scene) {
			s.replace(changed(t, s, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }))
		}, wire.InvalidCertificate, "keyEncipherment"},
		{"no list where one is wanted", func(_ *testing.T, s *scene) { s.domain.Revocation = RevocationCRL }, wire.InvalidCertificate, "no revocation list"},
		{"one that is revoked", func(t *testing.T, s *scene) {
			s.domain.Revocation = RevocationCRL
			s.domain.CRLs = []*x509.RevocationList{list(t, s.ca, x509.RevocationList{}, s.leaf.SerialNumber)}
		}, wire.InvalidCertificate, "revoked on"},
		{"an authority that has expired", func(_ *testing.T, s *scene) {
			s.leaf, s.verify.Now = s.ca, s.ca.NotAfter.Add(time.Second)
		}, wire.InvalidCertificate, "was valid until"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			test.change(t, s)
			_, err := s.judge(t, s.leaf)
			checkRefused(t, err, test.notify, test.words)
		})
	}
}
