package ike

import (
	"maps"
	"slices"

	"sallyport/ike/pki"
	"sallyport/ike/wire"
)

// Certificates on their way in and out: RFC 2408 §3.9, §3.10.

// certificates returns the CERT payloads of a message as they came.
func certificates(m *wire.Message) []wire.Certificate { return allOf[wire.Certificate](m) }

// certificateRequests returns the CERTREQ payloads of a message.
func certificateRequests(m *wire.Message) []wire.CertificateRequest {
	return allOf[wire.CertificateRequest](m)
}

// allOf returns the payloads of a type.
func allOf[P wire.Payload](m *wire.Message) (all []P) {
	for _, payload := range m.Payloads {
		if p, ok := payload.(P); ok {
			all = append(all, p)
		}
	}
	return all
}

// certificateRequests asks the peer for its certificate by the names of the authorities
// that we trust.
func (x *handshake) certificateRequests() (p []wire.Payload) {
	if !x.wantsCertificate() {
		return nil
	}
	for _, r := range x.engine.config.Store.Requests(x.domain()) {
		p = append(p, r)
	}
	return p
}

// wantsCertificate reports whether the peer signs, or may do so after some offer of ours.
func (x *handshake) wantsCertificate() bool {
	if x.state != makingKE || x.kind == wire.MainMode {
		return x.sa.method.signs(!x.sa.initiator)
	}
	return slices.ContainsFunc(x.offered, func(t wire.Transform) bool {
		offer, _ := readPhase1(t)
		return methods[offer.method].signsR
	})
}

// domain names the only authorities that count for whoever the other end may be; empty: all.
func (x *handshake) domain() string {
	domain := x.sa.peer.Domain
	for _, p := range x.candidates {
		if p.Domain != domain {
			return ""
		}
	}
	return domain
}

// credential returns what we prove ourselves with: the one that the peer's entry names, or
// one that suits the method and what the peer has asked for.
func (x *handshake) credential() (*pki.Credential, error) {
	e, p := x.engine, x.sa.peer
	if p.Certificate != "" {
		if c := e.config.Credentials[p.Certificate]; c != nil && c.Fits(x.sa.authMethod) {
			return c, nil
		}
		return nil, reject(AuthenticationFail, "`certificate local-filename %s` of ike peer %s is not there, or is none for %v",
			p.Certificate, p.Name, x.sa.authMethod)
	}
	if c := pki.Choose(e.credentials(), x.sa.authMethod, x.claim.requested); c != nil {
		return c, nil
	}
	return nil, reject(AuthenticationFail, "no local certificate suits %v and the authorities that the peer asks for", x.sa.authMethod)
}

// credentials returns ours, by name.
func (e *Engine) credentials() (all []*pki.Credential) {
	for _, name := range slices.Sorted(maps.Keys(e.config.Credentials)) {
		all = append(all, e.config.Credentials[name])
	}
	return all
}

// ourCertificates returns our chain, our own certificate first.
func (x *handshake) ourCertificates() (p []wire.Payload) {
	c, err := x.credential()
	if err != nil {
		return nil
	}
	for _, certificate := range c.Payloads() {
		p = append(p, certificate)
	}
	return p
}
