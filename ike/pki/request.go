package pki

import (
	"bytes"
	"crypto/x509"
	"slices"

	"sallyport/ike/wire"
)

// Choose returns the first of our credentials that fits the method and that one
// of the peer's CERTREQ payloads allows: the requested name is that of an
// authority over it. An empty name allows all (RFC 2408 §3.10), as no request
// at all does. If none is allowed it returns the first that fits, for a peer
// may know more authorities than it names. nil: none fits.
func Choose(ours []*Credential, m wire.AuthMethod, requests []wire.CertificateRequest) *Credential {
	var first *Credential
	for _, c := range ours {
		switch {
		case !c.Fits(m):
		case c.allowed(requests):
			return c
		case first == nil:
			first = c
		}
	}
	return first
}

// allowed reports whether there is no request or one that means this chain.
func (c *Credential) allowed(requests []wire.CertificateRequest) bool {
	return len(requests) == 0 || slices.ContainsFunc(requests, func(r wire.CertificateRequest) bool {
		e := wire.CertEncoding(r.Encoding)
		return (e == wire.CertX509Signature || e == wire.CertPKCS7) && (len(r.Data) == 0 || c.under(r.Data))
	})
}

// under reports whether an authority of that name is over the leaf.
func (c *Credential) under(name []byte) bool {
	return slices.ContainsFunc(c.chain, func(cert *x509.Certificate) bool { return sameName(cert.RawIssuer, name) })
}

// sameName reports whether two DER names are the same name.
func sameName(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	d, err := ReadDN(a)
	o, err2 := ReadDN(b)
	return err == nil && err2 == nil && d.Equal(o)
}

// maxRequests is how many authorities a message names before it asks for any.
const maxRequests = 10

// Requests returns the CERTREQ payloads that name the authorities of a domain;
// those of all domains for an empty name. More than 10 are asked for as one
// request for any. Without an authority there is none.
func (s *Store) Requests(domain string) []wire.CertificateRequest {
	var requests []wire.CertificateRequest
	for _, d := range s.named(domain) {
		for _, a := range d.Authorities {
			r := wire.CertificateRequest{Encoding: uint8(wire.CertX509Signature), Data: a.RawSubject}
			if !slices.ContainsFunc(requests, func(q wire.CertificateRequest) bool { return bytes.Equal(q.Data, r.Data) }) {
				requests = append(requests, r)
			}
		}
	}
	if len(requests) > maxRequests {
		return []wire.CertificateRequest{{Encoding: uint8(wire.CertX509Signature)}}
	}
	return requests
}
