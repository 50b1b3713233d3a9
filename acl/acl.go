// Package acl holds access control lists: rules, wildcards, ports, the five-tuple
// of a packet, and the verdict of a list on a tuple. It does not know what a
// verdict is used for, and does no I/O.
//
// Start at [ACL] and its Match.
package acl

import (
	"net/netip"
	"slices"
	"strconv"
)

// A Kind tells basic from advanced lists.
type Kind uint8

// The kinds: numbers 2000-2999 and 3000-3999.
const (
	Advanced Kind = iota
	Basic
)

const (
	defaultStep = 5
	firstBasic  = 2000
	lastBasic   = 2999

	// MaxID is the highest number that a rule may have.
	MaxID = 4294967294
)

// An ACL is a list of rules in ascending order of ID. It is not changed once it
// is part of a configuration in use: edit a Clone.
type ACL struct {
	Number      uint32 // 2000-3999; 0: a named list that has none
	Name        string // empty for a numbered list
	Kind        Kind
	Step        uint32 // distance of automatic rule numbers; 5 unless set
	Description string
	Rules       []Rule
}

// New returns an empty list of the kind that its number says.
func New(number uint32) *ACL {
	return &ACL{Number: number, Kind: KindOf(number), Step: defaultStep}
}

// NewNamed returns an empty list with a name and without a number.
func NewNamed(name string, kind Kind) *ACL {
	return &ACL{Name: name, Kind: kind, Step: defaultStep}
}

// KindOf returns the kind that a number says.
func KindOf(number uint32) Kind {
	if number >= firstBasic && number <= lastBasic {
		return Basic
	}
	return Advanced
}

// String returns how others refer to the list: by its name, else by its number.
func (a *ACL) String() string {
	if a.Name != "" {
		return a.Name
	}
	return strconv.FormatUint(uint64(a.Number), 10)
}

// A Verdict is what a list says of a tuple.
type Verdict struct {
	Matched bool // false: no rule matched, Action and Rule mean nothing
	Action  Action
	Rule    int // index in ACL.Rules
}

// Match returns the verdict of the first rule, in order of ID, that matches. An
// empty list matches nothing, and so does a tuple that is not IPv4.
func (a *ACL) Match(t Tuple) Verdict {
	source, ok := ipv4(t.Source)
	if !ok {
		return Verdict{}
	}
	destination, ok := ipv4(t.Destination)
	if !ok {
		return Verdict{}
	}
	for i := range a.Rules {
		if a.Rules[i].matches(source, destination, &t) {
			return Verdict{Matched: true, Action: a.Rules[i].Action, Rule: i}
		}
	}
	return Verdict{}
}

// Mirror is Match for a packet of the opposite direction: the rules' sources are
// compared with its destination.
func (a *ACL) Mirror(t Tuple) Verdict { return a.Match(t.Reverse()) }

// Clone returns a copy that shares nothing with the list.
func (a *ACL) Clone() *ACL {
	c := *a
	c.Rules = slices.Clone(a.Rules)
	return &c
}

// Rule returns the rule of that number, and false if there is none.
func (a *ACL) Rule(id uint32) (Rule, bool) {
	i, found := a.find(id)
	if !found {
		return Rule{}, false
	}
	return a.Rules[i], true
}

// Put inserts the rule at its place, or replaces the one of its number.
func (a *ACL) Put(r Rule) {
	i, found := a.find(r.ID)
	if found {
		a.Rules[i] = r
		return
	}
	a.Rules = slices.Insert(a.Rules, i, r)
}

// Remove deletes the rule of that number, and reports whether there was one.
func (a *ACL) Remove(id uint32) bool {
	i, found := a.find(id)
	if found {
		a.Rules = slices.Delete(a.Rules, i, i+1)
	}
	return found
}

// Renumber gives the list a step, and its rules numbers by it in their order: the
// step, twice the step and so on.
func (a *ACL) Renumber(step uint32) {
	a.Step = step
	a.Rules = slices.Clone(a.Rules)
	for i := range a.Rules {
		a.Rules[i].ID = uint32(i+1) * step
	}
}

// NextID returns the number of a rule entered without one: the smallest multiple
// of the step above the highest number in use, and the step itself for the first.
// It is false when that would be above MaxID.
func (a *ACL) NextID() (uint32, bool) {
	step := uint64(a.Step)
	if step == 0 {
		step = defaultStep
	}
	if len(a.Rules) == 0 {
		return uint32(step), step <= MaxID
	}
	next := (uint64(a.Rules[len(a.Rules)-1].ID)/step + 1) * step
	if next > MaxID {
		return 0, false
	}
	return uint32(next), true
}

// Twin returns the rule of another number that says the same as r, and false if
// there is none. VRP refuses to enter a rule twice.
func (a *ACL) Twin(r Rule) (Rule, bool) {
	for _, other := range a.Rules {
		if other.ID != r.ID && other.Same(r) {
			return other, true
		}
	}
	return Rule{}, false
}

func (a *ACL) find(id uint32) (int, bool) {
	return slices.BinarySearchFunc(a.Rules, id, func(r Rule, id uint32) int {
		switch {
		case r.ID < id:
			return -1
		case r.ID > id:
			return 1
		}
		return 0
	})
}

// ipv4 returns the address as a number, and false if it is not IPv4.
func ipv4(a netip.Addr) (uint32, bool) {
	if !a.Is4() && !a.Is4In6() {
		return 0, false
	}
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]), true
}
