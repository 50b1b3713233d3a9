package pki

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"sallyport/ike/wire"
)

// credential is that of a scene's peer with its chain.
func credential(t testing.TB, chain ...*entity) *Credential {
	t.Helper()
	c, err := NewCredential(certificates(chain...), chain[0].key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func certificates(entities ...*entity) (out []*x509.Certificate) {
	for _, e := range entities {
		out = append(out, e.Certificate)
	}
	return out
}

// TestCredentialVerifies is our end against our own check.
func TestCredentialVerifies(t *testing.T) {
	s := newScene(t)
	chain := s.below(t, 2)
	c := credential(t, append(chain, s.ca)...)
	s.verify.Certificates, s.verify.ID = c.Payloads(), c.ID()
	if len(s.verify.Certificates) != 3 || !bytes.Equal(s.verify.Certificates[0].Data, s.leaf.Raw) {
		t.Errorf("%d CERT payloads, want the 3 below the root, the leaf first", len(s.verify.Certificates))
	}
	var err error
	if s.verify.Signature, err = c.Sign(wire.AuthRSA, theHash); err != nil {
		t.Fatal(err)
	}
	if _, err := s.do(t); err != nil {
		t.Error(err)
	}
	if !c.Names(c.ID()) || c.Names(wire.ID{IDType: wire.IDFQDN, Data: []byte("right.test")}) || !c.Leaf().Equal(s.leaf.Certificate) {
		t.Error("the credential does not name its own subject, or names another")
	}
	_, err = c.Sign(wire.AuthECDSA384, theHash)
	checkError(t, err, "method ecdsa-384 with an RSA key of 2048 bits")
	_, err = c.Sign(wire.AuthPSK, theHash)
	checkError(t, err, "method psk")
	_, err = c.Sign(wire.AuthRSA, nil)
	checkError(t, err, "a hash of 0 octets")
}

// TestECDSAVerifies goes through each curve.
func TestECDSAVerifies(t *testing.T) {
	for _, m := range []wire.AuthMethod{wire.AuthECDSA256, wire.AuthECDSA384, wire.AuthECDSA521} {
		s := newScene(t)
		s.replace(sign(t, s.ca, ecKey(t, schemes[m].curve), leafTemplate(t)))
		c := credential(t, s.leaf)
		s.verify.Method, s.verify.Hash = m, make([]byte, schemes[m].hash.Size())
		var err error
		if s.verify.Signature, err = c.Sign(m, s.verify.Hash); err != nil {
			t.Fatal(err)
		}
		if _, err := s.do(t); err != nil {
			t.Errorf("%v: %v", m, err)
		}
	}
}

func TestNewCredentialRefuses(t *testing.T) {
	s := newScene(t)
	chain := s.below(t, 1)
	_, err := NewCredential(nil, s.leaf.key)
	checkError(t, err, "0 certificates, want 1 to 5")
	_, err = NewCredential(certificates(chain...), rsaKey2())
	checkError(t, err, "the private key is not that of the certificate of /C=ZZ/O=interop/CN=left")
	_, err = NewCredential(certificates(chain[0], s.ca), s.leaf.key)
	checkError(t, err, "is by /C=ZZ/O=interop/CN=suba, not by /C=ZZ/O=interop/CN=ca")
	_, err = NewCredential(certificates(sign(t, s.ca, rsaWeak(), leafTemplate(t))), rsaWeak())
	checkError(t, err, "an RSA key of 1024 bits")
	locked := changed(t, s, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement })
	_, err = NewCredential(certificates(locked), locked.key)
	checkError(t, err, "want digitalSignature")
}

// TestCredentialHidesKey prints it in each way.
func TestCredentialHidesKey(t *testing.T) {
	s := newScene(t)
	c := credential(t, s.leaf)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, c); got != "credential of /C=ZZ/O=interop/CN=left" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
	if got := fmt.Sprintf("%v %v", []*Credential{c}, (*Credential)(nil)); got != "[credential of /C=ZZ/O=interop/CN=left] no credential" {
		t.Errorf("a slice prints %q", got)
	}
}

func TestChain(t *testing.T) {
	s := newScene(t)
	chain := s.below(t, 3)
	all := certificates(s.ca, authority(t, nil, "ca"), chain[2], chain[0], chain[3], chain[1])
	if got, want := Chain(s.leaf.Certificate, all), certificates(append(chain, s.ca)...); !slices.EqualFunc(got, want, (*x509.Certificate).Equal) {
		t.Errorf("a chain of %d, want the leaf, three authorities and the root", len(got))
	}
	if got := Chain(s.leaf.Certificate, nil); len(got) != 1 {
		t.Errorf("a chain of %d from nothing", len(got))
	}
}

