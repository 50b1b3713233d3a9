package commands

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"sallyport/ike"
	"sallyport/ike/wire"
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
	Mode           string         `json:"exchange_mode"`
	CookieI        string         `json:"initiator_cookie"` // 0x and 16 digits
	CookieR        string         `json:"responder_cookie"`
	Local          netip.AddrPort `json:"local"`
	Remote         netip.AddrPort `json:"remote"`
	RemoteID       string         `json:"remote_id"` // printable; empty before it is authenticated
	Authentication string         `json:"authentication_method"`
	Encryption     string         `json:"encryption_algorithm"`
	Hash           string         `json:"authentication_algorithm"`
	Group          uint16         `json:"dh_group"` // 0: not agreed yet
	Remaining      int64          `json:"remaining_seconds"`
	References     int            `json:"references"` // pairs of IPsec SAs that use it
	Flags          []string       `json:"flags"`
	NAT            bool           `json:"nat_traversal"`
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
		Mode:           "Main",
		CookieI:        fmt.Sprintf("0x%x", s.Cookies[0]),
		CookieR:        fmt.Sprintf("0x%x", s.Cookies[1]),
		Local:          s.Local,
		Remote:         e.remote(),
		RemoteID:       printable(s.RemoteID, peerTextLimit),
		Authentication: nameOf(methodNames, wire.AuthPSK),
		Encryption:     cipherName(s.Suite.Cipher),
		Hash:           hashName(s.Suite.Hash),
		Group:          uint16(s.Suite.Group),
		References:     len(s.Children),
		Flags:          e.flags(),
		NAT:            s.NAT,
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
		{"Remaining duration", fmt.Sprint(d.Remaining)},
		{"Reference counter", fmt.Sprint(d.References)},
		{"Flags", strings.Join(d.Flags, "|")},
		{"NAT traversal version", d.natVersion()},
	} {
		p.add(ikeSAForm.line(f[0], f[1]))
	}
}

func (d ikeSADetail) natVersion() string {
	if d.NAT {
		return "RFC 3947"
	}
	return ""
}

// slashed returns an address and its port as this display writes them.
func slashed(a netip.AddrPort) string {
	if !a.IsValid() {
		return "-"
	}
	return fmt.Sprintf("%v/%d", a.Addr(), a.Port())
}
