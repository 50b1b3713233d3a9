package acl

import (
	"strconv"
	"strings"
)

// An Action is what a rule does with a packet that it matches.
type Action uint8

// The actions. The zero value is the safe one.
const (
	Deny Action = iota
	Permit
)

// String returns the action's word in a rule.
func (a Action) String() string {
	if a == Permit {
		return "permit"
	}
	return "deny"
}

// A Rule is one line of an ACL. Zero fields match everything.
type Rule struct {
	ID                          uint32 // 0 to 4294967294; unique in the list
	Action                      Action
	Protocol                    uint8 // IP protocol number; 0: any ("ip")
	Source, Destination         Wildcard
	SourcePort, DestinationPort Ports  // only with protocol 6 and 17
	Description                 string // free text, may be empty
}

// matches compares the rule with a tuple whose addresses are given as numbers.
// Ports cannot be found in a later fragment: a rule that asks for them does not
// match it.
func (r *Rule) matches(source, destination uint32, t *Tuple) bool {
	if !r.Source.matches(source) || !r.Destination.matches(destination) {
		return false
	}
	if r.Protocol != 0 && r.Protocol != t.Protocol {
		return false
	}
	if r.SourcePort.Op == AnyPort && r.DestinationPort.Op == AnyPort {
		return true
	}
	return t.HasPorts() && r.SourcePort.Contains(t.SourcePort) && r.DestinationPort.Contains(t.DestinationPort)
}

// Same reports whether two rules say the same of every packet: whether they are
// equal but for number and description.
func (r Rule) Same(other Rule) bool {
	other.ID, other.Description = r.ID, r.Description
	return r == other
}

// String returns the rule as an advanced list displays it, without description:
//
//	rule 10 deny tcp destination 203.0.113.9 0 destination-port eq www
func (r Rule) String() string { return r.Line(Advanced) }

// Line returns the rule as a list of that kind displays it. A basic list names no
// protocol.
func (r Rule) Line(k Kind) string {
	words := []string{"rule", strconv.FormatUint(uint64(r.ID), 10), r.Action.String()}
	if k == Advanced {
		words = append(words, ProtocolName(r.Protocol))
	}
	if !r.Source.Any() {
		words = append(words, "source", r.Source.String())
	}
	if !r.Destination.Any() {
		words = append(words, "destination", r.Destination.String())
	}
	if r.SourcePort.Op != AnyPort {
		words = append(words, "source-port", r.SourcePort.Text(r.Protocol))
	}
	if r.DestinationPort.Op != AnyPort {
		words = append(words, "destination-port", r.DestinationPort.Text(r.Protocol))
	}
	return strings.Join(words, " ")
}
