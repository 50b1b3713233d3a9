package pki

import (
	"crypto/elliptic"
	"net/netip"
	"reflect"
	"testing"
)

func TestRequest(t *testing.T) {
	subject, err := ParseDN("/C=ZZ/O=interop/CN=left")
	if err != nil {
		t.Fatal(err)
	}
	r := Request{Subject: subject, DNS: []string{"left.test"}, Email: []string{"ops@left.test"},
		Addrs: []netip.Addr{netip.MustParseAddr("10.99.0.1"), netip.MustParseAddr("2001:db8::1")}}
	for _, test := range []struct {
		want RequestDescription
		key  *entity
	}{
		{RequestDescription{Signature: "SHA256-RSA", KeyType: "RSA", KeyBits: 2048}, &entity{key: rsaKey()}},
		{RequestDescription{Signature: "ECDSA-SHA256", KeyType: "ECDSA", KeyBits: 256}, &entity{key: ecKey(t, elliptic.P256())}},
		{RequestDescription{Signature: "ECDSA-SHA384", KeyType: "ECDSA", KeyBits: 384}, &entity{key: ecKey(t, elliptic.P384())}},
		{RequestDescription{Signature: "ECDSA-SHA512", KeyType: "ECDSA", KeyBits: 521}, &entity{key: ecKey(t, elliptic.P521())}},
	} {
		want := test.want
		der, err := r.Make(test.key.key)
		if err != nil {
			t.Fatal(err)
		}
		for _, data := range [][]byte{der, RequestPEM(der)} {
			parsed, err := ParseRequest(data)
			if err != nil {
				t.Fatal(err)
			}
			want.Subject = "/C=ZZ/O=interop/CN=left"
			want.Names = []string{"DNS:left.test", "email:ops@left.test", "IP:10.99.0.1", "IP:2001:db8::1"}
			if got := DescribeRequest(parsed); !reflect.DeepEqual(got, want) {
				t.Errorf("the request says %+v, want %+v", got, want)
			}
		}
		der[len(der)-1] ^= 1
		_, err = ParseRequest(der)
		checkError(t, err, "is not signed with its key")
	}
}

func TestRequestRefuses(t *testing.T) {
	subject, err := ParseDN("CN=left")
	if err != nil {
		t.Fatal(err)
	}
	key := ecKey(t, elliptic.P256())
	for words, r := range map[string]Request{
		"without a subject":       {},
		`DNS name "a b"`:          {Subject: subject, DNS: []string{"a b"}},
		`DNS name ""`:             {Subject: subject, DNS: []string{""}},
		`mail address "ops"`:      {Subject: subject, Email: []string{"ops"}},
		"want one without a zone": {Subject: subject, Addrs: []netip.Addr{netip.MustParseAddr("fe80::1%eth0")}},
		"address invalid IP":      {Subject: subject, Addrs: []netip.Addr{{}}},
	} {
		_, err := r.Make(key)
		checkError(t, err, words)
	}
	_, err = Request{Subject: subject}.Make(rsaWeak())
	checkError(t, err, "an RSA key of 1024 bits")
	_, err = ParseRequest([]byte("what"))
	checkError(t, err, "no PKCS #10 request")
}
