package ipsectest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"sallyport/acl"
	"sallyport/ipsec"
)

// A Fake is a dataplane without packets: it holds what it was told and prints it.
// The zero value is ready. Its methods may be called from any goroutine; its fields
// are set before.
type Fake struct {
	// Fail, if not nil, is asked before every change; an error is returned instead
	// of doing it. The operation is the method's name; the SA is nil for SetPolicies, and
	// has its ID only for RemoveSA and MoveSA, its policy only for AddPolicy, RemovePolicy
	// and PassClear.
	Fail func(operation string, sa *ipsec.SA) error

	// Can, if not nil, is what Capabilities returns; else that is everything.
	Can *ipsec.Capabilities
	// Left are the SAs that a killed predecessor left, for Adopt.
	Left []ipsec.SAID

	mu       sync.Mutex
	lastSPI  ipsec.SPI
	policies []*ipsec.Policy
	sas      map[ipsec.SAID]*ipsec.SA
	counters map[ipsec.SAID]ipsec.Counters
	sums     ipsec.Statistics

	instances []*ipsec.Policy // oldest first
	clear     map[ipsec.PolicyID]bool
}

var _ ipsec.Dataplane = (*Fake)(nil)

func (f *Fake) fail(operation string, sa *ipsec.SA) error {
	if f.Fail == nil {
		return nil
	}
	return f.Fail(operation, sa)
}

// Capabilities returns what the field Can says.
func (f *Fake) Capabilities() ipsec.Capabilities {
	if f.Can != nil {
		return *f.Can
	}
	return ipsec.Everything("the fake")
}

// SPI returns 0x100, 0x101 …
func (f *Fake) SPI(_, _ netip.Addr, _ ipsec.Protocol) (ipsec.SPI, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lastSPI = max(f.lastSPI+1, ipsec.MinSPI)
	return f.lastSPI, nil
}

// Adopt keeps those that the field Left names.
func (f *Fake) Adopt(sas []*ipsec.SA) (kept []*ipsec.SA, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, sa := range sas {
		if slices.Contains(f.Left, sa.ID) {
			f.put(sa)
			kept = append(kept, sa)
		}
	}
	return kept, nil
}

// Faults returns none.
func (f *Fake) Faults() []ipsec.Fault { return nil }

// SetPolicies keeps the list and forgets SAs and instances of policies that were listed
// and are no more, and instances of those that may have none.
func (f *Fake) SetPolicies(policies []*ipsec.Policy) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.fail("SetPolicies", nil); err != nil {
		return err
	}
	for _, p := range f.policies {
		i := slices.IndexFunc(policies, func(q *ipsec.Policy) bool { return q.ID == p.ID })
		if i >= 0 && policies[i].MayHaveInstances() {
			continue
		}
		f.forgetPolicies(func(id ipsec.PolicyID) bool { return id.Configured() == p.ID && (i < 0 || id.Instance != 0) })
	}
	f.policies = policies
	return nil
}

// AddSA keeps the SA. One that no dataplane could use, or whose SPI is in use, is an
// error.
func (f *Fake) AddSA(sa *ipsec.SA) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.fail("AddSA", sa); err != nil {
		return err
	}
	if err := sa.Validate(); err != nil {
		return err
	}
	if f.sas[sa.ID] != nil {
		return fmt.Errorf("%v: SPI is in use", sa.ID)
	}
	f.put(sa)
	return nil
}

func (f *Fake) put(sa *ipsec.SA) {
	if f.sas == nil {
		f.sas, f.counters = make(map[ipsec.SAID]*ipsec.SA), make(map[ipsec.SAID]ipsec.Counters)
	}
	f.sas[sa.ID] = sa
}

// RemoveSA forgets the SA.
func (f *Fake) RemoveSA(id ipsec.SAID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.fail("RemoveSA", &ipsec.SA{ID: id}); err != nil {
		return err
	}
	f.forget(id)
	return nil
}

func (f *Fake) forget(id ipsec.SAID) {
	delete(f.sas, id)
	delete(f.counters, id)
}

// Count makes Counters say c of an SA that is there.
func (f *Fake) Count(id ipsec.SAID, c ipsec.Counters) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sas[id] != nil {
		f.counters[id] = c
	}
}

// Counters returns what Count said.
func (f *Fake) Counters(id ipsec.SAID) (ipsec.Counters, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counters[id], f.sas[id] != nil
}

// Sum makes Statistics say s.
func (f *Fake) Sum(s ipsec.Statistics) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sums = s
}

// Statistics returns what Sum said.
func (f *Fake) Statistics() ipsec.Statistics {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sums
}

// SAs returns the SAs in the order in which String prints them.
func (f *Fake) SAs() []*ipsec.SA {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]*ipsec.SA, 0, len(f.sas))
	for _, sa := range f.sas {
		all = append(all, sa)
	}
	slices.SortFunc(all, func(a, b *ipsec.SA) int { return strings.Compare(describe(a), describe(b)) })
	return all
}

// String prints the policies in order of precedence, then the SAs, sorted, one a
// line, without keys:
//
//	policy GE0/0/2 policy1-10 dev eth1 192.0.2.1 to 192.0.2.2
//	  rule 5 permit ip source 10.1.1.0 0.0.0.255 destination 10.1.2.0 0.0.0.255
//	sa inbound ESP 0x1001 to 192.0.2.1 from 192.0.2.2 …
func (f *Fake) String() string {
	var b strings.Builder
	for _, p := range f.listed() {
		fmt.Fprintf(&b, "policy %v dev %s %v to %v\n", p.ID, p.Device, p.Local, p.Remote)
		if p.ACL == nil {
			continue
		}
		for _, r := range p.ACL.Rules {
			fmt.Fprintf(&b, "  %v\n", r.Line(acl.Advanced))
		}
	}
	for _, sa := range f.SAs() {
		b.WriteString(describe(sa) + "\n")
	}
	return b.String()
}

func (f *Fake) listed() []*ipsec.Policy {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.policies
}

// describe is an SA in one line.
func describe(sa *ipsec.SA) string {
	from := sa.Local
	if sa.Direction == ipsec.Inbound {
		from = sa.Remote
	}
	line := fmt.Sprintf("sa %v %v from %v policy %v rule %d %v %v",
		sa.Direction, sa.ID, from, sa.Policy, sa.Rule, sa.Mode, sa.Encryption)
	if sa.Integrity != ipsec.NoIntegrity {
		line += " " + sa.Integrity.String()
	}
	line += fmt.Sprintf(" %q", sa.Selector.String())
	if sa.Encapsulation != (ipsec.Ports{}) {
		line += fmt.Sprintf(" udp %d-%d", sa.Encapsulation.Local, sa.Encapsulation.Remote)
	}
	return line + limits(sa)
}

// limits is the rest of the line: window and lifetimes, those that are set.
func limits(sa *ipsec.SA) (line string) {
	if sa.Window != 0 {
		line += fmt.Sprintf(" window %d", sa.Window)
	}
	if sa.Soft != (ipsec.Lifetime{}) {
		line += fmt.Sprintf(" soft %v/%d", sa.Soft.Duration, sa.Soft.Octets)
	}
	if sa.Hard != (ipsec.Lifetime{}) {
		line += fmt.Sprintf(" hard %v/%d", sa.Hard.Duration, sa.Hard.Octets)
	}
	return line
}
