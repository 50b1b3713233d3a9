package authority

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// trusts verifies a credential as one who trusts root does, with what it sends
// along.
func trusts(root *CA, c *Credential) error {
	roots, others := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(root.Credential().Certificate)
	others.AppendCertsFromPEM(c.ChainPEM())
	_, err := c.Certificate.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: others, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	return err
}

func TestTrust(t *testing.T) {
	t.Parallel()
	root := New(t, "root")
	deep := root.Subordinate("first").Subordinate("second")
	past := time.Now().Add(-time.Hour)
	tests := []struct {
		name    string
		c       *Credential
		trusted bool
	}{
		{"of the root", root.Issue(Request{Name: "leaf"}), true},
		{"ECDSA", root.Issue(Request{Name: "leaf", Key: ECDSA}), true},
		{"long", root.Issue(Request{Name: "leaf", Ballast: 3000}), true},
		{"two CAs below", deep.Issue(Request{Name: "leaf"}), true},
		{"expired", root.Issue(Request{Name: "leaf", From: past.Add(-time.Hour), To: past}), false},
		{"not yet valid", root.Issue(Request{Name: "leaf", From: time.Now().Add(time.Hour)}), false},
		{"of another root", New(t, "other").Issue(Request{Name: "leaf"}), false},
		{"of one that says it is the root", root.Impostor().Issue(Request{Name: "leaf"}), false},
	}
	for _, test := range tests {
		if err := trusts(root, test.c); (err == nil) != test.trusted {
			t.Errorf("%s: Verify = %v, want trusted: %v", test.name, err, test.trusted)
		}
	}
}

func TestContents(t *testing.T) {
	t.Parallel()
	root := New(t, "root")
	c := root.Issue(Request{
		Name: "leaf", DNS: []string{"leaf.test"}, Email: []string{"leaf@test"}, IP: []netip.Addr{netip.MustParseAddr("192.0.2.1")},
		Usage: x509.KeyUsageKeyEncipherment, Extended: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		OCSP: "http://192.0.2.9:1", CRL: "http://192.0.2.9:2",
	}).Certificate
	if !slices.Equal(c.DNSNames, []string{"leaf.test"}) || !slices.Equal(c.EmailAddresses, []string{"leaf@test"}) ||
		len(c.IPAddresses) != 1 || c.IPAddresses[0].String() != "192.0.2.1" {
		t.Errorf("the alternative names are %v, %v, %v", c.DNSNames, c.EmailAddresses, c.IPAddresses)
	}
	if c.KeyUsage != x509.KeyUsageKeyEncipherment || len(c.ExtKeyUsage) != 1 || c.ExtKeyUsage[0] != x509.ExtKeyUsageServerAuth {
		t.Errorf("the usage is %v, %v", c.KeyUsage, c.ExtKeyUsage)
	}
	if c.OCSPServer[0] != "http://192.0.2.9:1" || c.CRLDistributionPoints[0] != "http://192.0.2.9:2" {
		t.Errorf("the URLs are %v and %v", c.OCSPServer, c.CRLDistributionPoints)
	}
	if got := c.Subject.String(); got != "CN=leaf,O=interop,C=ZZ" {
		t.Errorf("the subject is %q", got)
	}
	if plain := root.Issue(Request{Name: "leaf"}).Certificate; plain.KeyUsage != x509.KeyUsageDigitalSignature ||
		plain.SerialNumber.Cmp(c.SerialNumber) == 0 {
		t.Errorf("the zero value has usage %v and serial number %v", plain.KeyUsage, plain.SerialNumber)
	}
}

// One name has one key in a process, and no other has it.
func TestKeys(t *testing.T) {
	t.Parallel()
	a, b := New(t, "root").Issue(Request{Name: "leaf"}), New(t, "other").Issue(Request{Name: "leaf"})
	if !a.Key.(*rsa.PrivateKey).Equal(b.Key) {
		t.Error("one name has two keys")
	}
	if a.Key.(*rsa.PrivateKey).Equal(New(t, "leaf").Credential().Key) {
		t.Error("a CA has the key of a leaf of its name")
	}
	if e := New(t, "root").Issue(Request{Name: "leaf", Key: ECDSA}); e.Key.(*ecdsa.PrivateKey).Curve.Params().BitSize != 256 {
		t.Error("the ECDSA key is none of P-256")
	}
}

