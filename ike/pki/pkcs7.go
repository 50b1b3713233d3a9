package pki

import (
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// oidSignedData is PKCS #7's content type: RFC 2315 §14.
const oidSignedData = "1.2.840.113549.1.7.2"

// unwrap returns the certificates that PKCS #7 signed data carry (RFC 2315
// §9.1); revocation lists there are passed over. The signatures mean nothing to
// us: each certificate has its own. Errors: octets in BER's indefinite lengths
// or otherwise not DER, another content, neither a certificate nor a list.
func unwrap(b []byte) ([][]byte, error) {
	data, err := signedData(b)
	if err != nil {
		return nil, err
	}
	var of [2]cryptobyte.String
	for i := range of {
		var there bool
		if !data.ReadOptionalASN1(&of[i], &there, asn1.Tag(i).ContextSpecific().Constructed()) {
			return nil, fmt.Errorf("PKCS #7 whose certificates or lists are no DER")
		}
	}
	if of[0].Empty() && of[1].Empty() {
		return nil, fmt.Errorf("PKCS #7 without a certificate or list")
	}
	return elements(of[0])
}

// signedData returns what follows the content in the SignedData of a ContentInfo.
func signedData(b []byte) (cryptobyte.String, error) {
	input := cryptobyte.String(b)
	var info, content, data cryptobyte.String
	var kind objectIdentifier
	if !input.ReadASN1(&info, asn1.SEQUENCE) || !input.Empty() || !info.ReadASN1ObjectIdentifier(&kind) {
		return nil, fmt.Errorf("octets that are no PKCS #7 in DER")
	}
	if kind.String() != oidSignedData {
		return nil, fmt.Errorf("PKCS #7 of content %v, want signed data, %s", kind, oidSignedData)
	}
	if !info.ReadASN1(&content, asn1.Tag(0).ContextSpecific().Constructed()) || !content.ReadASN1(&data, asn1.SEQUENCE) ||
		!data.SkipASN1(asn1.INTEGER) || !data.SkipASN1(asn1.SET) || !data.SkipASN1(asn1.SEQUENCE) {
		return nil, fmt.Errorf("PKCS #7 whose signed data are no DER")
	}
	return data, nil
}

// elements splits a set into its DER elements.
func elements(set cryptobyte.String) (out [][]byte, err error) {
	for !set.Empty() {
		var e cryptobyte.String
		if !set.ReadASN1Element(&e, asn1.SEQUENCE) {
			return nil, fmt.Errorf("PKCS #7 with something besides X.509 certificates")
		}
		out = append(out, e)
	}
	return out, nil
}
