package pki

import (
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net"
	"slices"
	"testing"
	"time"

	"sallyport/ike/wire"
)

func ips(texts ...string) (out []net.IP) {
	for _, s := range texts {
		out = append(out, net.ParseIP(s))
	}
	return out
}

func TestVerified(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*testing.T, *scene)
		path   int // certificates in it
	}{
		{"an RSA certificate", func(*testing.T, *scene) {}, 2},
		{"hybrid, the gateway's end", func(_ *testing.T, s *scene) { s.verify.Method = wire.AuthHybridInitRSA }, 2},
		{"the restriction to its domain", func(_ *testing.T, s *scene) { s.verify.Domain = "vpn" }, 2},
		{"nonRepudiation alone", func(t *testing.T, s *scene) {
			s.replace(changed(t, s, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment }))
		}, 2},
		{"no key usage", func(t *testing.T, s *scene) {
			s.replace(changed(t, s, func(c *x509.Certificate) { c.KeyUsage = 0 }))
		}, 2},
		{"a web server's extended key usage", func(t *testing.T, s *scene) {
			s.replace(changed(t, s, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }))
		}, 2},
		{"the authority sent as well, before the leaf", func(_ *testing.T, s *scene) { s.verify.Certificates = payloads(s.ca, s.leaf) }, 2},
		{"intermediates sent", func(t *testing.T, s *scene) { s.verify.Certificates = payloads(s.below(t, 3)...) }, 5},
		{"intermediates sent in the wrong order", func(t *testing.T, s *scene) {
			chain := s.below(t, 2)
			slices.Reverse(chain)
			s.verify.Certificates = payloads(chain...)
		}, 4},
		{"an intermediate of the configuration", func(t *testing.T, s *scene) {
			chain := s.below(t, 1)
			s.domain.Intermediates = []*x509.Certificate{chain[1].Certificate}
			s.verify.Certificates = payloads(chain[0])
		}, 3},
		{"an intermediate trusted by itself", func(t *testing.T, s *scene) {
			chain := s.below(t, 1)
			s.domain.Authorities = []*x509.Certificate{chain[1].Certificate}
		}, 2},
		{"another authority of the same name", func(t *testing.T, s *scene) {
			s.domain.Authorities = []*x509.Certificate{authority(t, nil, "ca").Certificate, s.ca.Certificate}
		}, 2},
		{"the last moment", func(_ *testing.T, s *scene) { s.verify.Now = s.leaf.NotAfter }, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			test.change(t, s)
			got, err := s.do(t)
			if err != nil {
				t.Fatal(err)
			}
			if got.Domain != "vpn" || got.Subject != "/C=ZZ/O=interop/CN=left" || !got.Leaf.Equal(s.leaf.Certificate) || len(got.Path) != test.path {
				t.Errorf("verified %+v with a path of %d, want %d", got, len(got.Path), test.path)
			}
		})
	}
}

// changed makes the peer's certificate with a change.
func changed(t testing.TB, s *scene, change func(*x509.Certificate)) *entity {
	c := leafTemplate(t)
	change(&c)
	return sign(t, s.ca, rsaKey(), c)
}

// below puts n intermediates between the authority and the peer, and returns
// the leaf and those.
func (s *scene) below(t testing.TB, n int) []*entity {
	issuer := s.ca
	var chain []*entity
	for i := range n {
		issuer = authority(t, issuer, "sub"+string(rune('a'+i)))
		chain = append([]*entity{issuer}, chain...)
	}
	s.replace(sign(t, issuer, rsaKey(), leafTemplate(t)))
	chain = append([]*entity{s.leaf}, chain...)
	s.verify.Certificates = payloads(chain...)
	return chain
}

