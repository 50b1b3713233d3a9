package commands

import (
	"net/netip"
	"strings"

	"sallyport/ipsec"
)

// An ipsecSABriefDisplay is `display ipsec sa brief`.
type ipsecSABriefDisplay struct {
	Tunnels int           `json:"tunnels"`  // pairs of SAs
	InClear []clearLine   `json:"in_clear"` // policies that have none, and whose traffic goes in clear
	Rows    []ipsecSALine `json:"sas"`
}

// An ipsecSALine is one direction.
type ipsecSALine struct {
	Source      netip.Addr `json:"source"`
	Destination netip.Addr `json:"destination"`
	SPI         uint32     `json:"spi"`
	Protocol    string     `json:"protocol"`
	Algorithm   string     `json:"algorithm"`
}

// newIPsecSABriefDisplay returns the SAs of pairs, of each the outbound ones first.
func newIPsecSABriefDisplay(pairs []saPair) ipsecSABriefDisplay {
	d := ipsecSABriefDisplay{Tunnels: len(pairs), InClear: []clearLine{}, Rows: []ipsecSALine{}}
	for _, p := range pairs {
		for _, part := range saParts(p.outbound, p.inbound) {
			d.Rows = append(d.Rows, newIPsecSALine(part))
		}
	}
	return d
}

func newIPsecSALine(part saPart) ipsecSALine {
	r := ipsecSALine{
		Source:      part.of.Local,
		Destination: part.of.Remote,
		SPI:         uint32(part.id.SPI),
		Protocol:    protocolName(part.id.Protocol),
		Algorithm:   part.algorithms(),
	}
	if part.of.Direction == ipsec.Inbound {
		r.Source, r.Destination = part.of.Remote, part.of.Local
	}
	return r
}

func protocolName(p ipsec.Protocol) string {
	if p == ipsec.AH {
		return "AH"
	}
	return "ESP"
}

// algorithms returns an SA's algorithms as E:CIPHER;A:AUTHENTICATOR; with the
// part that it does not have left out.
func (p *saPart) algorithms() string {
	var text string
	if name := p.encryption.String(); name != "" {
		text = "E:" + name + ";"
	}
	if name := p.integrity.String(); name != "" {
		text += "A:" + name + ";"
	}
	return text
}

var ipsecSAColumns = columns{0, 16, 32, 43, 53}

// text prints the table; without an SA only the two counts.
func (d ipsecSABriefDisplay) text() string {
	var p page
	addClear(&p, d.InClear)
	addSACounts(&p, len(d.Rows), d.Tunnels)
	if len(d.Rows) == 0 {
		return p.text()
	}
	p.add(dashes(saRule))
	p.add(ipsecSAColumns.row("Src Address", "Dst Address", "SPI", "Protocol", "Algorithm"))
	p.add(dashes(saRule))
	for _, r := range d.Rows {
		p.add(ipsecSAColumns.row(
			addrText(r.Source), addrText(r.Destination), utoa(r.SPI), r.Protocol, r.Algorithm))
	}
	return p.text()
}

func addSACounts(p *page, sas, tunnels int) {
	p.addf("current ipsec sa number: %d", sas)
	p.addf("current ipsec tunnel number: %d", tunnels)
}

// proposal returns an SA's algorithms as `display ipsec sa` writes them, such
// as ESP-ENCRYPT-DES ESP-AUTH-MD5: the authenticator without HMAC, and without
// the 96 that every SA of the older algorithms has.
func (p *saPart) proposal() string {
	protocol := protocolName(p.id.Protocol)
	var words []string
	if name := p.encryption.String(); name != "" {
		words = append(words, protocol+"-ENCRYPT-"+name)
	}
	if name := p.integrity.String(); name != "" {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "HMAC-"), "-96")
		words = append(words, protocol+"-AUTH-"+name)
	}
	return spaced(words)
}
