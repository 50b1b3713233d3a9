// Package acl holds access control lists: rules, wildcards, ports, the five-tuple
// of a packet, and the verdict of a list on a tuple. It does not know what a
// verdict is used for, and does no I/O.
//
// Start at [ACL] and its Match.
package acl

import "net/netip"

// An Action is what a rule does with a packet that it matches.
type Action uint8

// The actions. The zero value is the safe one.
const (
	Deny Action = iota
	Permit
)

// A Rule is one line of an ACL. Zero fields match everything.
type Rule struct {
	ID                          uint32 // 0 to 4294967294; unique in the list
	Action                      Action
	Protocol                    uint8 // IP protocol number; 0: any ("ip")
	Source, Destination         Wildcard
	SourcePort, DestinationPort Ports  // only with protocol 6 and 17
	Description                 string // free text, may be empty
}

// A Wildcard is an IPv4 address and the bits of it that count. The zero value
// matches every address.
type Wildcard struct {
	Addr uint32 // already masked: no bit outside Care is set
	Care uint32 // 1 bits must be equal; the inverse of what the operator types
}

// A PortOp says how a packet's port is compared.
type PortOp uint8

// The operators. The zero value matches every port.
const (
	AnyPort PortOp = iota
	Eq
	Gt
	Lt
	Neq
	Range
)

// Ports is a port condition of a rule. The zero value matches every port, and a
// packet that has none.
type Ports struct {
	Op        PortOp
	Low, High uint16 // High only with Range
}

// A Kind tells basic from advanced lists.
type Kind uint8

// The kinds: numbers 2000-2999 and 3000-3999.
const (
	Advanced Kind = iota
	Basic
)

// An ACL is a list of rules in ascending order of ID. It is not changed once it
// is part of a configuration in use: edit a Clone.
type ACL struct {
	Number      uint32 // 2000-3999
	Name        string // empty for a numbered list
	Kind        Kind
	Step        uint32 // distance of automatic rule numbers; 5 unless set
	Description string
	Rules       []Rule
}

// A Tuple is what of a packet a rule can look at.
type Tuple struct {
	Source, Destination         netip.Addr
	Protocol                    uint8
	SourcePort, DestinationPort uint16 // zero when Protocol has none
	Fragment                    bool   // a later fragment: the ports are not known
}

// A Verdict is what a list says of a tuple.
type Verdict struct {
	Matched bool // false: no rule matched, Action and Rule mean nothing
	Action  Action
	Rule    int // index in ACL.Rules
}
