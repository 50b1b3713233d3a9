package tunnel

import (
	"math"
	"math/bits"
	"net/netip"

	"sallyport/acl"
	"sallyport/ipsec"
)

// A clause says what becomes of clear packets to this box itself. It is a policy of
// the kernel's, with direction in; the first clause for a packet decides.
type clause struct {
	selection
	allow bool
}

// A selection is what an XFRM selector can say about a packet that came in.
type selection struct {
	from, to         netip.Prefix
	protocol         uint8 // 0: any
	fromPort, toPort portBits
}

// A portBits is the ports that equal value in the bits of mask. With ICMP, from is
// the type and to the code. The zero value is any port.
type portBits struct{ value, mask uint16 }

func onePort(value uint16) portBits { return portBits{value, math.MaxUint16} }

// anywhere is every IPv4 address.
var anywhere = netip.PrefixFrom(netip.IPv4Unspecified(), 0)

// clauses returns what the policies say about packets to this box, in order. Of several
// that select the same only the first has a say.
func clauses(policies []*ipsec.Policy) []clause {
	list := clauseList{all: make([]clause, 0, len(policies))}
	for _, p := range policies {
		list.allowTooBig(p)
	}
	for _, p := range policies {
		for i := range p.ACL.Rules {
			list.addRule(&p.ACL.Rules[i])
		}
	}
	return list.all
}

// A clauseList grows.
type clauseList struct{ all []clause }

func (l *clauseList) add(c clause) { l.all = append(l.all, c) }

// allowTooBig lets the reports of routers in that one of our packets was too large
// for the way to the peer, if a rule covers our own end. They come in clear, whoever
// sends them; without them the path's MTU could not be learnt (RFC 4301 §8.2.1).
func (l *clauseList) allowTooBig(p *ipsec.Policy) {
	for i := range p.ACL.Rules {
		if r := &p.ACL.Rules[i]; r.Action == acl.Permit && r.Source.Matches(p.Local) {
			l.add(clause{allow: true, selection: selection{
				from: anywhere, to: netip.PrefixFrom(p.Local.Unmap(), 32), protocol: protoICMP,
				fromPort: onePort(icmpUnreachable), toPort: onePort(icmpNeedsFragments),
			}})
			return
		}
	}
}

// addRule adds the mirror of a rule. A wildcard that is no prefix cannot be said to
// the kernel: such a rule lets pass what its permission would have held back, and as
// a denial all that is between.
func (l *clauseList) addRule(r *acl.Rule) {
	allow := r.Action == acl.Deny
	from, fromExact := r.Destination.Prefix()
	to, toExact := r.Source.Prefix()
	if !fromExact || !toExact {
		if !allow {
			return
		}
		from, to = covering(r.Destination), covering(r.Source)
	}
	if r.SourcePort.Op == acl.AnyPort && r.DestinationPort.Op == acl.AnyPort {
		l.add(clause{selection{from: from, to: to, protocol: r.Protocol}, allow}) // as most rules
		return
	}
	for _, protocol := range protocolsOf(r) {
		for _, fromPort := range masked(r.DestinationPort) {
			for _, toPort := range masked(r.SourcePort) {
				l.add(clause{selection{from, to, protocol, fromPort, toPort}, allow})
			}
		}
	}
}

// protocolsOf returns the protocols that a rule which asks for ports holds for: only
// those that have them.
func protocolsOf(r *acl.Rule) []uint8 {
	switch {
	case r.Protocol == acl.TCP, r.Protocol == acl.UDP:
		return []uint8{r.Protocol}
	case r.Protocol == 0:
		return []uint8{acl.TCP, acl.UDP}
	}
	return nil
}

// masked returns the ports of a condition as the kernel can be told them: 30 pieces
// at most.
func masked(p acl.Ports) []portBits {
	if p.Op == acl.Neq {
		below, above := acl.Ports{Op: acl.Lt, Low: p.Low}, acl.Ports{Op: acl.Gt, Low: p.Low}
		return append(masked(below), masked(above)...)
	}
	low, high, ok := p.Bounds()
	if !ok {
		return nil
	}
	var pieces []portBits
	for at, end := int(low), int(high)+1; at < end; {
		size := 1 << min(bits.TrailingZeros32(uint32(at)|1<<16), bits.Len(uint(end-at))-1)
		pieces = append(pieces, portBits{uint16(at), uint16(-size)})
		at += size
	}
	return pieces
}
