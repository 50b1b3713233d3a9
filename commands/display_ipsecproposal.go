package commands

import (
	"strings"

	"sallyport/ipsec"
)

// An ipsecProposalDisplay is `display ipsec proposal`.
type ipsecProposalDisplay struct {
	Proposals []ipsecProposalLine `json:"proposals"`
}

// An ipsecProposalLine is one ipsec proposal, and `display ipsec proposal name N`.
type ipsecProposalLine struct {
	Name        string   `json:"name"`
	Mode        string   `json:"encapsulation_mode"`
	Transform   string   `json:"transform"`
	AH          []string `json:"ah_authentication"` // empty: without AH
	ESP         bool     `json:"esp"`
	Integrities []string `json:"esp_authentication"` // empty: none
	Encryptions []string `json:"esp_encryption"`     // empty: NULL
	ESN         bool     `json:"esn"`                // extended sequence numbers are offered
}

// newIPsecProposalDisplay returns the proposals in the order given.
func newIPsecProposalDisplay(all []*ipsec.Proposal) ipsecProposalDisplay {
	return ipsecProposalDisplay{mapped(all, newIPsecProposalLine)}
}

func newIPsecProposalLine(p *ipsec.Proposal) ipsecProposalLine {
	r := ipsecProposalLine{
		Name: p.Name, Mode: modeName(p.Mode), Transform: p.Transform.String() + "-new",
		AH: []string{}, ESP: p.Transform.HasESP(), Integrities: []string{}, Encryptions: []string{}, ESN: p.ESN,
	}
	if p.Transform.HasAH() {
		r.AH = mapped(p.AHIntegrities, authentication)
	}
	if r.ESP {
		r.Integrities = mapped(p.Integrities, authentication)
		r.Encryptions = mapped(p.Encryptions, ipsec.Encryption.String)
	}
	return r
}

// authenticationNames are the authenticators as this display writes them, with
// HMAC inside and, unlike the displays of SAs, SHA2's own length.
var authenticationNames = map[ipsec.Integrity]string{
	ipsec.MD5:    "MD5-HMAC-96",
	ipsec.SHA1:   "SHA1-HMAC-96",
	ipsec.SHA256: "SHA2-HMAC-256",
	ipsec.SHA384: "SHA2-HMAC-384",
	ipsec.SHA512: "SHA2-HMAC-512",
}

func authentication(i ipsec.Integrity) string { return authenticationNames[i] }

// text prints how many there are and a block for each.
func (d ipsecProposalDisplay) text() string {
	var p page
	p.addf("Number of proposals: %d", len(d.Proposals))
	for _, r := range d.Proposals {
		p.add("")
		r.addTo(&p)
	}
	return p.text()
}

// ipsecProposalColumns leave 15 for the longest name.
var ipsecProposalColumns = columns{0, 17, 28, 40, 55, 70}

// brief prints one line for each proposal, its algorithms with commas.
func (d ipsecProposalDisplay) brief() string {
	var p page
	p.addf("Number of proposals: %d", len(d.Proposals))
	if len(d.Proposals) == 0 {
		return p.text()
	}
	p.add(dashes(84))
	p.add(ipsecProposalColumns.row("Proposal name", "Mode", "Transform", "AH auth", "ESP auth", "ESP encryption"))
	p.add(dashes(84))
	for _, r := range d.Proposals {
		p.add(ipsecProposalColumns.row(r.Name, r.Mode, r.Transform,
			listOf(len(r.AH) > 0, r.AH), listOf(r.ESP, r.Integrities), listOf(r.ESP, r.Encryptions)))
	}
	return p.text()
}

// text prints the block alone.
func (r ipsecProposalLine) text() string {
	var p page
	r.addTo(&p)
	return p.text()
}

var ipsecProposalForm = form{indent: 1, width: 18}

func (r ipsecProposalLine) addTo(p *page) {
	p.addf("IPSec proposal name: %s", r.Name)
	p.add(ipsecProposalForm.line("Encapsulation mode", r.Mode))
	p.add(ipsecProposalForm.line("Transform", r.Transform))
	if len(r.AH) > 0 {
		p.add(ipsecProposalForm.line("AH protocol", "Authentication "+orNull(r.AH)))
	}
	if r.ESP {
		p.add(ipsecProposalForm.line("ESP protocol", "Authentication "+orNull(r.Integrities)))
		p.addf("%*sEncryption %s", ipsecProposalForm.value(), "", orNull(r.Encryptions))
	}
	if r.ESN {
		p.add(ipsecProposalForm.line("Sequence numbers", "Extended first"))
	}
}

// orNull joins names, or says NULL for none at all (RFC 2410).
func orNull(names []string) string {
	if len(names) == 0 {
		return "NULL"
	}
	return spaced(names)
}

// listOf is orNull as one word, and a dash for a protocol that is not there.
func listOf(there bool, names []string) string {
	if !there {
		return "-"
	}
	return strings.Join(strings.Fields(orNull(names)), ",")
}
