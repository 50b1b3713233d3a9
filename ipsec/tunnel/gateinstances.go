package tunnel

import (
	"slices"

	"sallyport/ipsec"
	"sallyport/ipsec/selection"
)

// hasAll reports whether clauses are there already, by their selections.
func (g *gate) hasAll(clauses []selection.Clause) bool {
	return !slices.ContainsFunc(clauses, func(c selection.Clause) bool {
		at := g.places[c.Selection]
		return at == nil || at.takers == 0
	})
}

// A newcomer is what an instance says, and where.
type newcomer struct {
	of      ipsec.PolicyID
	own     []selection.Clause // of the policy that it is of; none of a template
	alone   bool               // that has no other instance
	first   []selection.Clause // of reports, which are there for others too
	clauses []selection.Clause
}

// insert adds an instance's clauses before its policy's, and before all that came there
// earlier. It is false, and nothing has changed, if one is there that is not to be, or
// there is no room.
func (g *gate) insert(i newcomer) (done bool, err error) {
	if at := g.shared(i); at != nil && at.takers == 1 {
		at.takers++
		g.count(i.first, 1)
		return true, nil
	}
	n, w := uint32(len(i.clauses)), g.window(i)
	if w == nil {
		return false, nil
	}
	if w.low-w.priority <= n {
		w.low, w.priority = 0, 0 // difference makes room again
		return false, nil
	}
	seen := make(map[selection.Selection]bool, n)
	for _, c := range i.clauses {
		if seen[c.Selection] || !g.places[c.Selection].fresh() {
			return false, nil
		}
		seen[c.Selection] = true
	}
	for k, c := range i.clauses {
		g.places[c.Selection] = &place{takers: 1}
		if err := g.add(installed{Clause: c, priority: w.low - n + uint32(k), index: g.free()}); err != nil {
			return false, err
		}
	}
	w.low -= n
	g.count(i.first, 1)
	return true, nil
}

// count takes note that more want clauses that are there, or fewer.
func (g *gate) count(clauses []selection.Clause, more int) {
	for _, c := range clauses {
		g.places[c.Selection].takers += more
	}
}

// window returns the mark behind which an instance comes. Before the first of a policy's it
// is made, nil if that takes a look at all clauses.
func (g *gate) window(i newcomer) *place {
	if w := g.windows[i.of]; w != nil || len(i.own) == 0 {
		return w
	}
	at := g.places[i.own[0].Selection]
	if at == nil || at.takers != 1 || at.index == 0 || at.Clause != i.own[0] ||
		at.floor < selection.FirstPriority || at.floor >= at.priority || at.priority-at.floor < 2 {
		return nil
	}
	w := &place{mark: true, low: at.priority}
	w.priority = at.floor + (at.priority-at.floor)/2
	if g.windows == nil {
		g.windows = make(map[ipsec.PolicyID]*place)
	}
	g.windows[i.of] = w
	return w
}

// shared returns the place that an instance's only clause has with the first of its
// policy's, nil if it has none.
func (g *gate) shared(i newcomer) *place {
	if !i.alone || len(i.own) == 0 || len(i.clauses) != 1 || i.clauses[0] != i.own[0] {
		return nil
	}
	if at := g.places[i.own[0].Selection]; at != nil && at.index != 0 && at.Clause == i.own[0] {
		return at
	}
	return nil
}

// withdraw is the way back of insert. It is false, and nothing has changed, if others want
// one of the clauses, or nobody else one of the first.
func (g *gate) withdraw(i newcomer) (done bool, err error) {
	if !slices.ContainsFunc(i.clauses, func(c selection.Clause) bool { return g.places[c.Selection] != nil }) {
		return true, nil // they went with their policy
	}
	for _, c := range i.first {
		if at := g.places[c.Selection]; at == nil || at.takers < 2 {
			return false, nil
		}
	}
	if at := g.shared(i); at != nil && at.takers == 2 {
		at.takers--
		g.count(i.first, -1)
		return true, nil
	}
	for _, c := range i.clauses {
		if at := g.places[c.Selection]; at == nil || at.takers != 1 || at.Clause != c {
			return false, nil
		}
	}
	for _, c := range i.clauses {
		if err := g.remove(g.places[c.Selection].installed); err != nil {
			return false, err
		}
	}
	g.count(i.first, -1)
	return true, nil
}
