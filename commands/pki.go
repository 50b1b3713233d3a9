package commands

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
)

// A PKIEntity is a `pki entity`: what a certificate of ours is asked to say. Zero fields
// are left out.
type PKIEntity struct {
	Name       string
	CommonName string
	Country    string // two letters
	State      string
	Locality   string
	Company    string // organization
	Unit       string // organization-unit
	FQDN       string
	Address    netip.Addr
	Email      string
}

// A PKIDomain is a `pki domain`: authorities that are trusted together, how what they
// signed is checked, and what is asked of them. Which authorities and lists are a
// domain's say the files: see PKIObject.
type PKIDomain struct {
	Name      string
	Entity    string   // that certificates are requested for; key of Config.PKIEntities
	KeyPair   string   // of requests: name of a key pair, which is no configuration
	Checks    []string // certificate-check: crl, ocsp, both, or none alone
	Responder string   // ocsp url; empty: none
	AllowSHA1 bool     // signature sha1 enable
}

func newPKIDomain() *PKIDomain { return &PKIDomain{Checks: []string{checkCRL}} }

// The words of certificate-check.
const (
	checkCRL  = "crl"
	checkOCSP = "ocsp"
	checkNone = "none"
)

// Help of the PKI's keywords.
const (
	helpPKI         = "Public key infrastructure"
	helpPKIDomain   = "Authorities that are trusted together"
	helpEntity      = "What a certificate of ours is to say"
	helpEntityName  = "Name of the entity"
	helpKeyPair     = "Key pairs of the box"
	helpCreatePair  = "Make a key pair"
	helpDestroyPair = "Delete a key pair for good"
	helpPublic      = "The public one"
	helpKeyPairName = "Name of the key pair"
	helpRequest     = "Request for a certificate"
	helpLists       = "Revocation lists"
	helpResponder   = "Responder of the authority"
)

// Limits of an entity's texts in octets: RFC 5280, appendix A.1, and those of IDs.
const (
	longestAttribute = 64
	longestURL       = 128
)

// pkiSystemRows are the objects of the PKI in the configuration, entities before the
// domains that have them.
func pkiSystemRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{
		grammar.Enter(grammar.Objects[Config, string, PKIEntity]{
			View:    entityView(),
			Of:      func(c *Config) map[string]*PKIEntity { return c.PKIEntities },
			Own:     func(c *Config) map[string]*PKIEntity { return own(c, partPKIEntities, &c.PKIEntities) },
			Name:    func(p *PKIEntity, name string) { p.Name = name },
			Compare: strings.Compare,
			Delete:  allows((*edit).entityUnused),
		}, grammar.Path[string]("pki", helpPKI, "entity", helpEntity), grammar.Arg(kind.Name(longestDomain, "pki entity"), helpEntityName, itself[string])),
		grammar.Enter(grammar.Objects[Config, string, PKIDomain]{
			View:    domainView(),
			Of:      func(c *Config) map[string]*PKIDomain { return c.PKIDomains },
			Own:     func(c *Config) map[string]*PKIDomain { return own(c, partPKIDomains, &c.PKIDomains) },
			Name:    func(p *PKIDomain, name string) { p.Name = name },
			Compare: strings.Compare,
			Create:  allows((*edit).warnBound),
			Delete:  allows((*edit).domainUnused),
		}, grammar.Path[string]("pki", helpPKI, "domain", helpPKIDomain), grammar.Arg(kind.Name(longestDomain, "pki domain"), helpDomain, itself[string])),
	}
}

// entityView is the view of `pki entity`.
func entityView() *grammar.View[PKIEntity] {
	kw := grammar.Kw[PKIEntity]
	attribute := func(word, help string, field func(*PKIEntity) *string) grammar.Row[PKIEntity] {
		return grammar.Setting(kw(word, help), grammar.Arg(kind.Identity(longestAttribute), "Text", field))
	}
	return &grammar.View[PKIEntity]{
		Tag: func(p *PKIEntity) string { return "pki-entity-" + p.Name },
		New: func() *PKIEntity { return &PKIEntity{} },
		Rows: []grammar.Row[PKIEntity]{
			attribute("common-name", "CN of the subject", func(p *PKIEntity) *string { return &p.CommonName }),
			grammar.Setting(kw("country", "C of the subject"), grammar.Arg(countryCode(), "Code of the country", func(p *PKIEntity) *string { return &p.Country })),
			attribute("state", "ST of the subject", func(p *PKIEntity) *string { return &p.State }),
			attribute("locality", "L of the subject", func(p *PKIEntity) *string { return &p.Locality }),
			attribute("organization", "O of the subject", func(p *PKIEntity) *string { return &p.Company }),
			attribute("organization-unit", "OU of the subject", func(p *PKIEntity) *string { return &p.Unit }),
			grammar.Setting(kw("fqdn", "Alternative name: a host's"), grammar.Arg(kind.HostName(), "Name", func(p *PKIEntity) *string { return &p.FQDN })),
			grammar.Setting(kw("ip-address", "Alternative name: an address"), grammar.Arg(kind.Address(), "Address", func(p *PKIEntity) *netip.Addr { return &p.Address })),
			grammar.Setting(kw("email", "Alternative name: a user's at a host"), grammar.Arg(mailAddress(), "Address", func(p *PKIEntity) *string { return &p.Email })),
		},
	}
}

