package commands

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"sallyport/acl"
	"sallyport/ike"
	"sallyport/ipsec/secret"
)

// Access is who may come in through IKE, and what clients are given: `ike user-table`, `ip pool`,
// `service-scheme`, `radius-server`, `authentication-scheme`, `domain`.
type Access struct {
	UserTables      map[uint32]*UserTable
	Pools           map[string]*AddressPool
	Schemes         map[string]*ServiceScheme
	Radius          map[string]*RadiusTemplate
	Authentications map[string]*AuthenticationScheme
	Domains         map[string]*Domain
}

func newAccess() Access {
	return Access{
		UserTables: map[uint32]*UserTable{}, Pools: map[string]*AddressPool{}, Schemes: map[string]*ServiceScheme{},
		Radius: map[string]*RadiusTemplate{}, Authentications: map[string]*AuthenticationScheme{}, Domains: map[string]*Domain{},
	}
}

// A UserTable is an `ike user-table`: pre-shared keys by identity.
type UserTable struct {
	Number uint32
	Users  map[string]*ike.User // by name
}

// An AddressPool is an `ip pool`: addresses for clients.
type AddressPool struct {
	Name     string
	Network  netip.Addr // zero: none yet
	Bits     int        // of the network's mask
	Gateway  netip.Addr // never given to a client; zero: none
	Excluded []AddressRange
	Sections []Section // by number; none: all of the network
}

// An AddressRange is one address or several that follow each other.
type AddressRange struct {
	First, Last netip.Addr // Last is zero for one address
}

// A Section is a `section` of a pool.
type Section struct {
	Number uint32
	AddressRange
}

// A ServiceScheme is a `service-scheme` of `aaa`: what clients are given by mode configuration.
type ServiceScheme struct {
	Name         string
	Pools        []string // in order
	DNS, DNS2    netip.Addr
	WINS, WINS2  netip.Addr
	DomainName   string
	Banner       string
	ACL          string // whose permitted sources are what clients reach through the tunnel; empty: everything
	SavePassword bool
}

// A RadiusTemplate is a `radius-server template`.
type RadiusTemplate struct {
	Name        string
	Servers     []RadiusServer
	Key         secret.Octets
	Retransmit  int           // tries of each server
	Timeout     time.Duration // of a try
	Source      netip.Addr    // of requests; zero: the system chooses
	DomainStays bool          // servers are told the user's name with its domain
}

// A RadiusServer is a `radius-server authentication`. It is comparable.
type RadiusServer struct {
	Address netip.Addr
	Port    int
	Weight  int // the highest is asked first
}

// The defaults of RADIUS, as VRP has them.
const (
	defaultRadiusWeight  = 80
	defaultRadiusTries   = 3
	defaultRadiusTimeout = 5 * time.Second
)

func newRadiusTemplate() *RadiusTemplate {
	return &RadiusTemplate{Retransmit: defaultRadiusTries, Timeout: defaultRadiusTimeout, DomainStays: true}
}

// Order returns the servers in the order in which they are asked.
func (t *RadiusTemplate) Order() []RadiusServer {
	servers := slices.Clone(t.Servers)
	slices.SortStableFunc(servers, func(a, b RadiusServer) int { return b.Weight - a.Weight })
	return servers
}

// An AuthenticationMode says who knows a user.
type AuthenticationMode uint8

// The modes.
const (
	NoAuthentication AuthenticationMode = iota // of a second mode: there is none
	LocalUsers
	RadiusServers
)

// String returns the word of commands.
func (m AuthenticationMode) String() string { return [...]string{"", "local", "radius"}[m] }

// An AuthenticationScheme is an `authentication-scheme`.
type AuthenticationScheme struct {
	Name   string
	First  AuthenticationMode
	Second AuthenticationMode // asked if the first does not answer, or has no such user
}

// A Domain is a `domain` of `aaa`: how users whose names end in it prove who they are.
type Domain struct {
	Name           string
	Authentication string // name of an AuthenticationScheme; empty: local users
	Radius         string // name of a RadiusTemplate; empty: none
}

// DefaultDomain is the domain of users whose names have none that is configured.
const DefaultDomain = "default"

// A Login says how a user is to be authenticated.
type Login struct {
	User   string // as servers are told
	Local  string // as local users are called
	Modes  []AuthenticationMode
	Radius *RadiusTemplate // nil: none
}

