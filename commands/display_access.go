package commands

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sallyport/commands/grammar"
	"sallyport/ike"
)

// Displays of who may come in through IKE, and of who is there.

// A userTableDisplay is `display ike user-table`. No key is in it.
type userTableDisplay struct {
	Tables []userTableEntry `json:"user_tables"`
}

type userTableEntry struct {
	Number uint32           `json:"number"`
	Peers  []string         `json:"ike_peers"` // that refer to it
	Users  []tableUserEntry `json:"users"`
}

type tableUserEntry struct {
	Name   string `json:"name"`
	IDType string `json:"id_type"`
	ID     string `json:"id"` // empty: none, or any
	Key    bool   `json:"pre_shared_key"`
}

func newUserTableDisplay(c *Config) userTableDisplay {
	d := userTableDisplay{Tables: []userTableEntry{}}
	for _, t := range values(c.Access.UserTables, cmp.Compare[uint32]) {
		e := userTableEntry{Number: t.Number, Peers: c.peersWith(func(p *ike.Peer) bool { return p.UserTable == t.Number }), Users: []tableUserEntry{}}
		for _, u := range values(t.Users, strings.Compare) {
			e.Users = append(e.Users, tableUserEntry{u.Name, fmt.Sprint(u.IDType), u.ID, len(u.Key) > 0})
		}
		d.Tables = append(d.Tables, e)
	}
	return d
}

// peersWith returns the names of some peers, in order.
func (c *Config) peersWith(some func(*ike.Peer) bool) []string {
	names := []string{}
	for _, p := range values(c.IKEPeers, strings.Compare) {
		if some(p) {
			names = append(names, p.Name)
		}
	}
	return names
}

func (d userTableDisplay) text() string {
	var p page
	p.addf("Number of user tables: %d", len(d.Tables))
	form := columns{2, 20, 31, 60}
	for _, t := range d.Tables {
		p.add(dashes(75))
		p.add(labelled(fmt.Sprintf("User table %d, IKE peers:", t.Number), strings.Join(t.Peers, ", ")))
		p.add(form.row("Name", "ID type", "ID", "Pre-shared key"))
		for _, u := range t.Users {
			p.add(form.row(printable(u.Name, peerTextLimit), u.IDType, orDash(printable(u.ID, peerTextLimit)), orDash(veiled(u.Key))))
		}
	}
	return p.text()
}

// A poolDisplay is `display ip pool`.
type poolDisplay struct {
	Pools []poolEntry `json:"pools"`
}

type poolEntry struct {
	Name    string       `json:"name"`
	Network netip.Prefix `json:"network"`
	Ranges  []string     `json:"ranges"`
	Total   int          `json:"total"`
	Leases  []leaseEntry `json:"leases"` // in use
}

type leaseEntry struct {
	Address netip.Addr     `json:"address"`
	User    string         `json:"user"` // of XAUTH, or the identity of the peer
	Remote  netip.AddrPort `json:"remote"`
}

func newPoolDisplay(c *Config, all []ike.Status) poolDisplay {
	d := poolDisplay{Pools: []poolEntry{}}
	for _, p := range values(c.Access.Pools, strings.Compare) {
		e := poolEntry{Name: p.Name, Ranges: []string{}, Leases: []leaseEntry{}}
		e.Network, _ = p.prefix()
		for _, r := range p.without(p.whole()) {
			e.Ranges = append(e.Ranges, r.First.String()+"-"+r.end().String())
			e.Total += r.size()
			e.Leases = append(e.Leases, leasesIn(r, all)...)
		}
		d.Pools = append(d.Pools, e)
	}
	return d
}

// leasesIn returns the addresses of a range that clients have, each once.
func leasesIn(r AddressRange, all []ike.Status) (leases []leaseEntry) {
	for _, s := range all {
		has := func(l leaseEntry) bool { return l.Address == s.Lease }
		if s.Lease.IsValid() && !s.Lease.Less(r.First) && !r.end().Less(s.Lease) && !slices.ContainsFunc(leases, has) {
			leases = append(leases, leaseEntry{s.Lease, cmp.Or(s.User, s.RemoteID), s.Remote})
		}
	}
	slices.SortFunc(leases, func(a, b leaseEntry) int { return a.Address.Compare(b.Address) })
	return leases
}

