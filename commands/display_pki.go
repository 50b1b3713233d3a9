package commands

import (
	"net/netip"
	"slices"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// pkiDisplayRows show entities and domains of the configuration, and what the box keeps.
func pkiDisplayRows() []grammar.Row[Config] {
	rows := []grammar.Row[Config]{
		grammar.Do[Config](monitorLevel, displayEntity{}, displayPKI[displayEntity]("entity", helpEntity),
			grammar.Optional(grammar.Arg(kind.Name(longestDomain, "pki entity"), helpEntityName, func(d *displayEntity) *string { return &d.Name }))),
		grammar.Do[Config](monitorLevel, displayDomain{}, displayPKI[displayDomain]("domain", helpPKIDomain),
			grammar.Optional(grammar.Arg(kind.Name(longestDomain, "pki domain"), helpDomain, func(d *displayDomain) *string { return &d.Name }))),
		displayListRow(), displayRequestRow(), displayPairsRow("rsa"), displayPairsRow("ecc"),
	}
	for _, k := range certificateKinds {
		rows = append(rows, displayCertificatesRow(k))
	}
	return rows
}

func displayPKI[T any](word, help string) grammar.Element[T] {
	return grammar.Path[T]("display", helpDisplay, "pki", helpPKI, word, help)
}

// someOf returns one object of a map, or without a name all of them in order; nil: the one
// is not there.
func someOf[V any](m map[string]*V, name string) []*V {
	if name == "" {
		return values(m, strings.Compare)
	}
	if m[name] == nil {
		return nil
	}
	return []*V{m[name]}
}

// displayEntity is `display pki entity`.
type displayEntity struct{ Name string }

func (d *displayEntity) do(s *Session) Output {
	some := someOf(s.running.config.PKIEntities, d.Name)
	if some == nil && d.Name != "" {
		return s.refused(refuse("The PKI entity does not exist."))
	}
	out := entitiesDisplay{Entities: []entityEntry{}}
	for _, p := range some {
		out.Entities = append(out.Entities, entityEntry(*p))
	}
	return Output{Display: out}
}

// An entitiesDisplay is `display pki entity`.
type entitiesDisplay struct {
	Entities []entityEntry `json:"entities"`
}

type entityEntry struct {
	Name       string     `json:"name"`
	CommonName string     `json:"common_name"`
	Country    string     `json:"country"`
	State      string     `json:"state"`
	Locality   string     `json:"locality"`
	Company    string     `json:"organization"`
	Unit       string     `json:"organization_unit"`
	FQDN       string     `json:"fqdn"`
	Address    netip.Addr `json:"ip_address"`
	Email      string     `json:"email"`
}

// pkiForm lays out all displays of the PKI.
var pkiForm = form{indent: 2, width: 20}

func (d entitiesDisplay) text() string {
	var p page
	for _, e := range d.Entities {
		p.add("PKI entity: " + e.Name)
		address := ""
		if e.Address.IsValid() {
			address = e.Address.String()
		}
		for _, line := range [][2]string{
			{"Common name", e.CommonName}, {"Country", e.Country}, {"State", e.State}, {"Locality", e.Locality}, {"Organization", e.Company},
			{"Organization unit", e.Unit}, {"FQDN", e.FQDN}, {"IP address", address}, {"Email", e.Email},
		} {
			p.add(pkiForm.line(line[0], visible(line[1])))
		}
	}
	p.addf("Total number of PKI entities: %d", len(d.Entities))
	return p.text()
}

// displayDomain is `display pki domain`.
type displayDomain struct{ Name string }

func (d *displayDomain) do(s *Session) Output {
	some := someOf(s.running.config.PKIDomains, d.Name)
	if some == nil && d.Name != "" {
		return s.refused(refuse("The PKI domain does not exist."))
	}
	out := domainsDisplay{Domains: []domainEntry{}}
	for _, p := range some {
		out.Domains = append(out.Domains, newDomainEntry(p, s.objects()))
	}
	return Output{Display: out}
}

// A domainsDisplay is `display pki domain`.
type domainsDisplay struct {
	Domains []domainEntry `json:"domains"`
}

type domainEntry struct {
	Name        string   `json:"name"`
	Entity      string   `json:"entity"`
	KeyPair     string   `json:"key_pair"`
	Checks      []string `json:"certificate_check"`
	Responder   string   `json:"ocsp_url"`
	AllowSHA1   bool     `json:"sha1_accepted"`
	Authorities []string `json:"ca_files"`    // of this domain, and those of every one
	Locals      []string `json:"local_files"` // likewise
	Lists       []string `json:"crl_files"`   // likewise
}

func newDomainEntry(d *PKIDomain, all pkiObjects) domainEntry {
	files := func(kind PKIKind) []string {
		names := []string{}
		for _, o := range all.of(kind) {
			if o.countsFor(d.Name) {
				names = append(names, o.Name)
			}
		}
		return names
	}
	return domainEntry{
		Name: d.Name, Entity: d.Entity, KeyPair: d.KeyPair, Checks: slices.Clone(d.Checks), Responder: d.Responder, AllowSHA1: d.AllowSHA1,
		Authorities: files(PKIAuthority), Locals: files(PKICertificate), Lists: files(PKIList),
	}
}

func (d domainsDisplay) text() string {
	var p page
	for _, e := range d.Domains {
		p.add("PKI domain: " + e.Name)
		for _, line := range [][2]string{
			{"Entity", e.Entity}, {"Key pair", e.KeyPair}, {"Certificate check", strings.Join(e.Checks, " ")}, {"OCSP URL", e.Responder},
			{"SHA-1 signatures", map[bool]string{false: "refused", true: "accepted"}[e.AllowSHA1]},
			{"CA files", strings.Join(e.Authorities, " ")}, {"Local files", strings.Join(e.Locals, " ")}, {"CRL files", strings.Join(e.Lists, " ")},
		} {
			p.add(pkiForm.line(line[0], line[1]))
		}
	}
	p.addf("Total number of PKI domains: %d", len(d.Domains))
	return p.text()
}

// displayPairs is `display pki rsa local-key-pair public` or its like.
type displayPairs struct {
	sort, Name string
}

func displayPairsRow(sort string) grammar.Row[Config] {
	return grammar.Do[Config](monitorLevel, displayPairs{sort: sort},
		grammar.Path[displayPairs]("display", helpDisplay, "pki", helpPKI, sort, helpOfKeys(sort), "local-key-pair", helpKeyPair, "public", helpPublic),
		grammar.Optional(grammar.Kw[displayPairs]("name", helpByName), grammar.Arg(pairName(), helpKeyPairName, func(d *displayPairs) *string { return &d.Name })))
}

func (d *displayPairs) do(s *Session) Output {
	out := pairsDisplay{Pairs: []pairEntry{}}
	for _, o := range s.objects().of(PKIKeyPair) {
		if sortOf(o) == d.sort && (d.Name == "" || d.Name == o.Name) {
			out.Pairs = append(out.Pairs, newPairEntry(o, s.objects()))
		}
	}
	if d.Name != "" && len(out.Pairs) == 0 {
		return s.refused(refuse("The key pair does not exist."))
	}
	return Output{Display: out}
}

// A pairsDisplay is `display pki rsa local-key-pair public`. No private key is in it.
type pairsDisplay struct {
	Pairs []pairEntry `json:"key_pairs"`
}

type pairEntry struct {
	Name         string   `json:"name"`
	Type         string   `json:"type"` // RSA or ECDSA
	Bits         int      `json:"bits"`
	Certificates []string `json:"local_files"` // whose key it is
	Public       string   `json:"public_key"`  // PEM
}

func (d pairsDisplay) text() string {
	var p page
	for _, e := range d.Pairs {
		p.add("Key pair: " + e.Name)
		p.add(pkiForm.line("Type", publicKeyText(e.Type, e.Bits)))
		p.add(pkiForm.line("Local files", strings.Join(e.Certificates, " ")))
		p.add(strings.TrimRight(e.Public, "\n"))
	}
	p.addf("Total number of key pairs: %d", len(d.Pairs))
	return p.text()
}
