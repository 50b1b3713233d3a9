package commands

import (
	"net/netip"
	"strings"

	"sallyport/ike"
	"sallyport/ipsec"
)

// An ipsecSABriefDisplay is `display ipsec sa brief`.
type ipsecSABriefDisplay struct {
	Tunnels int           `json:"tunnels"` // pairs of SAs
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

// newIPsecSABriefDisplay returns the SAs that only lets through, newest pair
// first, of each pair the outbound one first.
func newIPsecSABriefDisplay(all []ike.Status, only saFilter) ipsecSABriefDisplay {
	d := ipsecSABriefDisplay{Rows: []ipsecSALine{}}
	for _, e := range childEntries(all, only) {
		d.Tunnels++
		for _, sa := range []*ipsec.SA{e.child.Outbound, e.child.Inbound} {
			if sa != nil {
				d.Rows = append(d.Rows, newIPsecSALine(sa))
			}
		}
	}
	return d
}

func newIPsecSALine(sa *ipsec.SA) ipsecSALine {
	r := ipsecSALine{
		Source:      sa.Local,
		Destination: sa.Remote,
		SPI:         uint32(sa.ID.SPI),
		Protocol:    protocolName(sa.ID.Protocol),
		Algorithm:   algorithmText(sa),
	}
	if sa.Direction == ipsec.Inbound {
		r.Source, r.Destination = sa.Remote, sa.Local
	}
	return r
}

func protocolName(p ipsec.Protocol) string {
	if p == ipsec.AH {
		return "AH"
	}
	return "ESP"
}

// algorithmText returns an SA's algorithms as E:CIPHER;A:AUTHENTICATOR; with the
// part that it does not have left out.
func algorithmText(sa *ipsec.SA) string {
	var text string
	if name := sa.Encryption.String(); name != "" {
		text = "E:" + name + ";"
	}
	if name := sa.Integrity.String(); name != "" {
		text += "A:" + name + ";"
	}
	return text
}

var ipsecSAColumns = columns{0, 16, 32, 43, 53}

// text prints the table; without an SA only the two counts.
func (d ipsecSABriefDisplay) text() string {
	var p page
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

// proposalText returns an SA's algorithms as `display ipsec sa` writes them, such
// as ESP-ENCRYPT-DES ESP-AUTH-MD5: the authenticator without HMAC, and without
// the 96 that every SA of the older algorithms has.
func proposalText(sa *ipsec.SA) string {
	protocol := protocolName(sa.ID.Protocol)
	var words []string
	if name := sa.Encryption.String(); name != "" {
		words = append(words, protocol+"-ENCRYPT-"+name)
	}
	if name := sa.Integrity.String(); name != "" {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "HMAC-"), "-96")
		words = append(words, protocol+"-AUTH-"+name)
	}
	return spaced(words)
}
