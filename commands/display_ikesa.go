package commands

import (
	"net/netip"
	"strings"

	"sallyport/ike"
)

// An ikeSADisplay is `display ike sa`.
type ikeSADisplay struct {
	Rows []ikeSALine `json:"sas"`
}

// An ikeSALine is one line: an SA of phase 1, or a pair of SAs of phase 2.
type ikeSALine struct {
	ConnectionID uint32         `json:"connection_id"`
	Peer         netip.AddrPort `json:"peer"`
	Flags        []string       `json:"flags"`
	Version      string         `json:"version"`
	Phase        int            `json:"phase"`
	VPN          string         `json:"vpn"`
}

// newIKESADisplay returns the rows that only lets through.
func newIKESADisplay(all []ike.Status, only saFilter) ikeSADisplay {
	return ikeSADisplay{mapped(saEntries(all, only), newIKESALine)}
}

func newIKESALine(e saEntry) ikeSALine {
	return ikeSALine{
		ConnectionID: e.connectionID(),
		Peer:         e.remote(),
		Flags:        e.flags(),
		Version:      ikeV1,
		Phase:        e.phase(),
		VPN:          public,
	}
}

// noSA is the whole answer when there is no SA of either phase.
const noSA = "current sa Num :0\n"

// saRule is the width of the rules of both SA tables.
const saRule = 69

var ikeSAColumns = columns{0, 11, 35, 49, 55}

// text prints the table.
func (d ikeSADisplay) text() string {
	if len(d.Rows) == 0 {
		return noSA
	}
	var p page
	p.addf("current ike sa number: %d", len(d.Rows))
	p.add(dashes(saRule))
	p.add(ikeSAColumns.row("conn-id", "peer", "flag", "phase", "vpn"))
	p.add(dashes(saRule))
	for _, r := range d.Rows {
		p.add(ikeSAColumns.row(r.cells()...))
	}
	return p.text()
}

func (r ikeSALine) cells() []string {
	return []string{
		utoa(r.ConnectionID), endText(r.Peer), strings.Join(r.Flags, "|"),
		r.Version + ":" + utoa(uint32(r.Phase)), r.VPN,
	}
}
