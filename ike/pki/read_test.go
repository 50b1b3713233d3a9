package pki

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"sallyport/ipsec/secret"
)

func TestParseCertificates(t *testing.T) {
	a, b := authority(t, nil, "a"), authority(t, nil, "b")
	both := certificates(a, b)
	for name, test := range map[string]struct {
		data []byte
		want []*x509.Certificate
	}{
		"PEM":                     {CertificatesPEM(a.Certificate), both[:1]},
		"two in PEM":              {CertificatesPEM(both...), both},
		"text around the PEM":     {slices.Concat([]byte("subject=a\n"), CertificatesPEM(both...), []byte("\nend\n")), both},
		"with a key between them": {slices.Concat(CertificatesPEM(both[0]), keyText(t, a), CertificatesPEM(both[1])), both},
		"DER":                     {a.Raw, both[:1]},
		"PKCS #7":                 {wrapped(t, signedDataOID, [][]byte{a.Raw, b.Raw}, nil), both},
		"PKCS #7 in PEM":          {pemOf("PKCS7", wrapped(t, signedDataOID, [][]byte{a.Raw, b.Raw}, nil)), both},
	} {
		got, err := ParseCertificates(test.data)
		if err != nil || !slices.EqualFunc(got, test.want, (*x509.Certificate).Equal) {
			t.Errorf("%s: %d certificates, %v; want %d", name, len(got), err, len(test.want))
		}
	}
	for words, data := range map[string][]byte{
		"certificate 1: ":               []byte("what"),
		"0 certificates, want 1 to 64":  keyText(t, a),
		"65 certificates, want 1 to 64": bytes.Repeat(CertificatesPEM(a.Certificate), 65),
		"octets, want at most 1048576":  make([]byte, maxImport+1),
		"certificate 2: ":               append(CertificatesPEM(a.Certificate), pemOf("CERTIFICATE", []byte{1})...),
		"no PKCS #7":                    pemOf("PKCS7", []byte{1}),
	} {
		_, err := ParseCertificates(data)
		checkError(t, err, words)
	}
}

func pemOf(kind string, b []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b})
}

func keyText(t testing.TB, e *entity) []byte {
	t.Helper()
	b, err := KeyPEM(e.key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseKey(t *testing.T) {
	curve := ecKey(t, elliptic.P521())
	sec1, err := x509.MarshalECPrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1, curveText := x509.MarshalPKCS1PrivateKey(rsaKey()), keyText(t, &entity{key: curve})
	for name, data := range map[string][]byte{
		"PKCS #8 in PEM": curveText,
		"SEC 1 in PEM":   append(pemOf("EC PARAMETERS", []byte{6, 0}), pemOf("EC PRIVATE KEY", sec1)...),
		"SEC 1":          sec1,
	} {
		if got, err := ParseKey(data); err != nil || !curve.Equal(got) {
			t.Errorf("%s is read as %T, %v", name, got, err)
		}
	}
	for name, data := range map[string][]byte{
		"PKCS #8 in PEM": keyText(t, &entity{key: rsaKey()}),
		"PKCS #1 in PEM": pemOf("RSA PRIVATE KEY", pkcs1),
		"PKCS #1":        pkcs1,
	} {
		if got, err := ParseKey(data); err != nil || !rsaKey().Equal(got) {
			t.Errorf("%s is read as %T, %v", name, got, err)
		}
	}
	locked := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}, Bytes: pkcs1})
	for _, test := range []struct {
		data  secret.Octets
		words string
	}{
		{nil, "no private key: want PKCS #8"},
		{secret.Octets("hunter2"), "no private key"},
		{make(secret.Octets, maxImport+1), "want at most"},
		{secret.Octets(CertificatesPEM(authority(t, nil, "a").Certificate)), "no private key among the PEM blocks"},
		{pemOf("ENCRYPTED PRIVATE KEY", []byte{1}), "the key is encrypted"},
		{locked, "the key is encrypted"},
		{slices.Concat(curveText, curveText), "more than one private key"},
		{keyText(t, &entity{key: rsaWeak()}), "an RSA key of 1024 bits"},
		{keyText(t, &entity{key: ecKey(t, elliptic.P224())}), "want P-256, P-384 or P-521"},
		{pemOf("PRIVATE KEY", unhex(t, "302e020100300506032b657004220420"+fmt.Sprintf("%064x", 1))), "a key of type ed25519.PublicKey"},
		{pemOf("PRIVATE KEY", unhex(t, "302e020100300506032b656e04220420"+fmt.Sprintf("%064x", 1))), "no private key"},
	} {
		key, err := ParseKey(test.data)
		checkError(t, err, test.words)
		if key != nil {
			t.Errorf("a key of %T beside %v", key, err)
		}
	}
}

