package commands

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"sallyport/ike"
)

// An ikeSAVerboseDisplay is `display ike sa verbose`.
type ikeSAVerboseDisplay struct {
	SAs []ikeSADetail `json:"sas"`
}

// An ikeSADetail is an SA of phase 1, or a pair of SAs of phase 2 with the
// cookies, identity and algorithms of its ISAKMP SA.
type ikeSADetail struct {
	Phase          int            `json:"phase"`
	Established    time.Time      `json:"established"`
	Peer           string         `json:"peer"` // name of the ike peer
	ConnectionID   uint32         `json:"connection_id"`
	Version        string         `json:"version"`
	Mode           string         `json:"exchange_mode"`    // Main or Aggressive
	CookieI        string         `json:"initiator_cookie"` // 0x and 16 digits
	CookieR        string         `json:"responder_cookie"`
	Local          netip.AddrPort `json:"local"`
	Remote         netip.AddrPort `json:"remote"`
	RemoteID       string         `json:"remote_id"` // printable; empty before it is authenticated
	User           string         `json:"user"`      // of XAUTH, printable; empty: none
	Lease          netip.Addr     `json:"client_ip"` // that the peer has from us
	Given          *givenLine     `json:"given"`     // what we have from the peer
	Authentication string         `json:"authentication_method"`
	Encryption     string         `json:"encryption_algorithm"`
	Hash           string         `json:"authentication_algorithm"`
	Group          uint16         `json:"dh_group"` // 0: not agreed yet
	Remaining      int64          `json:"remaining_seconds"`
	Kilobytes      uint64         `json:"remaining_kilobytes"` // of phase 1 with a limit; else 0
	References     int            `json:"references"`          // pairs of IPsec SAs that use it
	Flags          []string       `json:"flags"`
	NAT            bool           `json:"nat_traversal"`
	NATVersion     string         `json:"nat_traversal_version"` // empty: there is no NAT
}

// A givenLine is what we have from a gateway by mode configuration.
type givenLine struct {
	Address  netip.Addr     `json:"address"`
	DNS      []netip.Addr   `json:"dns"`
	WINS     []netip.Addr   `json:"wins"`
	Domain   string         `json:"domain"`
	Banner   string         `json:"banner"`
	Networks []netip.Prefix `json:"networks"` // none: everything
}

func newGivenLine(c *ike.Configured) *givenLine {
	if c == nil {
		return nil
	}
	return &givenLine{
		c.Address, append([]netip.Addr{}, c.DNS...), append([]netip.Addr{}, c.WINS...),
		printable(c.Domain, peerTextLimit), printable(c.Banner, peerTextLimit), append([]netip.Prefix{}, c.Networks...),
	}
}

// newIKESAVerboseDisplay returns what there is to know at now about the SAs that
// only lets through. Times are in the zone of now.
func newIKESAVerboseDisplay(now time.Time, all []ike.Status, only saFilter) ikeSAVerboseDisplay {
	return ikeSAVerboseDisplay{mapped(saEntries(all, only), func(e saEntry) ikeSADetail {
		detail := newIKESADetail(e)
		detail.Remaining = e.remaining(now)
		detail.Established = detail.Established.In(now.Location())
		return detail
	})}
}

func newIKESADetail(e saEntry) ikeSADetail {
	s := e.status
	d := ikeSADetail{
		Phase:          e.phase(),
		Established:    s.Created,
		Peer:           s.Peer,
		ConnectionID:   e.connectionID(),
		Version:        ikeV1,
		Mode:           phase1Mode(s.Aggressive),
		CookieI:        fmt.Sprintf("0x%x", s.Cookies[0]),
		CookieR:        fmt.Sprintf("0x%x", s.Cookies[1]),
		Local:          s.Local,
		Remote:         e.remote(),
		RemoteID:       printable(s.RemoteID, peerTextLimit),
		User:           printable(s.User, peerTextLimit),
		Lease:          s.Lease,
		Given:          newGivenLine(s.Configured),
		Authentication: nameOf(methodNames, s.Method),
		Encryption:     cipherName(s.Suite.Cipher),
		Hash:           hashName(s.Suite.Hash),
		Group:          uint16(s.Suite.Group),
		References:     len(s.Children),
		Flags:          e.flags(),
		NAT:            s.NAT,
		NATVersion:     s.NATVersion,
	}
	if left := s.MaxOctets - min(s.Octets, s.MaxOctets); e.child == nil {
		d.Kilobytes = left / 1024
	}
	if e.child != nil {
		d.Peer, d.Established, d.References = e.child.Peer, e.child.Created, 1
	}
	return d
}

