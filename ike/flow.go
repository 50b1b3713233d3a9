package ike

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"sallyport/acl"
	"sallyport/ipsec"
)

// A flowKey names a flow: a permit rule of a policy's ACL. One flow has one pair
// of SAs, besides those that a rekey leaves behind.
type flowKey struct {
	policy ipsec.PolicyID
	rule   uint32
}

// String names the flow for sorting and for errors.
func (k flowKey) String() string { return fmt.Sprintf("%v rule %d", k.policy, k.rule) }

// A flow is the traffic of one permit rule.
type flow struct {
	key      flowKey
	children []*child   // oldest first; the last one carries the traffic
	active   *quickMode // a negotiation under way that ours would repeat
	waiting  bool       // for phase 1
	retry    deadline   // set after a failure: until then traffic starts nothing
}

// flow returns the flow of that name, new if need be.
func (e *Engine) flow(k flowKey) *flow {
	f := e.flows[k]
	if f == nil {
		f = &flow{key: k}
		e.flows[k] = f
	}
	return f
}

// flowsSorted returns all flows in an order that depends on their names only.
func (e *Engine) flowsSorted() []*flow {
	return slices.SortedFunc(maps.Values(e.flows), func(a, b *flow) int {
		return cmp.Or(a.key.policy.Compare(b.key.policy), cmp.Compare(a.key.rule, b.key.rule))
	})
}

// idle forgets a flow that has nothing to remember.
func (e *Engine) idle(f *flow) {
	if len(f.children) == 0 && f.active == nil && !f.waiting && f.retry.place == 0 {
		delete(e.flows, f.key)
		e.dropInstance(f.key.policy)
	}
}

// selector returns the traffic of a flow by the present configuration.
func (e *Engine) selector(k flowKey) (ipsec.Selector, error) {
	p := e.policies[k.policy]
	if p == nil {
		return ipsec.Selector{}, reject(FlowMismatch, "%v is not applied any more", k.policy)
	}
	rule, ok := p.ACL.Rule(k.rule)
	if !ok || rule.Action != acl.Permit {
		return ipsec.Selector{}, reject(FlowMismatch, "acl %v has no permit rule %d", p.ACL, k.rule)
	}
	s, ok := ipsec.SelectorOf(rule)
	if !ok {
		return ipsec.Selector{}, reject(FlowMismatch, "rule %d of acl %v has a wildcard that is no prefix: IKE cannot say it", k.rule, p.ACL)
	}
	return s, nil
}

// acquire starts a negotiation for a packet that matched a policy.
func (e *Engine) acquire(in Acquire) {
	if e.policies[in.Policy] == nil {
		return
	}
	f := e.flow(flowKey{in.Policy, in.Rule})
	if f.current() == nil && f.retry.place == 0 {
		e.want(f)
	}
	e.idle(f)
}

// want starts a quick mode for a flow, after a phase 1 if there is none.
func (e *Engine) want(f *flow) {
	p := e.policies[f.key.policy]
	if p == nil || f.active != nil || f.waiting {
		return
	}
	s := e.under(f, p)
	if s != nil && !s.spent() && !s.settling() {
		s.startQuickMode(f)
		return
	}
	if s == nil && (p.Respond || !p.Peer.single()) { // it is the peer who begins
		return
	}
	if s == nil && e.nowhere(p) && e.negotiating(p.party()) == nil {
		e.notResolved(f, p)
		return
	}
	if err := e.admits(p.party(), true); err != nil {
		e.notAdmitted(f, p, err)
		return
	}
	f.waiting = true
	e.waiting[p.party()] = append(e.waiting[p.party()], f)
	switch {
	case s != nil && s.settling():
	case s != nil:
		s.rekey()
	case e.negotiating(p.party()) == nil:
		e.startPhase1(p.Peer, p.party(), p.Local)
	}
}

// under returns the ISAKMP SA that a flow's next quick mode goes under: that of its pair, for its
// party may be several boxes, or any that there is; or nil.
func (e *Engine) under(f *flow, p *Policy) *sa {
	if c := f.current(); c != nil && c.sa != nil && c.sa.current() {
		return c.sa
	}
	return e.current(p.party())
}

// released returns the flows that waited for phase 1 with a peer, in the order
// they came, and ends their waiting.
func (e *Engine) released(with party) []*flow {
	flows := e.waiting[with]
	delete(e.waiting, with)
	for _, f := range flows {
		f.waiting = false
	}
	return flows
}

// releaseFailed gives up the flows that waited for a phase 1 which has failed.
func (e *Engine) releaseFailed(with party) {
	for _, f := range e.released(with) {
		e.failedFlow(f)
	}
}

// current returns the pair that carries the flow's traffic, or nil.
func (f *flow) current() *child {
	for _, c := range slices.Backward(f.children) {
		if !c.replaced {
			return c
		}
	}
	return nil
}

// failedFlow keeps traffic from starting a failed negotiation again at once, and
// tries again by itself where the configuration or a fading SA asks for it.
func (e *Engine) failedFlow(f *flow) {
	p := e.policies[f.key.policy]
	again := p != nil && (p.Auto || len(f.children) > 0)
	wait := failureBackoff
	if again {
		wait = autoRetry
	}
	e.schedule.set(&f.retry, e.now.Add(wait), func() {
		if c := f.current(); again && (c == nil || c.fading) { // traffic or the peer may have been faster
			e.want(f)
		}
		e.idle(f)
	})
}

// startAuto brings up the flows of `sa trigger-mode auto` that have no SA.
func (e *Engine) startAuto() {
	for _, p := range e.config.Policies {
		if !p.Auto {
			continue
		}
		for _, r := range p.ACL.Rules {
			if r.Action != acl.Permit {
				continue
			}
			f := e.flow(flowKey{p.ID, r.ID})
			if f.current() == nil && f.retry.place == 0 {
				e.want(f)
			}
			e.idle(f)
		}
	}
}
