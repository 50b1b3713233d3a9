package commands

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"sallyport/ike/pki"
)

// A Trust is what the engine is told of the PKI.
type Trust struct {
	Store       *pki.Store
	Credentials map[string]*pki.Credential // by name of the local certificate
	Faults      []error                    // objects that count for nothing, and why
}

// Trust returns what domains and objects come to. An object that is of no use is left
// out; it stops nothing else.
func (c *Config) Trust(objects []*PKIObject) *Trust {
	t := &Trust{Credentials: map[string]*pki.Credential{}}
	all := pkiObjects(objects)
	var domains []pki.Domain
	for _, d := range values(c.PKIDomains, strings.Compare) {
		domains = append(domains, t.domain(d, all))
	}
	var err error
	if t.Store, err = pki.NewStore(domains...); err != nil {
		t.Faults = append(t.Faults, err)
	}
	for _, o := range all.of(PKICertificate) {
		credential, err := all.credential(o)
		if err != nil {
			t.Faults = append(t.Faults, fmt.Errorf("local certificate %s: %w", o.Name, err))
			continue
		}
		t.Credentials[o.Name] = credential
	}
	return t
}

// domain returns a domain with its objects. Who has signed himself is trusted; who was
// signed by another helps to find a path.
func (t *Trust) domain(d *PKIDomain, all pkiObjects) pki.Domain {
	out := pki.Domain{Name: d.Name, Revocation: d.revocation(), Responder: d.Responder, AllowSHA1: d.AllowSHA1}
	for _, c := range all.authorities(d.Name) {
		switch err := pki.CheckAuthority(c); {
		case err != nil:
			t.Faults = append(t.Faults, fmt.Errorf("PKI domain %s: %w", d.Name, err))
		case isRoot(c):
			out.Authorities = append(out.Authorities, c)
		default:
			out.Intermediates = append(out.Intermediates, c)
		}
	}
	for _, o := range all.of(PKIList) {
		if o.countsFor(d.Name) {
			out.CRLs = append(out.CRLs, o.List)
		}
	}
	return out
}

// isRoot reports whether a certificate is signed by its own subject.
func isRoot(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, c.RawSubject) }

// revocation returns the rule that the words of certificate-check come to.
func (d *PKIDomain) revocation() pki.Revocation {
	lists, responder := slices.Contains(d.Checks, checkCRL), slices.Contains(d.Checks, checkOCSP)
	switch {
	case lists && responder:
		return pki.RevocationCRLOrOCSP
	case responder:
		return pki.RevocationOCSP
	case slices.Contains(d.Checks, checkNone):
		return pki.RevocationNone
	}
	return pki.RevocationCRL
}

// credential returns a local certificate with its key and what leads up from it.
func (all pkiObjects) credential(o *PKIObject) (*pki.Credential, error) {
	leaf := o.Certificates[0]
	pair := all.keyOf(leaf)
	if pair == nil {
		return nil, fmt.Errorf("its key is none of the key pairs here")
	}
	return pki.NewCredential(pki.Chain(leaf, slices.Concat(o.Certificates[1:], all.authorities(""))), pair.Key)
}