func (d poolDisplay) text() string {
	var p page
	p.addf("Number of IP pools: %d", len(d.Pools))
	form := columns{4, 22, 44}
	for _, e := range d.Pools {
		p.add(dashes(65))
		network := ""
		if e.Network.IsValid() {
			network = e.Network.String()
		}
		p.addf("  Pool-name: %s", e.Name)
		p.add(labelled("  Network:", network))
		p.add(labelled("  Addresses:", strings.Join(e.Ranges, ", ")))
		p.addf("  Total: %d, used: %d, idle: %d", e.Total, len(e.Leases), e.Total-len(e.Leases))
		for _, l := range e.Leases {
			p.add(form.row(addrText(l.Address), orDash(printable(l.User, peerTextLimit)), endText(l.Remote)))
		}
	}
	return p.text()
}

// A schemeDisplay is `display service-scheme`.
type schemeDisplay struct {
	Schemes []schemeEntry `json:"service_schemes"`
}

type schemeEntry struct {
	Name         string         `json:"name"`
	Peers        []string       `json:"ike_peers"` // that refer to it
	Pools        []string       `json:"ip_pools"`
	DNS          []netip.Addr   `json:"dns"`
	WINS         []netip.Addr   `json:"wins"`
	Domain       string         `json:"dns_name"`
	Banner       string         `json:"banner"`
	ACL          string         `json:"route_acl"`
	Networks     []netip.Prefix `json:"networks"` // that clients reach; none: everything
	SavePassword bool           `json:"save_password"`
}

func newSchemeDisplay(c *Config) schemeDisplay {
	d := schemeDisplay{Schemes: []schemeEntry{}}
	for _, s := range values(c.Access.Schemes, strings.Compare) {
		given := c.scheme(s)
		d.Schemes = append(d.Schemes, schemeEntry{
			Name: s.Name, Peers: c.peersWith(func(p *ike.Peer) bool { return p.Scheme == s.Name }), Pools: append([]string{}, s.Pools...),
			DNS: append([]netip.Addr{}, given.DNS...), WINS: append([]netip.Addr{}, given.WINS...), Domain: s.DomainName, Banner: s.Banner,
			ACL: s.ACL, Networks: append([]netip.Prefix{}, given.Networks...), SavePassword: s.SavePassword,
		})
	}
	return d
}

func (d schemeDisplay) text() string {
	var p page
	p.addf("Number of service schemes: %d", len(d.Schemes))
	f := form{indent: 2, width: 27}
	for _, e := range d.Schemes {
		p.add(dashes(65))
		p.add(f.line("service-scheme-name", e.Name))
		p.add(f.line("service-scheme-peers", strings.Join(e.Peers, ", ")))
		p.add(f.line("service-scheme-ip-pools", strings.Join(e.Pools, ", ")))
		p.add(f.line("service-scheme-dns", joinedAs(e.DNS)))
		p.add(f.line("service-scheme-wins", joinedAs(e.WINS)))
		p.add(f.line("service-scheme-dns-name", e.Domain))
		p.add(f.line("service-scheme-banner", printable(e.Banner, longestBanner)))
		p.add(f.line("service-scheme-networks", cmp.Or(joinedAs(e.Networks), "everything")))
		p.add(f.line("service-scheme-save-passwd", enable(e.SavePassword)))
	}
	return p.text()
}

// joinedAs joins the texts of values.
func joinedAs[T fmt.Stringer](all []T) string { return strings.Join(mapped(all, T.String), ", ") }

// A radiusDisplay is `display radius-server configuration`. No key is in it.
type radiusDisplay struct {
	Templates []radiusEntry `json:"templates"`
}

type radiusEntry struct {
	Name        string        `json:"name"`
	Domains     []string      `json:"domains"` // that refer to it
	Servers     []radiusPlace `json:"servers"` // in the order in which they are asked
	Key         bool          `json:"shared_key"`
	Retransmit  int           `json:"retransmit"`
	Timeout     int64         `json:"timeout_seconds"`
	Source      netip.Addr    `json:"source"`
	DomainStays bool          `json:"domain_included"`
}

type radiusPlace struct {
	Address netip.AddrPort `json:"address"`
	Weight  int            `json:"weight"`
}

