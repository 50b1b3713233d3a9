package pki

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"testing"

	"sallyport/ike/wire"
)

// wrapped makes PKCS #7 signed data without signatures: RFC 2315 §9.1.
func wrapped(t testing.TB, kind asn1.ObjectIdentifier, certificates, lists [][]byte) []byte {
	t.Helper()
	set := func(tag int, of [][]byte) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: slices.Concat(of...)}
	}
	empty := asn1.RawValue{Tag: asn1.TagSet, IsCompound: true}
	fields := []any{1, empty, struct{ OID asn1.ObjectIdentifier }{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}}}
	if certificates != nil {
		fields = append(fields, set(0, certificates))
	}
	if lists != nil {
		fields = append(fields, set(1, lists))
	}
	fields = append(fields, empty)
	var body []byte
	for _, f := range fields {
		body = append(body, der(t, f)...)
	}
	data := der(t, asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: body})
	return der(t, struct {
		OID     asn1.ObjectIdentifier
		Content asn1.RawValue
	}{kind, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: data}})
}

var signedDataOID = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}

func pkcs7Payload(b []byte) []wire.Certificate {
	return []wire.Certificate{{Encoding: uint8(wire.CertPKCS7), Data: b}}
}

// TestPKCS7 has a chain and lists in one payload. The lists do not count.
func TestPKCS7(t *testing.T) {
	s := newScene(t)
	s.domain.Revocation = RevocationCRL
	chain := s.below(t, 1)
	s.lists(list(t, s.ca, x509.RevocationList{}), list(t, chain[1], x509.RevocationList{}))
	lists := [][]byte{s.domain.CRLs[0].Raw, s.domain.CRLs[1].Raw, {0x30, 0}}
	s.verify.Certificates = pkcs7Payload(wrapped(t, signedDataOID, [][]byte{chain[0].Raw, chain[1].Raw}, lists))
	if got, err := s.do(t); err != nil || len(got.Path) != 3 {
		t.Errorf("verified %+v, %v; want a path of 3", got, err)
	}
	s.domain.CRLs = nil
	_, err := s.do(t)
	checkRefused(t, err, wire.InvalidCertificate, "no revocation list of")
}

func TestPKCS7Refuses(t *testing.T) {
	s := newScene(t)
	good := wrapped(t, signedDataOID, [][]byte{s.leaf.Raw}, nil)
	for name, test := range map[string]struct {
		b     []byte
		words string
	}{
		"no DER":              {[]byte("PKCS7"), "no PKCS #7 in DER"},
		"a certificate":       {s.leaf.Raw, "no PKCS #7 in DER"},
		"octets after":        {append(slices.Clone(good), 0), "no PKCS #7 in DER"},
		"BER":                 {append([]byte{0x30, 0x80}, good[4:]...), "no PKCS #7 in DER"},
		"another content":     {wrapped(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}, [][]byte{s.leaf.Raw}, nil), "want signed data"},
		"nothing":             {wrapped(t, signedDataOID, nil, nil), "without a certificate or list"},
		"nine":                {wrapped(t, signedDataOID, slices.Repeat([][]byte{s.leaf.Raw}, 9), nil), "with 9 certificates, want at most 8"},
		"another certificate": {wrapped(t, signedDataOID, [][]byte{{0xa0, 0}}, nil), "something besides X.509"},
		"no certificate":      {wrapped(t, signedDataOID, [][]byte{{0x30, 0}}, nil), "no certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readPayloads(pkcs7Payload(test.b))
			checkRefused(t, err, wire.InvalidCertificate, test.words)
		})
	}
	for n := range good {
		if _, err := readPayloads(pkcs7Payload(good[:n])); err == nil {
			t.Errorf("the first %d octets of %d are PKCS #7", n, len(good))
		}
	}
}

// TestPayloadsTogether counts what several payloads hold.
func TestPayloadsTogether(t *testing.T) {
	s := newScene(t)
	five := wrapped(t, signedDataOID, slices.Repeat([][]byte{s.leaf.Raw}, 5), nil)
	_, err := readPayloads(slices.Repeat(pkcs7Payload(five), 2))
	checkRefused(t, err, wire.InvalidCertificate, "more than 8")
	if r, err := readPayloads(append(pkcs7Payload(five), payloads(s.ca, s.ca, s.ca)...)); err != nil || len(r.certificates) != 8 {
		t.Errorf("%d certificates, %v; want 8", len(r.certificates), err)
	}
}

func FuzzPayload(f *testing.F) {
	ca := authority(f, nil, "ca")
	f.Add(uint8(wire.CertX509Signature), ca.Raw)
	f.Add(uint8(wire.CertCRL), list(f, ca, x509.RevocationList{}).Raw)
	f.Add(uint8(wire.CertPKCS7), wrapped(f, signedDataOID, [][]byte{ca.Raw}, nil))
	store, err := NewStore(Domain{Name: "vpn", Authorities: []*x509.Certificate{ca.Certificate}, Revocation: RevocationCRL})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, encoding uint8, b []byte) {
		p := []wire.Certificate{{Encoding: encoding, Data: b}}
		r, err := readPayloads(p)
		if err != nil {
			return
		}
		for _, c := range r.certificates {
			Describe(c)
			v := Verify{Now: t0, Store: store, Certificates: p, ID: wire.ID{IDType: wire.IDDERASN1DN, Data: c.RawSubject}, Method: wire.AuthECDSA256, Hash: make([]byte, 32)}
			if got, err := v.Do(); err == nil {
				t.Errorf("verified %+v without a signature", got)
			}
		}
	})
}
