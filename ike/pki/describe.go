package pki

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"math/big"
	"strings"
	"time"

	"sallyport/ike/wire"
)

// A Description is what a display shows of a certificate. All texts are
// printable ASCII; a DN may be long.
type Description struct {
	Version     int    // 3, seldom 1
	Serial      string // hexadecimal, "4A:01"
	Subject     string // as DN.String
	Issuer      string
	NotBefore   time.Time
	NotAfter    time.Time
	Signature   string   // "SHA256-RSA"
	KeyType     string   // "RSA", "ECDSA", or what we do not take
	KeyBits     int      // 0: unknown
	Authority   bool     // basic constraints: CA
	PathLength  int      // of an authority; -1: no limit
	Names       []string // "DNS:gw.example", "email:a@b", "IP:10.0.0.1"
	KeyUsage    []string // in RFC 5280's words; empty: not limited
	ExtendedUse []string // likewise; a number where there is no word
	SHA1        string   // fingerprint of the DER, "AB:CD:..."
	SHA256      string
}

// Describe returns what a certificate says. It checks nothing.
func Describe(c *x509.Certificate) Description {
	sum1, sum256 := sha1.Sum(c.Raw), sha256.Sum256(c.Raw)
	kind, bits := keySize(c.PublicKey)
	return Description{
		Version: c.Version, Serial: serialText(c.SerialNumber), Subject: subject(c), Issuer: nameText(c.RawIssuer),
		NotBefore: c.NotBefore, NotAfter: c.NotAfter, Signature: c.SignatureAlgorithm.String(), KeyType: kind, KeyBits: bits,
		Authority: c.BasicConstraintsValid && c.IsCA, PathLength: pathLength(c),
		Names: alternativeNames(c.DNSNames, c.EmailAddresses, addrs(c.IPAddresses)), KeyUsage: usages(c), ExtendedUse: extendedUses(c),
		SHA1: colons(sum1[:]), SHA256: colons(sum256[:]),
	}
}

// pathLength returns how many authorities may be below one; -1: any number.
func pathLength(c *x509.Certificate) int {
	if c.MaxPathLen == 0 && !c.MaxPathLenZero {
		return -1
	}
	return c.MaxPathLen
}

// extendedNames are the words for extended key usage: RFC 5280 §4.2.1.12.
var extendedNames = map[x509.ExtKeyUsage]string{
	x509.ExtKeyUsageAny: "anyExtendedKeyUsage", x509.ExtKeyUsageServerAuth: "serverAuth", x509.ExtKeyUsageClientAuth: "clientAuth",
	x509.ExtKeyUsageCodeSigning: "codeSigning", x509.ExtKeyUsageEmailProtection: "emailProtection",
	x509.ExtKeyUsageIPSECEndSystem: "ipsecEndSystem", x509.ExtKeyUsageIPSECTunnel: "ipsecTunnel", x509.ExtKeyUsageIPSECUser: "ipsecUser",
	x509.ExtKeyUsageTimeStamping: "timeStamping", x509.ExtKeyUsageOCSPSigning: "OCSPSigning",
}

func extendedUses(c *x509.Certificate) (out []string) {
	for _, u := range c.ExtKeyUsage {
		name, ok := extendedNames[u]
		if !ok {
			name = fmt.Sprintf("use %d", u)
		}
		out = append(out, name)
	}
	for _, oid := range c.UnknownExtKeyUsage {
		if oid.String() == "1.3.6.1.5.5.7.3.17" { // RFC 4945 §5.1.3.12
			out = append(out, "ipsecIKE")
			continue
		}
		out = append(out, oid.String())
	}
	return out
}

// colons writes octets as fingerprints are written.
func colons(b []byte) string { return strings.ReplaceAll(fmt.Sprintf("% X", b), " ", ":") }

// serialText writes a serial number, at most 20 octets of it.
func serialText(n *big.Int) string {
	b := n.Bytes()
	switch {
	case len(b) == 0:
		return "00"
	case len(b) > 20:
		return colons(b[:20]) + "..."
	}
	return colons(b)
}

// A RequestDescription is what a display shows of a PKCS #10 request.
type RequestDescription struct {
	Subject   string // as DN.String
	Signature string
	KeyType   string
	KeyBits   int
	Names     []string // as in a Description
}

// DescribeRequest returns what a request says. It checks nothing.
func DescribeRequest(r *x509.CertificateRequest) RequestDescription {
	kind, bits := keySize(r.PublicKey)
	return RequestDescription{Subject: nameText(r.RawSubject), Signature: r.SignatureAlgorithm.String(), KeyType: kind, KeyBits: bits,
		Names: alternativeNames(r.DNSNames, r.EmailAddresses, addrs(r.IPAddresses))}
}

// A CRLDescription is what a display shows of a revocation list.
type CRLDescription struct {
	Issuer     string // as DN.String
	Number     string // decimal; empty: none
	ThisUpdate time.Time
	NextUpdate time.Time // zero: the list does not say
	Signature  string
	Revoked    []RevokedCertificate
}

// A RevokedCertificate is an entry of a revocation list.
type RevokedCertificate struct {
	Serial string // hexadecimal
	Time   time.Time
	Reason string // RFC 5280 §5.3.1
}

// DescribeCRL returns what a list says. It checks nothing.
func DescribeCRL(l *x509.RevocationList) CRLDescription {
	d := CRLDescription{Issuer: nameText(l.RawIssuer), ThisUpdate: l.ThisUpdate, NextUpdate: l.NextUpdate, Signature: l.SignatureAlgorithm.String()}
	if l.Number != nil {
		d.Number = wire.Printable([]byte(l.Number.String()))
	}
	for _, e := range l.RevokedCertificateEntries {
		d.Revoked = append(d.Revoked, RevokedCertificate{serialText(e.SerialNumber), e.RevocationTime, reasonText(e.ReasonCode)})
	}
	return d
}
