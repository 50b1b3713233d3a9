package tunnel

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// A gate has the kernel drop clear packets to this box itself that should have come
// protected. They never come here: the kernel looks into its local table before any
// rule of ours is asked. See the package's comment.
type gate struct {
	kernel xfrmPolicies
	port   uint32 // of the socket that changes are asked for on
	begin  uint64 // packets held back by when we opened
	last   atomic.Uint64
	look   func() // is called after each change: the kernel tells of it
	warn   func(string)
	warned map[selection.Selection]bool

	// What the kernel has of ours, as far as we know.
	places map[selection.Selection]*place
	strays []installed     // those that go: they share their selection with another, or are none of a gate's
	used   map[uint32]bool // indexes
	next   uint32          // all below it were used
	freed  []uint32        // those that were given back
	round  uint64          // of difference

	marks   []selection.Mark          // of the clauses that are wanted
	windows map[ipsec.PolicyID]*place // where instances come, by what they are of
}

// A place is a clause that the kernel has, or is to have.
type place struct {
	installed        // index 0: it is not there yet
	round     uint64 // in which it was wanted last
	takers    int    // clauses that want it
	mark      bool   // no clause: instances of a policy come behind it
	low       uint32 // of a mark: the priority that comes next
	floor     uint32 // the priority that came before, at the last look at all clauses
}

// fresh reports whether nobody wants the place, and the kernel has nothing there.
func (p *place) fresh() bool { return p == nil || p.takers == 0 && p.index == 0 }

// xfrmPolicies are the kernel's policies.
type xfrmPolicies interface {
	// list returns those that are ours, and what of ours is none of a gate's.
	list() (ours, others []installed, err error)
	// add adds one; EEXIST if somebody has a policy with this selection. With
	// replace it takes the place of one of ours.
	add(p installed, replace bool) error
	remove(p installed) error
	// blocked returns how many packets a policy of direction in has held back so far,
	// whoever made it, and false if the kernel does not count.
	blocked() (packets uint64, ok bool)
	Close() error
}

// An installed is a clause at its place in the kernel.
type installed struct {
	selection.Clause
	priority uint32
	index    uint32 // the kernel's name for it
	ifID     uint32 // of a tunnel interface that another dataplane of ours made it for
}

// openGate opens the gate in the calling thread's namespace.
func openGate(warn func(string)) (*gate, error) {
	xfrm, err := kernel.Open()
	if err != nil {
		return nil, err
	}
	if err := sweep(xfrm); err != nil {
		return nil, errors.Join(err, xfrm.Close())
	}
	g := &gate{kernel: gatePolicies{xfrm}, port: xfrm.Port(), look: func() {}, warn: warn, warned: make(map[selection.Selection]bool)}
	begin, ok := g.kernel.blocked()
	if !ok {
		warn("clear packets to this box that should be protected are dropped but not counted: the kernel lacks CONFIG_XFRM_STATISTICS")
	}
	g.begin = begin
	return g, nil
}

// apply makes the kernel have these clauses of ours, and no others. What others made
// stays, and what is there already is not touched. Of several clauses that select the
// same the first is taken.
func (g *gate) apply(want []selection.Clause) error {
	now, others, err := g.kernel.list()
	if err != nil {
		return describe(err, "list XFRM policies")
	}
	g.learn(now, others)
	return g.follow(want)
}

// learn takes note of what the kernel has of ours. What is none of a gate's goes.
func (g *gate) learn(now, others []installed) {
	g.places, g.strays = make(map[selection.Selection]*place, len(now)), slices.Clone(others)
	g.used, g.next, g.freed = make(map[uint32]bool, len(now)), kernel.FirstIndex, nil
	for _, p := range now {
		g.used[p.index] = true
		if g.places[p.Selection] != nil {
			g.strays = append(g.strays, p)
			continue
		}
		g.places[p.Selection] = &place{installed: p}
	}
}

// follow is apply without a look at what the kernel has: that is known. After an error
// it is not, and the next is to be apply.
func (g *gate) follow(want []selection.Clause) error {
	if len(want) > selection.MaxClauses {
		return fmt.Errorf("XFRM policies: %d are needed, the most is %d", len(want), selection.MaxClauses)
	}
	change := g.difference(want)
	for _, p := range change.replaced {
		if err := g.kernel.add(p, true); err != nil {
			return describe(err, "change XFRM policy %v", p.Selection)
		}
		g.look()
		g.places[p.Selection].installed = p
	}
	if err := each(change.added, g.add); err != nil {
		return err
	}
	g.strays = nil
	return each(change.gone, g.remove)
}

