package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"fmt"
	"io"
	"slices"

	"sallyport/ike/wire"
)

// A Credential is a certificate of ours with its private key. It is immutable,
// and it shows its subject, never the key, however it is printed.
type Credential struct {
	chain []*x509.Certificate
	key   crypto.Signer
}

// NewCredential returns the credential of a key and its certificate chain, the
// leaf first, each certificate signed by the next; the authority at the end may
// be left out, and [Chain] makes one. Errors: no certificate or more than 5, a
// key that is not the leaf's or is no RSA key of 2048 to 8192 bits or ECDSA key
// on P-256, P-384 or P-521, a leaf that may not sign, a chain that does not
// hang together. Validity is not looked at: that is a matter of the day.
func NewCredential(chain []*x509.Certificate, key crypto.Signer) (*Credential, error) {
	if len(chain) == 0 || len(chain) > maxDepth {
		return nil, fmt.Errorf("%d certificates, want 1 to %d", len(chain), maxDepth)
	}
	leaf := chain[0]
	if own, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !own.Equal(leaf.PublicKey) {
		return nil, fmt.Errorf("the private key is not that of the certificate of %s", subject(leaf))
	}
	if err := checkKey(leaf.PublicKey); err != nil {
		return nil, fmt.Errorf("the certificate of %s has %w", subject(leaf), err)
	}
	if err := checkKeyUsage(leaf); err != nil {
		return nil, err
	}
	for i, c := range chain[1:] {
		if err := checkLink(chain[i], c, true); err != nil {
			return nil, err
		}
	}
	return &Credential{slices.Clone(chain), key}, nil
}

// Chain returns the leaf and those above it as far as the candidates go, each
// signed by the next. At most 5 certificates.
func Chain(leaf *x509.Certificate, candidates []*x509.Certificate) []*x509.Certificate {
	chain := []*x509.Certificate{leaf}
	for len(chain) < maxDepth {
		last := chain[len(chain)-1]
		i := slices.IndexFunc(candidates, func(c *x509.Certificate) bool {
			return !slices.ContainsFunc(chain, c.Equal) && checkLink(last, c, true) == nil
		})
		if i < 0 {
			break
		}
		chain = append(chain, candidates[i])
	}
	return chain
}

// Format writes the leaf's subject, whatever the verb.
func (c *Credential) Format(f fmt.State, _ rune) {
	if c == nil {
		io.WriteString(f, "no credential")
		return
	}
	io.WriteString(f, "credential of "+subject(c.Leaf()))
}

// Leaf returns the certificate of the key.
func (c *Credential) Leaf() *x509.Certificate { return c.chain[0] }

// Payloads returns the chain as CERT payloads, the leaf first, without a
// self-signed authority, which the peer has or does not trust: RFC 4945 §3.3.10.
func (c *Credential) Payloads() []wire.Certificate {
	var p []wire.Certificate
	for i, cert := range c.chain {
		if i > 0 && bytes.Equal(cert.RawIssuer, cert.RawSubject) {
			break
		}
		p = append(p, wire.Certificate{Encoding: uint8(wire.CertX509Signature), Data: cert.Raw})
	}
	return p
}

// ID returns the leaf's subject as an ID_DER_ASN1_DN.
func (c *Credential) ID() wire.ID {
	return wire.ID{IDType: wire.IDDERASN1DN, Data: c.Leaf().RawSubject}
}

// Names reports whether the leaf holds the identity, so that a peer that
// compares the two will take it.
func (c *Credential) Names(id wire.ID) bool { return checkID(c.Leaf(), id) == nil }

// Fits reports whether the key can sign for an authentication method: an RSA
// key for RSA signatures, hybrid and XAUTH over RSA, an ECDSA key for the one
// method of its curve.
func (c *Credential) Fits(m wire.AuthMethod) bool {
	s, ok := schemes[m]
	return ok && s.fits(c.Leaf().PublicKey)
}

// SignatureLen returns how many octets a signature with the key has: the size of an RSA
// modulus, or of r and s.
func (c *Credential) SignatureLen() int {
	if key, ok := c.Leaf().PublicKey.(*ecdsa.PublicKey); ok {
		return 2 * scheme{curve: key.Curve}.field()
	}
	_, bits := keySize(c.Leaf().PublicKey)
	return (bits + 7) / 8
}

// Sign returns the body of the SIG payload over HASH_I or HASH_R: PKCS #1 v1.5
// around the bare hash, without DigestInfo (RFC 2409 §5.1), or r and s of the
// field's size (RFC 4754 §7), deterministic after RFC 6979. It needs no
// entropy. Errors: a method that does not fit, a hash that is not of the
// method's length.
func (c *Credential) Sign(m wire.AuthMethod, hash []byte) ([]byte, error) {
	if !c.Fits(m) {
		name, bits := keySize(c.Leaf().PublicKey)
		return nil, fmt.Errorf("method %v with an %s key of %d bits", m, name, bits)
	}
	return schemes[m].sign(c.key, hash)
}
