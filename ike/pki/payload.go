package pki

import (
	"crypto/x509"

	"sallyport/ike/wire"
)

// received is what the CERT payloads of a message hold.
type received struct {
	certificates []*x509.Certificate
	lists        []*x509.RevocationList
}

// readPayloads reads CERT payloads: certificates, revocation lists and both in
// PKCS #7. Whatever it does not read refuses the message, for what is left out
// may be what matters.
func readPayloads(payloads []wire.Certificate) (r received, err error) {
	for i, p := range payloads {
		if n := len(p.Data); n > maxPayload {
			return r, refuse(wire.InvalidCertificate, "CERT payload %d of %d octets, want at most %d", i+1, n, maxPayload)
		}
		if why := r.read(p); why != nil {
			return r, refuse(why.Notify, "CERT payload %d: %s", i+1, why.Reason)
		}
		if n := len(r.certificates) + len(r.lists); n > maxCertificates {
			return r, refuse(wire.InvalidCertificate, "more than %d certificates and lists in the CERT payloads", maxCertificates)
		}
	}
	return r, nil
}

// read adds what one payload holds.
func (r *received) read(p wire.Certificate) *Refusal {
	switch e := wire.CertEncoding(p.Encoding); e {
	case wire.CertX509Signature:
		return r.addCertificate(p.Data)
	case wire.CertCRL:
		return r.addList(p.Data)
	case wire.CertPKCS7:
		certificates, lists, err := unwrap(p.Data)
		if err != nil {
			return refuse(wire.InvalidCertificate, "%v", err)
		}
		return r.addAll(certificates, lists)
	default:
		return refuse(wire.InvalidCertEncoding, "encoding %v, want %v, %v or %v", e, wire.CertX509Signature, wire.CertCRL, wire.CertPKCS7)
	}
}

// addAll adds what was unwrapped, but not more than a message may hold.
func (r *received) addAll(certificates, lists [][]byte) *Refusal {
	if n := len(certificates) + len(lists); n > maxCertificates {
		return refuse(wire.InvalidCertificate, "PKCS #7 with %d certificates and lists, want at most %d", n, maxCertificates)
	}
	for _, der := range certificates {
		if err := r.addCertificate(der); err != nil {
			return err
		}
	}
	for _, der := range lists {
		if err := r.addList(der); err != nil {
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

func (r *received) addList(der []byte) *Refusal {
	l, err := x509.ParseRevocationList(der)
	if err != nil {
		return refuse(wire.InvalidCertificate, "%d octets that are no revocation list: %s", len(der), wire.Printable([]byte(err.Error())))
	}
	r.lists = append(r.lists, l)
	return nil
}