// remaining returns the seconds until the hard expiry of the entry's SA; 0 for a
// pair that has no bound in time.
func (e saEntry) remaining(now time.Time) int64 {
	if e.child == nil {
		return secondsLeft(now, e.status.Created, e.status.Lifetime)
	}
	if e.child.Inbound == nil {
		return 0
	}
	return secondsLeft(now, e.child.Created, e.child.Inbound.Hard.Duration)
}

var ikeSAForm = form{indent: 2, width: 29}

// text prints a block for each SA. The documented first rule is one shorter.
func (d ikeSAVerboseDisplay) text() string {
	if len(d.SAs) == 0 {
		return noSA
	}
	var p page
	for _, sa := range d.SAs {
		p.add(dashes(53))
		sa.addName(&p)
		p.add(dashes(54))
		sa.addTerms(&p)
		p.add(dashes(54))
	}
	return p.text()
}

// addName prints which SA it is.
func (d ikeSADetail) addName(p *page) {
	for _, f := range [][2]string{
		{"IKE SA phase", utoa(uint32(d.Phase))},
		{"Establish time", d.Established.Format(stamp)},
		{"IKE peer name", d.Peer},
		{"Connection ID", utoa(d.ConnectionID)},
		{"Version", d.Version},
		{"Exchange mode", d.Mode},
		{"Flow VPN", ""},
		{"Peer VPN", ""},
	} {
		p.add(ikeSAForm.line(f[0], f[1]))
	}
}

// addTerms prints what was agreed and what has become of it.
func (d ikeSADetail) addTerms(p *page) {
	for _, f := range [][2]string{
		{"Initiator cookie", d.CookieI},
		{"Responder cookie", d.CookieR},
		{"Local address", slashed(d.Local)},
		{"Remote address", slashed(d.Remote)},
		{"Remote ID", d.RemoteID},
		{"Authentication method", d.Authentication},
		{"Encryption algorithm", d.Encryption},
		{"Authentication algorithm", d.Hash},
		{"DH group", orEmpty(uint32(d.Group))},
		{"Remaining duration", d.remainder()},
		{"Reference counter", fmt.Sprint(d.References)},
		{"Flags", strings.Join(d.Flags, "|")},
		{"NAT traversal version", d.NATVersion},
	} {
		p.add(ikeSAForm.line(f[0], f[1]))
	}
	d.addClient(p)
}

// addClient prints what is between a gateway and its client, if that is what they are.
func (d ikeSADetail) addClient(p *page) {
	lines := [][2]string{{"User name", d.User}, {"Client IP", orBlank(d.Lease)}}
	if g := d.Given; g != nil {
		lines = append(lines, [][2]string{
			{"IP from the gateway", orBlank(g.Address)},
			{"DNS from the gateway", spaced(mapped(g.DNS, netip.Addr.String))},
			{"WINS from the gateway", spaced(mapped(g.WINS, netip.Addr.String))},
			{"Domain from the gateway", g.Domain},
			{"Networks of the gateway", spaced(mapped(g.Networks, netip.Prefix.String))},
		}...)
	}
	for _, f := range lines {
		if f[1] != "" {
			p.add(ikeSAForm.line(f[0], f[1]))
		}
	}
}

// remainder returns the seconds until the hard expiry, and the kilobytes if they are
// limited.
func (d ikeSADetail) remainder() string {
	if d.Kilobytes == 0 {
		return fmt.Sprint(d.Remaining)
	}
	return fmt.Sprintf("%d (%d kilobytes)", d.Remaining, d.Kilobytes)
}

// phase1Mode returns the name of the exchange that phase 1 is.
func phase1Mode(aggressive bool) string {
	if aggressive {
		return "Aggressive"
	}
	return "Main"
}

// slashed returns an address and its port as this display writes them.
func slashed(a netip.AddrPort) string {
	if !a.IsValid() {
		return "-"
	}
	return fmt.Sprintf("%v/%d", a.Addr(), a.Port())
}
