package selection

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/ipsectest"
)

var (
	gateway, peer, host = ipsectest.Gateway, ipsectest.Peer, ipsectest.Host
	lan, remote, world  = ipsectest.LAN, ipsectest.Remote, ipsectest.World

	permit, deny  = ipsectest.Permit, ipsectest.Deny
	wildcard, one = ipsectest.Wildcard, ipsectest.One
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
