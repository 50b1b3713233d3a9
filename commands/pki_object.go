package commands

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"sallyport/ike/pki"
	"sallyport/ipsec/secret"
)

// A PKIKind is a sort of object that a box keeps for its PKI, and the name of the folder
// of such objects.
type PKIKind string

// The kinds.
const (
	PKIKeyPair     PKIKind = "key"   // a private key of ours
	PKIAuthority   PKIKind = "ca"    // an authority, or several
	PKICertificate PKIKind = "local" // a certificate of ours, and those above it
	PKIList        PKIKind = "crl"   // a revocation list
)

// PKIKinds are all kinds, in the order in which they are read.
var PKIKinds = []PKIKind{PKIKeyPair, PKIAuthority, PKICertificate, PKIList}

// A PKIObject is one of the objects. It is immutable.
type PKIObject struct {
	Kind   PKIKind
	Name   string // unique among those of the kind, and a file's
	Domain string // the only one that it counts for; empty: every one. Not of a key pair

	Key          crypto.Signer        // of a PKIKeyPair
	Certificates []*x509.Certificate  // of a PKICertificate the leaf first
	List         *x509.RevocationList // of a PKIList
}

// domainLine begins the text of an object that is of one domain: RFC 7468 §2 has such
// lines before the first block left out.
const domainLine = "Domain: "

// Text returns the object as it is kept: PEM.
func (o *PKIObject) Text() (secret.Octets, error) {
	var text secret.Octets
	if o.Domain != "" {
		text = append(text, domainLine+o.Domain+"\n"...)
	}
	switch o.Kind {
	case PKIKeyPair:
		return pki.KeyPEM(o.Key)
	case PKIList:
		return append(text, pki.CRLPEM(o.List)...), nil
	}
	return append(text, pki.CertificatesPEM(o.Certificates...)...), nil
}

// ParsePKIObject reads an object as Text has written it.
func ParsePKIObject(kind PKIKind, name string, text secret.Octets) (o *PKIObject, err error) {
	o = &PKIObject{Kind: kind, Name: name}
	if rest, is := bytes.CutPrefix(text, []byte(domainLine)); is && kind != PKIKeyPair {
		domain, _, _ := bytes.Cut(rest, []byte("\n"))
		o.Domain = string(domain)
	}
	switch kind {
	case PKIKeyPair:
		o.Key, err = pki.ParseKey(text)
	case PKIList:
		o.List, err = pki.ParseCRL(text)
	case PKIAuthority, PKICertificate:
		o.Certificates, err = pki.ParseCertificates(text)
	default:
		err = fmt.Errorf("an object of kind %q, want one of %q", kind, PKIKinds)
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

// ComparePKI orders objects by kind and name.
func ComparePKI(a, b *PKIObject) int {
	return cmp.Or(cmp.Compare(slices.Index(PKIKinds, a.Kind), slices.Index(PKIKinds, b.Kind)), strings.Compare(a.Name, b.Name))
}

// countsFor reports whether an object is one of a domain.
func (o *PKIObject) countsFor(domain string) bool { return o.Domain == "" || o.Domain == domain }

// has reports whether a key pair is that of a certificate.
func (o *PKIObject) has(c *x509.Certificate) bool {
	if o.Kind != PKIKeyPair {
		return false
	}
	public, ok := o.Key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(c.PublicKey)
}

// pkiObjects are the objects of a box.
type pkiObjects []*PKIObject

// find returns the object of a kind and name; nil: there is none.
func (all pkiObjects) find(kind PKIKind, name string) *PKIObject {
	for _, o := range all {
		if o.Kind == kind && o.Name == name {
			return o
		}
	}
	return nil
}

// of returns those of a kind.
func (all pkiObjects) of(kind PKIKind) (some pkiObjects) {
	for _, o := range all {
		if o.Kind == kind {
			some = append(some, o)
		}
	}
	return some
}

// keyOf returns the key pair of a certificate; nil: it is not here.
func (all pkiObjects) keyOf(c *x509.Certificate) *PKIObject {
	for _, o := range all {
		if o.has(c) {
			return o
		}
	}
	return nil
}

// authorities returns the certificates of all that were imported as authorities and count
// for a domain; for an empty name all.
func (all pkiObjects) authorities(domain string) (certificates []*x509.Certificate) {
	for _, o := range all.of(PKIAuthority) {
		if domain == "" || o.countsFor(domain) {
			certificates = append(certificates, o.Certificates...)
		}
	}
	return certificates
}
