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

// insert adds an instance's clauses behind the mark of its template, before all that came
// there earlier. The first are there, for others too. It is false, and nothing has
// changed, if one is there that is not to be, or there is no room.
func (g *gate) insert(template ipsec.PolicyID, first, clauses []selection.Clause) (done bool, err error) {
	n, w := uint32(len(clauses)), g.window(template)
	if w.low-w.priority <= n {
		w.priority = 0 // difference makes room again
		return false, nil
	}
	seen := make(map[selection.Selection]bool, n)
	for _, c := range clauses {
		if seen[c.Selection] || !g.places[c.Selection].fresh() {
			return false, nil
		}
		seen[c.Selection] = true
	}
	for i, c := range clauses {
		g.places[c.Selection] = &place{takers: 1}
		if err := g.add(installed{Clause: c, priority: w.low - n + uint32(i), index: g.free()}); err != nil {
			return false, err
		}
	}
	w.low -= n
	for _, c := range first {
		g.places[c.Selection].takers++
	}
	return true, nil
}

// withdraw is the way back of insert. It is false, and nothing has changed, if others want
// one of the clauses, or nobody else one of the first.
func (g *gate) withdraw(first, clauses []selection.Clause) (done bool, err error) {
	if !slices.ContainsFunc(clauses, func(c selection.Clause) bool { return g.places[c.Selection] != nil }) {
		return true, nil // they went with their template
	}
	for _, c := range clauses {
		if at := g.places[c.Selection]; at == nil || at.takers != 1 || at.Clause != c {
			return false, nil
		}
	}
	for _, c := range first {
		if at := g.places[c.Selection]; at == nil || at.takers < 2 {
			return false, nil
		}
	}
	for _, c := range clauses {
		if err := g.remove(g.places[c.Selection].installed); err != nil {
			return false, err
		}
	}
	for _, c := range first {
		g.places[c.Selection].takers--
	}
	return true, nil
}
