package pki

import (
	"crypto/x509"
	"slices"
	"time"

	"sallyport/ike/wire"
)

// A Judge judges a certificate without a peer's name and signature, which [Verify] is
// for: what an operator wants to know before a peer comes.
type Judge struct {
	Now    time.Time // wall clock
	Store  *Store    // whom we trust
	Domain string    // the only domain to be tried; empty: each, in the order of the store

	// Fetch is as in a Verify.
	Fetch func(url string, request []byte) ([]byte, error)
}

// Do checks a certificate and what it came with: its own time and key, unless it is an
// authority's that it may sign, a path to an authority of a domain, and revocation. Of a
// configured authority there is nothing but its own time and key to check. Errors are of
// type [*Refusal].
func (j Judge) Do(c *x509.Certificate, sent []*x509.Certificate) (*Verified, error) {
	v := Verify{Now: j.Now, Store: j.Store, Domain: j.Domain, Fetch: j.Fetch}
	if d := j.configured(c); d != nil {
		s := search{domain: d, now: j.Now}
		if err := s.checkOwn(c); err != nil {
			return nil, refuse(wire.InvalidCertificate, "%v", err)
		}
		return verified(d, []*x509.Certificate{c}), nil
	}
	if !c.IsCA {
		if err := checkKeyUsage(c); err != nil {
			return nil, refuse(wire.InvalidCertificate, "%v", err)
		}
	}
	d, path, err := v.path(c, sent)
	if err != nil {
		return nil, err
	}
	q := inquiry{domain: d, now: j.Now, lists: d.CRLs, fetch: j.Fetch}
	if err := q.check(path); err != nil {
		return nil, err
	}
	return verified(d, path), nil
}

// configured returns the first domain that has the certificate as an authority.
func (j Judge) configured(c *x509.Certificate) *Domain {
	domains := j.Store.named(j.Domain)
	i := slices.IndexFunc(domains, func(d Domain) bool { return slices.ContainsFunc(d.Authorities, c.Equal) })
	if i < 0 {
		return nil
	}
	return &domains[i]
}

func verified(d *Domain, path []*x509.Certificate) *Verified {
	return &Verified{Domain: d.Name, Subject: subject(path[0]), Leaf: path[0], Path: path}
}
