package pki

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"sallyport/ike/wire"
)

// A search looks for a path from a leaf to an authority of a domain: RFC 5280
// §6. It is done by hand because crypto/x509 says little about why, and never
// takes SHA-1; crypto/x509 then judges the path a second time.
type search struct {
	domain   *Domain
	now      time.Time
	others   []*x509.Certificate // that may stand between
	attempts int                 // signatures that were checked
	why      error               // about the last candidate of the right name
}

// path returns the certificates from the leaf to an authority.
func (d *Domain) path(leaf *x509.Certificate, sent []*x509.Certificate, now time.Time) ([]*x509.Certificate, *Refusal) {
	s := &search{domain: d, now: now, others: slices.Concat(d.Intermediates, sent)}
	if err := s.checkOwn(leaf); err != nil {
		return nil, refuse(wire.InvalidCertificate, "%v", err)
	}
	path := s.extend([]*x509.Certificate{leaf})
	switch {
	case path != nil:
		return path, nil
	case s.why != nil:
		r := refuse(wire.InvalidCertificate, "%v", s.why)
		if errors.Is(s.why, errSHA1) {
			r.Advice = d.adviceSHA1()
		}
		return nil, r
	}
	return nil, refuse(wire.InvalidCertAuthority, "the certificate of %s is by %s, from which no path leads to an authority of domain %q",
		subject(leaf), nameText(leaf.RawIssuer), d.Name)
}

// extend returns the path with what leads from its end to an authority; nil:
// nothing does.
func (s *search) extend(path []*x509.Certificate) []*x509.Certificate {
	for _, a := range s.domain.Authorities {
		if !s.signs(a, path) {
			continue
		}
		whole := append(slices.Clone(path), a)
		if err := s.domain.secondOpinion(whole, s.now); err != nil {
			s.why = err
			continue
		}
		return whole
	}
	if len(path)+1 == maxDepth {
		return nil
	}
	for _, c := range s.others {
		if slices.ContainsFunc(path, c.Equal) || !s.signs(c, path) {
			continue
		}
		if whole := s.extend(append(slices.Clone(path), c)); whole != nil {
			return whole
		}
	}
	return nil
}

// signs reports whether a certificate may stand above a path and has signed its
// end. Those of another name are passed over in silence.
func (s *search) signs(issuer *x509.Certificate, path []*x509.Certificate) bool {
	last := path[len(path)-1]
	if !bytes.Equal(last.RawIssuer, issuer.RawSubject) || s.attempts >= maxAttempts {
		return false
	}
	s.attempts++
	err := s.checkOwn(issuer)
	if err == nil {
		err = checkDepth(issuer, path)
	}
	if err == nil {
		err = checkLink(last, issuer, s.domain.AllowSHA1)
	}
	if err != nil {
		s.why = err
	}
	return err == nil
}

// checkOwn refuses a certificate for what it says by itself.
func (s *search) checkOwn(c *x509.Certificate) error {
	if err := checkValidity(c, s.now); err != nil {
		return err
	}
	if len(c.UnhandledCriticalExtensions) > 0 {
		return fmt.Errorf("the certificate of %s has the critical extension %v, which we do not know", subject(c), c.UnhandledCriticalExtensions[0])
	}
	if err := checkKey(c.PublicKey); err != nil {
		return fmt.Errorf("the certificate of %s has %w", subject(c), err)
	}
	return nil
}

// checkDepth refuses an issuer that limits the path below it: RFC 5280 §4.2.1.9.
// What issued itself does not count, nor does the leaf.
func checkDepth(issuer *x509.Certificate, below []*x509.Certificate) error {
	n := 0
	for _, c := range below[1:] {
		if !bytes.Equal(c.RawSubject, c.RawIssuer) {
			n++
		}
	}
	limit := pathLength(issuer)
	if limit < 0 || n <= limit {
		return nil
	}
	return fmt.Errorf("%d authorities below %s, whose path length allows %d", n, subject(issuer), limit)
}

// secondOpinion has crypto/x509 judge a path that we found: it knows name
// constraints and policies. Of a path with SHA-1 it only says no, so such a
// path must have neither.
func (d *Domain) secondOpinion(path []*x509.Certificate, now time.Time) error {
	if slices.ContainsFunc(path[:len(path)-1], func(c *x509.Certificate) bool { return isSHA1(c.SignatureAlgorithm) }) {
		return checkPlain(path[1:])
	}
	o := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	o.Roots.AddCert(path[len(path)-1])
	for _, c := range path[1 : len(path)-1] {
		o.Intermediates.AddCert(c)
	}
	if _, err := path[0].Verify(o); err != nil {
		return fmt.Errorf("the path of %s: %s", subject(path[0]), wire.Printable([]byte(err.Error())))
	}
	return nil
}

// constraining are the extensions of authorities that say which names and
// policies may be below: name constraints, policy mappings, policy constraints,
// inhibit any-policy.
var constraining = []string{"2.5.29.30", "2.5.29.33", "2.5.29.36", "2.5.29.54"}

// checkPlain refuses authorities with constraints on what is below them.
func checkPlain(authorities []*x509.Certificate) error {
	for _, c := range authorities {
		for _, e := range c.Extensions {
			if slices.Contains(constraining, e.Id.String()) {
				return fmt.Errorf("the authority %s has constraints (%v) over a path with SHA-1: want SHA-2 there", subject(c), e.Id)
			}
		}
	}
	return nil
}
