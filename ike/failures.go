package ike

import (
	"net/netip"
	"slices"
)

// What `display ike error-info` has of negotiations that failed: maxFailures, of which those that
// somebody else may have made up have a share only, so that they do not push out the others.
// No address has all of them.

// A failure is a Failure and how far it is to be believed.
type failure struct {
	Failure
	doubt doubt
}

// A doubt is about whether a failure is of whom it seems to be of.
type doubt uint8

const (
	genuine   doubt = iota // of ours, or of somebody that has proved who it is or has our cookie at its configured address
	forgeable              // of a configured address, from where our cookie has not come back
	strange                // of another address
)

// doubtOf returns how far something that comes from an address is to be believed. s is the
// ISAKMP SA whose cookies it has shown, nil if it has shown none of ours.
func (e *Engine) doubtOf(s *sa, from netip.Addr) doubt {
	switch {
	case s != nil && (s.proved || s.initiator):
		return genuine
	case e.directory.single[from] == nil:
		return strange
	case s == nil:
		return forgeable
	}
	return genuine
}

// fail records a failure that nobody else can have made up.
func (e *Engine) fail(f Failure) { e.record(failure{f, genuine}) }

// fail records a failure of a peer that has shown the cookies of s.
func (s *sa) fail(c Category, reason string) {
	f := Failure{Remote: s.remote, Peer: s.peer.Name, Category: c.String(), Reason: reason}
	s.engine.record(failure{f, s.engine.doubtOf(s, s.remote.Addr())})
}

// record enters a failure. One that repeats another only renews its time, so that a peer which
// tries for ever does not push out the others.
func (e *Engine) record(f failure) {
	f.Time, f.Reason = e.now, f.Reason+e.hiddenNAT(f.Failure)
	if i := slices.IndexFunc(e.failures, f.repeats); i >= 0 {
		f.doubt = min(f.doubt, e.failures[i].doubt)
		e.failures = slices.Delete(e.failures, i, i+1)
	}
	e.makeRoom(f)
	e.failures = append(e.failures, f)
	e.emit(NegotiationFailed{f.Failure})
}

// repeats reports whether two failures differ by nothing but their times.
func (f failure) repeats(o failure) bool {
	return o.Remote.Addr() == f.Remote.Addr() && o.Category == f.Category && o.Reason == f.Reason
}

// makeRoom forgets what is too much when a failure is entered.
func (e *Engine) makeRoom(f failure) {
	alike := func(o failure) bool { return o.doubt == f.doubt }
	ofOne := func(o failure) bool { return alike(o) && o.Remote.Addr() == f.Remote.Addr() }
	switch f.doubt {
	case genuine:
		e.keepFailures(maxFailuresOfOne-1, ofOne)
	case forgeable:
		e.keepFailures(maxForgeableOfOne-1, ofOne)
		e.keepFailures(maxForgeableFailures-1, alike)
	case strange:
		e.keepFailures(maxStrangeFailures-1, alike)
	}
	e.keepFailures(maxFailures-1, func(failure) bool { return true })
}

// keepFailures forgets the oldest of some failures if there are more than most.
func (e *Engine) keepFailures(most int, of func(failure) bool) {
	n := 0
	for _, f := range e.failures {
		if of(f) {
			n++
		}
	}
	if n > most {
		i := slices.IndexFunc(e.failures, of)
		e.failures = slices.Delete(e.failures, i, i+1)
	}
}

// Failures returns the negotiations that failed lately, newest first.
func (e *Engine) Failures() []Failure {
	all := make([]Failure, 0, len(e.failures))
	for _, f := range slices.Backward(e.failures) {
		all = append(all, f.Failure)
	}
	return all
}
