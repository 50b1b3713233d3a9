package pki

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"fmt"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/ocsp"

	"sallyport/ike/wire"
)

// byResponder asks the domain's responder: RFC 6960. The request has no nonce;
// an answer is current by its own times.
func (q *inquiry) byResponder(c, issuer *x509.Certificate) error {
	url := q.domain.Responder
	if url == "" || q.fetch == nil {
		return fmt.Errorf("domain %q has no OCSP responder", q.domain.Name)
	}
	request, err := ocsp.CreateRequest(c, issuer, &ocsp.RequestOptions{Hash: crypto.SHA1}) // names, not signatures; what all responders know
	if err != nil {
		return err
	}
	b, err := q.fetch(url, request)
	if err != nil {
		return fmt.Errorf("OCSP responder %s: %w", url, err)
	}
	if len(b) > maxOCSP {
		return fmt.Errorf("OCSP responder %s: an answer of %d octets, want at most %d", url, len(b), maxOCSP)
	}
	if err := q.checkAnswer(b, request, c, issuer); err != nil {
		return fmt.Errorf("OCSP responder %s: %w", url, err)
	}
	return nil
}

// checkAnswer accepts an answer that says "good", now, by who may say it.
func (q *inquiry) checkAnswer(b, request []byte, c, issuer *x509.Certificate) error {
	r, err := ocsp.ParseResponseForCert(b, c, nil)
	if err != nil {
		return fmt.Errorf("%s", wire.Printable([]byte(err.Error())))
	}
	if !isAbout(r, request) {
		return fmt.Errorf("the answer is not about a certificate of %s", subject(issuer))
	}
	if err := q.checkSigner(r, issuer); err != nil {
		return err
	}
	if err := q.checkCurrent(r); err != nil {
		return err
	}
	switch r.Status {
	case ocsp.Good:
		return nil
	case ocsp.Revoked:
		return fmt.Errorf("%w on %s (%s)", errRevoked, stamp(r.RevokedAt), reasonText(r.RevocationReason))
	}
	return fmt.Errorf("the certificate is unknown there")
}

// isAbout reports whether an answer names the issuer as the request does: RFC
// 6960 §4.1.1. The parser has compared the certificate's number only, and a
// responder may serve two authorities with one key.
func isAbout(r *ocsp.Response, request []byte) bool {
	want, err := ocsp.ParseRequest(request)
	if err != nil {
		return false
	}
	for _, id := range certIDs(r.TBSResponseData) {
		if id.serial.Cmp(want.SerialNumber) == 0 { // the one that the parser took
			return bytes.Equal(id.name, want.IssuerNameHash) && bytes.Equal(id.key, want.IssuerKeyHash)
		}
	}
	return false
}

// A certID says which certificate an answer is about.
type certID struct {
	name, key cryptobyte.String // hashes of the issuer's
	serial    *big.Int
}

// certIDs returns those of the ResponseData of an answer, up to what is no DER.
func certIDs(b cryptobyte.String) (ids []certID) {
	var data, responder, responses cryptobyte.String
	var tag asn1.Tag
	ok := b.ReadASN1(&data, asn1.SEQUENCE) && data.SkipOptionalASN1(asn1.Tag(0).ContextSpecific().Constructed()) &&
		data.ReadAnyASN1(&responder, &tag) && data.SkipASN1(asn1.GeneralizedTime) && data.ReadASN1(&responses, asn1.SEQUENCE)
	for ok && !responses.Empty() {
		var one, id cryptobyte.String
		next := certID{serial: new(big.Int)}
		ok = responses.ReadASN1(&one, asn1.SEQUENCE) && one.ReadASN1(&id, asn1.SEQUENCE) && id.SkipASN1(asn1.SEQUENCE) &&
			id.ReadASN1(&next.name, asn1.OCTET_STRING) && id.ReadASN1(&next.key, asn1.OCTET_STRING) && id.ReadASN1Integer(next.serial)
		if ok {
			ids = append(ids, next)
		}
	}
	return ids
}

// checkSigner wants the issuer's own signature or that of a responder to which
// the issuer itself gave a certificate for this: RFC 6960 §4.2.2.2. That
// certificate must be current; it is not asked about in turn.
func (q *inquiry) checkSigner(r *ocsp.Response, issuer *x509.Certificate) error {
	if err := checkAlgorithm(r.SignatureAlgorithm, q.domain.AllowSHA1); err != nil {
		return fmt.Errorf("the answer is %w", err)
	}
	signer := issuer
	if d := r.Certificate; d != nil && !d.Equal(issuer) {
		if err := q.checkDelegate(d, issuer); err != nil {
			return err
		}
		signer = d
	}
	if r.CheckSignatureFrom(signer) != nil {
		return fmt.Errorf("the answer is not signed with the key of %s", subject(signer))
	}
	return nil
}

func (q *inquiry) checkDelegate(d, issuer *x509.Certificate) error {
	if !slices.Contains(d.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) {
		return fmt.Errorf("the answer is by %s, whose certificate is not for OCSP signing", subject(d))
	}
	if err := checkKeyUsage(d); err != nil {
		return err
	}
	if err := checkKey(d.PublicKey); err != nil {
		return fmt.Errorf("the certificate of %s has %w", subject(d), err)
	}
	if err := checkValidity(d, q.now); err != nil {
		return err
	}
	return checkLink(d, issuer, q.domain.AllowSHA1)
}

// checkCurrent wants now to be in the answer's time. Without an end, it holds
// for 10 minutes.
func (q *inquiry) checkCurrent(r *ocsp.Response) error {
	end := r.NextUpdate
	if end.IsZero() {
		end = r.ThisUpdate.Add(unboundLife)
	}
	if q.now.Add(clockSkew).Before(r.ThisUpdate) || q.now.After(end) {
		return fmt.Errorf("the answer holds from %s until %s, it is %s", stamp(r.ThisUpdate), stamp(end), stamp(q.now))
	}
	return nil
}
