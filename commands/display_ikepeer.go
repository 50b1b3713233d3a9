package commands

import (
	"net/netip"

	"sallyport/ike"
)

// An ikePeerDisplay is `display ike peer`, whole or brief.
type ikePeerDisplay struct {
	Peers []ikePeerLine `json:"peers"`
}

// An ikePeerLine is one ike peer.
type ikePeerLine struct {
	Name         string     `json:"name"`
	Version      string     `json:"version"` // as configured: v1, or v1v2 for both
	Mode         string     `json:"exchange_mode"`
	Proposal     uint32     `json:"proposal"` // 0: all of them
	IDType       string     `json:"id_type"`  // of both ends
	Local        netip.Addr `json:"local_address"`
	Remote       netip.Addr `json:"remote_address"`
	RemoteID     netip.Addr `json:"remote_authentication_address"` // its identity, if not Remote
	PreSharedKey bool       `json:"pre_shared_key"`                // whether there is one
	NATTraversal bool       `json:"nat_traversal"`
	DPD          bool       `json:"dpd"`
}

// newIKEPeerDisplay returns the peers in the order given.
func newIKEPeerDisplay(all []*ike.Peer) ikePeerDisplay {
	return ikePeerDisplay{mapped(all, newIKEPeerLine)}
}

func newIKEPeerLine(p *ike.Peer) ikePeerLine {
	return ikePeerLine{
		Name:         p.Name,
		Version:      configuredVersion(p),
		Mode:         "main",
		Proposal:     p.Proposal,
		IDType:       "IP",
		Local:        p.Local,
		Remote:       p.Remote,
		RemoteID:     p.RemoteID,
		PreSharedKey: len(p.Key) > 0,
		NATTraversal: true,
	}
}

func configuredVersion(p *ike.Peer) string {
	if p.V1Only {
		return ikeV1
	}
	return "v1v2"
}

var ikePeerColumns = columns{0, 17, 26, 42, 53, 63}

const ikePeerRule = 75

// brief prints the table.
func (d ikePeerDisplay) brief() string {
	var p page
	p.addf("Current ike peer number: %d", len(d.Peers))
	p.add(dashes(ikePeerRule))
	p.add(ikePeerColumns.row("Peer name", "Version", "Exchange-mode", "Proposal", "Id-type", "RemoteAddr"))
	p.add(dashes(ikePeerRule))
	for _, r := range d.Peers {
		proposal := orDash(orEmpty(r.Proposal))
		p.add(ikePeerColumns.row(r.Name, r.Version, r.Mode, proposal, r.IDType, addrText(r.Remote)))
	}
	return p.text()
}

var ikePeerForm = form{indent: 3, width: 25}

// text prints a block for each peer.
func (d ikePeerDisplay) text() string {
	var p page
	p.addf("Number of IKE peers: %d", len(d.Peers))
	p.add("")
	p.add(dashes(ikeRule))
	for _, r := range d.Peers {
		r.addTo(&p)
		p.add(dashes(ikeRule))
	}
	return p.text()
}

func (r ikePeerLine) addTo(p *page) {
	for _, f := range [][2]string{
		{"Peer name", r.Name},
		{"IKE version", r.Version},
		{"VPN instance", ""},
		{"Remote IP", orBlank(r.Remote)},
		{"Authentic IP address", orBlank(r.RemoteID)},
		{"Local IP", orBlank(r.Local)},
		{"Proposal", orEmpty(r.Proposal)},
		{"Pre-shared-key", r.key()},
		{"Local ID type", r.IDType},
		{"Local ID", orBlank(r.Local)},
		{"Remote ID type", r.IDType},
		{"Remote ID", orBlank(r.identity())},
		{"Exchange mode", "Main"},
		{"NAT-traversal", enable(r.NATTraversal)},
		{"DPD", enable(r.DPD)},
	} {
		p.add(ikePeerForm.line(f[0], f[1]))
	}
}

// identity returns the address that the peer must name as its own.
func (r ikePeerLine) identity() netip.Addr {
	if r.RemoteID.IsValid() {
		return r.RemoteID
	}
	return r.Remote
}

// key shows that there is a key, and nothing of it.
func (r ikePeerLine) key() string {
	if r.PreSharedKey {
		return "******"
	}
	return ""
}

// orBlank returns an address, and nothing for none.
func orBlank(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
