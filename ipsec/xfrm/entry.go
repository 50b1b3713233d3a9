package xfrm

import (
	"fmt"
	"math"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// A rule takes one of the kernel's policies in each direction, unless its wildcards are no
// prefixes or its ports no power of two: maxPrefixes bounds those on each side, and
// maxSelections all of its combinations.
const (
	maxPrefixes   = 256
	maxSelections = 1 << 16
)

// An UnsayableRule says that a rule cannot be said by so many policies of the kernel's.
type UnsayableRule struct {
	ACL  string
	Rule acl.Rule
}

// Error names list and rule, and what helps.
func (e *UnsayableRule) Error() string {
	return fmt.Sprintf("acl %s %v: its wildcards and ports take too many of the kernel's policies: use several rules, or run with --dataplane user",
		e.ACL, e.Rule)
}

// selectionsOf returns the selections of a rule, and false if they are too many.
func selectionsOf(r *acl.Rule) ([]selection.Selection, bool) {
	from, ok := selection.Prefixes(r.Source, maxPrefixes)
	to, too := selection.Prefixes(r.Destination, maxPrefixes)
	ports := len(selection.Masked(r.SourcePort)) * len(selection.Masked(r.DestinationPort))
	if !ok || !too || len(from)*len(to)*ports > maxSelections {
		return nil, false
	}
	return selection.Of(r, maxPrefixes)
}

// An entry is a policy as the kernel is to have it: what it claims, in the order of its
// rules. It is made once and used as long as the policy is stated.
type entry struct {
	policy *ipsec.Policy
	device int    // interface index of its device
	ifID   uint32 // of its tunnel interface; 0: it has none
	claims [directions][]claim
	first  []claim // of direction in, before those of all policies
	in     *flow   // of what comes in; nil: nothing is protected
	flows  []*flow // all
	ports  bool    // some rule asks for ports
	owned  bool    // it is in force
	round  uint64  // of the claims that it is in
	drawn  uint64  // the round in which its policy was listed last
	clear  bool    // what has no SA passes in clear: PassClear

	// Of a policy that may have instances.
	marks     [directions]*claim // where they come; nil: there were none yet
	instances []*entry           // oldest first
}

// A drawer makes entries.
type drawer struct {
	table *table
	flows *flows
}

// entry returns what a policy claims: on each side of its device the mirror of the other.
// What comes in cannot be bound to the device, since the kernel does not know it there.
func (d drawer) entry(p *ipsec.Policy, device int, ifID uint32) (*entry, error) {
	e := &entry{policy: p, device: device, ifID: ifID}
	if p.Template {
		e.remark()
		return e, nil
	}
	e.allowTooBig(d.table)
	for i := range p.ACL.Rules {
		if err := d.rule(e, &p.ACL.Rules[i]); err != nil {
			for _, f := range e.flows {
				d.flows.release(f)
			}
			return nil, err
		}
	}
	return e, nil
}

// allowTooBig claims that the reports of routers come in which our own packets were too
// large for, if a rule covers our own end: they come in clear (RFC 4301 §8.2.1).
func (e *entry) allowTooBig(t *table) {
	if e.ifID != 0 {
		return
	}
	for i := range e.policy.ACL.Rules {
		if r := &e.policy.ACL.Rules[i]; r.Action == acl.Permit && r.Source.Matches(e.policy.Local) {
			at := t.place(keyFrom(kernel.In, selection.TooBig(e.policy.Local)))
			e.first = []claim{{place: at}}
			return
		}
	}
}

// rule claims what a rule says. Fragments after the first have no ports, and none of them
// may leave, or come in, in clear because of that: whole packets are what the rule is for.
func (d drawer) rule(e *entry, r *acl.Rule) error {
	all, ok := selectionsOf(r)
	if !ok {
		return &UnsayableRule{e.policy.ACL.String(), *r}
	}
	var out, in *flow
	if r.Action == acl.Permit && len(all) > 0 {
		var err error
		if out, in, err = d.pair(e, r, all[0]); err != nil {
			return err
		}
	}
	for _, s := range all {
		e.claim(d.table, s, out, in, false)
	}
	if out == nil || !all[0].HasPorts() {
		return nil
	}
	e.ports = true
	for _, s := range fragmentsOf(all) {
		e.claim(d.table, s, nil, nil, true)
	}
	return nil
}

// pair returns the flows of a permit rule that selects s. New ones get the reqids that the
// kernel's policies have, if a predecessor of ours left some: then they need no change.
func (d drawer) pair(e *entry, r *acl.Rule, s selection.Selection) (out, in *flow, err error) {
	if e.in == nil {
		back := flowKey{policy: e.policy.ID, inbound: true}
		if e.in, err = d.flows.of(back, d.left(e.key(kernel.In, s.Mirror()))); err != nil {
			return nil, nil, err
		}
		e.flows = append(e.flows, e.in)
	}
	there := flowKey{policy: e.policy.ID, rule: r.ID}
	if e.policy.Manual {
		there.rule = 0
	}
	if out, err = d.flows.of(there, d.left(e.key(kernel.Out, s))); err != nil {
		return nil, nil, err
	}
	if e.flows[len(e.flows)-1] != out {
		e.flows = append(e.flows, out)
	}
	return out, e.in, nil
}

// left returns the reqid that the kernel's policy at a place asks for, or 0.
func (d drawer) left(k placeKey) uint32 {
	if at := d.table.places[k.direction][k]; at != nil && at.have.n > 0 {
		return at.have.templates[0].reqID
	}
	return 0
}

// claim claims the three places of what leaves as s.
func (e *entry) claim(t *table, s selection.Selection, out, in *flow, block bool) {
	for d, c := range [directions]claim{kernel.In: {flow: in}, kernel.Out: {flow: out}, kernel.Forward: {flow: in}} {
		there := s
		if d != int(kernel.Out) {
			there = s.Mirror()
		}
		c.place, c.block, c.of = t.place(e.key(kernel.Direction(d), there)), block, e
		e.claims[d] = append(e.claims[d], c)
	}
}

// key returns the key of a place that the policy claims.
func (e *entry) key(d kernel.Direction, s selection.Selection) placeKey {
	k := keyFrom(d, s)
	k.ifID = e.ifID
	if d == kernel.Out && e.ifID == 0 {
		k.device = int32(e.device)
	}
	return k
}

// fragmentsOf returns what the later fragments of selections look like to the kernel,
// each once: they have port 0.
func fragmentsOf(all []selection.Selection) (fragments []selection.Selection) {
	seen := make(map[selection.Selection]bool)
	for _, s := range all {
		s.FromPort, s.ToPort = selection.PortBits{Mask: math.MaxUint16}, selection.PortBits{Mask: math.MaxUint16}
		if !seen[s] {
			seen[s] = true
			fragments = append(fragments, s)
		}
	}
	return fragments
}

// bind has the entry's claims meet the places of the table as it is now.
func (e *entry) bind(t *table) {
	for d := range e.claims {
		for i := range e.claims[d] {
			c := &e.claims[d][i]
			c.place = t.place(c.place.placeKey)
		}
	}
	for i := range e.first {
		e.first[i].place = t.place(e.first[i].place.placeKey)
	}
}

// placesOf returns the places that a flow of the entry has.
func (e *entry) placesOf(f *flow) (places []*place) {
	for d := range e.claims {
		for i := range e.claims[d] {
			if c := &e.claims[d][i]; c.flow == f && c.place.claim == c {
				places = append(places, c.place)
			}
		}
	}
	return places
}
