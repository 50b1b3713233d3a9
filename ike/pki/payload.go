package pki

import (
	"crypto/x509"

	"sallyport/ike/wire"
)

// received is what counts of the CERT payloads of a message.
type received struct{ certificates []*x509.Certificate }

// readPayloads reads the certificates of CERT payloads, also those in PKCS #7.
// Revocation lists are passed over: only those that an operator has imported
// count. Whatever else it does not read refuses the message, for what is left
// out may be what matters.
func readPayloads(payloads []wire.Certificate) (r received, err error) {
	for i, p := range payloads {
		if wire.CertEncoding(p.Encoding) == wire.CertCRL {
			continue
		}
		if n := len(p.Data); n > maxPayload {
			return r, refuse(wire.InvalidCertificate, "CERT payload %d of %d octets, want at most %d", i+1, n, maxPayload)
		}
		if why := r.read(p); why != nil {
			return r, refuse(why.Notify, "CERT payload %d: %s", i+1, why.Reason)
		}
		if len(r.certificates) > maxCertificates {
			return r, refuse(wire.InvalidCertificate, "more than %d certificates in the CERT payloads", maxCertificates)
		}
	}
	return r, nil
}

// read adds what one payload holds.
func (r *received) read(p wire.Certificate) *Refusal {
	switch e := wire.CertEncoding(p.Encoding); e {
	case wire.CertX509Signature:
		return r.addCertificate(p.Data)
	case wire.CertPKCS7:
		certificates, err := unwrap(p.Data)
		if err != nil {
			return refuse(wire.InvalidCertificate, "%v", err)
		}
		return r.addAll(certificates)
	default:
		return refuse(wire.InvalidCertEncoding, "encoding %v, want %v or %v", e, wire.CertX509Signature, wire.CertPKCS7)
	}
}

// addAll adds what was unwrapped, but not more than a message may hold.
func (r *received) addAll(certificates [][]byte) *Refusal {
	if n := len(certificates); n > maxCertificates {
		return refuse(wire.InvalidCertificate, "PKCS #7 with %d certificates, want at most %d", n, maxCertificates)
	}
	for _, der := range certificates {
		if err := r.addCertificate(der); err != nil {
			return err
		}
	}
	return nil
}

func (r *received) addCertificate(der []byte) *Refusal {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return refuse(wire.InvalidCertificate, "%d octets that are no certificate: %s", len(der), wire.Printable([]byte(err.Error())))
	}
	r.certificates = append(r.certificates, c)
	return nil
}
