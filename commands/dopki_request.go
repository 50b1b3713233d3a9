package commands

import (
	"fmt"
	"net/netip"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike/pki"
)

// requestCertificate is `pki request-certificate`.
type requestCertificate struct{ Domain, File string }

func requestRow() grammar.Row[Config] {
	kw := grammar.Kw[requestCertificate]
	return grammar.Do[Config](managementLevel, requestCertificate{},
		grammar.Path[requestCertificate]("pki", helpPKI, "request-certificate", "Write a request for a certificate", "domain", helpPKIDomain),
		grammar.Arg(kind.Name(longestDomain, "pki domain"), helpDomain, func(r *requestCertificate) *string { return &r.Domain }),
		kw("pkcs10", helpPKCS10),
		grammar.Optional(fileArg(requestFile(), func(r *requestCertificate) *string { return &r.File })))
}

func (r *requestCertificate) do(s *Session) Output {
	if r.File == "" {
		r.File = r.Domain + requestSuffix
	}
	if !IsFileName(r.File) {
		return s.refused(refuse("%s can be no file's name: give one with filename.", r.File))
	}
	der, err := r.made(s)
	if err != nil {
		return s.refused(err)
	}
	if err := s.device.WriteFlash(r.File, pki.RequestPEM(der)); err != nil {
		return s.refused(because(err))
	}
	return Output{Text: "Creating certificate request file...\nInfo: Create certificate request file successfully.\n"}
}

// made returns the request, signed.
func (r *requestCertificate) made(s *Session) ([]byte, error) {
	c := s.running.config
	d := c.PKIDomains[r.Domain]
	switch {
	case d == nil:
		return nil, refuse("The PKI domain does not exist.")
	case d.Entity == "":
		return nil, refuse("The PKI domain lacks certificate request entity.")
	case d.KeyPair == "":
		return nil, refuse("The PKI domain lacks certificate request key-pair.")
	}
	pair := s.objects().find(PKIKeyPair, d.KeyPair)
	if pair == nil {
		return nil, refuse("The key pair %s of the PKI domain does not exist.", d.KeyPair)
	}
	wanted, err := c.PKIEntities[d.Entity].request()
	if err != nil {
		return nil, refuse("PKI entity %s: %v.", d.Entity, err)
	}
	der, err := wanted.Make(pair.Key)
	if err != nil {
		return nil, refuse("PKI entity %s: %v.", d.Entity, err)
	}
	return der, nil
}

// request returns what an entity asks for.
func (p *PKIEntity) request() (r pki.Request, err error) {
	var subject strings.Builder
	for _, a := range []struct{ name, value string }{
		{"C", p.Country}, {"ST", p.State}, {"L", p.Locality}, {"O", p.Company}, {"OU", p.Unit}, {"CN", p.CommonName},
	} {
		if a.value != "" {
			subject.WriteString("/" + a.name + "=" + escapedValue(a.value))
		}
	}
	if subject.Len() == 0 {
		return r, fmt.Errorf("it has no common-name")
	}
	if r.Subject, err = pki.ParseDN(subject.String()); err != nil {
		return r, err
	}
	if p.FQDN != "" {
		r.DNS = []string{p.FQDN}
	}
	if p.Email != "" {
		r.Email = []string{p.Email}
	}
	if p.Address.IsValid() {
		r.Addrs = []netip.Addr{p.Address}
	}
	return r, nil
}

// escapedValue writes a value so that pki.ParseDN takes each of its characters as it is.
func escapedValue(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune(`\/+#,;="<>`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
