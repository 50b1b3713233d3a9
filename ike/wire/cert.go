package wire

import "fmt"

// A Certificate is a certificate, a revocation list or a bundle of them: RFC
// 2408 §3.9.
type Certificate struct {
	Encoding uint8 // a CertEncoding
	Data     []byte
}

// A CertificateRequest asks for a certificate: RFC 2408 §3.10. Data is the DER
// name of an authority; empty: of any.
type CertificateRequest struct {
	Encoding uint8 // a CertEncoding
	Data     []byte
}

// Type returns PayloadCert.
func (Certificate) Type() PayloadType { return PayloadCert }

// Type returns PayloadCertReq.
func (CertificateRequest) Type() PayloadType { return PayloadCertReq }

// String returns, for example, "CERT[x509-signature 780]".
func (c Certificate) String() string {
	return fmt.Sprintf("CERT[%v %d]", CertEncoding(c.Encoding), len(c.Data))
}

// String returns, for example, "CERTREQ[x509-signature 53]".
func (c CertificateRequest) String() string {
	return fmt.Sprintf("CERTREQ[%v %d]", CertEncoding(c.Encoding), len(c.Data))
}

func parseCertificate(r *reader) Payload { return Certificate{r.uint8(), r.rest()} }

func parseCertificateRequest(r *reader) Payload { return CertificateRequest{r.uint8(), r.rest()} }

func (c Certificate) appendTo(b []byte) []byte {
	return append(append(b, c.Encoding), c.Data...)
}

func (c CertificateRequest) appendTo(b []byte) []byte {
	return append(append(b, c.Encoding), c.Data...)
}