func TestVerifyRefuses(t *testing.T) {
	critical := []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
	for _, test := range []struct {
		name   string
		change func(*testing.T, *scene)
		notify wire.NotifyType
		words  string
	}{
		{"no certificate", func(_ *testing.T, s *scene) { s.verify.Certificates = nil }, wire.CertificateUnavailable, "no certificate came from /C=ZZ"},
		{"encoding unknown", func(_ *testing.T, s *scene) { s.verify.Certificates[0].Encoding = 99 }, wire.InvalidCertEncoding, "encoding 99"},
		{"encoding of key exchange", func(_ *testing.T, s *scene) { s.verify.Certificates[0].Encoding = 5 }, wire.InvalidCertEncoding, "x509-key-exchange"},
		{"an unknown encoding beside a good one", func(_ *testing.T, s *scene) {
			s.verify.Certificates = append(s.verify.Certificates, wire.Certificate{Encoding: 2})
		}, wire.InvalidCertEncoding, "CERT payload 2: encoding 2"},
		{"octets after the certificate", func(_ *testing.T, s *scene) {
			s.verify.Certificates[0].Data = append(slices.Clone(s.leaf.Raw), 0)
		}, wire.InvalidCertificate, "no certificate"},
		{"too large", func(_ *testing.T, s *scene) { s.verify.Certificates[0].Data = make([]byte, maxPayload+1) }, wire.InvalidCertificate, "16385 octets, want at most 16384"},
		{"nine certificates", func(_ *testing.T, s *scene) {
			s.verify.Certificates = slices.Repeat(s.verify.Certificates, 9)
		}, wire.InvalidCertificate, "more than 8"},
		{"another name in the ID", func(t *testing.T, s *scene) { s.verify.ID.Data = name(t, "right") }, wire.InvalidIDInformation,
			"ID /C=ZZ/O=interop/CN=right is not in the certificate of /C=ZZ/O=interop/CN=left, which has"},
		{"no signing method", func(_ *testing.T, s *scene) { s.verify.Method = wire.AuthPSK }, wire.InvalidSignature, "method psk"},
		{"a method of another key", func(_ *testing.T, s *scene) { s.verify.Method = wire.AuthECDSA256 }, wire.InvalidCertificate, "method ecdsa-256 wants another"},
		{"not yet valid", func(_ *testing.T, s *scene) { s.verify.Now = t0.Add(-2 * time.Hour) }, wire.InvalidCertificate, "is valid from 2026-11-21T11:00:00Z, it is 2026-11-21T10:00:00Z"},
		{"expired", func(_ *testing.T, s *scene) { s.verify.Now = t0.Add(24*time.Hour + time.Second) }, wire.InvalidCertificate, "was valid until"},
		{"an expired authority", func(t *testing.T, s *scene) {
			c := authorityTemplate(t, "ca")
			c.NotAfter = t0.Add(-time.Second)
			s.reissue(t, c)
		}, wire.InvalidCertificate, "CN=ca was valid until"},
		{"keyEncipherment only", func(t *testing.T, s *scene) {
			s.replace(changed(t, s, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }))
		}, wire.InvalidCertificate, "key usage keyEncipherment, want digitalSignature or nonRepudiation"},
		{"an unknown critical extension", func(t *testing.T, s *scene) {
			s.replace(changed(t, s, func(c *x509.Certificate) { c.ExtraExtensions = critical }))
		}, wire.InvalidCertificate, "critical extension 1.2.3.4"},
		{"an unknown critical extension of the authority", func(t *testing.T, s *scene) {
			c := authorityTemplate(t, "ca")
			c.ExtraExtensions = critical
			s.reissue(t, c)
		}, wire.InvalidCertificate, "critical extension 1.2.3.4"},
		{"an RSA key of 1024 bits", func(t *testing.T, s *scene) {
			s.replace(sign(t, s.ca, rsaWeak(), leafTemplate(t)))
		}, wire.InvalidCertificate, "an RSA key of 1024 bits, want 2048 to 8192"},
		{"by an authority nobody knows", func(t *testing.T, s *scene) {
			s.replace(sign(t, authority(t, nil, "elsewhere"), rsaKey(), leafTemplate(t)))
		}, wire.InvalidCertAuthority, "by /C=ZZ/O=interop/CN=elsewhere, from which no path leads to an authority of domain \"vpn\""},
		{"a root that the peer sends", func(t *testing.T, s *scene) {
			ca := authority(t, nil, "elsewhere")
			s.replace(sign(t, ca, rsaKey(), leafTemplate(t)))
			s.verify.Certificates = payloads(s.leaf, ca)
		}, wire.InvalidCertAuthority, "elsewhere"},
		{"by itself", func(t *testing.T, s *scene) {
			s.replace(sign(t, nil, rsaKey(), leafTemplate(t)))
		}, wire.InvalidCertAuthority, "CN=left"},
		{"by an authority of the same name", func(t *testing.T, s *scene) {
			s.replace(sign(t, authority(t, nil, "ca"), rsaKey(), leafTemplate(t)))
		}, wire.InvalidCertificate, "not signed with the key of /C=ZZ/O=interop/CN=ca"},
		{"an octet changed", func(_ *testing.T, s *scene) { s.replace(bend(s.leaf)) }, wire.InvalidCertificate, "not signed with the key"},
		{"by a leaf", func(t *testing.T, s *scene) {
			middle := sign(t, s.ca, ecKey(t, elliptic.P256()), x509.Certificate{RawSubject: name(t, "middle"), KeyUsage: x509.KeyUsageCertSign})
			s.replace(sign(t, middle, rsaKey(), leafTemplate(t)))
			s.verify.Certificates = payloads(s.leaf, middle)
		}, wire.InvalidCertificate, "middle is not an authority's"},
		{"by an authority that may not sign", func(t *testing.T, s *scene) {
			c := authorityTemplate(t, "middle")
			c.KeyUsage = x509.KeyUsageCRLSign
			middle := sign(t, s.ca, ecKey(t, elliptic.P256()), c)
			s.replace(sign(t, middle, rsaKey(), leafTemplate(t)))
			s.verify.Certificates = payloads(s.leaf, middle)
		}, wire.InvalidCertificate, "key usage cRLSign, want keyCertSign"},
		{"one authority too many", func(t *testing.T, s *scene) { s.below(t, 4) }, wire.InvalidCertAuthority, "no path"},
		{"more below than the path length allows", func(t *testing.T, s *scene) {
			c := authorityTemplate(t, "ca")
			c.MaxPathLenZero = true
			s.reissue(t, c)
			s.below(t, 1)
		}, wire.InvalidCertificate, "1 authorities below /C=ZZ/O=interop/CN=ca, whose path length allows 0"},
		{"a name that is constrained away", func(t *testing.T, s *scene) {
			c := authorityTemplate(t, "ca")
			c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"other.test"}
			s.reissue(t, c)
		}, wire.InvalidCertificate, "not permitted"},
		{"another hash", func(_ *testing.T, s *scene) { s.verify.Hash = []byte("a hash of SHA-1, 20O") }, wire.InvalidSignature, "the RSA signature is not over our hash"},
		{"another's signature", func(t *testing.T, s *scene) {
			s.verify.Signature = signed(t, &entity{key: rsaKey2()}, wire.AuthRSA, theHash)
		}, wire.InvalidSignature, "not over our hash"},
		{"a short signature", func(_ *testing.T, s *scene) { s.verify.Signature = s.verify.Signature[1:] }, wire.InvalidSignature, "255 octets, want the 256"},
		{"no signature", func(_ *testing.T, s *scene) { s.verify.Signature = nil }, wire.InvalidSignature, "0 octets, want the 256"},
		{"a domain that is not there", func(_ *testing.T, s *scene) { s.verify.Domain = "other" }, wire.InvalidCertAuthority, `domain "other" is not configured`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			test.change(t, s)
			_, err := s.do(t)
			checkRefused(t, err, test.notify, test.words)
		})
	}
}

