package pki

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
)

// A Revocation is a rule about asking whether a certificate was withdrawn. The
// zero value is the device's: a revocation list must be there.
//
// Every certificate of a path is asked about, except the authority at its end.
// Where no current answer is to be had (no list, one past its nextUpdate, no
// responder, one that does not answer or does not know) the peer is refused;
// only RevocationNone does not ask.
type Revocation uint8

// The rules.
const (
	RevocationCRL       Revocation = iota // a list that was imported; what a peer sends does not count
	RevocationOCSP                        // the domain's responder
	RevocationCRLOrOCSP                   // a list; where there is no current one, the responder
	RevocationNone                        // VRP's `crl check disable`
)

var revocationNames = []string{"crl", "ocsp", "crl-or-ocsp", "none"}

// String returns "crl", "ocsp", "crl-or-ocsp" or "none".
func (r Revocation) String() string {
	if int(r) < len(revocationNames) {
		return revocationNames[r]
	}
	return fmt.Sprintf("revocation %d", uint8(r))
}

// A Domain is a `pki domain` of the configuration: authorities that are
// trusted together, and how what they signed is checked.
type Domain struct {
	Name          string                 // unique in a store
	Authorities   []*x509.Certificate    // each as [CheckAuthority] wants it
	Intermediates []*x509.Certificate    // for peers that do not send theirs; not trusted by themselves
	CRLs          []*x509.RevocationList // of authorities and intermediates, each of any age
	Revocation    Revocation             // whether withdrawn certificates are looked for
	Responder     string                 // http or https URL of the OCSP responder; empty: none answers
	AllowSHA1     bool                   // certificates, lists and answers signed with SHA-1 are accepted
}

// A Store is all domains of a configuration. It is immutable; nil is one
// without domains.
type Store struct{ domains []Domain }

// NewStore returns the store of these domains, whose slices it keeps. Errors
// name the domain: two of one name, an authority that is none, a responder that
// is no URL. A domain may be incomplete: then it accepts nobody, and says why.
func NewStore(domains ...Domain) (*Store, error) {
	for i, d := range domains {
		if slices.ContainsFunc(domains[:i], func(o Domain) bool { return o.Name == d.Name }) {
			return nil, fmt.Errorf("two domains of the name %q", d.Name)
		}
		if err := d.check(); err != nil {
			return nil, fmt.Errorf("domain %q: %w", d.Name, err)
		}
	}
	return &Store{slices.Clone(domains)}, nil
}

func (d *Domain) check() error {
	for _, c := range slices.Concat(d.Authorities, d.Intermediates) {
		if err := CheckAuthority(c); err != nil {
			return err
		}
	}
	if u := d.Responder; u != "" && !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
		return fmt.Errorf("responder %q, want an http or https URL", u)
	}
	return nil
}

// CheckAuthority refuses a certificate that can sign no others: basic
// constraints that do not say so, a key usage that does not hold keyCertSign, a
// key that we would not take. Validity is not looked at.
func CheckAuthority(c *x509.Certificate) error {
	switch {
	case !c.BasicConstraintsValid || !c.IsCA:
		return fmt.Errorf("the certificate of %s is not an authority's: want basic constraints with CA", subject(c))
	case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
		return fmt.Errorf("the certificate of %s has key usage %s, want keyCertSign", subject(c), keyUsageText(c))
	}
	if err := checkKey(c.PublicKey); err != nil {
		return fmt.Errorf("the certificate of %s has %w", subject(c), err)
	}
	return nil
}

// named returns the domain of that name, or all for an empty name.
func (s *Store) named(name string) []Domain {
	if s == nil {
		return nil
	}
	if name == "" {
		return s.domains
	}
	if i := slices.IndexFunc(s.domains, func(d Domain) bool { return d.Name == name }); i >= 0 {
		return s.domains[i : i+1]
	}
	return nil
}
