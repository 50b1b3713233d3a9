package ike

import (
	"net/netip"
	"slices"
	"time"

	"sallyport/ipsec"
)

// An Offline is a peer of which an SA has gone without a successor, for `display
// ike offline-info`. What one cause ended at once is one Offline.
type Offline struct {
	Time   time.Time
	Remote netip.AddrPort
	Peer   string // name of the ike peer
	Reason string // VRP's words: "peer request", "phase1 hard expiry" …
}

// A History is what is remembered of an IPsec tunnel that went down, for `display
// ipsec history record`.
type History struct {
	Policy   ipsec.PolicyID
	Remote   netip.AddrPort
	Selector ipsec.Selector
	Reason   string    // of the last time
	Time     time.Time // the last one
	Times    int       // how often in the 24 hours before it was asked for; 100 stands for more, too
}

// A Clear is the operator's `reset ike error-info`, `reset ike offline-info` or
// `reset ike statistics`: what is to be forgotten.
type Clear struct {
	Failures bool
	Offlines bool
	Refusals bool // counted since the last Clear of them, from now on; and with them the Counts
}

func (Clear) input() {}

// historyDay is how far back a History counts.
const historyDay = 24 * time.Hour

// tunnelHistory is a History as it is kept.
type tunnelHistory struct {
	flow  flowKey
	last  History
	times []time.Time // oldest first, the last maxTimes
}

// wentOffline records that an SA with a peer has gone.
func (e *Engine) wentOffline(o Offline) {
	o.Time = e.now
	if n := len(e.offlines); n > 0 {
		last := e.offlines[n-1]
		if last.Time.Equal(o.Time) && last.Remote == o.Remote && last.Reason == o.Reason {
			return
		}
	}
	if len(e.offlines) == maxOfflines {
		e.offlines = e.offlines[1:]
	}
	e.offlines = append(e.offlines, o)
}

// offline records the end of an ISAKMP SA, unless another has taken over.
func (s *sa) offline(reason string) {
	if s.established && !s.replaced {
		s.engine.wentOffline(Offline{Remote: s.remote, Peer: s.peer.Name, Reason: reason})
	}
}

// offline records the end of a pair, unless another has taken over.
func (c *child) offline(reason string) {
	if !c.up || c.replaced {
		return
	}
	e := c.engine
	e.wentOffline(Offline{Remote: c.remote, Peer: c.peer.Name, Reason: reason})
	h := e.tunnelHistory(c.flow.key)
	h.last = History{Policy: c.flow.key.policy, Remote: c.remote, Selector: c.in.Selector, Reason: reason, Time: e.now}
	if len(h.times) == maxTimes {
		h.times = slices.Delete(h.times, 0, 1)
	}
	h.times = append(h.times, e.now)
}

// tunnelHistory returns the record of a flow, which becomes the newest; a new one
// pushes out the oldest.
func (e *Engine) tunnelHistory(k flowKey) *tunnelHistory {
	at := slices.IndexFunc(e.history, func(h *tunnelHistory) bool { return h.flow == k })
	h := &tunnelHistory{flow: k}
	switch {
	case at >= 0:
		h = e.history[at]
		e.history = slices.Delete(e.history, at, at+1)
	case len(e.history) == maxHistories:
		e.history = slices.Delete(e.history, 0, 1)
	}
	e.history = append(e.history, h)
	return h
}

// Offlines returns the peers that went offline lately, newest first.
func (e *Engine) Offlines() []Offline {
	all := slices.Clone(e.offlines)
	slices.Reverse(all)
	return all
}

// History returns the tunnels that went down lately, newest first. now is the
// time of the question.
func (e *Engine) History(now time.Time) []History {
	all := make([]History, 0, len(e.history))
	for _, h := range slices.Backward(e.history) {
		last := h.last
		for _, t := range h.times {
			if now.Sub(t) < historyDay {
				last.Times++
			}
		}
		all = append(all, last)
	}
	return all
}

// clear forgets what an operator does not want to see any more.
func (e *Engine) clear(in Clear) {
	if in.Failures {
		e.failures = nil
	}
	if in.Offlines {
		e.offlines = nil
	}
	if in.Refusals {
		e.refused, e.odd, e.tally = [categories]uint64{}, oddities{}, tally{}
	}
}
