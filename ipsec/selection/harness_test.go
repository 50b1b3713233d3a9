package selection

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"sallyport/acl"
	"sallyport/ipsec"
)

var (
	gateway = netip.MustParseAddr("192.0.2.1")
	peer    = netip.MustParseAddr("192.0.2.2")
	host    = netip.MustParseAddr("10.1.1.5")
	lan     = netip.MustParsePrefix("10.1.1.0/24")
	remote  = netip.MustParsePrefix("10.1.2.0/24")
	world   = netip.MustParsePrefix("0.0.0.0/0")
)

// policy returns a policy between gateway and peer.
func policy(rules ...acl.Rule) *ipsec.Policy {
	a := acl.New(3000)
	for i, r := range rules {
		r.ID = uint32(i)
		a.Put(r)
	}
	return &ipsec.Policy{Local: gateway, Remote: peer, ACL: a}
}

func permit(from, to netip.Prefix) acl.Rule {
	return acl.Rule{Action: acl.Permit, Source: wildcard(from), Destination: wildcard(to)}
}

func deny(from, to netip.Prefix) acl.Rule {
	return acl.Rule{Source: wildcard(from), Destination: wildcard(to)}
}

func wildcard(p netip.Prefix) acl.Wildcard {
	return acl.NewWildcard(p.Addr(), ^uint32(0)>>p.Bits())
}

func one(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, 32) }

// written prints clauses, one a line, in order.
func written(all []Clause) string {
	var b strings.Builder
	for _, c := range all {
		word := "block"
		if c.Allow {
			word = "allow"
		}
		fmt.Fprintf(&b, "%s %v\n", word, c.Selection)
	}
	return b.String()
}

// blocked is the kernel's verdict on a packet.
func blocked(all []Clause, t acl.Tuple) bool {
	i := slices.IndexFunc(all, func(c Clause) bool { return c.Holds(t) })
	return i >= 0 && !all[i].Allow
}

// mustBeProtected is the SPD's: the first policy whose list has a rule for the answer
// decides.
func mustBeProtected(policies []*ipsec.Policy, t acl.Tuple) bool {
	for _, p := range policies {
		if v := p.ACL.Mirror(t); v.Matched {
			return v.Action == acl.Permit
		}
	}
	return false
}

// drawPrefix returns one of few prefixes, so that they overlap.
func drawPrefix(r *rand.Rand) netip.Prefix {
	a := netip.AddrFrom4([4]byte{10, 1, byte(r.IntN(3)), byte(r.IntN(4))})
	return netip.PrefixFrom(a, []int{0, 16, 24, 30, 32}[r.IntN(5)]).Masked()
}

// drawRule returns a rule about such prefixes and low ports.
func drawRule(r *rand.Rand) acl.Rule {
	ports := func() acl.Ports {
		low := uint16(r.IntN(8))
		return acl.Ports{Op: acl.PortOp(r.IntN(int(acl.Range) + 1)), Low: low, High: low + uint16(r.IntN(8))}
	}
	rule := permit(drawPrefix(r), drawPrefix(r))
	rule.Action, rule.Protocol = acl.Action(r.IntN(2)), []uint8{0, 1, acl.TCP, acl.UDP}[r.IntN(4)]
	if rule.Protocol != 1 {
		rule.SourcePort, rule.DestinationPort = ports(), ports()
	}
	return rule
}

// drawPacket returns a packet that such rules may be about.
func drawPacket(r *rand.Rand) acl.Tuple {
	p := acl.Tuple{Source: drawPrefix(r).Addr(), Destination: drawPrefix(r).Addr(), Protocol: []uint8{1, acl.TCP, acl.UDP, 47}[r.IntN(4)]}
	if p.HasPorts() {
		p.SourcePort, p.DestinationPort = uint16(r.IntN(16)), uint16(r.IntN(16))
	}
	return p
}