func newRadiusDisplay(c *Config) radiusDisplay {
	d := radiusDisplay{Templates: []radiusEntry{}}
	for _, t := range values(c.Access.Radius, strings.Compare) {
		e := radiusEntry{Name: t.Name, Domains: []string{}, Servers: []radiusPlace{}, Key: len(t.Key) > 0, Retransmit: t.Retransmit,
			Timeout: int64(t.Timeout / time.Second), Source: t.Source, DomainStays: t.DomainStays}
		for _, domain := range values(c.Access.Domains, strings.Compare) {
			if domain.Radius == t.Name {
				e.Domains = append(e.Domains, domain.Name)
			}
		}
		for _, s := range t.Order() {
			e.Servers = append(e.Servers, radiusPlace{netip.AddrPortFrom(s.Address, uint16(s.Port)), s.Weight})
		}
		d.Templates = append(d.Templates, e)
	}
	return d
}

func (d radiusDisplay) text() string {
	var p page
	p.addf("Number of RADIUS server templates: %d", len(d.Templates))
	f := form{indent: 2, width: 27}
	for _, e := range d.Templates {
		p.add(dashes(65))
		p.add(f.line("Server-template-name", e.Name))
		p.add(f.line("Domains", strings.Join(e.Domains, ", ")))
		for _, s := range e.Servers {
			p.add(f.line("Authentication-server", fmt.Sprintf("%v, weight %d", s.Address, s.Weight)))
		}
		p.add(f.line("Shared-secret-key", veiled(e.Key)))
		p.add(f.line("Timeout-interval(in second)", fmt.Sprint(e.Timeout)))
		p.add(f.line("Retransmission", fmt.Sprint(e.Retransmit)))
		p.add(f.line("Source-IP-address", addrText(e.Source)))
		p.add(f.line("Domain-included", map[bool]string{true: "YES", false: "NO"}[e.DomainStays]))
	}
	return p.text()
}

// An accessDisplay is `display access-user`: who has come in by extended authentication.
type accessDisplay struct {
	Users []accessEntry `json:"users"`
}

type accessEntry struct {
	User    string         `json:"user"`
	Peer    string         `json:"ike_peer"`
	Remote  netip.AddrPort `json:"remote"`
	Address netip.Addr     `json:"address"` // that the user has from us
	Seconds int64          `json:"online_seconds"`
}

func newAccessDisplay(all []ike.Status, peers map[string]*ike.Peer, now time.Time) accessDisplay {
	d := accessDisplay{Users: []accessEntry{}}
	for _, s := range all {
		if p := peers[s.Peer]; s.User != "" && s.Ready && !s.Replaced && p != nil && p.XAUTH != ike.XAUTHClient {
			d.Users = append(d.Users, accessEntry{s.User, s.Peer, s.Remote, s.Lease, int64(now.Sub(s.Created) / time.Second)})
		}
	}
	return d
}

func (d accessDisplay) text() string {
	var p page
	form := columns{2, 24, 41, 63}
	p.add(dashes(78))
	p.add(form.row("User-name", "IKE peer", "Remote", "IP address"))
	p.add(dashes(78))
	for _, u := range d.Users {
		p.add(form.row(printable(u.User, peerTextLimit), u.Peer, endText(u.Remote), addrText(u.Address)))
	}
	p.add(dashes(78))
	p.addf("  Total %d user(s)", len(d.Users))
	return p.text()
}

// accessDisplayRows display what lets IKE's clients in.
func accessDisplayRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{
		shows(func(s *Session) Display { return newUserTableDisplay(s.running.config) }, "ike", helpIKE, "user-table", helpUserTable),
		shows(func(s *Session) Display { return newPoolDisplay(s.running.config, s.device.IKE()) }, "ip", helpIP, "pool", helpPool),
		shows(func(s *Session) Display { return newSchemeDisplay(s.running.config) }, "service-scheme", helpScheme),
		shows(func(s *Session) Display { return newRadiusDisplay(s.running.config) }, "radius-server", helpRadius, "configuration", helpConfiguration),
		shows(func(s *Session) Display {
			return newAccessDisplay(s.device.IKE(), s.running.config.IKEPeers, s.now())
		}, "access-user", "Who has come in by IKE's extended authentication"),
	}
}
