package ipsectest

import (
	"net/netip"

	"sallyport/acl"
	"sallyport/ipsec"
)

// The addresses of a dataplane's tests without privilege: our gateway and our LAN, the peer's.
var (
	Gateway = netip.MustParseAddr("192.0.2.1")
	Peer    = netip.MustParseAddr("192.0.2.2")
	Host    = netip.MustParseAddr("10.1.1.5") // of LAN
	Server  = netip.MustParseAddr("10.1.2.6") // of Remote
	LAN     = netip.MustParsePrefix("10.1.1.0/24")
	Remote  = netip.MustParsePrefix("10.1.2.0/24")
	World   = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
)

// ID returns the name of an entry of a group.
func ID(sequence uint32) ipsec.PolicyID {
	return ipsec.PolicyID{Interface: "GigabitEthernet0/0/2", Name: "map1", Sequence: sequence}
}

// List returns a list of these rules, numbered 5, 10, 15 …
func List(rules ...acl.Rule) *acl.ACL {
	list := acl.New(3000)
	for i, r := range rules {
		r.ID = uint32(5 * (i + 1))
		list.Put(r)
	}
	return list
}

// Policy returns an entry between Gateway and Peer, on the device eth1.
func Policy(sequence uint32, rules ...acl.Rule) *ipsec.Policy {
	return &ipsec.Policy{ID: ID(sequence), Device: "eth1", Local: Gateway, Remote: Peer, ACL: List(rules...)}
}

// Template returns an entry that is a template: its peers say who they are, and without rules what
// is protected too.
func Template(sequence uint32, rules ...acl.Rule) *ipsec.Policy {
	p := Policy(sequence, rules...)
	if p.Template, p.Remote = true, (netip.Addr{}); len(rules) == 0 {
		p.ACL = nil
	}
	return p
}

// Instance returns the n-th instance of an entry.
func Instance(sequence, n uint32, rules ...acl.Rule) *ipsec.Policy {
	p := Policy(sequence, rules...)
	p.ID.Instance = n
	return p
}

// Permit returns a rule for all that goes from one prefix to another.
func Permit(from, to netip.Prefix) acl.Rule {
	return acl.Rule{Action: acl.Permit, Source: Wildcard(from), Destination: Wildcard(to)}
}

// Deny returns a rule against all that goes from one prefix to another.
func Deny(from, to netip.Prefix) acl.Rule {
	r := Permit(from, to)
	r.Action = acl.Deny
	return r
}

// ToPort returns the rule for the UDP datagrams that it has to a port.
func ToPort(r acl.Rule, port uint16) acl.Rule {
	r.Protocol, r.DestinationPort = acl.UDP, acl.Ports{Op: acl.Eq, Low: port}
	return r
}

// Wildcard returns an IPv4 prefix as rules have it.
func Wildcard(p netip.Prefix) acl.Wildcard {
	return acl.NewWildcard(p.Addr(), ^uint32(0)>>p.Bits())
}

// One returns the prefix of an address alone.
func One(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }
