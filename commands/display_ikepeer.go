package commands

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"sallyport/ike"
)

// An ikePeerDisplay is `display ike peer`, whole or brief.
type ikePeerDisplay struct {
	Peers []ikePeerLine `json:"peers"`
}

// An ikePeerLine is one ike peer.
type ikePeerLine struct {
	Name         string       `json:"name"`
	Description  string       `json:"description"`
	Version      string       `json:"version"` // v1: there is no other
	Mode         string       `json:"exchange_mode"`
	Proposal     uint32       `json:"proposal"`          // 0: all of them
	IDType       string       `json:"id_type"`           // of ours
	LocalID      string       `json:"local_id"`          // as configured
	SentID       string       `json:"local_id_in_force"` // empty: our address as the peer sees it, or the certificate's subject
	RemoteIDType string       `json:"remote_id_type"`
	RemoteName   string       `json:"remote_id"` // as configured
	Local        netip.Addr   `json:"local_address"`
	Remote       netip.Addr   `json:"remote_address"`
	RemoteLast   netip.Addr   `json:"remote_address_last"` // of a range
	Backups      []netip.Addr `json:"backup_addresses"`
	RemoteHost   string       `json:"remote_host_name"`
	RemoteID     netip.Addr   `json:"remote_authentication_address"` // its identity, if not Remote
	RemoteIDLast netip.Addr   `json:"remote_authentication_address_last"`
	PreSharedKey bool         `json:"pre_shared_key"` // whether there is one
	Certificate  string       `json:"certificate"`    // name of the file; empty: one that suits
	Domain       string       `json:"pki_domain"`     // empty: each
	UserTable    uint32       `json:"user_table"`     // 0: none
	NATTraversal bool         `json:"nat_traversal"`
	NATForced    bool         `json:"nat_traversal_forced"`
	DPD          bool         `json:"dpd"`
	Probes       dpdLine      `json:"dpd_settings"` // in force, the peer's own or the box's

	Fragmentation        bool   `json:"fragmentation"`
	FragmentSize         int    `json:"fragment_size"` // octets of UDP payload
	MasterKeyPFS         bool   `json:"master_key_pfs"`
	QuickModes           uint32 `json:"quick_mode_limit"` // 0: none
	LifetimeNotification bool   `json:"lifetime_notification"`
	XAUTH                string `json:"client_authentication"` // gateway or client; empty: none
	User                 string `json:"user"`
	ConfigExchange       string `json:"config_exchange"` // request, set accept or set send; empty: none
	Scheme               string `json:"service_scheme"`
}

// A dpdLine is dead peer detection as it is in force.
type dpdLine struct {
	Type       string `json:"type"` // on-demand or periodic; empty: off
	Idle       int64  `json:"idle_seconds"`
	Retransmit int64  `json:"retransmit_seconds"`
	Retries    int    `json:"retry_limit"`
	Order      string `json:"message"`
}

// What the engine takes for what is not configured: [ike.DPD], [ike.Fragmentation].
const (
	usualIdle       = 30 * time.Second
	usualRetransmit = 15 * time.Second
	usualRetries    = 3
	usualFragment   = 1280
)

// newDPDLine returns what is in force: the peer's own settings, the box's, the defaults.
func newDPDLine(own, box ike.DPD) dpdLine {
	line := dpdLine{
		Idle:       int64(cmp.Or(own.Idle, box.Idle, usualIdle) / time.Second),
		Retransmit: int64(cmp.Or(own.Retransmit, box.Retransmit, usualRetransmit) / time.Second),
		Retries:    cmp.Or(own.Retries, box.Retries, usualRetries),
		Order:      "seq-hash-notify",
	}
	switch cmp.Or(own.Type, box.Type) {
	case ike.DPDOnDemand:
		line.Type = "on-demand"
	case ike.DPDPeriodic:
		line.Type = "periodic"
	}
	if cmp.Or(own.Order, box.Order) == ike.DPDNotifyHash {
		line.Order = "seq-notify-hash"
	}
	return line
}

// newIKEPeerDisplay returns the peers in the order given. box is what holds for all of
// them.
func newIKEPeerDisplay(box IKEGlobal, all []*ike.Peer) ikePeerDisplay {
	return ikePeerDisplay{mapped(all, func(p *ike.Peer) ikePeerLine { return newIKEPeerLine(box, p) })}
}

func newIKEPeerLine(box IKEGlobal, p *ike.Peer) ikePeerLine {
	line := ikePeerLine{
		Name: p.Name, Description: p.Description, Version: ikeV1, Mode: modeWord(p.Mode), Proposal: p.Proposal,
		IDType: idTypeName(p.LocalIDType), LocalID: p.LocalID, RemoteIDType: idTypeName(p.RemoteIDType), RemoteName: p.RemoteName,
		Local: p.Local, Remote: p.Remote, RemoteLast: p.RemoteLast, Backups: append([]netip.Addr{}, p.Backups...), RemoteHost: p.RemoteHost,
		RemoteID: p.RemoteID, RemoteIDLast: p.RemoteIDLast,
		PreSharedKey: len(p.Key) > 0, Certificate: p.Certificate, Domain: p.Domain, UserTable: p.UserTable,
		NATTraversal: p.NAT != ike.NATOff, NATForced: p.NAT == ike.NATForce, Probes: newDPDLine(p.DPD, box.DPD),
		Fragmentation: !p.Fragmentation.Off, FragmentSize: cmp.Or(p.Fragmentation.Size, usualFragment),
		MasterKeyPFS: p.MasterKeyPFS, QuickModes: p.QuickModes, LifetimeNotification: p.LifetimeNotification,
		User: p.User, ConfigExchange: configExchangeWords[p.ConfigExchange], Scheme: p.Scheme,
	}
	line.SentID = sentID(box, p)
	line.DPD = line.Probes.Type != ""
	switch p.XAUTH {
	case ike.XAUTHGateway:
		line.XAUTH = "gateway"
	case ike.XAUTHClient:
		line.XAUTH = "client"
	}
	return line
}

