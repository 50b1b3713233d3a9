package pki

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"

	"sallyport/ike/wire"
)

// byList looks a certificate up in the newest list of its issuer: RFC 5280 §6.3.
// A newest list that is stale says nothing about who is not on it.
func (q *inquiry) byList(c, issuer *x509.Certificate) error {
	list, err := q.newest(issuer)
	if err != nil {
		return err
	}
	for _, e := range list.RevokedCertificateEntries {
		if e.SerialNumber.Cmp(c.SerialNumber) == 0 {
			return revokedBy(list, e)
		}
	}
	switch {
	case q.now.Add(clockSkew).Before(list.ThisUpdate):
		return fmt.Errorf("the revocation list of %s is of %s, it is %s", nameText(list.RawIssuer), stamp(list.ThisUpdate), stamp(q.now))
	case list.NextUpdate.IsZero():
		return fmt.Errorf("the revocation list of %s does not say until when it holds", nameText(list.RawIssuer))
	case q.now.After(list.NextUpdate):
		return fmt.Errorf("the revocation list of %s held until %s, it is %s", nameText(list.RawIssuer), stamp(list.NextUpdate), stamp(q.now))
	}
	return nil
}

// newest returns the list of the highest number that the issuer has signed.
func (q *inquiry) newest(issuer *x509.Certificate) (best *x509.RevocationList, err error) {
	var why error
	for _, l := range q.lists {
		if !bytes.Equal(l.RawIssuer, issuer.RawSubject) || best != nil && !newer(l, best) {
			continue
		}
		if err := checkList(l, issuer, q.domain.AllowSHA1); err != nil {
			why = err
			continue
		}
		best = l
	}
	switch {
	case best != nil:
		return best, nil
	case why != nil:
		return nil, why
	}
	return nil, fmt.Errorf("no revocation list of %s is there", subject(issuer))
}

// newer compares two lists of one issuer by number, or by time where one has
// none.
func newer(l, than *x509.RevocationList) bool {
	if l.Number != nil && than.Number != nil && l.Number.Cmp(than.Number) != 0 {
		return l.Number.Cmp(than.Number) > 0
	}
	return l.ThisUpdate.After(than.ThisUpdate)
}

// CheckCRL refuses a revocation list that the issuer has not signed, may not
// sign, or that is not a whole one: a delta, one of some kinds or places of
// certificates only, one for other issuers, or with entries that say what we do
// not know. How old it is is not looked at.
func CheckCRL(l *x509.RevocationList, issuer *x509.Certificate) error {
	return checkList(l, issuer, true)
}

func checkList(l *x509.RevocationList, issuer *x509.Certificate, allowSHA1 bool) error {
	name := nameText(l.RawIssuer)
	if !bytes.Equal(l.RawIssuer, issuer.RawSubject) {
		return fmt.Errorf("the revocation list is by %s, not by %s", name, subject(issuer))
	}
	if err := CheckAuthority(issuer); err != nil {
		return err
	}
	if issuer.KeyUsage != 0 && issuer.KeyUsage&x509.KeyUsageCRLSign == 0 {
		return fmt.Errorf("%s has key usage %s, want cRLSign", name, keyUsageText(issuer))
	}
	if err := checkAlgorithm(l.SignatureAlgorithm, allowSHA1); err != nil {
		return fmt.Errorf("the revocation list of %s is %w", name, err)
	}
	if issuer.CheckSignature(l.SignatureAlgorithm, l.RawTBSRevocationList, l.Signature) != nil {
		return fmt.Errorf("the revocation list of %s is not signed with its key", name)
	}
	return checkWhole(l)
}

// Critical extensions that a whole list may have: RFC 5280 §5.2, §5.3.
var (
	listExtensions  = []string{"2.5.29.20", "2.5.29.35"}              // number, authority key
	entryExtensions = []string{"2.5.29.21", "2.5.29.24", "2.5.29.23"} // reason, date, hold instruction
)

// checkWhole refuses a list that says less than whom an issuer has withdrawn.
// Delta lists and partial ones are critical extensions.
func checkWhole(l *x509.RevocationList) error {
	for _, e := range l.Extensions {
		if e.Critical && !slices.Contains(listExtensions, e.Id.String()) {
			return fmt.Errorf("the revocation list of %s has the critical extension %v: want a whole list", nameText(l.RawIssuer), e.Id)
		}
	}
	for _, r := range l.RevokedCertificateEntries {
		for _, e := range r.Extensions {
			if e.Critical && !slices.Contains(entryExtensions, e.Id.String()) {
				return fmt.Errorf("the revocation list of %s has an entry with the critical extension %v: want a list of its own", nameText(l.RawIssuer), e.Id)
			}
		}
	}
	return nil
}

// reasons are RFC 5280's words, by their numbers: §5.3.1.
var reasons = map[int]string{
	0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded",
	5: "cessationOfOperation", 6: "certificateHold", 8: "removeFromCRL", 9: "privilegeWithdrawn", 10: "aACompromise",
}

// reasonText returns the word of a reason, or its number.
func reasonText(code int) string {
	if s, ok := reasons[code]; ok {
		return s
	}
	return wire.Printable(fmt.Appendf(nil, "reason %d", code))
}