func TestGenerateKey(t *testing.T) {
	for bits, want := range map[int]string{256: "P-256", 384: "P-384", 521: "P-521"} {
		key, err := GenerateKey(ECDSA, bits)
		if err != nil {
			t.Fatal(err)
		}
		if kind, got := keySize(key.Public()); kind != "ECDSA" || got != bits || checkKey(key.Public()) != nil {
			t.Errorf("GenerateKey(ECDSA, %d) is %s of %d bits, want %s", bits, kind, got, want)
		}
	}
	key, err := GenerateKey(RSA, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if kind, got := keySize(key.Public()); kind != "RSA" || got != 2048 || checkKey(key.Public()) != nil {
		t.Errorf("GenerateKey(RSA, 2048) is %s of %d bits", kind, got)
	}
	other, err := GenerateKey(ECDSA, 256)
	again, err2 := GenerateKey(ECDSA, 256)
	if err != nil || err2 != nil || bytes.Equal(keyText(t, &entity{key: other}), keyText(t, &entity{key: again})) {
		t.Errorf("two keys are one, or %v, %v", err, err2)
	}
	for words, test := range map[string]struct {
		t    KeyType
		bits int
	}{
		"an RSA key of 1024 bits, want 2048, 3072 or 4096": {RSA, 1024},
		"an ECDSA key of 224 bits, want 256, 384 or 521":   {ECDSA, 224},
		"key type 7, want RSA or ECDSA":                    {7, 2048},
	} {
		_, err := GenerateKey(test.t, test.bits)
		checkError(t, err, words)
	}
	if got := fmt.Sprint(RSA, ECDSA); got != "RSA ECDSA" {
		t.Errorf("the types are %s", got)
	}
}

func TestParsePKCS12(t *testing.T) {
	s := newScene(t)
	chain := s.below(t, 1)
	others := certificates(chain[1], s.ca)
	for name, encoder := range map[string]*pkcs12.Encoder{"modern": pkcs12.Modern2023, "triple DES": pkcs12.LegacyDES, "RC2": pkcs12.LegacyRC2} {
		b, err := encoder.WithRand(rand.Reader).Encode(rsaKey(), s.leaf.Certificate, others, "rw-secret-1")
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParsePKCS12(b, secret.Octets("rw-secret-1"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !rsaKey().Equal(got.Key) || !got.Certificate.Equal(s.leaf.Certificate) || !slices.EqualFunc(got.Others, others, (*x509.Certificate).Equal) {
			t.Errorf("%s: %+v and %d others", name, got.Certificate.Subject, len(got.Others))
		}
		if _, err := ParsePKCS12(b, secret.Octets("rw-secret-2")); !errors.Is(err, ErrPassword) {
			t.Errorf("%s with a wrong password: %v, want %v", name, err, ErrPassword)
		}
	}
	wrong, err := pkcs12.Modern2023.Encode(rsaKey2(), s.leaf.Certificate, nil, "x")
	if err != nil {
		t.Fatal(err)
	}
	_, err = ParsePKCS12(wrong, secret.Octets("x"))
	checkError(t, err, "is not that of the certificate")
	_, err = ParsePKCS12([]byte("what"), nil)
	checkError(t, err, "no PKCS #12 file")
	_, err = ParsePKCS12(make([]byte, maxImport+1), nil)
	checkError(t, err, "want at most 1048576")
}

// TestLongCertificate has one that no CERT payload takes.
func TestLongCertificate(t *testing.T) {
	template := leafTemplate(t)
	template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: make([]byte, maxPayload)}}
	ca := authority(t, nil, "ca")
	long := sign(t, ca, rsaKey(), template)
	const words = "octets, want at most 16384"
	_, err := ParseCertificates(CertificatesPEM(ca.Certificate, long.Certificate))
	checkError(t, err, words)
	bundle, err := pkcs12.Modern2023.Encode(rsaKey(), long.Certificate, nil, "x")
	if err != nil {
		t.Fatal(err)
	}
	_, err = ParsePKCS12(bundle, secret.Octets("x"))
	checkError(t, err, words)
}

func TestParseCRL(t *testing.T) {
	ca := authority(t, nil, "ca")
	l := list(t, ca, x509.RevocationList{})
	for name, data := range map[string][]byte{"DER": l.Raw, "PEM": CRLPEM(l), "PEM beside a certificate": append(CertificatesPEM(ca.Certificate), CRLPEM(l)...)} {
		if got, err := ParseCRL(data); err != nil || !bytes.Equal(got.Raw, l.Raw) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for words, data := range map[string][]byte{
		"no revocation list":            ca.Raw,
		"no PEM block of type X509 CRL": CertificatesPEM(ca.Certificate),
		"more than one X509 CRL":        bytes.Repeat(CRLPEM(l), 2),
		"octets, want at most 16777216": make([]byte, maxCRL+1),
	} {
		_, err := ParseCRL(data)
		checkError(t, err, words)
	}
}

func FuzzImport(f *testing.F) {
	ca := authority(f, nil, "ca")
	f.Add(CertificatesPEM(ca.Certificate))
	f.Add(keyText(f, ca))
	f.Add(CRLPEM(list(f, ca, x509.RevocationList{})))
	f.Add(wrapped(f, signedDataOID, [][]byte{ca.Raw}, nil))
	request, err := Request{Subject: DN{rdns: []rdn{{{oid: "2.5.4.3", text: "a", isText: true, value: []byte{12, 1, 'a'}}}}}}.Make(ca.key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(RequestPEM(request))
	f.Fuzz(func(t *testing.T, b []byte) {
		if list, err := ParseCertificates(b); err == nil {
			again, err := ParseCertificates(CertificatesPEM(list...))
			if err != nil || !slices.EqualFunc(list, again, (*x509.Certificate).Equal) {
				t.Errorf("%d certificates written and read are %d, %v", len(list), len(again), err)
			}
		}
		if key, err := ParseKey(b); err == nil {
			if _, err := KeyPEM(key); err != nil {
				t.Error(err)
			}
		}
		if l, err := ParseCRL(b); err == nil {
			DescribeCRL(l)
		}
		if r, err := ParseRequest(b); err == nil {
			DescribeRequest(r)
		}
		ParsePKCS12(b, secret.Octets("x"))
	})
}