// reissue gives the scene another authority and the peer a certificate by it.
func (s *scene) reissue(t testing.TB, template x509.Certificate) {
	s.ca = sign(t, nil, ecKey(t, elliptic.P256()), template)
	s.domain.Authorities = []*x509.Certificate{s.ca.Certificate}
	s.replace(sign(t, s.ca, rsaKey(), leafTemplate(t)))
}

// TestVerifyDomains has two domains: the one that knows the authority decides,
// and a certificate of one is none of the other.
func TestVerifyDomains(t *testing.T) {
	s := newScene(t)
	other := Domain{Name: "other", Authorities: []*x509.Certificate{authority(t, nil, "elsewhere").Certificate}, Revocation: RevocationNone}
	store, err := NewStore(other, s.domain)
	if err != nil {
		t.Fatal(err)
	}
	s.verify.Store = store
	got, err := s.verify.Do()
	if err != nil || got.Domain != "vpn" {
		t.Fatalf("verified %+v, %v; want domain vpn", got, err)
	}
	s.verify.Domain = "other"
	_, err = s.verify.Do()
	checkRefused(t, err, wire.InvalidCertAuthority, `domain "other"`)
	s.verify.Domain, s.verify.Now = "", t0.AddDate(1, 0, 0)
	_, err = s.verify.Do()
	checkRefused(t, err, wire.InvalidCertificate, "was valid until")
	s.replace(bend(s.leaf))
	s.verify.Now = t0
	for _, domains := range [][]Domain{{other, s.domain}, {s.domain, other}} {
		if s.verify.Store, err = NewStore(domains...); err != nil {
			t.Fatal(err)
		}
		_, err = s.verify.Do()
		checkRefused(t, err, wire.InvalidCertificate, "not signed with the key") // what the domain says that knows the authority
	}
	s.verify.Store = nil
	_, err = s.verify.Do()
	checkRefused(t, err, wire.InvalidCertAuthority, "no domain is configured")
}

// TestVerifyAttempts bounds the search: 7 authorities of one name that all
// signed each other would be tried in every order.
func TestVerifyAttempts(t *testing.T) {
	s := newScene(t)
	root := authority(t, nil, "loop")
	sent := []*entity{nil}
	for range 7 {
		sent = append(sent, sign(t, root, root.key, authorityTemplate(t, "loop")))
	}
	s.replace(sign(t, root, rsaKey(), leafTemplate(t)))
	sent[0] = s.leaf
	r, err := readPayloads(payloads(sent...))
	if err != nil {
		t.Fatal(err)
	}
	q := &search{domain: &s.domain, now: t0, others: r.certificates}
	if path := q.extend(r.certificates[:1]); path != nil || q.attempts != maxAttempts {
		t.Errorf("path %v after %d attempts, want none after %d", path, q.attempts, maxAttempts)
	}
}

// TestRefusalError has the notification's name before the reason.
func TestRefusalError(t *testing.T) {
	_, err := Verify{ID: wire.ID{IDType: wire.IDFQDN, Data: []byte("left.test")}}.Do()
	if got, want := err.Error(), "CERTIFICATE-UNAVAILABLE: no certificate came from left.test"; got != want {
		t.Errorf("the error is %q, want %q", got, want)
	}
}

// TestVerifyLeavesItsValue does the same value twice.
func TestVerifyLeavesItsValue(t *testing.T) {
	s := newScene(t)
	s.below(t, 2)
	for range 2 {
		if _, err := s.do(t); err != nil {
			t.Fatal(err)
		}
	}
}
