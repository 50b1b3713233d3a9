package commands

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike/pki"
	"sallyport/ipsec/secret"
)

// importCertificate is `pki import-certificate`.
type importCertificate struct {
	kind         PKIKind
	Domain, File string
	PKCS12       bool
	Password     secret.Octets // nil: none was typed
}

func importCertificateRow(k certificateKind) grammar.Row[Config] {
	elements := []grammar.Element[importCertificate]{
		grammar.Path[importCertificate]("pki", helpPKI, "import-certificate", helpImportFile, string(k.kind), k.help),
		grammar.Optional(domainArg(func(i *importCertificate) *string { return &i.Domain })),
		fileArg(certificateFile(), func(i *importCertificate) *string { return &i.File }),
	}
	if k.kind == PKICertificate {
		elements = append(elements, grammar.Optional(
			grammar.Flag("pkcs12", helpPKCS12, func(i *importCertificate) *bool { return &i.PKCS12 }),
			grammar.Optional(grammar.Kw[importCertificate]("password", helpPassword),
				grammar.Arg(kind.Secret(), "Password", func(i *importCertificate) *secret.Octets { return &i.Password }))))
	}
	return grammar.Do[Config](managementLevel, importCertificate{kind: k.kind}, elements...)
}

func (i *importCertificate) do(s *Session) Output {
	if err := s.knowsDomain(i.Domain); err != nil {
		return s.refused(err)
	}
	if i.kind == PKICertificate && (i.PKCS12 || slices.Contains([]string{".p12", ".pfx"}, path.Ext(i.File))) {
		return i.bundle(s)
	}
	data, err := s.device.ReadFlash(i.File)
	if err != nil {
		return s.refused(because(err))
	}
	certificates, err := pki.ParseCertificates(data)
	if err != nil {
		return s.refused(i.not(err))
	}
	if i.kind == PKIAuthority {
		return i.authority(s, certificates)
	}
	return i.local(s, certificates)
}

// not says why a file is not imported.
func (i *importCertificate) not(err error) error {
	return refuse("%s cannot be imported: %v.", i.File, err)
}

// object returns what is imported.
func (i *importCertificate) object(certificates []*x509.Certificate) *PKIObject {
	return &PKIObject{Kind: i.kind, Name: i.File, Domain: i.Domain, Certificates: certificates}
}

// authority takes certificates in that others may be checked by.
func (i *importCertificate) authority(s *Session, certificates []*x509.Certificate) Output {
	for _, c := range certificates {
		if err := pki.CheckAuthority(c); err != nil {
			return s.refused(i.not(err))
		}
		if err := s.inTime(c); err != nil {
			return s.refused(i.not(err))
		}
	}
	if err := s.kept(i.object(certificates)); err != nil {
		return s.refused(err)
	}
	out := Output{Text: imported + s.soonOver(certificates...)}
	if s.options.Interactive && !slices.ContainsFunc(certificates, isRoot) {
		out.Text += "Warning: No certificate of the file is signed by itself: it helps to find a path, but the authority above it is to be imported as well.\n"
	}
	return out
}

// local takes a certificate of ours in, and those that came with it.
func (i *importCertificate) local(s *Session, certificates []*x509.Certificate) Output {
	all := s.objects()
	leaf := slices.IndexFunc(certificates, func(c *x509.Certificate) bool { return all.keyOf(c) != nil })
	if leaf < 0 {
		return s.refused(i.not(fmt.Errorf("its key is none of the key pairs here: import that first, or request a certificate for one")))
	}
	certificates = slices.Concat(certificates[leaf:leaf+1], certificates[:leaf], certificates[leaf+1:])
	return i.keep(s, nil, certificates)
}

// bundle takes a PKCS #12 file in. A password that is not on the line is asked for.
func (i *importCertificate) bundle(s *Session) Output {
	data, err := s.device.ReadFlash(i.File)
	if err != nil {
		return s.refused(because(err))
	}
	if i.Password != nil {
		return i.unwrap(s, data, i.Password)
	}
	if !s.options.Interactive {
		return s.refused(refuse("The password is asked for at a terminal only: put it on the line."))
	}
	s.question = &question{text: "Please enter password:", hidden: true, read: func(s *Session, typed string) Output {
		return i.unwrap(s, data, secret.Octets(typed))
	}}
	return Output{}
}

// unwrap takes in what is in a PKCS #12 file. The authorities in it are sent to peers and
// trusted by nobody: who made the file must not choose whom we believe.
func (i *importCertificate) unwrap(s *Session, data, password secret.Octets) Output {
	defer clear(data)
	b, err := pki.ParsePKCS12(data, password)
	if err != nil {
		return s.refused(i.not(err))
	}
	return i.keep(s, b.Key, append([]*x509.Certificate{b.Certificate}, b.Others...))
}

// keep keeps a certificate, the first of those given, and its key, if that is not here yet.
func (i *importCertificate) keep(s *Session, key crypto.Signer, certificates []*x509.Certificate) Output {
	all, leaf := s.objects(), certificates[0]
	var objects pkiObjects
	if key != nil && all.keyOf(leaf) == nil {
		pair := &PKIObject{Kind: PKIKeyPair, Name: pairNameOf(i.File), Key: key}
		if err := s.pairFree(pair.Name); err != nil {
			return s.refused(err)
		}
		objects = append(objects, pair)
	}
	object := i.object(certificates)
	credential, err := append(slices.Clone(all), objects...).credential(object)
	if err != nil {
		return s.refused(i.not(err))
	}
	if err := s.inTime(leaf); err != nil {
		return s.refused(i.not(err))
	}
	if err := s.kept(append(objects, object)...); err != nil {
		return s.refused(err)
	}
	out := Output{Text: imported + s.soonOver(leaf) + s.long(credential)}
	if key != nil {
		out.Text += s.leftBehind(i.File)
	}
	return out
}

