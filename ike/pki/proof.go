package pki

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"unique"

	"golang.org/x/crypto/cryptobyte"
)

// A Proof is what is kept of a path that was found good: who has issued what, by name and
// number as in RFC 5652 §10.2.4, and the authority at its end. It is comparable. What two
// paths have in common above the leaf is held once. The zero value is of no path.
type Proof struct {
	above  unique.Handle[above]
	serial string // of the leaf, without leading zeros
}

// above is a path without the leaf's number.
type above struct {
	domain string // the only one that was tried; empty: each
	anchor [sha256.Size]byte
	links  [maxDepth - 1]link // from the leaf up; those that are not there are zero
}

// A link is a certificate of a path but the authority at its end.
type link struct {
	issuer string // DER
	serial string // empty: the leaf's, which the Proof has
}

// proofOf returns the Proof of a path that was found in a domain, or in each for an empty name.
func proofOf(domain string, path []*x509.Certificate) Proof {
	last := len(path) - 1
	a := above{domain: domain, anchor: sha256.Sum256(path[last].Raw)}
	for i, c := range path[:last] {
		a.links[i].issuer = string(c.RawIssuer)
		if i > 0 {
			a.links[i].serial = serialKey(c)
		}
	}
	return Proof{unique.Make(a), serialKey(path[0])}
}

func serialKey(c *x509.Certificate) string { return string(c.SerialNumber.Bytes()) }

// anchorName is the DER of the name of the authority at the end.
func (a above) anchorName() string {
	name := ""
	for _, l := range a.links {
		if l.issuer != "" {
			name = l.issuer
		}
	}
	return name
}

// Octets returns what [ParseProof] makes the same Proof of. Of the zero value it is nil.
func (p Proof) Octets() []byte {
	if p == (Proof{}) {
		return nil
	}
	var b cryptobyte.Builder
	text := func(s string) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
	}
	a := p.above.Value()
	text(p.serial)
	text(a.domain)
	b.AddBytes(a.anchor[:])
	for _, l := range a.links {
		text(l.issuer)
		text(l.serial)
	}
	return b.BytesOrPanic() // names and numbers are out of payloads of 64 KiB
}

var errProof = errors.New("the octets are no proof's")

// ParseProof reads what Octets has written; no octets are the zero value.
func ParseProof(octets []byte) (Proof, error) {
	if len(octets) == 0 {
		return Proof{}, nil
	}
	s, ok := cryptobyte.String(octets), true
	text := func() string {
		var part cryptobyte.String
		ok = ok && s.ReadUint16LengthPrefixed(&part)
		return string(part)
	}
	var a above
	serial := text()
	a.domain = text()
	ok = ok && s.CopyBytes(a.anchor[:])
	for i := range a.links {
		a.links[i] = link{text(), text()}
	}
	if !ok || !s.Empty() {
		return Proof{}, errProof
	}
	return Proof{unique.Make(a), serial}, nil
}