// Login returns how the user of a name is to be authenticated.
func (a *Access) Login(name string) Login {
	user, suffix := name, ""
	if at := strings.LastIndexByte(name, '@'); at >= 0 {
		user, suffix = name[:at], name[at+1:]
	}
	d := a.Domains[suffix]
	if d == nil {
		user, d = name, a.Domains[DefaultDomain]
	}
	login := Login{User: name, Local: name, Modes: []AuthenticationMode{LocalUsers}}
	if d == nil {
		return login
	}
	if login.Radius = a.Radius[d.Radius]; login.Radius != nil && !login.Radius.DomainStays {
		login.User = user
	}
	if s := a.Authentications[d.Authentication]; s != nil {
		login.Modes = slices.DeleteFunc([]AuthenticationMode{s.First, s.Second}, func(m AuthenticationMode) bool { return m == NoAuthentication })
	}
	return login
}

// scheme returns what clients are given, for the engine.
func (c *Config) scheme(s *ServiceScheme) *ike.Scheme {
	to := &ike.Scheme{Name: s.Name, Domain: s.DomainName, Banner: s.Banner, SavePasswd: s.SavePassword, Networks: sources(c.ACLs[s.ACL])}
	for _, name := range s.Pools {
		if p := c.Access.Pools[name]; p != nil {
			to.Pools = append(to.Pools, p.ranges()...)
		}
	}
	valid := func(all ...netip.Addr) []netip.Addr {
		return slices.DeleteFunc(all, func(a netip.Addr) bool { return !a.IsValid() })
	}
	to.DNS, to.WINS = valid(s.DNS, s.DNS2), valid(s.WINS, s.WINS2)
	return to
}

// sources returns the networks that the permit rules of a list have as source. A wildcard that is
// no prefix, and a source that is any, are left out: no client could be told of them.
func sources(list *acl.ACL) (all []netip.Prefix) {
	if list == nil {
		return nil
	}
	for _, r := range list.Rules {
		if p, ok := r.Source.Prefix(); ok && r.Action == acl.Permit && p.Bits() > 0 && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

// ranges returns the addresses of the pool, for the engine.
func (p *AddressPool) ranges() (all []ike.Pool) {
	for _, r := range p.without(p.whole()) {
		all = append(all, ike.Pool{Name: p.Name + " " + r.First.String(), First: r.First, Last: r.end(), Bits: p.bits(r.First)})
	}
	return all
}

// prefix returns the network of the pool.
func (p *AddressPool) prefix() (netip.Prefix, bool) {
	if !p.Network.IsValid() {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(p.Network, p.Bits).Masked(), true
}

// bits returns the mask that a client with that address is told.
func (p *AddressPool) bits(a netip.Addr) int {
	if n, ok := p.prefix(); ok && n.Contains(a) {
		return p.Bits
	}
	return a.BitLen()
}

// whole returns the sections, or the hosts of the network.
func (p *AddressPool) whole() (all []AddressRange) {
	for _, s := range p.Sections {
		all = append(all, s.AddressRange)
	}
	if n, ok := p.prefix(); ok && len(all) == 0 {
		all = append(all, AddressRange{n.Addr().Next(), lastOf(n).Prev()})
	}
	return all
}

// lastOf returns the last address of an IPv4 network.
func lastOf(n netip.Prefix) netip.Addr {
	b := n.Addr().As4()
	for i := n.Bits(); i < 32; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(b)
}

// without takes the gateway and what is excluded out of ranges.
func (p *AddressPool) without(all []AddressRange) []AddressRange {
	holes := slices.Clone(p.Excluded)
	if p.Gateway.IsValid() {
		holes = append(holes, AddressRange{First: p.Gateway})
	}
	for _, hole := range holes {
		var rest []AddressRange
		for _, r := range all {
			rest = append(rest, r.minus(hole)...)
		}
		all = rest
	}
	return all
}

// end returns the last address.
func (r AddressRange) end() netip.Addr {
	if r.Last.IsValid() {
		return r.Last
	}
	return r.First
}

// minus returns what is left of a range.
func (r AddressRange) minus(hole AddressRange) (left []AddressRange) {
	if hole.end().Less(r.First) || r.end().Less(hole.First) {
		return []AddressRange{r}
	}
	if r.First.Less(hole.First) {
		left = append(left, AddressRange{r.First, hole.First.Prev()})
	}
	if hole.end().Less(r.end()) {
		left = append(left, AddressRange{hole.end().Next(), r.end()})
	}
	return left
}

// size returns how many addresses a range has.
func (r AddressRange) size() int {
	number := func(a netip.Addr) int {
		b := a.As4()
		return int(b[0])<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	}
	return number(r.end()) - number(r.First) + 1
}

// table returns a user table for the engine. Users without a key, or without an ID, are nobody.
func (t *UserTable) table() *ike.UserTable {
	known := slices.DeleteFunc(values(t.Users, strings.Compare), func(u *ike.User) bool {
		return len(u.Key) == 0 || u.ID == "" && u.IDType != ike.IDAny
	})
	return &ike.UserTable{Number: t.Number, Users: known}
}
