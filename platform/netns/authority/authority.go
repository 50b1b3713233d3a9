// Package authority is a certification authority for tests: it issues
// certificates, revokes them, and writes both as files for strongSwan and for the
// appliance. It is used by tests only, and trusted by nobody else.
//
// A private key is made once for each name in a test process, because making one
// takes longer than most tests.
//
// Start at [New]; [CA.ServeOCSP] runs a responder.
package authority

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"testing"
	"time"
)

// A CA issues certificates. It belongs to one test and is not for several
// goroutines at once.
type CA struct {
	t          testing.TB
	credential Credential // its own
	issued     []*Credential
	revoked    []x509.RevocationListEntry
	lists      int64 // revocation lists made
	responders []*Responder
}

// A Credential is a certificate and its private key.
type Credential struct {
	Name        string // of the subject: DN
	Certificate *x509.Certificate
	Key         crypto.Signer // *rsa.PrivateKey or *ecdsa.PrivateKey
	Issuer      *CA           // nil: signed by itself
}

// A Request is what a certificate is to say. The zero value but for its name is
// one that every peer takes.
type Request struct {
	Name     string // CN of the subject; required
	Key      KeyKind
	DNS      []string // alternative names, as the next two
	Email    []string
	IP       []netip.Addr
	Usage    x509.KeyUsage // zero: digitalSignature
	Extended []x509.ExtKeyUsage
	From, To time.Time // validity; zero: an hour ago, and a day from now
	OCSP     string    // URL of the responder; empty: none
	CRL      string    // URL of the list; empty: none
	Ballast  int       // octets of an extension that nobody knows, to make the certificate long
}

// New makes a CA that is its own root, with an RSA key.
func New(t testing.TB, name string) *CA { return newCA(t, name, keyOf(t, RSA, "CA "+name), nil) }

// Impostor makes a root of the same name and another key.
func (c *CA) Impostor() *CA {
	return newCA(c.t, c.credential.Name, keyOf(c.t, RSA, "impostor "+c.credential.Name), nil)
}

// Subordinate makes a CA whose certificate c issues.
func (c *CA) Subordinate(name string) *CA {
	return newCA(c.t, name, keyOf(c.t, RSA, "CA "+name), c)
}

func newCA(t testing.TB, name string, key crypto.Signer, issuer *CA) *CA {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0x1000),
		Subject:      subject(name),
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(10 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	c := &CA{t: t, credential: Credential{Name: name, Key: key, Issuer: issuer}}
	if issuer != nil {
		issuer.sign(&c.credential, template)
	} else {
		c.sign(&c.credential, template)
	}
	return c
}

// Issue makes a certificate, with a key of its name's.
func (c *CA) Issue(r Request) *Credential {
	c.t.Helper()
	issued := &Credential{Name: r.Name, Key: keyOf(c.t, r.Key, r.Name), Issuer: c}
	c.sign(issued, r.template())
	return issued
}

// sign fills in the certificate of issued. A CA's own has no place in its index.
func (c *CA) sign(issued *Credential, template *x509.Certificate) {
	c.t.Helper()
	parent := template
	if issued != &c.credential {
		parent = c.credential.Certificate
		c.issued = append(c.issued, issued)
		template.SerialNumber = big.NewInt(int64(0x1000 + len(c.issued)))
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, issued.Key.Public(), c.credential.Key)
	if err != nil {
		c.t.Fatalf("certificate for %s: %v", issued.Name, err)
	}
	if issued.Certificate, err = x509.ParseCertificate(der); err != nil {
		c.t.Fatalf("certificate for %s: %v", issued.Name, err)
	}
	c.publish()
}

// ballast is the object identifier of an extension that nobody knows: in the arc
// for examples of RFC 5612.
var ballast = []int{1, 3, 6, 1, 4, 1, 32473, 1}

func (r Request) template() *x509.Certificate {
	t := &x509.Certificate{
		Subject:   subject(r.Name),
		NotBefore: r.From, NotAfter: r.To,
		KeyUsage: r.Usage, ExtKeyUsage: r.Extended,
		DNSNames: r.DNS, EmailAddresses: r.Email,
		BasicConstraintsValid: true,
	}
	if t.NotBefore.IsZero() {
		t.NotBefore = time.Now().Add(-time.Hour)
	}
	if t.NotAfter.IsZero() {
		t.NotAfter = time.Now().Add(24 * time.Hour)
	}
	if t.KeyUsage == 0 {
		t.KeyUsage = x509.KeyUsageDigitalSignature
	}
	for _, a := range r.IP {
		t.IPAddresses = append(t.IPAddresses, net.IP(a.AsSlice()))
	}
	if r.OCSP != "" {
		t.OCSPServer = []string{r.OCSP}
	}
	if r.CRL != "" {
		t.CRLDistributionPoints = []string{r.CRL}
	}
	if r.Ballast > 0 {
		t.ExtraExtensions = []pkix.Extension{{Id: ballast, Value: make([]byte, r.Ballast)}}
	}
	return t
}

// The subject of every certificate, but for its CN.
const (
	country      = "ZZ"
	organization = "interop"
)

func subject(name string) pkix.Name {
	return pkix.Name{Country: []string{country}, Organization: []string{organization}, CommonName: name}
}

// DN returns the subject in the words of strongSwan, such as
// "C=ZZ, O=interop, CN=left".
func (c *Credential) DN() string {
	return fmt.Sprintf("C=%s, O=%s, CN=%s", country, organization, c.Name)
}

// Credential returns the CA's own certificate and key.
func (c *CA) Credential() *Credential { return &c.credential }
