package commands

import (
	"crypto/x509"
	"time"

	"sallyport/ike/pki"
)

// How long before its end a certificate is told of, each day, and how long before it that
// is grave.
const (
	expiryNotice = 30 * 24 * time.Hour
	expiryGrave  = 7 * 24 * time.Hour
)

// An Expiry is an object of the PKI that has come to its end, or soon will.
type Expiry struct {
	Kind    PKIKind
	Name    string // of the object
	Subject string // of the certificate, or who issued the list
	End     time.Time
	Over    bool // it has expired
	Grave   bool // it has, or will within a week
}

// Expiries returns what ends within 30 days. Lists are told of when they have ended: most
// hold for a week only.
func Expiries(objects []*PKIObject, now time.Time) (all []Expiry) {
	for _, o := range objects {
		if o.Kind == PKIList {
			if end := o.List.NextUpdate; !end.IsZero() && now.After(end) {
				all = append(all, Expiry{o.Kind, o.Name, pki.DescribeCRL(o.List).Issuer, end, true, true})
			}
			continue
		}
		for _, c := range o.Certificates {
			if c.NotAfter.Sub(now) < expiryNotice {
				all = append(all, expiryOf(o, c, now))
			}
		}
	}
	return all
}

func expiryOf(o *PKIObject, c *x509.Certificate, now time.Time) Expiry {
	return Expiry{
		Kind: o.Kind, Name: o.Name, Subject: pki.Describe(c).Subject, End: c.NotAfter,
		Over: now.After(c.NotAfter), Grave: c.NotAfter.Sub(now) < expiryGrave,
	}
}
