package commands

import (
	"context"
	"crypto/x509"
	"errors"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/ike/pki"
)

// validateCertificate is `pki validate-certificate`.
type validateCertificate struct {
	kind         PKIKind
	Domain, File string
}

func validateRow(k certificateKind) grammar.Row[Config] {
	return grammar.Do[Config](managementLevel, validateCertificate{kind: k.kind},
		grammar.Path[validateCertificate]("pki", helpPKI, "validate-certificate", helpValidate, string(k.kind), k.help),
		grammar.Optional(domainArg(func(v *validateCertificate) *string { return &v.Domain })),
		fileArg(objectFile(k.kind), func(v *validateCertificate) *string { return &v.File }))
}

// do judges the certificates of a file as a peer's would be. A responder may take its time.
func (v *validateCertificate) do(s *Session) Output {
	if err := s.knowsDomain(v.Domain); err != nil {
		return s.refused(err)
	}
	o := s.objects().find(v.kind, v.File)
	if o == nil {
		return s.refused(refuse("The certificate does not exist."))
	}
	judge := pki.Judge{
		Now: s.device.About().Now, Store: s.running.config.Trust(s.objects()).Store, Domain: v.Domain, Fetch: s.device.AskResponder,
	}
	certificates := o.Certificates
	if v.kind == PKICertificate {
		certificates = certificates[:1]
	}
	return Output{Long: func(_ context.Context, print func(string)) error {
		for _, c := range certificates {
			if err := validated(judge, c, o.Certificates, print); err != nil {
				return err
			}
		}
		return nil
	}}
}

// validated prints the path of a certificate that holds.
func validated(judge pki.Judge, c *x509.Certificate, others []*x509.Certificate, print func(string)) error {
	verdict, err := judge.Do(c, others)
	var why *pki.Refusal
	switch {
	case errors.As(err, &why):
		return refuse("The certificate is not valid: %s.", strings.TrimSuffix(why.Reason+"; "+why.Advice, "; "))
	case err != nil:
		return refuse("The certificate cannot be judged: %v.", err)
	}
	text := "Info: The certificate of " + verdict.Subject + " is valid in PKI domain " + verdict.Domain + ".\n"
	for _, above := range verdict.Path[1:] {
		text += "  issued by " + pki.Describe(above).Subject + "\n"
	}
	print(text)
	return nil
}
