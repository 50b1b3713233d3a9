package xfrm

import (
	"math"

	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// directions is how many directions a policy of the kernel's may have.
const directions = 3

// A claim is what somebody wants of a place.
type claim struct {
	place *place
	flow  *flow  // that is to be protected; nil: it passes in clear
	block bool   // or not at all
	of    *entry // whose claim it is; nil: nobody's
	kept  *place // where it would be, while a newer instance of its policy's has its place; else nil
}

// blocks reports whether the claim is that packets do not pass.
func (c *claim) blocks() bool { return c.block && !(c.of != nil && c.of.clear) }

// A table is the policies of ours that the kernel has, as far as we know. It changes
// nothing itself.
type table struct {
	places [directions]map[placeKey]*place
	strays []named              // that share their key with another
	used   map[uint32]bool      // indexes
	next   [directions]uint32   // the first that never was used
	freed  [directions][]uint32 // that were given back
	round  uint64
}

func newTable() *table {
	t := &table{used: make(map[uint32]bool)}
	for d := range t.places {
		t.places[d] = make(map[placeKey]*place)
		t.next[d] = kernel.FirstIndex | uint32(d)
	}
	return t
}

// place returns the place of a key.
func (t *table) place(k placeKey) *place {
	at := t.places[k.direction][k]
	if at == nil {
		at = &place{placeKey: k}
		t.places[k.direction][k] = at
	}
	return at
}

// learn takes note of what the kernel has of ours.
func (t *table) learn(now []kernel.Policy) {
	for d := range t.places {
		for _, at := range t.places[d] {
			at.have, at.right = held{}, false
		}
		t.next[d] = kernel.FirstIndex | uint32(d)
	}
	t.strays, t.used, t.freed = nil, make(map[uint32]bool, len(now)), [directions][]uint32{}
	for i := range now {
		t.used[now[i].Index] = true
		at := t.place(keyOf(&now[i]))
		if at.have.index != 0 {
			t.strays = append(t.strays, named{now[i].Index, now[i].IfID})
			continue
		}
		at.have = heldOf(&now[i])
	}
}

// A placed is a policy that a place is to have.
type placed struct {
	place *place
	want  kernel.Policy
}

// A change is what leads from the policies in the kernel to others.
type change struct {
	replaced, added []placed
	gone            []named
}

// difference returns the change to what is claimed, in order, for each direction. Of
// several that claim a place the first has it. A policy keeps its index while it is
// wanted, and its priority while the order allows.
func (t *table) difference(claims [directions][]*claim) (c change) {
	t.round++
	for d := range claims {
		order, old, marks, wanted := t.inOrder(claims[d])
		floor := selection.FirstPriority
		for i, priority := range selection.Spaced(old, marks) {
			at := order[i]
			if i > 0 {
				order[i-1].low = priority
			}
			at.low, at.floor, floor = math.MaxUint32, floor, priority
			if at.room {
				floor = math.MaxUint32 // what is behind has an owner
			}
			if at.mark {
				at.have.priority = priority
				continue
			}
			if at.settled() && priority == at.have.priority {
				continue
			}
			switch want := at.want(priority); {
			case at.have.index == 0:
				want.Index = t.free(kernel.Direction(d))
				c.added = append(c.added, placed{at, want})
			case !at.has(&want):
				c.replaced = append(c.replaced, placed{at, want})
			default:
				at.right = true
			}
		}
		c.gone = append(c.gone, t.unclaimed(kernel.Direction(d), wanted)...)
	}
	c.gone = append(c.gone, t.strays...)
	return c
}

// inOrder returns the places that are claimed, each once, and the priorities that they
// have, which of them are marks with much room, and how many are the kernel's.
func (t *table) inOrder(claims []*claim) (order []*place, old []uint32, marks []int, wanted int) {
	order, old = make([]*place, 0, len(claims)), make([]uint32, 0, len(claims))
	for _, c := range claims {
		at := c.place
		if at.round == t.round {
			at.takers++
			at.open = at.open || c.apart(at.claim)
			if at = c.keep(at.claim); at != nil {
				order, old = append(order, at), append(old, at.have.priority)
			}
			continue
		}
		at.right = at.right && at.claim == c
		at.round, at.claim, at.open, at.takers = t.round, c, false, 1
		if c.kept = nil; !at.mark {
			wanted++
		}
		if at.wide {
			marks = append(marks, len(order))
		}
		order, old = append(order, at), append(old, at.have.priority)
	}
	return order, old, marks, wanted
}

// apart reports whether two claims are of different flows.
func (c *claim) apart(other *claim) bool {
	return c.flow != nil && other.flow != nil && c.flow != other.flow
}

// keep returns where a claim is to be if its place comes back from another claim, nil if
// that one is not an instance's of the same policy.
func (c *claim) keep(has *claim) *place {
	switch {
	case !c.akin(has):
		c.kept = nil
	case c.kept == nil:
		c.kept = &place{mark: true}
	}
	return c.kept
}

// akin reports whether two claims are of instances of one policy, or of an instance and its
// policy.
func (c *claim) akin(other *claim) bool {
	return c.of != nil && other.of != nil && c.of != other.of && c.of.policy.ID.Configured() == other.of.policy.ID.Configured()
}

// unclaimed forgets the places of a direction that nobody claims any more, and returns the
// policies that the kernel has there.
func (t *table) unclaimed(d kernel.Direction, claimed int) (gone []named) {
	if claimed == len(t.places[d]) {
		return nil
	}
	for k, at := range t.places[d] {
		if at.round == t.round {
			continue
		}
		delete(t.places[d], k)
		at.takers = 0
		if at.have.index != 0 {
			gone = append(gone, named{at.have.index, at.ifID})
		}
	}
	return gone
}

// free returns an index that is free, and takes it.
func (t *table) free(d kernel.Direction) uint32 {
	for n := len(t.freed[d]); n > 0; n = len(t.freed[d]) {
		index := t.freed[d][n-1]
		if t.freed[d] = t.freed[d][:n-1]; !t.used[index] {
			t.used[index] = true
			return index
		}
	}
	for t.used[t.next[d]] {
		t.next[d] += kernel.IndexStep
	}
	t.used[t.next[d]] = true
	return t.next[d]
}

// giveBack makes an index free again.
func (t *table) giveBack(index uint32) {
	delete(t.used, index)
	d := index % kernel.IndexStep
	t.freed[d] = append(t.freed[d], index)
}
