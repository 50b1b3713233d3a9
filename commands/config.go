// Package commands is the command line without a terminal: the command table,
// the configuration it edits, a session that runs lines, and the replay of whole
// scripts. It opens nothing and reads no clock; what the box must do leaves
// through [Device].
//
// Start at table.go, then [Session.Exec] and [Config].
package commands

import (
	"maps"
	"net/netip"
	"time"

	"sallyport/acl"
	"sallyport/ike"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// A Config is the whole wanted state of a box. It and what it points to are not
// changed once it is in force: a line edits a clone, and clones only the object
// it touches and the map that holds it, so that versions share what did not
// change and a difference is found by comparing pointers. The maps of an edit are
// written through own.
type Config struct {
	Sysname        string
	IKEProposals   map[uint32]*IKEProposal
	IKEPeers       map[string]*ike.Peer
	ACLs           map[string]*acl.ACL // by name; those that have none by number
	IPsecProposals map[string]*ipsec.Proposal
	Policies       map[PolicyKey]*Policy
	Templates      map[PolicyKey]*Policy // entries of policy templates
	Profiles       map[string]*Policy    // ipsec profiles: policies without an ACL, their Sequence 0
	Interfaces     map[string]*Interface // by canonical name, such as GigabitEthernet0/0/2
	Routes         map[RouteKey]*Route
	Lifetime       ipsec.Lifetime // ipsec sa global-duration
	IKE            IKEGlobal
	Access         Access
	SHA2Short      bool // ipsec authentication sha2 compatible enable: SHA2-256 is cut to 96 bits
	PKIEntities    map[string]*PKIEntity
	PKIDomains     map[string]*PKIDomain
	Management     Management
	Logging        Logging
	Zone           TimeZone // clock timezone

	version  *version
	written  [parts]*version // which version each map was written for last
	compiled *compiled       // what was made of it, for the next version to share
}

// A part is a map of a Config.
type part uint8

const (
	partIKEProposals part = iota
	partIKEPeers
	partACLs
	partIPsecProposals
	partPolicies
	partProfiles
	partTemplates
	partUserTables
	partPools
	partSchemes
	partRadius
	partAuthentications
	partDomains
	partInterfaces
	partRoutes
	partPKIEntities
	partPKIDomains
	parts
)

// A version tells one edit of a configuration from another, by its address.
type version struct{ _ byte }

// own returns a map of c to be written: a copy, if an older version has it too.
func own[K comparable, V any](c *Config, p part, m *map[K]V) map[K]V {
	if c.written[p] != c.version {
		*m, c.written[p] = maps.Clone(*m), c.version
	}
	return *m
}

// An IKEProposal is an `ike proposal`: what IKEv1 uses of it, and two settings
// that only IKEv2 has, kept for the configuration's sake.
type IKEProposal struct {
	ike.Proposal
	Integrity []string // words such as hmac-sha2-256
	PRF       []string
}

// A PolicyKey names an entry of a policy group.
type PolicyKey struct {
	Name     string
	Sequence uint32
}

// A Policy is an `ipsec policy NAME SEQ { isakmp | manual }`, or an `ipsec policy-template`.
// Zero fields are not configured.
type Policy struct {
	PolicyKey
	Manual    bool     // its SAs are configured, not negotiated
	ACL       string   // key of Config.ACLs
	Proposals []string // up to 12, in order of preference; of a manual one there is one

	// Of an isakmp one.
	Peer     string
	PFS      wire.Group
	Lifetime ipsec.Lifetime // a zero field: the global one
	Auto     bool           // sa trigger-mode auto
	Respond  bool           // respond-only enable
	Clear    ike.ClearFallback
	Template string // of an entry that stands for those of a policy template; it has nothing else
	Answers  bool   // it is an entry of a policy template: peers come to it
	Window   int    // anti-replay window in packets; 0: the default, 1024

	// Of a manual one.
	Local          netip.Addr
	LocalInterface string // whose primary address is the local end, if Local is zero
	Remote         netip.Addr
	SPIs           []ManualSPI // one for each side, inbound ones first
	Keys           []ManualKey // a string, or up to two in digits, for each side
}

// An Interface is an `interface X`.
type Interface struct {
	Name        string
	Description string
	Addresses   []netip.Prefix // the first is primary
	MTU         int            // 0: as the device has it
	Shutdown    bool
	Policy      string // name of the policy group; empty: none
	AutoNeg     bool   // bring its SAs up without traffic
	Offload     bool   // have its hardware encrypt, where it can
	Unnumbered  string // interface whose primary address this one borrows; empty: none
	Tunnel      Tunnel // what a tunnel interface has beside
}

// A RouteKey tells static routes apart.
type RouteKey struct {
	Destination netip.Prefix
	NextHop     netip.Addr // zero: through Interface alone
	Interface   string     // empty: wherever NextHop is
}

// A Route is an `ip route-static`.
type Route struct {
	RouteKey
	Preference int // 1-255
}

// Defaults that the command reference names.
const (
	DefaultSysname    = "Sallyport"
	DefaultPreference = 60
	DefaultWindow     = 1024
	defaultSeconds    = 3600
	defaultKilobytes  = 1843200
	maxProposals      = 12 // of a policy entry
)

// New returns the configuration of a box that was never configured.
func New() *Config {
	return &Config{
		Sysname:        DefaultSysname,
		IKEProposals:   map[uint32]*IKEProposal{},
		IKEPeers:       map[string]*ike.Peer{},
		ACLs:           map[string]*acl.ACL{},
		IPsecProposals: map[string]*ipsec.Proposal{},
		Policies:       map[PolicyKey]*Policy{},
		Templates:      map[PolicyKey]*Policy{},
		Profiles:       map[string]*Policy{},
		Access:         newAccess(),
		Interfaces:     map[string]*Interface{},
		Routes:         map[RouteKey]*Route{},
		PKIEntities:    map[string]*PKIEntity{},
		PKIDomains:     map[string]*PKIDomain{},
		Lifetime:       ipsec.Lifetime{Duration: defaultSeconds * time.Second, Octets: defaultKilobytes << 10},
		Management:     newManagement(),
		Logging:        newLogging(),
		version:        new(version),
	}
}

// Clone returns a configuration of its own that shares the objects of c, and the
// maps until they are written.
func (c *Config) Clone() *Config {
	d := *c
	d.version = new(version)
	d.Management = c.Management.clone()
	d.Logging = c.Logging.clone()
	return &d
}
