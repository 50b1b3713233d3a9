// Package selection says what an XFRM selector can say: it turns the rules of access
// lists into selectors of the kernel's, keeps their order by priorities, and finds the
// sources that are none of a policy's device's. Both dataplanes use it.
//
// Start at [Selection] and [Of]; [Clauses] is what the userspace dataplane has the
// kernel check.
package selection

import (
	"fmt"
	"math"
	"math/bits"
	"net/netip"

	"sallyport/acl"
)

// A Selection is what an XFRM selector can say about a packet. It is comparable.
type Selection struct {
	From, To         netip.Prefix
	Protocol         uint8 // 0: any
	FromPort, ToPort PortBits
}

// A PortBits is the ports that equal Value in the bits of Mask. With ICMP, from is
// the type and to the code. The zero value is any port.
type PortBits struct{ Value, Mask uint16 }

// OnePort returns the one port.
func OnePort(value uint16) PortBits { return PortBits{value, math.MaxUint16} }

// Anywhere is every IPv4 address.
var Anywhere = netip.PrefixFrom(netip.IPv4Unspecified(), 0)

// All is every IPv4 packet.
func All() Selection { return Selection{From: Anywhere, To: Anywhere} }

// Mirror returns the selection of the packets that go the other way.
func (s Selection) Mirror() Selection {
	return Selection{From: s.To, To: s.From, Protocol: s.Protocol, FromPort: s.ToPort, ToPort: s.FromPort}
}

// Holds reports whether the kernel takes a packet for one of the selection: its
// __xfrm4_selector_match. In later fragments it finds port 0.
func (s Selection) Holds(t acl.Tuple) bool {
	return s.From.Contains(t.Source) && s.To.Contains(t.Destination) && (s.Protocol == 0 || s.Protocol == t.Protocol) &&
		t.SourcePort&s.FromPort.Mask == s.FromPort.Value && t.DestinationPort&s.ToPort.Mask == s.ToPort.Value
}

// Overlaps reports whether a packet can be of both selections.
func (s Selection) Overlaps(other Selection) bool {
	return s.From.Overlaps(other.From) && s.To.Overlaps(other.To) &&
		(s.Protocol == 0 || other.Protocol == 0 || s.Protocol == other.Protocol) &&
		s.FromPort.overlaps(other.FromPort) && s.ToPort.overlaps(other.ToPort)
}

// overlaps reports whether a port can be of both.
func (p PortBits) overlaps(other PortBits) bool {
	return (p.Value^other.Value)&p.Mask&other.Mask == 0
}

// HasPorts reports whether the selection asks for ports.
func (s Selection) HasPorts() bool { return s.FromPort.Mask != 0 || s.ToPort.Mask != 0 }

// String returns a selection in the style of ip-xfrm(8).
func (s Selection) String() string {
	text := fmt.Sprintf("src %v dst %v", s.From, s.To)
	if s.Protocol != 0 {
		text += " proto " + acl.ProtocolName(s.Protocol)
	}
	for _, port := range []struct {
		word string
		bits PortBits
	}{{" sport ", s.FromPort}, {" dport ", s.ToPort}} {
		if port.bits.Mask != 0 {
			text += fmt.Sprintf("%s%d/%#x", port.word, port.bits.Value, port.bits.Mask)
		}
	}
	return text
}

// Of returns the selections of a rule's packets, its source being from, and false if it
// cannot be said exactly with at most limit prefixes for each end. A rule of a protocol
// without ports that asks for ports has none.
func Of(r *acl.Rule, limit int) ([]Selection, bool) {
	froms, ok := Prefixes(r.Source, limit)
	if !ok {
		return nil, false
	}
	tos, ok := Prefixes(r.Destination, limit)
	if !ok {
		return nil, false
	}
	all := make([]Selection, 0, len(froms)*len(tos))
	for _, from := range froms {
		for _, to := range tos {
			all = withPorts(all, Selection{From: from, To: to, Protocol: r.Protocol}, r)
		}
	}
	return all, true
}

// asksPorts reports whether a rule asks for ports.
func asksPorts(r *acl.Rule) bool {
	return r.SourcePort.Op != acl.AnyPort || r.DestinationPort.Op != acl.AnyPort
}

// withPorts appends the selections of a rule within a selection of its addresses and
// protocol: one for each combination of pieces of ports.
func withPorts(all []Selection, s Selection, r *acl.Rule) []Selection {
	if !asksPorts(r) {
		return append(all, s)
	}
	for _, s.Protocol = range protocolsOf(r) {
		for _, s.ToPort = range Masked(r.DestinationPort) {
			for _, s.FromPort = range Masked(r.SourcePort) {
				all = append(all, s)
			}
		}
	}
	return all
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

// Masked returns the ports of a condition as the kernel can be told them: 30 pieces
// at most.
func Masked(p acl.Ports) []PortBits {
	if p.Op == acl.Neq {
		below, above := acl.Ports{Op: acl.Lt, Low: p.Low}, acl.Ports{Op: acl.Gt, Low: p.Low}
		return append(Masked(below), Masked(above)...)
	}
	low, high, ok := p.Bounds()
	if !ok {
		return nil
	}
	var pieces []PortBits
	for at, end := int(low), int(high)+1; at < end; {
		size := 1 << min(bits.TrailingZeros32(uint32(at)|1<<16), bits.Len(uint(end-at))-1)
		pieces = append(pieces, PortBits{uint16(at), uint16(-size)})
		at += size
	}
	return pieces
}
