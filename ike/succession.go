package ike

import "slices"

// Which of several ISAKMP SAs with a peer is used, and what becomes of the others. IKEv1 has
// no word for it: RFC 2409 leaves it to the two ends.

// contactedFirst takes an INITIAL-CONTACT that comes in a message of its own: besides the other
// ISAKMP SAs, the pairs go that are older than s, which has taken them over.
func (s *sa) contactedFirst() {
	s.removeOthers(s.engine.now)
	for _, c := range slices.Clone(s.engine.pairs[s.party]) {
		if c.created.Before(s.created) && s.ownsPair(c) {
			c.remove("peer restarted")
		}
	}
}

// spent reports whether no quick mode of ours begins under s any more, so that the next one
// needs a successor: Windows' limit of session keys, of which master key PFS is the lowest.
func (s *sa) spent() bool {
	limit := s.peer.QuickModes
	if s.peer.MasterKeyPFS {
		limit = 1
	}
	return s.exhausted || limit != 0 && s.quickOrder >= limit
}

// unanswered goes on after a quick mode of ours that the peer has not answered. It may have lost
// the ISAKMP SA: the quick mode is tried again under a new one, unless s was made for it.
func (s *sa) unanswered(q *quickMode) {
	e, f := s.engine, s.engine.flow(q.flow.key)
	again := q.began.After(s.created)
	if s.heard.Before(q.began) {
		s.end("no answer")
	} else if again {
		s.exhausted = true
	}
	if again {
		e.schedule.clear(&f.retry)
		e.want(f)
	}
	e.idle(f)
}

// takeOver makes s the successor of the older SAs with the same peer. Of two that
// crossed both ends keep the one with the lower cookie.
func (s *sa) takeOver() {
	e := s.engine
	for _, old := range slices.Clone(e.byParty[s.party]) {
		switch {
		case old == s || !old.established:
		case !s.owns(old.remote):
			old.question()
		case old.crossed(s) && slices.Compare(old.cookieI[:], s.cookieI[:]) < 0:
			old.replace(s)
			s.retire() // the peer, if it does not see the crossing, goes back to old then
		default:
			s.replace(old)
		}
	}
	s.heir().adopt(e.orphans(s.party))
}

// crossed reports whether s and a newer SA, begun by the other end, were
// negotiated at the same time.
func (s *sa) crossed(newer *sa) bool {
	return !s.replaced && s.initiator != newer.initiator && s.created.After(newer.phase1.began)
}

// replace makes s the owner of what another SA owns. That one does not begin
// anything any more; whoever began s deletes it soon.
func (s *sa) replace(other *sa) {
	e := s.engine
	s.adopt(other.children)
	other.children = slices.DeleteFunc(other.children, func(c *child) bool { return c.sa != other })
	if other.replaced {
		if s.initiator && other.hard.at.After(e.now.Add(oldInboundStays)) { // two rekeys have crossed, and ours is the one that counts
			other.retire()
		}
		return
	}
	other.replaced = true
	other.changed()
	e.schedule.clear(&other.soft)
	e.schedule.clear(&other.keepAlive)
	other.watch()
	if s.initiator {
		other.retire()
	}
}

// retire deletes a replaced SA soon, but not while an exchange under it may still
// need an answer.
func (s *sa) retire() {
	e := s.engine
	s.changed()
	e.schedule.set(&s.hard, e.now.Add(oldInboundStays), func() {
		if len(s.quick) > 0 && e.now.Sub(s.created) < s.lifetime {
			s.retire()
			return
		}
		s.end("rekeyed")
	})
}

// heir returns the SA that owns what is made under s: s, or what has replaced it.
func (s *sa) heir() *sa {
	if !s.replaced {
		return s
	}
	for _, o := range slices.Backward(s.engine.byParty[s.party]) {
		if o.current() && o.owns(s.remote) {
			return o
		}
	}
	return s
}

// adopt makes s the SA under which children are rekeyed and deleted, those of the same box.
func (s *sa) adopt(children []*child) {
	for _, c := range children {
		if s.owns(c.remote) {
			c.sa = s
			s.children = append(s.children, c)
		}
	}
}

// revive makes the newest SA with a peer the current one again if its successor has gone and
// there is no other: the peer has deleted what it does not use. Pairs go to who is there.
func (e *Engine) revive(with party) {
	if e.current(with) != nil {
		for _, s := range e.byParty[with] {
			if s.current() {
				s.adopt(e.orphans(with))
			}
		}
		return
	}
	for _, s := range slices.Backward(e.byParty[with]) {
		if s.established {
			s.replaced = false
			s.changed()
			e.schedule.set(&s.soft, s.created.Add(softLifetime(s.lifetime, s.initiator, e.draw())), s.rekey)
			if s.nat.here {
				s.keepAliveLater()
			}
			s.adopt(e.orphans(with))
			s.watch()
			return
		}
	}
}
