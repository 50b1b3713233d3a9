package pki

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"sallyport/ike/wire"
)

// An inquiry asks whether certificates of a path were withdrawn.
type inquiry struct {
	domain *Domain
	now    time.Time
	lists  []*x509.RevocationList // of the domain
	fetch  func(url string, request []byte) ([]byte, error)
}

// errRevoked begins the texts that a second source cannot mend.
var errRevoked = errors.New("revoked")

// check asks about all of a path but the authority at its end, by the domain's
// rule. Errors are of type *Refusal.
func (q *inquiry) check(path []*x509.Certificate) error {
	for i, c := range path[:len(path)-1] {
		if err := q.ask(c, path[i+1]); err != nil {
			r := refuse(wire.InvalidCertificate, "the certificate of %s, number %s: %v", subject(c), serialText(c.SerialNumber), err)
			r.Advice = q.advice(err)
			return r
		}
	}
	return nil
}

// ask asks about one certificate.
func (q *inquiry) ask(c, issuer *x509.Certificate) error {
	switch q.domain.Revocation {
	case RevocationNone:
		return nil
	case RevocationCRL:
		return q.byList(c, issuer)
	case RevocationOCSP:
		return q.byResponder(c, issuer)
	case RevocationCRLOrOCSP:
		byList := q.byList(c, issuer)
		if byList == nil || errors.Is(byList, errRevoked) {
			return byList
		}
		if err := q.byResponder(c, issuer); err != nil {
			return fmt.Errorf("%w, and %w", byList, err)
		}
		return nil
	}
	return fmt.Errorf("domain %q has %v, which is no rule", q.domain.Name, q.domain.Revocation)
}

// checkWords are the rules as `certificate-check` has them.
var checkWords = map[Revocation]string{RevocationCRL: "crl", RevocationOCSP: "ocsp", RevocationCRLOrOCSP: "crl ocsp", RevocationNone: "none"}

// advice names the line that has had a certificate asked about, and what would bring another answer.
func (q *inquiry) advice(err error) string {
	d := q.domain
	line := fmt.Sprintf("`certificate-check %s` of pki domain %s ", checkWords[d.Revocation], d.Name)
	responder := fmt.Sprintf("`ocsp url %s` has to answer", d.Responder)
	if d.Responder == "" {
		responder = "`ocsp url` has to say where it is"
	}
	switch {
	case errors.Is(err, errSHA1):
		return d.adviceSHA1()
	case errors.Is(err, errRevoked):
		return line + "has it asked about: another certificate is needed"
	case d.Revocation == RevocationCRL:
		return line + "wants a current list: `pki import-crl` brings one (`certificate-check none` takes revoked certificates, too)"
	case d.Revocation == RevocationOCSP:
		return line + "wants a responder's word: " + responder + " (`certificate-check none` takes revoked certificates, too)"
	}
	return line + "wants a current list or a responder's word: `pki import-crl` brings a list, " + responder
}

// adviceSHA1 names the line that would accept SHA-1.
func (d *Domain) adviceSHA1() string {
	return fmt.Sprintf("`signature sha1 enable` of pki domain %s would accept it, and what is forged with it", d.Name)
}