var configExchangeWords = map[ike.ConfigExchange]string{
	ike.ConfigRequest: "request", ike.ConfigAccept: "set accept", ike.ConfigSet: "set send",
}

// sentID returns the ID that a peer is sent, as far as the configuration says.
func sentID(box IKEGlobal, p *ike.Peer) string {
	switch {
	case p.LocalID != "":
		return p.LocalID
	case p.LocalIDType == ike.IDAddress:
		return orBlank(p.Local)
	case p.LocalIDType == ike.IDDN:
		return ""
	}
	return box.LocalName
}

// idTypeName returns the name of an ID type in displays: IP, FQDN.
func idTypeName(t ike.IDType) string { return strings.ToUpper(t.String()) }

// modeWord returns the word of exchange-mode.
func modeWord(m ike.ExchangeMode) string {
	return [...]string{ike.MainMode: "main", ike.AggressiveMode: "aggressive", ike.AutoMode: "auto"}[m]
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
		p.add(ikePeerColumns.row(r.Name, r.Version, r.Mode, proposal, r.IDType, orDash(r.place())))
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
		{"Remote IP", r.place()},
		{"Authentic IP address", between(r.RemoteID, r.RemoteIDLast)},
		{"Local IP", orBlank(r.Local)},
		{"Proposal", orEmpty(r.Proposal)},
		{"Pre-shared-key", r.key()},
		{"Local ID type", r.IDType},
		{"Local ID", r.SentID},
		{"Remote ID type", r.RemoteIDType},
		{"Remote ID", r.identity()},
		{"Exchange mode", strings.ToUpper(r.Mode[:1]) + r.Mode[1:]},
		{"NAT-traversal", enable(r.NATTraversal)},
		{"DPD", enable(r.DPD)},
	} {
		p.add(ikePeerForm.line(f[0], f[1]))
	}
	r.addProbes(p)
	r.addMore(p)
}

// addProbes prints dead peer detection, if it is on.
func (r ikePeerLine) addProbes(p *page) {
	if !r.DPD {
		return
	}
	for _, f := range [][2]string{
		{"DPD mode", r.Probes.Type},
		{"DPD idle time", strconv.FormatInt(r.Probes.Idle, 10)},
		{"DPD retransmit interval", strconv.FormatInt(r.Probes.Retransmit, 10)},
		{"DPD retry limit", strconv.Itoa(r.Probes.Retries)},
		{"DPD message", r.Probes.Order},
	} {
		p.add(ikePeerForm.line(f[0], f[1]))
	}
}

// addMore prints what few peers have, and not that they do not.
func (r ikePeerLine) addMore(p *page) {
	for _, f := range [][2]string{
		{"Description", r.Description},
		{"Backup IP", spaced(mapped(r.Backups, netip.Addr.String))},
		{"NAT-traversal forced", onlyIf(r.NATForced, enable(true))},
		{"Certificate", r.Certificate},
		{"PKI domain", r.Domain},
		{"User table", orEmpty(r.UserTable)},
		{"Client authentication", onlyIf(r.XAUTH != "", "xauth, as "+r.XAUTH)},
		{"User", r.User},
		{"Config-exchange", r.ConfigExchange},
		{"Service scheme", r.Scheme},
		{"Fragmentation", onlyIf(!r.Fragmentation, enable(false))},
		{"Fragment size", onlyIf(r.FragmentSize != usualFragment, strconv.Itoa(r.FragmentSize))},
		{"Master key PFS", onlyIf(r.MasterKeyPFS, enable(true))},
		{"Quick mode limit", orEmpty(r.QuickModes)},
		{"Lifetime notification", onlyIf(r.LifetimeNotification, enable(true))},
	} {
		if f[1] != "" {
			p.add(ikePeerForm.line(f[0], f[1]))
		}
	}
}

// onlyIf returns a text, or nothing.
func onlyIf(is bool, text string) string {
	if is {
		return text
	}
	return ""
}

// place returns where the peer is: an address, a range or the name of a host.
func (r ikePeerLine) place() string { return cmp.Or(r.RemoteHost, between(r.Remote, r.RemoteLast)) }

// identity returns what the peer must say that it is: a name, or an address.
func (r ikePeerLine) identity() string {
	if r.RemoteName != "" || r.RemoteIDType != idTypeName(ike.IDAddress) {
		return r.RemoteName
	}
	return cmp.Or(between(r.RemoteID, r.RemoteIDLast), r.place())
}

// key shows that there is a key, and nothing of it.
func (r ikePeerLine) key() string {
	if r.PreSharedKey {
		return asterisks
	}
	return ""
}

// between returns a range of addresses, one address, or nothing.
func between(first, last netip.Addr) string {
	if !last.IsValid() {
		return orBlank(first)
	}
	return first.String() + "-" + last.String()
}

// orBlank returns an address, and nothing for none.
func orBlank(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
