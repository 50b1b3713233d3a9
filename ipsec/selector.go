package ipsec

import (
	"fmt"
	"net/netip"

	"sallyport/acl"
)

// A Selector is the traffic of one SA pair, seen from this box: RFC 4301 §4.4.1.1.
// It is comparable.
type Selector struct {
	Local, Remote         Range
	Protocol              uint8  // 0: any
	LocalPort, RemotePort uint16 // 0: any
}

// SelectorOf returns the traffic of an ACL rule, whose source is our side. It is
// false for a wildcard that is no prefix: no identity of IKE can say it. Nor can
// one say other port conditions than eq, so those become any port; the rule stays
// the stricter of the two and must still be asked.
func SelectorOf(r acl.Rule) (Selector, bool) {
	local, ok := r.Source.Prefix()
	if !ok {
		return Selector{}, false
	}
	remote, ok := r.Destination.Prefix()
	if !ok {
		return Selector{}, false
	}
	return Selector{
		Local:      PrefixRange(local),
		Remote:     PrefixRange(remote),
		Protocol:   r.Protocol,
		LocalPort:  onlyPort(r.SourcePort),
		RemotePort: onlyPort(r.DestinationPort),
	}, true
}

// onlyPort returns the port of an eq condition, and 0 for every other.
func onlyPort(p acl.Ports) uint16 {
	if p.Op != acl.Eq {
		return 0
	}
	return p.Low
}

// Contains reports whether an outbound packet is the selector's traffic. A later
// fragment is not, if the selector names a port: RFC 4301 §7.
func (s Selector) Contains(t acl.Tuple) bool {
	return s.Local.Contains(t.Source) && s.Remote.Contains(t.Destination) &&
		s.contains(t.Protocol, t.HasPorts(), t.SourcePort, t.DestinationPort)
}

// ContainsInbound is Contains for a packet that came in: its destination is ours.
func (s Selector) ContainsInbound(t acl.Tuple) bool { return s.Contains(t.Reverse()) }

func (s Selector) contains(protocol uint8, ports bool, local, remote uint16) bool {
	if s.Protocol != 0 && s.Protocol != protocol {
		return false
	}
	if s.LocalPort == 0 && s.RemotePort == 0 {
		return true
	}
	return ports && (s.LocalPort == 0 || s.LocalPort == local) && (s.RemotePort == 0 || s.RemotePort == remote)
}

// Covers reports whether all traffic of the other selector is this one's.
func (s Selector) Covers(other Selector) bool {
	return s.Local.Covers(other.Local) && s.Remote.Covers(other.Remote) &&
		(s.Protocol == 0 || s.Protocol == other.Protocol) &&
		(s.LocalPort == 0 || s.LocalPort == other.LocalPort) &&
		(s.RemotePort == 0 || s.RemotePort == other.RemotePort)
}

// Rule returns the ACL rule that permits just the selector's traffic. It is false for a
// range that is no IPv4 prefix: no wildcard can say it.
func (s Selector) Rule(id uint32) (acl.Rule, bool) {
	local, ok := s.Local.Prefix()
	remote, ok2 := s.Remote.Prefix()
	if !ok || !ok2 || !local.Addr().Is4() || !remote.Addr().Is4() {
		return acl.Rule{}, false
	}
	return acl.Rule{
		ID: id, Action: acl.Permit, Protocol: s.Protocol,
		Source: wildcardOf(local), Destination: wildcardOf(remote),
		SourcePort: portOf(s.LocalPort), DestinationPort: portOf(s.RemotePort),
	}, true
}

// wildcardOf returns the addresses of an IPv4 prefix.
func wildcardOf(p netip.Prefix) acl.Wildcard {
	return acl.NewWildcard(p.Addr(), uint32(uint64(1)<<(32-p.Bits())-1))
}

// portOf returns the condition of a port, none for 0.
func portOf(port uint16) acl.Ports {
	if port == 0 {
		return acl.Ports{}
	}
	return acl.Ports{Op: acl.Eq, Low: port}
}

// Overlaps reports whether a packet may be traffic of both selectors.
func (s Selector) Overlaps(other Selector) bool {
	same := func(a, b uint16) bool { return a == 0 || b == 0 || a == b }
	return s.Local.overlaps(other.Local) && s.Remote.overlaps(other.Remote) &&
		same(uint16(s.Protocol), uint16(other.Protocol)) &&
		same(s.LocalPort, other.LocalPort) && same(s.RemotePort, other.RemotePort)
}

// String returns the selector in one line: "tcp 10.1.1.0/24 to 10.1.2.0/24 port 80".
func (s Selector) String() string {
	return fmt.Sprintf("%s %s to %s", acl.ProtocolName(s.Protocol), end(s.Local, s.LocalPort), end(s.Remote, s.RemotePort))
}

func end(r Range, port uint16) string {
	if port == 0 {
		return r.String()
	}
	return fmt.Sprintf("%s port %d", r, port)
}
