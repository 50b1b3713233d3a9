package ike

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sallyport/ipsec"
)

// Fall back to clear: a policy that has it lets its traffic go in clear for as long as its peer
// answers nothing at all. A peer that refuses us, or cannot prove who it is, is there.
// While a policy is open its packets ask for no SA, so we try by ourselves.

// fallbackRetry is how long an open policy waits for another try if nothing is configured.
const fallbackRetry = 5 * time.Minute

// An OpenPolicy says whether a policy's packets may go in clear for want of SAs.
type OpenPolicy struct {
	ID   ipsec.PolicyID
	Open bool
}

// A FellBack says that a policy's traffic goes in clear from now on, or no longer does.
type FellBack struct {
	Policy ipsec.PolicyID
	Peer   string // name of the ike peer
	Remote netip.Addr
	Clear  bool          // it does
	Retry  time.Duration // between our tries to negotiate, if it does
}

func (OpenPolicy) output() {}
func (FellBack) output()   {}
func (FellBack) event()    {}

// A clearing is a policy that is open.
type clearing struct {
	since  time.Time
	peer   string
	remote netip.Addr
	flows  []flowKey // that wanted SAs
	retry  deadline
}

// A Fallback is a policy that is open, for displays.
type Fallback struct {
	Policy ipsec.PolicyID
	Peer   string
	Since  time.Time
	Retry  time.Time // of the next try to negotiate; zero: one is under way
}

// Fallbacks returns the policies that are open, in the order of their names.
func (e *Engine) Fallbacks() []Fallback {
	var all []Fallback
	for _, id := range e.openPolicies() {
		o := e.open[id]
		all = append(all, Fallback{id, o.peer, o.since, o.retry.due()})
	}
	return all
}

// openPolicies returns the names of those that are open, in order.
func (e *Engine) openPolicies() []ipsec.PolicyID {
	return slices.SortedFunc(maps.Keys(e.open), func(a, b ipsec.PolicyID) int { return strings.Compare(a.String(), b.String()) })
}

// silent reports whether nothing that may be the peer has answered the negotiation.
func (x *handshake) silent() bool { return x.sa.initiator && !x.spoken && x.hint == "" }

// fallBack opens the policies of flows that waited for a negotiation which nobody has
// answered, unless another address of the peer's is tried now.
func (e *Engine) fallBack(s *sa, flows []*flow) {
	if e.negotiating(s.party) != nil {
		return
	}
	for _, f := range flows {
		if p := e.policies[f.key.policy]; p != nil && p.Clear.Enabled {
			e.openPolicy(p, f, s.remote.Addr())
		}
	}
}

// openPolicy lets the traffic of a policy go in clear, and tries again to negotiate for a flow of
// it after a while.
func (e *Engine) openPolicy(p *Policy, f *flow, remote netip.Addr) {
	wait := p.Clear.Retry
	if wait == 0 {
		wait = fallbackRetry
	}
	o := e.open[p.ID]
	if o == nil {
		o = &clearing{since: e.now, peer: p.Peer.Name, remote: remote}
		e.open[p.ID] = o
		e.emit(OpenPolicy{p.ID, true}, FellBack{p.ID, o.peer, remote, true, wait})
	}
	if !slices.Contains(o.flows, f.key) {
		o.flows = append(o.flows, f.key)
	}
	e.schedule.clear(&f.retry)
	e.schedule.set(&o.retry, e.now.Add(wait), func() { e.tryAgain(o) })
	e.idle(f)
}

// tryAgain begins to negotiate for the flows of an open policy.
func (e *Engine) tryAgain(o *clearing) {
	for _, k := range o.flows {
		f := e.flow(k)
		if f.current() == nil {
			e.want(f)
		}
		e.idle(f)
	}
}

// closeFallback ends the clear traffic with a party, which has just proved who it is.
func (e *Engine) closeFallback(with party) {
	for _, id := range e.openPolicies() {
		if p := e.policies[id]; p != nil && p.party() == with {
			e.closePolicy(id)
		}
	}
}

// closePolicy ends the clear traffic of a policy.
func (e *Engine) closePolicy(id ipsec.PolicyID) {
	o := e.open[id]
	e.schedule.clear(&o.retry)
	delete(e.open, id)
	if e.policies[id] != nil {
		e.emit(OpenPolicy{id, false})
	}
	e.emit(FellBack{Policy: id, Peer: o.peer, Remote: o.remote})
}

// reviewFallbacks closes the policies that the configuration does not want open any more.
func (e *Engine) reviewFallbacks() {
	for _, id := range e.openPolicies() {
		if p := e.policies[id]; p == nil || !p.Clear.Enabled || p.Peer.Name != e.open[id].peer {
			e.closePolicy(id)
		}
	}
}

// resetFallbacks tries again to negotiate for open policies, as the operator wants it, or
// closes all at the end.
func (e *Engine) resetFallbacks(quiet bool) {
	for _, id := range e.openPolicies() {
		if quiet {
			e.closePolicy(id)
			continue
		}
		e.tryAgain(e.open[id])
	}
}
