package pki

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/netip"
	"strings"
)

// A Request is what a certificate is asked to say: PKCS #10, RFC 2986.
type Request struct {
	Subject DN // not empty
	DNS     []string
	Email   []string
	Addrs   []netip.Addr
}

// Make returns the request for a key in DER, signed by it: with SHA-256, or
// SHA-384 and SHA-512 for the larger curves. Errors: no subject, a name that is
// none, a key that [NewCredential] would not take.
func (r Request) Make(key crypto.Signer) ([]byte, error) {
	if r.Subject.IsEmpty() {
		return nil, fmt.Errorf("a request without a subject, want a name")
	}
	if err := checkKey(key.Public()); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	t := x509.CertificateRequest{RawSubject: r.Subject.DER(), DNSNames: r.DNS, EmailAddresses: r.Email}
	for _, a := range r.Addrs {
		t.IPAddresses = append(t.IPAddresses, a.Unmap().AsSlice())
	}
	return x509.CreateCertificateRequest(nil, &t, key) // both kinds of key sign without entropy
}

func (r Request) check() error {
	for _, n := range r.DNS {
		if n == "" || len(n) > maxName || !isVisible(n) {
			return fmt.Errorf("DNS name %q, want 1 to %d printable characters without spaces", n, maxName)
		}
	}
	for _, n := range r.Email {
		if len(n) > maxName || !isVisible(n) || !strings.Contains(n, "@") {
			return fmt.Errorf("mail address %q, want USER@HOST of at most %d printable characters", n, maxName)
		}
	}
	for _, a := range r.Addrs {
		if !a.IsValid() || a.Zone() != "" {
			return fmt.Errorf("address %v, want one without a zone", a)
		}
	}
	return nil
}

// isVisible reports whether a text has only printable ASCII without the space.
func isVisible(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// RequestPEM returns a PKCS #10 request as PEM.
func RequestPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
}

// ParseRequest reads a PKCS #10 request, PEM or DER, at most 1 MiB, and checks
// that its key signed it.
func ParseRequest(data []byte) (*x509.CertificateRequest, error) {
	der, err := single(data, maxImport, "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
	if err != nil {
		return nil, err
	}
	r, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, fmt.Errorf("octets that are no PKCS #10 request: %w", err)
	}
	if r.CheckSignature() != nil {
		return nil, fmt.Errorf("the request of %s is not signed with its key", nameText(r.RawSubject))
	}
	return r, nil
}
