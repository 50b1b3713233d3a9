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

// TestSameID compares identities both ways, and by their keys.
func TestSameID(t *testing.T) {
	host, user, group := wire.FQDNID, wire.UserFQDNID, func(name string) wire.ID { return wire.KeyIDID([]byte(name)) }
	dn := func(text string) wire.ID { return wire.DNID(mustDN(t, text)) }
	addr := func(text string) wire.ID { return wire.AddrID(netip.MustParseAddr(text)) }
	port := host("a.test")
	port.Protocol, port.Port = 17, 500
	for _, test := range []struct {
		name string
		a, b wire.ID
		want bool
	}{
		{"a host", host("a.test"), host("a.test"), true},
		{"in capitals", host("A.Test"), host("a.tEST"), true},
		{"another host", host("a.test"), host("b.test"), false},
		{"the beginning of a host", host("a.test"), host("a.tes"), false},
		{"the sign for kelvin is no K", host("\u212a.test"), host("k.test"), false},
		{"nor is a long s an S", host("\u017f.test"), host("s.test"), false},
		{"letters beyond ASCII have a case", host("\u00e9.test"), host("\u00c9.test"), false},
		{"octets that are no letters", host("\xff.test"), host("\xfe.test"), false},
		{"with UDP port 500", port, host("a.test"), true},
		{"a user", user("ann@a.test"), user("ann@A.TEST"), true},
		{"a user has a case", user("Ann@a.test"), user("ann@a.test"), false},
		{"the host is behind the last @", user("a@b@c.test"), user("a@b@C.test"), true},
		{"what is before that has a case", user("a@b@c.test"), user("a@B@c.test"), false},
		{"a user without a host", user("ann"), user("ann"), true},
		{"who has a case", user("ann"), user("Ann"), false},
		{"a user and an empty host", user("ann@"), user("ann"), false},
		{"a host beyond ASCII", user("ann@\u212a.test"), user("ann@k.test"), false},
		{"a group", group("vpn"), group("vpn"), true},
		{"a group has a case", group("vpn"), group("VPN"), false},
		{"a host and a group", host("vpn"), group("vpn"), false},
		{"a host and a user", host("a.test"), user("a.test"), false},
		{"a name", dn("CN=a, O=b"), dn("CN=A, O=B"), true},
		{"in another order", dn("CN=a, O=b"), dn("O=b, CN=a"), false},
		{"a name and none", dn("CN=a"), wire.DNID([]byte{1}), false},
		{"octets that are no name", wire.DNID([]byte{1}), wire.DNID([]byte{1}), true},
		{"other octets that are none", wire.DNID([]byte{1}), wire.DNID([]byte{2}), false},
		{"an address", addr("192.0.2.1"), addr("192.0.2.1"), true},
		{"another address", addr("192.0.2.1"), addr("192.0.2.2"), false},
		{"an address of the other family", addr("192.0.2.1"), addr("2001:db8::1"), false},
	} {
		if SameID(test.a, test.b) != test.want || SameID(test.b, test.a) != test.want {
			t.Errorf("%s: SameID(%v, %v) = %t, want %t", test.name, test.a, test.b, !test.want, test.want)
		}
		if test.a.IDType != wire.IDDERASN1DN && (IDKey(test.a) == IDKey(test.b)) != test.want {
			t.Errorf("%s: IDKey is %q and %q, want them the same: %t", test.name, IDKey(test.a), IDKey(test.b), test.want)
		}
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
