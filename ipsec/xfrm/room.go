package xfrm

import (
	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// An instance comes and goes without a look at all policies: its claims get priorities in the
// room behind a mark, which stands before its policy's own claims. What its policy, or an
// older instance, has in the kernel for the very same packets becomes the instance's, for the
// kernel has but one: its claim keeps a priority to come back to.

// mark makes room before a policy's claims in a direction, if there is some. It is false,
// and nothing has changed, if that takes a look at all policies.
func (e *entry) mark(d kernel.Direction) bool {
	if e.marks[d] != nil {
		return true
	}
	for i := range e.claims[d] {
		at := e.claims[d][i].place
		if at.claim != &e.claims[d][i] {
			continue // an earlier policy has it
		}
		next := at.have.priority
		if at.have.index == 0 || at.floor < selection.FirstPriority || at.floor >= next || next-at.floor < 2 {
			return false
		}
		e.marks[d] = &claim{place: &place{mark: true, room: true, have: held{priority: at.floor + (next-at.floor)/2}, low: next}}
		return true
	}
	return false
}

// remark gives an entry marks that are to get room by a look at all policies.
func (e *entry) remark() {
	for d := range e.marks {
		if e.marks[d] == nil {
			e.marks[d] = &claim{place: &place{mark: true, room: true, wide: e.policy.Template}}
		}
	}
}

// crowd is how many instances of a policy are so many that there is to be room for many more.
const crowd = 256

// widen has the next look at all policies make room behind the marks for many instances, if
// there are many.
func (e *entry) widen() {
	for _, m := range e.marks {
		if m == nil || !m.place.wide && len(e.instances) < crowd {
			continue
		}
		m.place.wide, m.place.low, m.place.have.priority = true, 0, 0
	}
}

// fits reports whether claims can get places behind the mark, before all that came there
// earlier: each has a fresh one, or one that an older relative of it has.
func (e *entry) fits(d kernel.Direction, claims []claim) bool {
	n, mark := uint32(len(claims)), e.marks[d].place
	if mark.low-mark.have.priority <= n {
		e.widen()
		return false
	}
	seen := make(map[*place]bool, n)
	for i := range claims {
		at := claims[i].place
		if seen[at] || !at.fresh() && (at.takers == 0 || at.have.index == 0 || !claims[i].akin(at.claim)) {
			return false
		}
		seen[at] = true
	}
	return true
}

// insert gives claims that fit their places behind a mark, and returns the policies to be
// put, those that are new without an index in their place.
func (t *table) insert(d kernel.Direction, mark *place, claims []claim) (puts []placed) {
	n := uint32(len(claims))
	for i := range claims {
		c := &claims[i]
		at := c.place
		open := false
		if !at.fresh() {
			at.claim.kept = &place{mark: true, have: held{priority: at.have.priority}}
			open = at.open || c.apart(at.claim)
		}
		at.claim, at.open, at.right = c, open, false
		at.takers++
		want := at.want(mark.low - n + uint32(i))
		if at.have.index == 0 {
			want.Index = t.free(d)
		}
		puts = append(puts, placed{at, want})
	}
	mark.low -= n
	return puts
}

// heirs returns the claims of other instances of a policy, and of it itself, to the place of
// a claim, in order, and false if somebody else has one too.
func (e *entry) heirs(d kernel.Direction, c *claim) (heirs []*claim, all bool) {
	if c.place.takers == 1 {
		return nil, c.place.claim == c
	}
	for i := len(e.instances); i >= 0; i-- {
		other := e
		if i > 0 {
			other = e.instances[i-1]
		}
		if other == c.of {
			continue
		}
		for k := range other.claims[d] {
			if h := &other.claims[d][k]; h.place == c.place {
				heirs = append(heirs, h)
			}
		}
	}
	all = len(heirs) == int(c.place.takers)-1 && (c.place.claim != c || heirs[0].kept != nil)
	return heirs, all
}

// bequeath gives a claim's place to its heirs, and returns the policy that is to be there.
func (c *claim) bequeath(heirs []*claim) placed {
	at, first, priority := c.place, heirs[0], c.place.have.priority
	if at.claim == c {
		priority = first.kept.have.priority
		at.claim, first.kept = first, nil
	}
	c.kept, at.open, at.right = nil, false, false
	for _, h := range heirs[1:] {
		at.open = at.open || h.apart(first)
	}
	at.takers--
	return placed{at, at.want(priority)}
}
