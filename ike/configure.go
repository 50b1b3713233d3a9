package ike

import (
	"cmp"
	"fmt"
	"slices"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// sasSorted returns all ISAKMP SAs, oldest first.
func (e *Engine) sasSorted() []*sa {
	all := make([]*sa, 0, len(e.sas))
	for _, s := range e.sas {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *sa) int { return cmp.Compare(a.order, b.order) })
	return all
}

// reset is the operator's wish, or the daemon's end.
func (e *Engine) reset(in Reset) {
	reason := "config modify or manual offline"
	if in.cuts() {
		reason = "aaa cut user"
	}
	for _, c := range e.childrenSorted() {
		if in.children(c) {
			c.end(reason)
		}
	}
	for _, s := range e.sasSorted() {
		if in.isakmp(s) {
			s.end(reason)
		}
	}
	e.rest(in)
	if !in.Quiet {
		e.startAuto()
	}
}

// rest ends all waiting for another try: at the end for good, else because the
// operator's word is a reason to try now. The rekeys of other pairs go on.
func (e *Engine) rest(in Reset) {
	e.resetFallbacks(in.Quiet)
	for _, f := range e.flowsSorted() {
		if in.Quiet || len(f.children) == 0 {
			e.schedule.clear(&f.retry)
			e.idle(f)
		}
	}
}

// cuts reports whether a reset is about a user or a client.
func (in Reset) cuts() bool { return in.User != "" || in.Client.IsValid() }

// cut reports whether it is about this one.
func (in Reset) cut(e *Engine, w *warrant, with party) bool {
	l := e.leases.of[with]
	return (in.User == "" || in.User == w.whose().user) &&
		(!in.Client.IsValid() || l != nil && l.since.IsZero() && in.Client == l.addr)
}

// isakmp reports whether an ISAKMP SA is meant.
func (in Reset) isakmp(s *sa) bool {
	return !in.ChildrenOnly && (in.ConnectionID == 0 || in.ConnectionID == s.id) &&
		(!in.Remote.IsValid() || in.Remote == s.remote.Addr()) && in.cut(s.engine, s.warrant, s.party)
}

// children reports whether a pair is meant, itself or with its ISAKMP SA.
func (in Reset) children(c *child) bool {
	byID := in.ConnectionID == 0 || in.ConnectionID == c.id || c.sa != nil && in.ConnectionID == c.sa.id && !in.ChildrenOnly
	id := c.flow.key.policy
	return byID && in.cut(c.engine, c.warrant, c.party) && (!in.Remote.IsValid() || in.Remote == c.remote.Addr()) &&
		(in.Policy == "" || in.Policy == id.Name) && (in.Sequence == 0 || in.Sequence == id.Sequence) &&
		(in.Interface == "" || in.Interface == id.Interface) &&
		(in.SA == ipsec.SAID{} || c.up && (named(c.in, in.SA) || named(c.out, in.SA)))
}

// failed undoes a pair that the dataplane did not take, or whose policy it did not.
func (e *Engine) failed(in Failed) {
	switch out := in.Output.(type) {
	case InstallSA:
		if c := e.find(out.SA.ID); c != nil {
			c.refused(out.SA, fmt.Sprintf("SA %v was not installed: %v", out.SA.ID, in.Err))
		}
	case MoveSA:
		e.notMoved(out)
	case Configured:
		e.unusable(out, in.Err)
	case AddPolicy:
		if c := e.unfinishedUnder(out.Policy.ID); c != nil {
			c.refused(c.in, fmt.Sprintf("policy %v was not installed: %v", out.Policy.ID, in.Err))
		}
	}
}

// unfinishedUnder returns the pair that is being negotiated under a policy, or nil.
func (e *Engine) unfinishedUnder(id ipsec.PolicyID) *child {
	p := e.policies[id]
	if p == nil {
		return nil
	}
	for _, c := range e.pairs[p.party()] {
		if c.flow.key.policy == id && !c.up && !c.gone {
			return c
		}
	}
	return nil
}

// refused ends a pair one SA of which the dataplane did not take.
func (c *child) refused(sa *ipsec.SA, reason string) {
	e := c.engine
	e.fail(Failure{Remote: c.remote, Peer: c.peer.Name, Category: DataplaneRefused.String(), Reason: reason})
	f, q := c.flow, c.negotiation
	for _, o := range f.children {
		if o.successor == c {
			o.stay()
		}
	}
	if q != nil && q.sa.established && !q.sa.gone {
		q.sa.inform(q.takeBack(sa)...)
	}
	c.remove("dataplane refused")
	if q != nil {
		q.forget()
		q.release()
	}
	e.failedFlow(f)
}

// takeBack returns what the peer is told of a pair that cannot be installed: as
// responder that nothing will come of its proposal, else that the half it has,
// or will have, is void.
func (q *quickMode) takeBack(refused *ipsec.SA) []wire.Payload {
	if !q.initiated() && refused.Direction == ipsec.Inbound {
		n := wire.NewNotify(wire.NoProposalChosen, q.sa.cookieI, q.sa.cookieR, nil)
		n.Protocol, n.SPI = q.agreed.spis.first()
		return []wire.Payload{n}
	}
	return q.spis.deletes()
}
