package pki

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// subject returns a certificate's subject as DN.String writes it.
func subject(c *x509.Certificate) string { return nameText(c.RawSubject) }

// keyUsages are the bits of key usage in RFC 5280's words, in its order: §4.2.1.3.
var keyUsages = []struct {
	bit  x509.KeyUsage
	name string
}{
	{x509.KeyUsageDigitalSignature, "digitalSignature"},
	{x509.KeyUsageContentCommitment, "nonRepudiation"},
	{x509.KeyUsageKeyEncipherment, "keyEncipherment"},
	{x509.KeyUsageDataEncipherment, "dataEncipherment"},
	{x509.KeyUsageKeyAgreement, "keyAgreement"},
	{x509.KeyUsageCertSign, "keyCertSign"},
	{x509.KeyUsageCRLSign, "cRLSign"},
	{x509.KeyUsageEncipherOnly, "encipherOnly"},
	{x509.KeyUsageDecipherOnly, "decipherOnly"},
}

// usages returns the names of a certificate's key usage.
func usages(c *x509.Certificate) (names []string) {
	for _, u := range keyUsages {
		if c.KeyUsage&u.bit != 0 {
			names = append(names, u.name)
		}
	}
	return names
}

func keyUsageText(c *x509.Certificate) string { return strings.Join(usages(c), ", ") }

// checkKeyUsage refuses a leaf that may not sign: RFC 4945 §5.1.3.2. Extended
// key usage is not looked at, since gateways carry that of web servers.
func checkKeyUsage(c *x509.Certificate) error {
	if c.KeyUsage != 0 && c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return fmt.Errorf("the certificate of %s has key usage %s, want digitalSignature or nonRepudiation", subject(c), keyUsageText(c))
	}
	return nil
}

// checkValidity refuses a certificate outside of its time.
func checkValidity(c *x509.Certificate, now time.Time) error {
	switch {
	case now.Before(c.NotBefore):
		return fmt.Errorf("the certificate of %s is valid from %s, it is %s", subject(c), stamp(c.NotBefore), stamp(now))
	case now.After(c.NotAfter):
		return fmt.Errorf("the certificate of %s was valid until %s, it is %s", subject(c), stamp(c.NotAfter), stamp(now))
	}
	return nil
}

// stamp writes a time as errors have it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// sound are the algorithms of signatures on certificates, lists and answers.
var sound = []x509.SignatureAlgorithm{
	x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA,
	x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS,
	x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512,
}

// isSHA1 reports whether crypto/x509 would refuse to build a path over a
// signature that an operator may allow.
func isSHA1(a x509.SignatureAlgorithm) bool {
	return a == x509.SHA1WithRSA || a == x509.ECDSAWithSHA1
}

// checkAlgorithm refuses MD5 and what is unknown, and SHA-1 unless it is allowed.
func checkAlgorithm(a x509.SignatureAlgorithm, allowSHA1 bool) error {
	if slices.Contains(sound, a) || allowSHA1 && isSHA1(a) {
		return nil
	}
	if isSHA1(a) {
		return fmt.Errorf("signed with %v, %w", a, errSHA1)
	}
	return fmt.Errorf("signed with %v, want RSA or ECDSA with SHA-2", a)
}

// errSHA1 ends the texts about what an operator may allow.
var errSHA1 = errors.New("want RSA or ECDSA with SHA-2")

// checkLink refuses a certificate that the other did not sign. CheckSignature
// is what accepts SHA-1, where allowed; CheckSignatureFrom never does.
func checkLink(c, issuer *x509.Certificate, allowSHA1 bool) error {
	if !bytes.Equal(c.RawIssuer, issuer.RawSubject) {
		return fmt.Errorf("the certificate of %s is by %s, not by %s", subject(c), nameText(c.RawIssuer), subject(issuer))
	}
	if err := CheckAuthority(issuer); err != nil {
		return err
	}
	if err := checkAlgorithm(c.SignatureAlgorithm, allowSHA1); err != nil {
		return fmt.Errorf("the certificate of %s is %w", subject(c), err)
	}
	if issuer.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) != nil {
		return fmt.Errorf("the certificate of %s is not signed with the key of %s", subject(c), subject(issuer))
	}
	return nil
}