func TestChoose(t *testing.T) {
	s := newScene(t)
	other := authority(t, nil, "other")
	chain := s.below(t, 1)
	first := credential(t, chain...)
	second := credential(t, sign(t, other, rsaKey(), leafTemplate(t)))
	curve := credential(t, sign(t, s.ca, ecKey(t, elliptic.P256()), leafTemplate(t)))
	ours := []*Credential{curve, first, second}
	request := func(encoding wire.CertEncoding, name []byte) wire.CertificateRequest {
		return wire.CertificateRequest{Encoding: uint8(encoding), Data: name}
	}
	for _, test := range []struct {
		name     string
		method   wire.AuthMethod
		requests []wire.CertificateRequest
		want     *Credential
	}{
		{"no request", wire.AuthRSA, nil, first},
		{"any", wire.AuthRSA, []wire.CertificateRequest{request(4, nil)}, first},
		{"the authority of the leaf", wire.AuthRSA, []wire.CertificateRequest{request(4, other.RawSubject)}, second},
		{"in another case", wire.AuthRSA, []wire.CertificateRequest{request(4, name(t, "OTHER"))}, second},
		{"the authority of the chain", wire.AuthRSA, []wire.CertificateRequest{request(4, s.ca.RawSubject)}, first},
		{"the second of two requests", wire.AuthRSA, []wire.CertificateRequest{request(4, name(t, "x")), request(4, other.RawSubject)}, second},
		{"an authority nobody has", wire.AuthRSA, []wire.CertificateRequest{request(4, name(t, "x"))}, first},
		{"octets that are no name", wire.AuthRSA, []wire.CertificateRequest{request(4, []byte("x"))}, first},
		{"a list", wire.AuthRSA, []wire.CertificateRequest{request(wire.CertCRL, other.RawSubject)}, first},
		{"another method", wire.AuthECDSA256, []wire.CertificateRequest{request(4, other.RawSubject)}, curve},
		{"a method that none fits", wire.AuthECDSA384, nil, nil},
	} {
		if got := Choose(ours, test.method, test.requests); got != test.want {
			t.Errorf("%s: chose %v, want %v", test.name, got, test.want)
		}
	}
}

func TestRequests(t *testing.T) {
	a, b := authority(t, nil, "a"), authority(t, nil, "b")
	store, err := NewStore(Domain{Name: "one", Authorities: certificates(a, b)}, Domain{Name: "two", Authorities: certificates(b)}, Domain{Name: "none"})
	if err != nil {
		t.Fatal(err)
	}
	for domain, want := range map[string][][]byte{"": {a.RawSubject, b.RawSubject}, "one": {a.RawSubject, b.RawSubject}, "two": {b.RawSubject}, "none": nil, "other": nil} {
		var got [][]byte
		for _, r := range store.Requests(domain) {
			if wire.CertEncoding(r.Encoding) != wire.CertX509Signature {
				t.Errorf("a request for encoding %v", r.Encoding)
			}
			got = append(got, r.Data)
		}
		if !slices.EqualFunc(got, want, bytes.Equal) {
			t.Errorf("Requests(%q) are %q, want %q", domain, got, want)
		}
	}
	var many Domain
	for i := range maxRequests + 1 {
		many.Authorities = append(many.Authorities, authority(t, nil, fmt.Sprint("ca", i)).Certificate)
	}
	if store, err = NewStore(many); err != nil {
		t.Fatal(err)
	}
	if got := store.Requests(""); len(got) != 1 || len(got[0].Data) != 0 {
		t.Errorf("%d authorities are asked for as %v, want one request for any", len(many.Authorities), got)
	}
	if got := (*Store)(nil).Requests(""); got != nil {
		t.Errorf("no store asks for %v", got)
	}
}

func TestNewStoreRefuses(t *testing.T) {
	s := newScene(t)
	for words, domains := range map[string][]Domain{
		`two domains of the name "a"`:                            {{Name: "a"}, {Name: "a"}},
		`domain "a": the certificate of /C=ZZ/O=interop/CN=left`: {{Name: "a", Authorities: certificates(s.leaf)}},
		"is not an authority's":                                  {{Name: "a", Intermediates: certificates(s.leaf)}},
		"want an http or https URL":                              {{Name: "a", Responder: "ldap://x"}},
		"an RSA key of 1024 bits":                                {{Name: "a", Authorities: certificates(sign(t, nil, rsaWeak(), authorityTemplate(t, "ca")))}},
	} {
		_, err := NewStore(domains...)
		checkError(t, err, words)
	}
}

func TestCheckKey(t *testing.T) {
	n := func(bits uint) *big.Int {
		return new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), bits-1), big.NewInt(1))
	}
	for _, test := range []struct {
		bits  uint
		e     int
		words string
	}{
		{2048, 65537, ""}, {8192, 65537, ""}, {2048, 5, ""},
		{2047, 65537, "an RSA key of 2047 bits, want 2048 to 8192"}, {8193, 65537, "8193 bits"},
		{2048, 3, "exponent 3, want an odd one above 3"}, {2048, 1, "exponent 1"}, {2048, 65536, "exponent 65536"},
	} {
		err := checkKey(&rsa.PublicKey{N: n(test.bits), E: test.e})
		if test.words == "" && err != nil {
			t.Error(err)
		}
		if test.words != "" {
			checkError(t, err, test.words)
		}
	}
	checkError(t, checkKey("a key"), "a key of type string, want RSA or ECDSA")
}