func TestRevocationList(t *testing.T) {
	t.Parallel()
	root := New(t, "root")
	good, bad := root.Issue(Request{Name: "good"}), root.Issue(Request{Name: "bad"})
	before, err := x509.ParseRevocationList(root.CRL())
	if err != nil || len(before.RevokedCertificateEntries) != 0 {
		t.Fatalf("before: %v, %v, want nobody revoked", before, err)
	}
	root.Revoke(bad)
	after, err := x509.ParseRevocationList(root.CRL())
	if err != nil || len(after.RevokedCertificateEntries) != 1 ||
		after.RevokedCertificateEntries[0].SerialNumber.Cmp(bad.Certificate.SerialNumber) != 0 {
		t.Fatalf("after: %+v, %v, want number %v", after, err, bad.Certificate.SerialNumber)
	}
	if good.Certificate.SerialNumber.Cmp(bad.Certificate.SerialNumber) == 0 {
		t.Error("two certificates have one number")
	}
	if err := after.CheckSignatureFrom(root.Credential().Certificate); err != nil || after.Number.Cmp(before.Number) <= 0 {
		t.Errorf("the list's signature: %v; its number is %v after %v", err, after.Number, before.Number)
	}
	stale, err := x509.ParseRevocationList(root.StaleCRL())
	if err != nil || stale.NextUpdate.After(time.Now()) {
		t.Errorf("the stale list: %v, next at %v", err, stale.NextUpdate)
	}
}

func TestPKCS12(t *testing.T) {
	t.Parallel()
	root := New(t, "root")
	c := root.Subordinate("first").Issue(Request{Name: "leaf"})
	for name, encode := range map[string]func(string) ([]byte, error){"today's": c.PKCS12, "legacy": c.LegacyPKCS12} {
		b, err := encode("open sesame")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		key, cert, others, err := pkcs12.DecodeChain(b, "open sesame")
		if err != nil || !c.Key.(*rsa.PrivateKey).Equal(key.(*rsa.PrivateKey)) || !cert.Equal(c.Certificate) || len(others) != 2 {
			t.Errorf("%s: DecodeChain = %v, %d others, want the same key and certificate and two CAs", name, err, len(others))
		}
		if _, _, _, err := pkcs12.DecodeChain(b, "open barley"); err == nil {
			t.Errorf("%s: a wrong password opens it", name)
		}
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	root := New(t, "root")
	c := root.Subordinate("first").Issue(Request{Name: "leaf"})
	dir := t.TempDir()
	if err := Write(dir, c.Swanctl(root)); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{ // the path, and what is in it
		"x509/leaf.pem": "CERTIFICATE", "private/leaf.pem": "RSA PRIVATE KEY",
		"x509ca/root.pem": "CERTIFICATE", "x509ca/first.pem": "CERTIFICATE",
		"x509crl/root.pem": "X509 CRL", "x509crl/first.pem": "X509 CRL",
	}
	for name, kind := range want {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if block, rest := pem.Decode(text); err != nil || block == nil || block.Type != kind || len(rest) != 0 {
			t.Errorf("%s is %q, %v, want one %s", name, text, err, kind)
		}
	}
	if n := len(c.Swanctl(root)); n != len(want) {
		t.Errorf("there are %d files, want %d", n, len(want))
	}
	if n := strings.Count(string(c.ChainPEM()), "BEGIN CERTIFICATE"); n != 2 {
		t.Errorf("the chain has %d certificates, want 2", n)
	}
	if bytes.Equal(c.KeyPEM(), c.TraditionalKeyPEM()) {
		t.Error("both forms of the key are the same")
	}
}
