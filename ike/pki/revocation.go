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
			return refuse(wire.InvalidCertificate, "the certificate of %s, number %s: %v", subject(c), serialText(c.SerialNumber), err)
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
