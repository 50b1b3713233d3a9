package authority

import (
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"time"
)

// keyCompromise is the reason of every revocation: RFC 5280 §5.3.1.
const keyCompromise = 1

// Revoke puts a certificate that c has issued on its list, for the lists and the
// answers that are made from now on.
func (c *CA) Revoke(issued *Credential) {
	c.t.Helper()
	if issued.Issuer != c {
		c.t.Fatalf("%s is asked to revoke %s, which it has not issued", c.credential.Name, issued.Name)
	}
	c.revoked = append(c.revoked, x509.RevocationListEntry{
		SerialNumber:   issued.Certificate.SerialNumber,
		RevocationTime: time.Now().Add(-time.Minute),
		ReasonCode:     keyCompromise,
	})
	c.publish()
}

// CRL returns the revocation list as it is now, DER, good for a day.
func (c *CA) CRL() []byte { return c.list(time.Now().Add(-time.Minute), 24*time.Hour) }

// StaleCRL returns a list that a newer one should have followed an hour ago.
func (c *CA) StaleCRL() []byte { return c.list(time.Now().Add(-2*time.Hour), time.Hour) }

func (c *CA) list(from time.Time, lifetime time.Duration) []byte {
	c.t.Helper()
	c.lists++
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number:     big.NewInt(c.lists),
		ThisUpdate: from, NextUpdate: from.Add(lifetime),
		RevokedCertificateEntries: c.revoked,
	}, c.credential.Certificate, c.credential.Key)
	if err != nil {
		c.t.Fatalf("revocation list of %s: %v", c.credential.Name, err)
	}
	return der
}

// revocation returns since when the certificate is revoked; zero: it is not.
func (c *CA) revocation(issued *Credential) time.Time {
	for _, e := range c.revoked {
		if e.SerialNumber.Cmp(issued.Certificate.SerialNumber) == 0 {
			return e.RevocationTime
		}
	}
	return time.Time{}
}
