package commands

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"

	"sallyport/commands/grammar"
	"sallyport/ike/pki"
)

// newPairEntry returns the public half of a key pair.
func newPairEntry(o *PKIObject, all pkiObjects) pairEntry {
	e := pairEntry{Name: o.Name, Certificates: []string{}}
	switch key := o.Key.Public().(type) {
	case *rsa.PublicKey:
		e.Type, e.Bits = pki.RSA.String(), key.N.BitLen()
	case *ecdsa.PublicKey:
		e.Type, e.Bits = pki.ECDSA.String(), key.Params().BitSize
	}
	if der, err := x509.MarshalPKIXPublicKey(o.Key.Public()); err == nil {
		e.Public = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	for _, c := range all.of(PKICertificate) {
		if o.has(c.Certificates[0]) {
			e.Certificates = append(e.Certificates, c.Name)
		}
	}
	return e
}

// A selection is which objects a display shows: those of a domain, one of a name, or all.
type selection struct{ Domain, File string }

// selectionArg is `domain D` or `filename F`, or neither.
func selectionArg[T any](files grammar.Kind[string], field func(*T) *selection) grammar.Element[T] {
	return grammar.Optional(grammar.OneOf(
		domainArg(func(t *T) *string { return &field(t).Domain }),
		fileArg(files, func(t *T) *string { return &field(t).File })))
}

// of returns the objects of a kind that are selected.
func (w selection) of(s *Session, kind PKIKind) (pkiObjects, error) {
	if err := s.knowsDomain(w.Domain); err != nil {
		return nil, err
	}
	some := slices.DeleteFunc(s.objects().of(kind), func(o *PKIObject) bool {
		return w.File != "" && o.Name != w.File || w.Domain != "" && !o.countsFor(w.Domain)
	})
	if w.File != "" && len(some) == 0 {
		return nil, refuse("The file is not in the PKI.")
	}
	return some, nil
}

// displayCertificates is `display pki certificate`.
type displayCertificates struct {
	kind  PKIKind
	Which selection
}

func displayCertificatesRow(k certificateKind) grammar.Row[Config] {
	return grammar.Do[Config](monitorLevel, displayCertificates{kind: k.kind},
		grammar.Path[displayCertificates]("display", helpDisplay, "pki", helpPKI, "certificate", helpCertificate, string(k.kind), k.help),
		selectionArg(objectFile(k.kind), func(d *displayCertificates) *selection { return &d.Which }))
}

func (d *displayCertificates) do(s *Session) Output {
	some, err := d.Which.of(s, d.kind)
	if err != nil {
		return s.refused(err)
	}
	out := certificatesDisplay{Files: []certificateFileEntry{}}
	for _, o := range some {
		out.Files = append(out.Files, newCertificateFileEntry(s, o))
	}
	return Output{Display: out}
}

// A certificatesDisplay is `display pki certificate`.
type certificatesDisplay struct {
	Files []certificateFileEntry `json:"files"`
}

type certificateFileEntry struct {
	File         string             `json:"file"`
	Domain       string             `json:"domain"`   // empty: every one
	KeyPair      string             `json:"key_pair"` // of our own; empty: it is not here
	Certificates []certificateEntry `json:"certificates"`
}

type certificateEntry struct {
	Subject     string    `json:"subject"`
	Issuer      string    `json:"issuer"`
	Serial      string    `json:"serial_number"`
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	State       string    `json:"state"` // valid, expired, or not yet valid
	Signature   string    `json:"signature_algorithm"`
	Key         string    `json:"key"`
	Authority   bool      `json:"authority"`
	Names       []string  `json:"alternative_names"`
	KeyUsage    []string  `json:"key_usage"`
	ExtendedUse []string  `json:"extended_key_usage"`
	SHA1        string    `json:"fingerprint_sha1"`
	SHA256      string    `json:"fingerprint_sha256"`
}

func newCertificateFileEntry(s *Session, o *PKIObject) certificateFileEntry {
	e := certificateFileEntry{File: o.Name, Domain: o.Domain, Certificates: []certificateEntry{}}
	if pair := s.objects().keyOf(o.Certificates[0]); pair != nil && o.Kind == PKICertificate {
		e.KeyPair = pair.Name
	}
	for _, c := range o.Certificates {
		e.Certificates = append(e.Certificates, newCertificateEntry(pki.Describe(c), s.device.About().Now, s.zone()))
	}
	return e
}

func newCertificateEntry(d pki.Description, now time.Time, zone *time.Location) certificateEntry {
	state := "valid"
	switch {
	case now.After(d.NotAfter):
		state = "expired"
	case now.Before(d.NotBefore):
		state = "not yet valid"
	}
	return certificateEntry{
		Subject: d.Subject, Issuer: d.Issuer, Serial: d.Serial, NotBefore: d.NotBefore.In(zone), NotAfter: d.NotAfter.In(zone), State: state,
		Signature: d.Signature, Key: publicKeyText(d.KeyType, d.KeyBits), Authority: d.Authority,
		Names: orNone(d.Names), KeyUsage: orNone(d.KeyUsage), ExtendedUse: orNone(d.ExtendedUse), SHA1: d.SHA1, SHA256: d.SHA256,
	}
}

// orNone returns a list that is not nil.
func orNone(list []string) []string { return append([]string{}, list...) }

func (d certificatesDisplay) text() string {
	var p page
	for _, f := range d.Files {
		p.add("File: " + f.File)
		p.add(pkiForm.line("Domain", orEvery(f.Domain)))
		if f.KeyPair != "" {
			p.add(pkiForm.line("Key pair", f.KeyPair))
		}
		for i, c := range f.Certificates {
			c.add(&p, i+1)
		}
	}
	p.addf("Total number of files: %d", len(d.Files))
	return p.text()
}

// orEvery is how a display names the domain of an object.
func orEvery(domain string) string {
	if domain == "" {
		return "(every domain)"
	}
	return domain
}

// add writes the certificate that is the n-th of its file.
func (e certificateEntry) add(p *page, n int) {
	p.addf("  Certificate %d", n)
	lines := [][2]string{
		{"Subject", e.Subject}, {"Issuer", e.Issuer}, {"Serial number", e.Serial},
		{"Not before", e.NotBefore.Format(stamp)}, {"Not after", e.NotAfter.Format(stamp)}, {"State", e.State},
		{"Signature", e.Signature}, {"Public key", e.Key}, {"Authority", map[bool]string{false: "no", true: "yes"}[e.Authority]},
		{"Alternative names", strings.Join(e.Names, " ")}, {"Key usage", strings.Join(e.KeyUsage, " ")},
		{"Extended key usage", strings.Join(e.ExtendedUse, " ")}, {"SHA-1", e.SHA1}, {"SHA-256", e.SHA256},
	}
	for _, line := range lines {
		p.add(certificateForm.line(line[0], printable(line[1], reasonLimit)))
	}
}

var certificateForm = form{indent: 4, width: 20}

// displayRequest is `display pki cert-req`.
type displayRequest struct{ File string }

func displayRequestRow() grammar.Row[Config] {
	return grammar.Do[Config](monitorLevel, displayRequest{}, displayPKI[displayRequest]("cert-req", helpRequest),
		fileArg(requestFile(), func(d *displayRequest) *string { return &d.File }))
}

func (d *displayRequest) do(s *Session) Output {
	data, err := s.device.ReadFlash(d.File)
	if err != nil {
		return s.refused(because(err))
	}
	r, err := pki.ParseRequest(data)
	if err != nil {
		return s.refused(refuse("%s is no request: %v.", d.File, err))
	}
	is := pki.DescribeRequest(r)
	return Output{Display: requestDisplay{
		File: d.File, Subject: is.Subject, Key: publicKeyText(is.KeyType, is.KeyBits), Signature: is.Signature, Names: orNone(is.Names),
		Text: string(pki.RequestPEM(r.Raw)),
	}}
}

// A requestDisplay is `display pki cert-req`.
type requestDisplay struct {
	File      string   `json:"file"`
	Subject   string   `json:"subject"`
	Key       string   `json:"key"`
	Signature string   `json:"signature_algorithm"`
	Names     []string `json:"alternative_names"`
	Text      string   `json:"pem"`
}

func (d requestDisplay) text() string {
	var p page
	p.add("File: " + d.File)
	for _, line := range [][2]string{
		{"Subject", d.Subject}, {"Public key", d.Key}, {"Signature", d.Signature}, {"Alternative names", strings.Join(d.Names, " ")},
	} {
		p.add(pkiForm.line(line[0], printable(line[1], reasonLimit)))
	}
	p.add(strings.TrimRight(d.Text, "\n"))
	return p.text()
}

// displayLists is `display pki crl`.
type displayLists struct{ Which selection }

func displayListRow() grammar.Row[Config] {
	return grammar.Do[Config](monitorLevel, displayLists{}, displayPKI[displayLists]("crl", helpLists),
		selectionArg(objectFile(PKIList), func(d *displayLists) *selection { return &d.Which }))
}

func (d *displayLists) do(s *Session) Output {
	some, err := d.Which.of(s, PKIList)
	if err != nil {
		return s.refused(err)
	}
	out := listsDisplay{Lists: []listEntry{}}
	for _, o := range some {
		out.Lists = append(out.Lists, newListEntry(s, o))
	}
	return Output{Display: out}
}

// A listsDisplay is `display pki crl`.
type listsDisplay struct {
	Lists []listEntry `json:"lists"`
}

type listEntry struct {
	File       string         `json:"file"`
	Domain     string         `json:"domain"` // empty: every one
	Issuer     string         `json:"issuer"`
	Number     string         `json:"number"`
	ThisUpdate time.Time      `json:"this_update"`
	NextUpdate time.Time      `json:"next_update"`
	State      string         `json:"state"` // current or expired
	Signature  string         `json:"signature_algorithm"`
	Revoked    []revokedEntry `json:"revoked"`
}

type revokedEntry struct {
	Serial string    `json:"serial_number"`
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"` // in the words of RFC 5280
}

func newListEntry(s *Session, o *PKIObject) listEntry {
	is, zone := pki.DescribeCRL(o.List), s.zone()
	e := listEntry{
		File: o.Name, Domain: o.Domain, Issuer: is.Issuer, Number: is.Number, State: "current", Signature: is.Signature,
		ThisUpdate: is.ThisUpdate.In(zone), NextUpdate: is.NextUpdate.In(zone), Revoked: []revokedEntry{},
	}
	if s.device.About().Now.After(is.NextUpdate) {
		e.State = "expired"
	}
	for _, r := range is.Revoked {
		e.Revoked = append(e.Revoked, revokedEntry{r.Serial, r.Time.In(zone), r.Reason})
	}
	return e
}

func (d listsDisplay) text() string {
	var p page
	for _, l := range d.Lists {
		p.add("File: " + l.File)
		for _, line := range [][2]string{
			{"Domain", orEvery(l.Domain)}, {"Issuer", l.Issuer}, {"Number", l.Number}, {"This update", l.ThisUpdate.Format(stamp)},
			{"Next update", l.NextUpdate.Format(stamp)}, {"State", l.State}, {"Signature", l.Signature}, {"Revoked", fmt.Sprint(len(l.Revoked))},
		} {
			p.add(pkiForm.line(line[0], printable(line[1], reasonLimit)))
		}
		for _, r := range l.Revoked {
			p.addf("    %s  %s  %s", r.Serial, r.Time.Format(stamp), r.Reason)
		}
	}
	p.addf("Total number of revocation lists: %d", len(d.Lists))
	return p.text()
}

// publicKeyText says what a public key is.
func publicKeyText(typ string, bits int) string { return fmt.Sprintf("%s, %d bits", typ, bits) }