// longChain is what a certificate and those above it can have without becoming a burden, in
// octets. Each message with them goes in many fragments, and one that is lost is all lost.
const longChain = 8 << 10

// long warns of a chain that hardly reaches a peer.
func (s *Session) long(c *pki.Credential) string {
	n := 0
	for _, p := range c.Payloads() {
		n += len(p.Data)
	}
	if !s.options.Interactive || n <= longChain {
		return ""
	}
	return fmt.Sprintf("Warning: %d octets of certificates will be sent to peers: more than %d may not get through.\n", n, longChain)
}

// pairNameOf returns the name of the key pair of a PKCS #12 file.
func pairNameOf(file string) string {
	stem := strings.TrimSuffix(file, path.Ext(file))
	return stem[:min(len(stem), longestPair)]
}

// inTime refuses a certificate that has expired.
func (s *Session) inTime(c *x509.Certificate) error {
	if now := s.device.About().Now; now.After(c.NotAfter) {
		return fmt.Errorf("the certificate of %s was valid until %s", pki.Describe(c).Subject, s.dated(c.NotAfter))
	}
	return nil
}

// dated writes a time in the box's zone.
func (s *Session) dated(t time.Time) string { return t.In(s.zone()).Format(stamp) }

// soonOver warns of certificates that do not hold yet, or not for long.
func (s *Session) soonOver(certificates ...*x509.Certificate) string {
	if !s.options.Interactive {
		return ""
	}
	var b strings.Builder
	now := s.device.About().Now
	for _, c := range certificates {
		subject := pki.Describe(c).Subject
		switch {
		case now.Before(c.NotBefore):
			fmt.Fprintf(&b, "Warning: The certificate of %s is valid from %s.\n", subject, s.dated(c.NotBefore))
		case c.NotAfter.Sub(now) < expiryNotice:
			fmt.Fprintf(&b, "Warning: The certificate of %s is valid until %s only.\n", subject, s.dated(c.NotAfter))
		}
	}
	return b.String()
}

// importList is `pki import-crl`.
type importList struct{ Domain, File string }

func importListRow() grammar.Row[Config] {
	return grammar.Do[Config](managementLevel, importList{}, grammar.Path[importList]("pki", helpPKI, "import-crl", "Import a revocation list from a file"),
		grammar.Optional(domainArg(func(i *importList) *string { return &i.Domain })), fileArg(listFile(), func(i *importList) *string { return &i.File }))
}

func (i *importList) do(s *Session) Output {
	if err := s.knowsDomain(i.Domain); err != nil {
		return s.refused(err)
	}
	data, err := s.device.ReadFlash(i.File)
	if err != nil {
		return s.refused(because(err))
	}
	list, err := pki.ParseCRL(data)
	if err == nil {
		err = s.signedByUs(list, i.Domain)
	}
	if err != nil {
		return s.refused(refuse("%s cannot be imported: %v.", i.File, err))
	}
	if err := s.kept(&PKIObject{Kind: PKIList, Name: i.File, Domain: i.Domain, List: list}); err != nil {
		return s.refused(err)
	}
	out := Output{Text: imported}
	if s.options.Interactive && s.device.About().Now.After(list.NextUpdate) {
		out.Text += "Warning: The list is not current any more: peers are refused until a newer one is imported.\n"
	}
	return out
}

// signedByUs refuses a list that none of a domain's authorities has signed.
func (s *Session) signedByUs(list *x509.RevocationList, domain string) error {
	err := fmt.Errorf("there is no authority that can have signed the list of %s: import it first", pki.DescribeCRL(list).Issuer)
	for _, c := range s.objects().authorities(domain) {
		why := pki.CheckCRL(list, c)
		if why == nil {
			return nil
		}
		if string(c.RawSubject) == string(list.RawIssuer) {
			err = why
		}
	}
	return err
}

// deleteCertificate is `pki delete-certificate`.
type deleteCertificate struct {
	kind PKIKind
	File string
}

func deleteCertificateRow(k certificateKind) grammar.Row[Config] {
	return grammar.Do[Config](managementLevel, deleteCertificate{kind: k.kind},
		grammar.Path[deleteCertificate]("pki", helpPKI, "delete-certificate", helpDeleteFile, string(k.kind), k.help),
		fileArg(objectFile(k.kind), func(d *deleteCertificate) *string { return &d.File }))
}

func (d *deleteCertificate) do(s *Session) Output {
	if s.objects().find(d.kind, d.File) == nil {
		return s.refused(refuse("The certificate does not exist."))
	}
	if d.kind == PKICertificate {
		for _, p := range allPeers(s.running.config) {
			if p.Certificate == d.File {
				return s.refused(refuse("The certificate is being used by IKE peer %s.", p.Name))
			}
		}
	}
	if err := s.gone(d.kind, d.File); err != nil {
		return s.refused(err)
	}
	return Output{Text: "Info: Delete certificate successfully.\n"}
}

// deleteList is `pki delete-crl`.
type deleteList struct{ File string }

func deleteListRow() grammar.Row[Config] {
	return grammar.Do[Config](managementLevel, deleteList{}, grammar.Path[deleteList]("pki", helpPKI, "delete-crl", "Delete a revocation list"),
		fileArg(objectFile(PKIList), func(d *deleteList) *string { return &d.File }))
}

func (d *deleteList) do(s *Session) Output {
	if s.objects().find(PKIList, d.File) == nil {
		return s.refused(refuse("The revocation list does not exist."))
	}
	if err := s.gone(PKIList, d.File); err != nil {
		return s.refused(err)
	}
	return Output{Text: "Info: Delete CRL successfully.\n"}
}
