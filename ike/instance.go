package ike

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"sallyport/acl"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// A policy says beforehand what traffic is protected, and with whom. Where it cannot, an
// instance of it is made when somebody negotiates: for a party of a template, for traffic that is
// only part of a rule's, for an address that the peer has now. An instance is a policy like
// the others, with one rule, and lives as long as its flow.

// An instance is a policy that came of another.
type instance struct {
	policy  *Policy
	key     instanceKey
	stated  *ipsec.Policy // what the dataplane has; nil: nothing yet
	address netip.Addr    // of the party
}

// An instanceKey tells instances of a policy apart.
type instanceKey struct {
	of      ipsec.PolicyID
	with    party
	traffic ipsec.Selector
}

// instanceRule is the number of an instance's only rule.
const instanceRule = 5

// An AddPolicy tells the dataplane of an instance. One that it has is replaced.
type AddPolicy struct{ Policy *ipsec.Policy }

// A RemovePolicy takes an instance out of the dataplane.
type RemovePolicy struct{ ID ipsec.PolicyID }

func (AddPolicy) output()    {}
func (RemovePolicy) output() {}

// instance returns what a policy is for a party that is at an address, and for some
// traffic, new if need be.
func (e *Engine) instance(of *Policy, with party, at netip.Addr, traffic ipsec.Selector) (*instance, error) {
	key := instanceKey{of.ID, with, traffic}
	if i := e.instances[key]; i != nil {
		if i.address != at {
			i.address = at
			e.derive(i, of)
		}
		return i, nil
	}
	if _, ok := traffic.Rule(instanceRule); !ok {
		return nil, rejectWith(FlowMismatch, wire.InvalidIDInformation, "peer proposes %v (seen from here): %s", traffic, unsayable(traffic))
	}
	e.lastInstance++
	i := &instance{key: key, address: at}
	i.policy = &Policy{Policy: ipsec.Policy{ID: of.ID}}
	i.policy.ID.Instance = e.lastInstance
	e.derive(i, of)
	e.instances[key] = i
	e.held.add(i)
	return i, nil
}

// unsayable returns why no rule can permit just some traffic.
func unsayable(traffic ipsec.Selector) string {
	r := traffic.Local
	if p, ok := r.Prefix(); ok && p.Addr().Is4() {
		r = traffic.Remote
	}
	if !r.First.Is4() {
		return r.String() + " is not IPv4, and nothing else is protected here"
	}
	return r.String() + " is a range that is no subnet, and an SA is for one subnet or address on each side; have the peer propose subnets"
}

// derive makes the instance's policy of the one that it comes from.
func (e *Engine) derive(i *instance, of *Policy) {
	id := i.policy.ID
	rule, _ := i.key.traffic.Rule(instanceRule)
	p := *of
	p.ID, p.Remote, p.who = id, i.address, i.key.with.who
	p.ACL = &acl.ACL{Step: instanceRule, Rules: []acl.Rule{rule}}
	p.Template = false
	i.policy = &p
	e.policies[id] = i.policy
}

// instanceOf returns the instance of a policy's name, or nil.
func (e *Engine) instanceOf(id ipsec.PolicyID) *instance {
	p := e.policies[id]
	if id.Instance == 0 || p == nil {
		return nil
	}
	traffic, _ := ipsec.SelectorOf(p.ACL.Rules[0])
	return e.instances[instanceKey{id.Configured(), p.party(), traffic}]
}

// state has the dataplane hold the policy of a pair that is about to be installed.
func (e *Engine) state(id ipsec.PolicyID) {
	if i := e.instanceOf(id); i != nil && i.stated != &i.policy.Policy {
		i.stated = &i.policy.Policy
		e.emit(AddPolicy{i.stated})
	}
}

// dropInstance forgets the instance of a flow that is over.
func (e *Engine) dropInstance(id ipsec.PolicyID) {
	i := e.instanceOf(id)
	if i == nil {
		return
	}
	e.forgetInstance(i)
	if i.stated != nil {
		e.emit(RemovePolicy{id})
	}
}

// forgetInstance takes an instance out of the engine's maps.
func (e *Engine) forgetInstance(i *instance) {
	delete(e.instances, i.key)
	delete(e.policies, i.policy.ID)
	e.held.remove(i)
}

// rederive makes the instances of policies that changed anew. Those that the new one would not have
// made lose their policy, and with it their pairs; the names of those are returned.
func (e *Engine) rederive(changed []replacement) (gone []ipsec.PolicyID) {
	now := map[ipsec.PolicyID]*Policy{}
	for _, r := range changed {
		if r.old != nil {
			now[r.old.ID] = nil
		}
	}
	for _, r := range changed {
		if r.now != nil {
			now[r.now.ID] = r.now
		}
	}
	if len(e.instances) == 0 {
		return nil
	}
	for _, i := range e.instancesSorted() {
		key := i.key
		of, touched := now[key.of]
		switch {
		case !touched:
		case of != nil && of.Peer.Name == key.with.peer && of.serves(key.traffic):
			e.derive(i, of)
			if i.stated != nil {
				e.state(i.policy.ID)
			}
		default:
			e.forgetInstance(i)
			gone = append(gone, i.policy.ID)
		}
	}
	return gone
}

// instancesSorted returns all instances, oldest first.
func (e *Engine) instancesSorted() []*instance {
	return slices.SortedFunc(maps.Values(e.instances), func(a, b *instance) int {
		return cmp.Compare(a.policy.ID.Instance, b.policy.ID.Instance)
	})
}

// resumeInstance makes the instance anew that a saved pair is of.
func (e *Engine) resumeInstance(v *SavedPair, p *Peer) {
	id := v.In.Policy
	e.lastInstance = max(e.lastInstance, id.Instance)
	of := e.policies[id.Configured()]
	if id.Instance == 0 || e.policies[id] != nil || of == nil || of.Peer != p || !of.serves(v.In.Selector) {
		return
	}
	i := &instance{key: instanceKey{of.ID, party{p.Name, v.Who}, v.In.Selector}, address: v.In.Remote}
	i.policy = &Policy{Policy: ipsec.Policy{ID: id}}
	e.derive(i, of)
	e.instances[i.key] = i
	e.held.add(i)
	e.state(id)
}
