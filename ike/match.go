package ike

import (
	"fmt"
	"slices"

	"sallyport/acl"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// A match is what the traffic of a peer's proposal is to us.
type match struct {
	policy  *Policy
	rule    uint32
	partial bool // the traffic is not the rule's own: there is to be an instance
}

// match finds the permit rule that a peer's proposal is about: the mirror of ours, or part of
// it, as VRP has it. Of a template any rule will do, and if it has none, any traffic.
func (e *Engine) match(s *sa, traffic ipsec.Selector) (match, error) {
	if err := s.clientSelector(traffic); err != nil {
		return match{}, err
	}
	var part match
	var ours []string
	for _, p := range e.policiesOf(s.peer) {
		rule, found := p.find(traffic)
		switch {
		case found && rule.own && !p.Template && p.Remote == s.remote.Addr():
			return match{policy: p, rule: rule.id}, nil
		case found && part.policy == nil:
			part = match{policy: p, rule: rule.id, partial: true}
		}
		ours = append(ours, p.rules()...)
	}
	if part.policy != nil {
		return part, nil
	}
	return match{}, rejectWith(FlowMismatch, wire.InvalidIDInformation,
		"peer proposes %v (seen from here), no rule is its mirror: %v", traffic, ours)
}

// A foundRule is a permit rule that covers some traffic.
type foundRule struct {
	id  uint32
	own bool // it is just that traffic
}

// find returns the permit rule for some traffic. A rule that denies part of it keeps later
// ones from it.
func (p *Policy) find(traffic ipsec.Selector) (foundRule, bool) {
	if p.Template && p.open() {
		return foundRule{}, true
	}
	var part foundRule
	denied, found := false, false
	for _, r := range p.ACL.Rules {
		s, ok := ipsec.SelectorOf(r)
		switch {
		case r.Action == acl.Permit && ok && s == traffic:
			return foundRule{r.ID, true}, true
		case r.Action == acl.Deny:
			denied = denied || !ok || s.Overlaps(traffic)
		case ok && !denied && !found && s.Covers(traffic) && exact(r):
			part, found = foundRule{id: r.ID}, true
		}
	}
	return part, found
}

// open reports whether a template leaves the traffic to the peers.
func (p *Policy) open() bool { return len(p.ACL.Rules) == 0 }

// exact reports whether a selector says all that a rule does: port conditions other than eq
// are none that an identity can say.
func exact(r acl.Rule) bool {
	sayable := func(p acl.Ports) bool { return p.Op == acl.AnyPort || p.Op == acl.Eq }
	return sayable(r.SourcePort) && sayable(r.DestinationPort)
}

// serves reports whether a policy is for some traffic.
func (p *Policy) serves(traffic ipsec.Selector) bool {
	_, found := p.find(traffic)
	return found
}

// rules lists what a policy permits, for an operator.
func (p *Policy) rules() (all []string) {
	if p.Template && p.open() {
		return []string{fmt.Sprintf("policy template %s: anything", p.ID.Name)}
	}
	for _, r := range p.ACL.Rules {
		if s, ok := ipsec.SelectorOf(r); ok && r.Action == acl.Permit {
			all = append(all, fmt.Sprintf("acl %v rule %d: %v", p.ACL, r.ID, s))
		}
	}
	return all
}

// hold returns the flow of a match, and the policy that it is under: an instance's, where
// there has to be one.
func (e *Engine) hold(s *sa, m match, traffic ipsec.Selector, mode ipsec.Mode) (flowKey, *Policy, error) {
	if !m.partial {
		return flowKey{m.policy.ID, m.rule}, m.policy, nil
	}
	if mode == ipsec.Tunnel { // of transport mode the dataplane knows more
		if err := e.contend(s.party, traffic); err != nil {
			return flowKey{}, nil, err
		}
	}
	i, err := e.instance(m.policy, s.party, s.remote.Addr(), traffic)
	if err != nil {
		return flowKey{}, nil, err
	}
	return flowKey{i.policy.ID, instanceRule}, i.policy, nil
}

// contend refuses a party of many some traffic of which another one has a part: packets could
// go to one of them only. If the configuration says so, the newer one has it.
func (e *Engine) contend(with party, traffic ipsec.Selector) error {
	if with.who == "" { // the configuration says what it has
		return nil
	}
	others := e.held.others(traffic, with)
	if len(others) > 0 && !e.config.TrafficIdentical {
		o := others[0].key
		return rejectWith(FlowConflict, wire.InvalidIDInformation,
			"peer proposes %v (seen from here), %v is the traffic of %v already; with `ipsec remote traffic-identical accept` the newer one has it", traffic, o.traffic, o.with)
	}
	for _, o := range others {
		e.evict(o)
	}
	return nil
}

// evict ends the pairs of an instance whose traffic another party has now.
func (e *Engine) evict(i *instance) {
	f := e.flow(flowKey{i.policy.ID, instanceRule})
	for _, c := range slices.Clone(f.children) {
		c.end("flow taken over by another peer")
	}
	for f.active != nil && f.active.child == nil {
		f.active.abort()
	}
	e.idle(f)
}

// String names the party for an operator.
func (p party) String() string {
	if p.who == "" {
		return "ike peer " + p.peer
	}
	return p.who + " (ike peer " + p.peer + ")"
}
