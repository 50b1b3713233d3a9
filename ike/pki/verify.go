package pki

import (
	"crypto/x509"
	"fmt"
	"time"

	"sallyport/ike/wire"
)

// A Verify is a peer's signature of phase 1 with all that is needed to judge
// it. Nothing in it is changed, so it can be done anywhere.
type Verify struct {
	Now          time.Time          // wall clock
	Store        *Store             // whom we trust
	Domain       string             // the only domain to be tried; empty: each, in the order of the store
	Certificates []wire.Certificate // as received, those of unknown encoding too
	ID           wire.ID            // the body of IDii or IDir
	Method       wire.AuthMethod    // as negotiated
	Hash         []byte             // HASH_I or HASH_R, as we compute it
	Signature    []byte             // the body of SIG_I or SIG_R

	// Fetch posts a request to the OCSP responder of a domain and returns its
	// answer, of at most 16 KiB; it bounds its own time. nil: no responder
	// answers. It is called last, when the signature was right.
	Fetch func(url string, request []byte) ([]byte, error)
}

// A Verified is a peer that proved to be who its certificate says.
type Verified struct {
	Domain  string              // that vouched for it
	Subject string              // the leaf's, as in "/C=ZZ/O=interop/CN=left"
	Leaf    *x509.Certificate   // first of Path
	Path    []*x509.Certificate // from the leaf to the authority
	Proof   Proof               // what is kept of it
}

// Do checks, in this order: what the CERT payloads hold, that the leaf names
// the ID, the leaf's key and its use, a path to an authority of a domain, the
// signature over the hash, and revocation. The leaf is the first certificate
// that names the ID. The first domain with a path decides. Errors are of type
// [*Refusal].
func (v Verify) Do() (*Verified, error) {
	sent, err := readPayloads(v.Certificates)
	if err != nil {
		return nil, err
	}
	leaf, err := v.leaf(sent.certificates)
	if err != nil {
		return nil, err
	}
	if err := v.checkLeaf(leaf); err != nil {
		return nil, err
	}
	d, path, err := v.path(leaf, sent.certificates)
	if err != nil {
		return nil, err
	}
	if err := schemes[v.Method].verify(leaf.PublicKey, v.Hash, v.Signature); err != nil {
		return nil, refuse(wire.InvalidSignature, "the signature of %s: %v", subject(leaf), err)
	}
	q := inquiry{domain: d, now: v.Now, lists: d.CRLs, fetch: v.Fetch}
	if err := q.check(path); err != nil {
		return nil, err
	}
	return &Verified{Domain: d.Name, Subject: subject(leaf), Leaf: leaf, Path: path, Proof: proofOf(v.Domain, path)}, nil
}

// leaf returns the first certificate that names the ID.
func (v Verify) leaf(sent []*x509.Certificate) (*x509.Certificate, error) {
	if len(sent) == 0 {
		return nil, refuse(wire.CertificateUnavailable, "no certificate came from %s", IDText(v.ID))
	}
	var first error
	for _, c := range sent {
		err := checkID(c, v.ID)
		if err == nil {
			return c, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, refuse(wire.InvalidIDInformation, "%v", first)
}

// checkLeaf refuses a leaf that cannot sign by the method.
func (v Verify) checkLeaf(c *x509.Certificate) error {
	s, ok := schemes[v.Method]
	if !ok {
		return refuse(wire.InvalidSignature, "method %v signs nothing that we check", v.Method)
	}
	if err := checkKeyUsage(c); err != nil {
		return refuse(wire.InvalidCertificate, "%v", err)
	}
	if !s.fits(c.PublicKey) {
		name, bits := keySize(c.PublicKey)
		return refuse(wire.InvalidCertificate, "the certificate of %s has a key of %s, %d bits: method %v wants another", subject(c), name, bits, v.Method)
	}
	return nil
}

// path returns the first domain with a path, and the path. If there is none,
// the error of a domain that knows the issuer goes before that of one that
// does not.
func (v Verify) path(leaf *x509.Certificate, sent []*x509.Certificate) (*Domain, []*x509.Certificate, error) {
	domains := v.Store.named(v.Domain)
	if len(domains) == 0 {
		return nil, nil, refuse(wire.InvalidCertAuthority, "the certificate of %s: %s", subject(leaf), v.missing())
	}
	var best *Refusal
	for i := range domains {
		path, why := domains[i].path(leaf, sent, v.Now)
		if why == nil {
			return &domains[i], path, nil
		}
		if best == nil || best.Notify == wire.InvalidCertAuthority {
			best = why
		}
	}
	return nil, nil, best
}

// missing says which domain is not configured.
func (v Verify) missing() string {
	if v.Domain == "" {
		return "no domain is configured"
	}
	return fmt.Sprintf("domain %q is not configured", v.Domain)
}
