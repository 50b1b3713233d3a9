package pki

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"iter"
	"slices"

	"software.sslmate.com/src/go-pkcs12"

	"sallyport/ipsec/secret"
)

// ParseCertificates reads certificates: PEM, one or several, other blocks among
// them left out; DER, one; or PKCS #7, PEM or DER. Errors: more than 1 MiB or 64
// certificates, none, one that does not parse or that has more than 16 KiB.
func ParseCertificates(data []byte) (out []*x509.Certificate, err error) {
	ders, err := certificateDERs(data)
	if err != nil {
		return nil, err
	}
	if n := len(ders); n == 0 || n > maxBundle {
		return nil, fmt.Errorf("%d certificates, want 1 to %d", n, maxBundle)
	}
	for i, der := range ders {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", i+1, err)
		}
		if err := checkSize(c); err != nil {
			return nil, fmt.Errorf("certificate %d: %w", i+1, err)
		}
		out = append(out, c)
	}
	return out, nil
}

// certificateDERs splits a file into certificates.
func certificateDERs(data []byte) (ders [][]byte, err error) {
	if len(data) > maxImport {
		return nil, fmt.Errorf("a certificate file of %d octets, want at most %d", len(data), maxImport)
	}
	if !isPEM(data) {
		if ders, err = unwrap(data); err != nil {
			return [][]byte{data}, nil
		}
		return ders, nil
	}
	for block := range blocks(data) {
		switch block.Type {
		case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
			ders = append(ders, block.Bytes)
		case "PKCS7", "CMS":
			inside, err := unwrap(block.Bytes)
			if err != nil {
				return nil, err
			}
			ders = append(ders, inside...)
		}
	}
	return ders, nil
}

// A Bundle is what a PKCS #12 file holds.
type Bundle struct {
	Key         crypto.Signer
	Certificate *x509.Certificate   // of the key
	Others      []*x509.Certificate // authorities and intermediates, in the order of the file
}

// ErrPassword is the error of a PKCS #12 file and a password that is not its.
var ErrPassword = errors.New("the password is not that of the PKCS #12 file")

// ParsePKCS12 reads a key and its certificates, at most 1 MiB. Errors, which
// never quote it: [ErrPassword], no key or several, a key that is not the
// certificate's, a certificate of more than 16 KiB, and what [NewCredential]
// would not take.
func ParsePKCS12(data []byte, password secret.Octets) (Bundle, error) {
	if len(data) > maxImport {
		return Bundle{}, fmt.Errorf("a PKCS #12 file of %d octets, want at most %d", len(data), maxImport)
	}
	key, leaf, others, err := pkcs12.DecodeChain(data, string(password))
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return Bundle{}, ErrPassword
	case err != nil:
		return Bundle{}, fmt.Errorf("octets that are no PKCS #12 file with one key and its certificate: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return Bundle{}, fmt.Errorf("a key of type %T, want RSA or ECDSA", key)
	}
	if _, err := NewCredential([]*x509.Certificate{leaf}, signer); err != nil {
		return Bundle{}, err
	}
	for _, c := range append([]*x509.Certificate{leaf}, others...) {
		if err := checkSize(c); err != nil {
			return Bundle{}, err
		}
	}
	return Bundle{signer, leaf, others}, nil
}

// checkSize refuses a certificate that no CERT payload takes.
func checkSize(c *x509.Certificate) error {
	if n := len(c.Raw); n > maxPayload {
		return fmt.Errorf("the certificate of %s has %d octets, want at most %d", subject(c), n, maxPayload)
	}
	return nil
}

// ParseCRL reads a revocation list, PEM or DER, at most 16 MiB. Its signature
// is not checked, for who issued it may not be known yet: [CheckCRL].
func ParseCRL(data []byte) (*x509.RevocationList, error) {
	der, err := single(data, maxCRL, "X509 CRL")
	if err != nil {
		return nil, err
	}
	l, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, fmt.Errorf("octets that are no revocation list: %w", err)
	}
	return l, nil
}

// CertificatesPEM returns certificates as PEM, in their order.
func CertificatesPEM(certificates ...*x509.Certificate) []byte {
	var b []byte
	for _, c := range certificates {
		b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return b
}

// CRLPEM returns a revocation list as PEM.
func CRLPEM(l *x509.RevocationList) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: l.Raw})
}

// isPEM tells PEM from DER, which never has that in it but by intent.
func isPEM(data []byte) bool { return bytes.Contains(data, []byte("-----BEGIN ")) }

// blocks walks through the PEM blocks of a file.
func blocks(data []byte) iter.Seq[*pem.Block] {
	return func(yield func(*pem.Block) bool) {
		for {
			var block *pem.Block
			if block, data = pem.Decode(data); block == nil || !yield(block) {
				return
			}
		}
	}
}

// single returns the DER of a file that is to hold one thing, of one of these
// PEM types, of at most limit octets.
func single(data []byte, limit int, types ...string) (der []byte, err error) {
	if len(data) > limit {
		return nil, fmt.Errorf("a file of %d octets, want at most %d", len(data), limit)
	}
	if !isPEM(data) {
		return data, nil
	}
	for block := range blocks(data) {
		if !slices.Contains(types, block.Type) {
			continue
		}
		if der != nil {
			return nil, fmt.Errorf("more than one %s, want one", block.Type)
		}
		der = block.Bytes
	}
	if der == nil {
		return nil, fmt.Errorf("no PEM block of type %s", types[0])
	}
	return der, nil
}