// visibleWord reports whether a text is printable ASCII without blanks, and safe in a line.
func visibleWord(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || r == '?' || r == '"' })
}

// wordKind is a word that ok accepts.
func wordKind(hint string, longest int, ok func(string) bool) grammar.Kind[string] {
	return grammar.Kind[string]{
		Hints: []grammar.Hint{{Text: hint}},
		Read: func(words []string) (string, int, bool) {
			if text := words[0]; text == "" || len(text) > longest || !visibleWord(text) || !ok(text) {
				return "", 0, false
			}
			return words[0], 1, true
		},
		Write: func(text string) string {
			if text == "" {
				return ""
			}
			return grammar.Quote(text)
		},
	}
}

func countryCode() grammar.Kind[string] {
	return wordKind("STRING<2>", 2, func(text string) bool {
		return len(text) == 2 && !strings.ContainsFunc(text, func(r rune) bool { return r < 'A' || r > 'Z' && r < 'a' || r > 'z' })
	})
}

func mailAddress() grammar.Kind[string] {
	return wordKind(fmt.Sprintf("USER@HOST<3-%d>", longestURL), longestURL, func(text string) bool {
		user, host, is := strings.Cut(text, "@")
		return is && user != "" && host != "" && !strings.Contains(host, "@")
	})
}

// responderURL is where an OCSP responder is asked.
func responderURL() grammar.Kind[string] {
	return wordKind(fmt.Sprintf("URL<8-%d>", longestURL), longestURL, func(text string) bool {
		scheme, rest, _ := strings.Cut(text, "://")
		host, _, _ := strings.Cut(rest, "/")
		return (scheme == "http" || scheme == "https") && host != "" && !strings.ContainsAny(host, "@#") && host[0] != ':'
	})
}

// pairName is the name of a key pair: that of its file.
func pairName() grammar.Kind[string] {
	return wordKind(fmt.Sprintf("NAME<1-%d>", longestPair), longestPair, IsFileName)
}

// longestPair is the limit of a key pair's name in octets.
const longestPair = 32

// domainView is the view of `pki domain`.
func domainView() *grammar.View[PKIDomain] {
	kw := grammar.Kw[PKIDomain]
	request := grammar.Path[PKIDomain]("certificate", helpCertificate, "request", helpRequest)
	pair := grammar.Arg(pairName(), helpKeyPairName, func(d *PKIDomain) *string { return &d.KeyPair })
	checksArg := grammar.Some(kind.Choice(
		grammar.Word[string]{Text: checkCRL, Help: helpLists, Value: checkCRL},
		grammar.Word[string]{Text: checkOCSP, Help: helpResponder, Value: checkOCSP},
		grammar.Word[string]{Text: checkNone, Help: "Revoked ones are taken too", Value: checkNone},
	), func(d *PKIDomain) *[]string { return &d.Checks })
	return &grammar.View[PKIDomain]{
		Tag: func(p *PKIDomain) string { return "pki-domain-" + p.Name },
		New: newPKIDomain,
		Rows: []grammar.Row[PKIDomain]{
			grammar.Setting(request, kw("entity", helpEntity), grammar.Arg(kind.Name(longestDomain, "pki entity"), helpEntityName,
				func(d *PKIDomain) *string { return &d.Entity })).Check(checks(checkEntity)),
			grammar.Setting(request, kw("key-pair", helpKeyPair), pair),
			grammar.Setting(kw("rsa", "Keys of RSA"), kw("local-key-pair", helpKeyPair), pair).Hidden(),
			grammar.Setting(kw("ecc", "Keys of ECC"), kw("local-key-pair", helpKeyPair), pair).Hidden(),
			grammar.Setting(kw("certificate-check", "How revoked certificates are found"), checksArg).Check(checks(checkChecks)),
			noCRLRow("crl", checkNone), noCRLRow("undo", checkCRL),
			grammar.Setting(kw("ocsp", helpResponder), kw("url", "Where it is asked"),
				grammar.Arg(responderURL(), "URL", func(d *PKIDomain) *string { return &d.Responder })),
			grammar.Setting(kw("signature", "How certificates are signed"), kw("sha1", "SHA-1, of which forgeries are known"),
				grammar.Flag("enable", "Accept it", func(d *PKIDomain) *bool { return &d.AllowSHA1 })).Check(checks(warnSHA1)),
		},
	}
}

