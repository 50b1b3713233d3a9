package commands

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strings"
	"testing"

	"sallyport/ike/pki"
)

// credentialOf returns one whose certificate has an extension of so many octets.
func credentialOf(t *testing.T, extension int) *pki.Credential {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: make([]byte, extension)}}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	credential, err := pki.NewCredential([]*x509.Certificate{certificate}, key)
	if err != nil {
		t.Fatal(err)
	}
	return credential
}

func TestLongChain(t *testing.T) {
	b := newBox(t)
	if got := b.session(Options{Level: 3, Interactive: true}).long(credentialOf(t, 100)); got != "" {
		t.Errorf("a short chain: %q", got)
	}
	long := credentialOf(t, longChain)
	if got := b.session(Options{Level: 3, Interactive: true}).long(long); !strings.HasPrefix(got, "Warning: 8") {
		t.Errorf("a long chain: %q, want a warning", got)
	}
	if got := b.session(Options{Level: 3}).long(long); got != "" {
		t.Errorf("a long chain in a script: %q", got)
	}
}

// TestBoundDomain has files outlive the configuration that their domain was in.
func TestBoundDomain(t *testing.T) {
	b := keptBox(t, allImports...)
	const want = "PKI domain corp trusts what was imported for it before: "
	if out := b.session(Options{Level: 3, Interactive: true}, "system-view").Exec(t.Context(), "pki domain corp"); strings.Contains(out.Text, want) {
		t.Errorf("a domain that is there: %q", out.Text)
	}
	b.running = NewRunning(New())
	s := b.session(Options{Level: 3, Interactive: true}, "system-view")
	out := s.Exec(t.Context(), "pki domain corp")
	for _, file := range []string{want, "ca ca.pem", "crl root.crl", "local gw.pem"} {
		if out.Err != nil || !strings.Contains(out.Text, file) {
			t.Errorf("a domain that was there: %q, %v; want %q", out.Text, out.Err, file)
		}
	}
	for _, not := range []string{"sub.pem", "sub.crl"} {
		if strings.Contains(out.Text, not) {
			t.Errorf("%q names %s, which is of every domain", out.Text, not)
		}
	}
	for domain, refused := range map[string]bool{"corp": true, "other": false} {
		s := b.session(operator, "system-view", "pki domain "+domain, "quit")
		if out := s.Exec(t.Context(), "undo pki domain "+domain); (out.Err != nil) != refused {
			t.Errorf("undo pki domain %s: %v", domain, out.Err)
		}
	}
}
