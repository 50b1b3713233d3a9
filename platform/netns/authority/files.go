package authority

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"os"
	"path/filepath"

	"software.sslmate.com/src/go-pkcs12"
)

// PEM returns the certificate.
func (c *Credential) PEM() []byte { return encodePEM("CERTIFICATE", c.Certificate.Raw) }

// ChainPEM returns the certificate and those of the CAs above it, the root's left
// out.
func (c *Credential) ChainPEM() []byte {
	var b bytes.Buffer
	b.Write(c.PEM())
	for _, ca := range c.above() {
		if ca.credential.Issuer != nil {
			b.Write(ca.credential.PEM())
		}
	}
	return b.Bytes()
}

// KeyPEM returns the private key, as PKCS#8.
func (c *Credential) KeyPEM() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(c.Key)
	if err != nil {
		panic(err) // our own keys are of kinds that can be written
	}
	return encodePEM("PRIVATE KEY", der)
}

// TraditionalKeyPEM returns the private key as older programs write it: PKCS#1,
// and for ECDSA RFC 5915.
func (c *Credential) TraditionalKeyPEM() []byte {
	switch key := c.Key.(type) {
	case *rsa.PrivateKey:
		return encodePEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	case *ecdsa.PrivateKey:
		der, err := x509.MarshalECPrivateKey(key)
		if err != nil {
			panic(err)
		}
		return encodePEM("EC PRIVATE KEY", der)
	}
	return nil
}

// PKCS12 returns certificate, key and the CAs above under a password, as today's
// programs write it: AES-256, SHA-256.
func (c *Credential) PKCS12(password string) ([]byte, error) {
	return pkcs12.Modern.Encode(c.Key, c.Certificate, c.certificatesAbove(), password)
}

// LegacyPKCS12 is PKCS12 as older programs write it: triple DES, SHA-1.
func (c *Credential) LegacyPKCS12(password string) ([]byte, error) {
	return pkcs12.LegacyDES.Encode(c.Key, c.Certificate, c.certificatesAbove(), password)
}

// above returns the CAs from the issuer up to the root.
func (c *Credential) above() (all []*CA) {
	for ca := c.Issuer; ca != nil; ca = ca.credential.Issuer {
		all = append(all, ca)
	}
	return all
}

func (c *Credential) certificatesAbove() (all []*x509.Certificate) {
	for _, ca := range c.above() {
		all = append(all, ca.credential.Certificate)
	}
	return all
}

// CRLPEM returns CRL as PEM.
func (c *CA) CRLPEM() []byte {
	c.t.Helper()
	return encodePEM("X509 CRL", c.CRL())
}

// Swanctl returns the files of a strongSwan that is c, by their paths in swanctl's
// directory: certificate and key, the CAs above it but the root, whom it sends
// along, and the roots that it trusts, each with its revocation list.
func (c *Credential) Swanctl(trusted ...*CA) map[string][]byte {
	files := map[string][]byte{
		"x509/" + c.Name + ".pem":    c.PEM(),
		"private/" + c.Name + ".pem": c.TraditionalKeyPEM(),
	}
	for _, ca := range c.above() {
		if ca.credential.Issuer != nil {
			trusted = append(trusted, ca)
		}
	}
	maps.Copy(files, Trust(trusted...))
	return files
}

// Trust returns the files of a strongSwan that trusts the CAs and has no
// certificate of its own.
func Trust(trusted ...*CA) map[string][]byte {
	files := make(map[string][]byte)
	for _, ca := range trusted {
		files["x509ca/"+ca.credential.Name+".pem"] = ca.credential.PEM()
		files["x509crl/"+ca.credential.Name+".pem"] = ca.CRLPEM()
	}
	return files
}

// Write writes files below a directory, for their owner alone.
func Write(dir string, files map[string][]byte) error {
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
