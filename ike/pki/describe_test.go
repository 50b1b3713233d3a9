package pki

import (
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestDescribe(t *testing.T) {
	ca := authority(t, nil, "ca")
	template := leafTemplate(t)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageOCSPSigning}
	template.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 17}, {1, 2, 3}}
	serials = 0x4a00
	leaf := sign(t, ca, rsaKey(), template)
	got := Describe(leaf.Certificate)
	sum := sha256.Sum256(leaf.Raw)
	if want := strings.ToUpper(hex.EncodeToString(sum[:])); strings.ReplaceAll(got.SHA256, ":", "") != want || len(got.SHA256) != 95 || len(got.SHA1) != 59 {
		t.Errorf("fingerprints %s and %s, want %s", got.SHA256, got.SHA1, want)
	}
	got.SHA1, got.SHA256 = "", ""
	want := Description{Version: 3, Serial: "4A:01", Subject: "/C=ZZ/O=interop/CN=left", Issuer: "/C=ZZ/O=interop/CN=ca",
		NotBefore: t0.Add(-time.Hour), NotAfter: t0.Add(24 * time.Hour), Signature: "ECDSA-SHA256", KeyType: "RSA", KeyBits: 2048, PathLength: -1,
		Names:    []string{"DNS:left.test", "email:Ops@left.test", "IP:10.99.0.1", "IP:2001:db8::1"},
		KeyUsage: []string{"digitalSignature"}, ExtendedUse: []string{"serverAuth", "OCSPSigning", "ipsecIKE", "1.2.3"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the certificate says\n%+v, want\n%+v", got, want)
	}
}

func TestDescribeAuthority(t *testing.T) {
	for _, test := range []struct {
		change func(*x509.Certificate)
		want   int
	}{
		{func(*x509.Certificate) {}, -1},
		{func(c *x509.Certificate) { c.MaxPathLenZero = true }, 0},
		{func(c *x509.Certificate) { c.MaxPathLen = 2 }, 2},
	} {
		c := authorityTemplate(t, "ca")
		test.change(&c)
		got := Describe(sign(t, nil, ecKey(t, elliptic.P384()), c).Certificate)
		if !got.Authority || got.PathLength != test.want || got.KeyBits != 384 || strings.Join(got.KeyUsage, " ") != "keyCertSign cRLSign" {
			t.Errorf("the authority says %+v, want path length %d", got, test.want)
		}
	}
}

func TestDescribeCRL(t *testing.T) {
	ca := authority(t, nil, "ca")
	got := DescribeCRL(list(t, ca, x509.RevocationList{Number: big.NewInt(12)}, big.NewInt(255)))
	want := CRLDescription{Issuer: "/C=ZZ/O=interop/CN=ca", Number: "12", ThisUpdate: t0.Add(-time.Hour), NextUpdate: t0.Add(time.Hour),
		Signature: "ECDSA-SHA256", Revoked: []RevokedCertificate{{"FF", t0.Add(-2 * time.Hour), "keyCompromise"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the list says\n%+v, want\n%+v", got, want)
	}
}

func TestSerialText(t *testing.T) {
	for _, test := range []struct {
		n    *big.Int
		want string
	}{
		{big.NewInt(0), "00"}, {big.NewInt(10), "0A"}, {big.NewInt(0x1234), "12:34"},
		{new(big.Int).Lsh(big.NewInt(1), 160), "01" + strings.Repeat(":00", 19) + "..."},
	} {
		if got := serialText(test.n); got != test.want {
			t.Errorf("serialText(%v) = %s, want %s", test.n, got, test.want)
		}
	}
}