// noCRLRow is `crl check disable` of other generations, or its undo.
func noCRLRow(first, check string) grammar.Row[PKIDomain] {
	path := grammar.Path[struct{}]("crl", helpLists, "check", "Whether they are asked", "disable", "Not")
	set := func(x any, d *PKIDomain, _ *struct{}) error {
		if first == "undo" && !slices.Contains(d.Checks, checkNone) {
			return grammar.ErrNotConfigured
		}
		d.Checks = []string{check}
		return checkChecks(x.(*edit), d)
	}
	if first == "undo" {
		return grammar.Edit(set, grammar.Kw[struct{}]("undo", helpUndo), path)
	}
	return grammar.Edit(set, path)
}

// checkChecks puts lists first: they are asked first.
func checkChecks(e *edit, d *PKIDomain) error {
	d.Checks = slices.Compact(slices.Sorted(slices.Values(d.Checks)))
	if !slices.Contains(d.Checks, checkNone) {
		return nil
	}
	if len(d.Checks) > 1 {
		return refuse("certificate-check none excludes the others.")
	}
	e.warn("Revoked certificates are accepted in PKI domain %s.", d.Name)
	return nil
}

func warnSHA1(e *edit, d *PKIDomain) error {
	if d.AllowSHA1 {
		e.warn("SHA-1 signatures can be forged: whoever can may pass for any peer of PKI domain %s.", d.Name)
	}
	return nil
}

func checkEntity(e *edit, d *PKIDomain) error {
	if d.Entity != "" && e.config.PKIEntities[d.Entity] == nil {
		return refuse("The PKI entity does not exist.")
	}
	return nil
}

// entityUnused refuses an entity that a domain has.
func (e *edit) entityUnused(name string) error {
	for _, d := range values(e.config.PKIDomains, strings.Compare) {
		if d.Entity == name {
			return refuse("The PKI entity is being used by PKI domain %s.", d.Name)
		}
	}
	return nil
}

// domainUnused refuses a domain that a peer has, or files: they would stay, and be trusted by
// whatever is called so next.
func (e *edit) domainUnused(name string) error {
	for _, p := range values(e.config.IKEPeers, strings.Compare) {
		if p.Domain == name {
			return refuse("The PKI domain is being used by IKE peer %s.", p.Name)
		}
	}
	if files := e.boundTo(name); files != "" {
		return refuse("The PKI domain is that of %s: pki delete-certificate and pki delete-crl delete them.", files)
	}
	return nil
}

// warnBound warns of files that a new domain finds, from one of its name that a replaced
// configuration had.
func (e *edit) warnBound(name string) error {
	if files := e.boundTo(name); files != "" {
		e.warn("PKI domain %s trusts what was imported for it before: %s.", name, files)
	}
	return nil
}

// boundTo returns the files that count for a domain alone, by kind: "ca ca.pem, crl ca.crl".
func (e *edit) boundTo(domain string) string {
	if e.objects == nil {
		return ""
	}
	var files []string
	for _, o := range e.objects() {
		if o.Domain == domain {
			files = append(files, string(o.Kind)+" "+o.Name)
		}
	}
	return strings.Join(files, ", ")
}

// checkPeerDomain refuses a domain that is not there.
func checkPeerDomain(e *edit, p *ike.Peer) error {
	if p.Domain != "" && e.config.PKIDomains[p.Domain] == nil {
		return refuse("The PKI domain does not exist.")
	}
	return nil
}

// checkPeerCertificate warns of a certificate that was not imported. It is no part of the
// configuration, so that it may come later.
func checkPeerCertificate(e *edit, p *ike.Peer) error {
	if p.Certificate != "" && e.objects != nil && pkiObjects(e.objects()).find(PKICertificate, p.Certificate) == nil {
		e.warn("There is no local certificate %s: pki import-certificate local makes one.", p.Certificate)
	}
	return nil
}

// pki looks for references of domains and to them that lead nowhere.
func (v *validation) pki() {
	for name, d := range v.config.PKIDomains {
		if d.Entity != "" && v.config.PKIEntities[d.Entity] == nil {
			v.fault("The PKI entity %s of PKI domain %s does not exist.", d.Entity, name)
		}
	}
	for name, p := range v.config.IKEPeers {
		if p.Domain != "" && v.config.PKIDomains[p.Domain] == nil {
			v.fault("The PKI domain %s of IKE peer %s does not exist.", p.Domain, name)
		}
	}
}