// remove removes what is not wanted any more.
func (g *gate) remove(p installed) error {
	if at := g.places[p.Selection]; at != nil && at.index == p.index {
		delete(g.places, p.Selection)
	}
	g.giveBack(p.index)
	err := g.kernel.remove(p)
	g.look()
	return describe(err, "remove XFRM policy %v", p.Selection)
}

// add adds a clause, unless somebody else has a policy for the very same packets:
// then that one decides.
func (g *gate) add(p installed) error {
	err := g.kernel.add(p, false)
	g.look()
	switch {
	case err == nil:
		g.places[p.Selection].installed = p
		return nil
	case !errors.Is(err, unix.EEXIST):
		return describe(err, "XFRM policy %v", p.Selection)
	}
	delete(g.places, p.Selection)
	g.giveBack(p.index)
	if !g.warned[p.Selection] {
		g.warned[p.Selection] = true
		g.warn(fmt.Sprintf("another program's XFRM policy decides about clear packets to this box: %v", p.Selection))
	}
	return nil
}

// A gateChange is what leads from some clauses in the kernel to others.
type gateChange struct{ replaced, added, gone []installed }

// difference returns the change from what the kernel has to want. A clause keeps its
// index while its selection stays, and a new one gets one that is free. It keeps its
// priority while the order allows.
func (g *gate) difference(want []selection.Clause) (change gateChange) {
	order, old, marks := g.inOrder(want)
	floor := selection.FirstPriority
	for i, priority := range selection.Spaced(old, marks) {
		at := order[i].place
		if i > 0 {
			order[i-1].place.low = priority
		}
		at.low, at.floor, floor = math.MaxUint32, floor, priority
		if at.mark {
			at.priority, floor = priority, math.MaxUint32 // what is behind has an owner
			continue
		}
		p := installed{Clause: order[i].Clause, priority: priority, index: at.index}
		switch {
		case p.index == 0:
			p.index = g.free()
			change.added = append(change.added, p)
		case p != at.installed:
			change.replaced = append(change.replaced, p)
		}
	}
	change.gone = slices.Clone(g.strays)
	if len(order)-len(g.marks) < len(g.places) {
		for _, at := range g.places {
			if at.round != g.round {
				change.gone = append(change.gone, at.installed)
			}
		}
	}
	return change
}

// A placed is a clause that is wanted, at its place.
type placed struct {
	selection.Clause
	place *place
}

// inOrder returns the clauses that have a say, with marks between them, and the priorities
// that they have, and which of them are marks with much room. It begins a round.
func (g *gate) inOrder(want []selection.Clause) (order []placed, old []uint32, marks []int) {
	g.round++
	order, old = make([]placed, 0, len(want)), make([]uint32, 0, len(want))
	pending := g.marks
	g.keepWindows()
	mark := func(at int) {
		for ; len(pending) > 0 && pending[0].At == at; pending = pending[1:] {
			w := g.windows[pending[0].Of]
			if pending[0].Wide {
				marks = append(marks, len(order))
			}
			order, old = append(order, placed{place: w}), append(old, w.priority)
		}
	}
	for i, c := range want {
		mark(i)
		at := g.places[c.Selection]
		if at == nil {
			at = new(place)
			g.places[c.Selection] = at
		}
		if at.round != g.round {
			at.round, at.takers = g.round, 0
			order, old = append(order, placed{c, at}), append(old, at.priority)
		}
		at.takers++
	}
	mark(len(want))
	return order, old, marks
}

// keepWindows leaves those windows that are marked, and makes those that are not there.
func (g *gate) keepWindows() {
	before := g.windows
	g.windows = make(map[ipsec.PolicyID]*place, len(g.marks))
	for _, m := range g.marks {
		if g.windows[m.Of] = before[m.Of]; before[m.Of] == nil {
			g.windows[m.Of] = &place{mark: true}
		}
	}
}

// free returns an index that is free, and takes it.
func (g *gate) free() uint32 {
	for n := len(g.freed); n > 0; n = len(g.freed) {
		index := g.freed[n-1]
		if g.freed = g.freed[:n-1]; !g.used[index] {
			g.used[index] = true
			return index
		}
	}
	for g.used[g.next] {
		g.next += kernel.IndexStep
	}
	g.used[g.next] = true
	return g.next
}

// giveBack makes an index free again.
func (g *gate) giveBack(index uint32) {
	delete(g.used, index)
	g.freed = append(g.freed, index)
}

// Blocked returns how many packets were held back since the gate was opened. A
// packet for several raw sockets counts once for each.
func (g *gate) Blocked() uint64 {
	if n, ok := g.kernel.blocked(); ok && n > g.begin {
		g.last.Store(n - g.begin)
	}
	return g.last.Load()
}

// Close frees what the gate holds open; its clauses stay as they are.
func (g *gate) Close() error {
	g.Blocked() // the last number stays
	return g.kernel.Close()
}
