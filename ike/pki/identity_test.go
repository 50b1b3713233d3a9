package pki

import (
	"crypto/elliptic"
	"crypto/x509"
	"net/netip"
	"strings"
	"testing"

	"sallyport/ike/wire"
)

func TestCheckID(t *testing.T) {
	leaf := sign(t, nil, ecKey(t, elliptic.P256()), leafTemplate(t))
	id := func(kind wire.IDType, data string) wire.ID { return wire.ID{IDType: kind, Data: []byte(data)} }
	for _, test := range []struct {
		name  string
		id    wire.ID
		words string // of the refusal; empty: the certificate holds it
	}{
		{"the subject", dnID(leaf), ""},
		{"the subject in another case", id(wire.IDDERASN1DN, string(name(t, "LEFT"))), ""},
		{"another subject", id(wire.IDDERASN1DN, string(name(t, "right"))), "ID /C=ZZ/O=interop/CN=right is not in the certificate of /C=ZZ/O=interop/CN=left"},
		{"a part of the subject", id(wire.IDDERASN1DN, string(mustDN(t, "C=ZZ, O=interop"))), "is not in"},
		{"an empty subject", id(wire.IDDERASN1DN, "\x30\x00"), "an empty name"},
		{"no DER", id(wire.IDDERASN1DN, "left"), "no DER name"},
		{"a host", id(wire.IDFQDN, "left.test"), ""},
		{"a host in another case", id(wire.IDFQDN, "LEFT.Test"), ""},
		{"another host", id(wire.IDFQDN, "right.test"), "has /C=ZZ/O=interop/CN=left, DNS:left.test, email:Ops@left.test, IP:10.99.0.1, IP:2001:db8::1"},
		{"a host above", id(wire.IDFQDN, "test"), "is not in"},
		{"a host with a NUL", id(wire.IDFQDN, "left.test\x00.evil"), "a control character: left.test\\x00.evil"},
		{"no host", id(wire.IDFQDN, ""), "of 0 octets, want 1 to 256"},
		{"a long host", id(wire.IDFQDN, strings.Repeat("a", 257)), "of 257 octets"},
		{"a mailbox", id(wire.IDUserFQDN, "Ops@LEFT.test"), ""},
		{"a mailbox in another case", id(wire.IDUserFQDN, "ops@left.test"), "is not in"},
		{"a host as a mailbox", id(wire.IDUserFQDN, "left.test"), "is not in"},
		{"a mailbox as a host", id(wire.IDFQDN, "Ops@left.test"), "is not in"},
		{"an address", wire.AddrID(netip.MustParseAddr("10.99.0.1")), ""},
		{"an IPv6 address", wire.AddrID(netip.MustParseAddr("2001:db8::1")), ""},
		{"another address", wire.AddrID(netip.MustParseAddr("10.99.0.2")), "ID 10.99.0.2 is not in"},
		{"an address of five octets", id(wire.IDIPv4Addr, "\x0a\x63\x00\x01\x00"), "octets"},
		{"a key ID", id(wire.IDKeyID, "left"), "ID of type key-id, want one that a certificate holds"},
		{"a subnet", wire.PrefixID(netip.MustParsePrefix("10.99.0.0/24")), "want one that a certificate holds"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := checkID(leaf.Certificate, test.id)
			if test.words == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			checkError(t, err, test.words)
		})
	}
}

func mustDN(t testing.TB, text string) []byte {
	t.Helper()
	d, err := ParseDN(text)
	if err != nil {
		t.Fatal(err)
	}
	return d.DER()
}

// TestSubjectIsNoHost: a name in CN is no DNS name.
func TestSubjectIsNoHost(t *testing.T) {
	leaf := sign(t, nil, ecKey(t, elliptic.P256()), x509.Certificate{RawSubject: name(t, "left.test")})
	checkError(t, checkID(leaf.Certificate, wire.ID{IDType: wire.IDFQDN, Data: []byte("left.test")}), "is not in")
}

func TestIDText(t *testing.T) {
	for _, test := range []struct {
		id   wire.ID
		want string
	}{
		{wire.ID{IDType: wire.IDDERASN1DN, Data: name(t, "left")}, "/C=ZZ/O=interop/CN=left"},
		{wire.ID{IDType: wire.IDDERASN1DN, Data: []byte{1}}, wire.ID{IDType: wire.IDDERASN1DN, Data: []byte{1}}.Text()},
		{wire.ID{IDType: wire.IDFQDN, Data: []byte("left.test")}, "left.test"},
		{wire.AddrID(netip.MustParseAddr("10.0.0.1")), "10.0.0.1"},
	} {
		if got := IDText(test.id); got != test.want {
			t.Errorf("IDText(%v) = %q, want %q", test.id, got, test.want)
		}
	}
}

// TestRefusalIsShort: a certificate with a thousand names does not fill the log.
func TestRefusalIsShort(t *testing.T) {
	s := newScene(t)
	s.replace(changed(t, s, func(c *x509.Certificate) {
		for range 500 {
			c.DNSNames = append(c.DNSNames, "a-name-that-is-long.example")
		}
	}))
	s.verify.ID = wire.ID{IDType: wire.IDFQDN, Data: []byte("\x1b[2J")}
	_, err := s.do(t)
	checkRefused(t, err, wire.InvalidIDInformation, "a control character")
	s.verify.ID.Data = []byte("right.test")
	_, err = s.do(t)
	checkRefused(t, err, wire.InvalidIDInformation, "DNS:a-name-that")
	if n := len(err.(*Refusal).Reason); n != maxReason {
		t.Errorf("a reason of %d characters, want %d", n, maxReason)
	}
}
