package xfrm

import (
	"net/netip"

	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// directions is how many directions a policy of the kernel's may have.
const directions = 3

// A placeKey is what makes a policy of the kernel's the only one of its kind.
type placeKey struct {
	direction kernel.Direction
	selection selection.Selection
	device    int    // interface index; 0: any
	ifID      uint32 // of a tunnel interface; 0: none
}

// keyOf returns the key of a policy.
func keyOf(p *kernel.Policy) placeKey {
	return placeKey{p.Direction, p.Selection, p.Device, p.IfID}
}

// A place is a policy that the kernel has, or is to have.
type place struct {
	placeKey
	have  kernel.Policy // index 0: it is not there
	claim *claim        // the first that wants it
	right bool          // have is what the claim wants, but for the priority
	open  bool          // several flows claim it: what comes in may be any one's
	round uint64        // of difference, in which it was wanted last
}

// A claim is what somebody wants of a place.
type claim struct {
	place *place
	flow  *flow // that is to be protected; nil: it passes in clear
	block bool  // or not at all
}

// want returns the policy that a place is to have. Where several flows meet, as those of
// one access list on two devices, packets may have come in an SA of each: the SA's own
// selector says what may be in it.
func (p *place) want(priority uint32) kernel.Policy {
	w := kernel.Policy{
		Direction: p.direction, Selection: p.selection, Device: p.device, IfID: p.ifID,
		Priority: priority, Index: p.have.Index, Block: p.claim.block,
	}
	if p.claim.flow == nil {
		return w
	}
	p.claim.flow.fill(&w)
	if p.open && p.direction != kernel.Out {
		for i := range w.Templates[:w.N] {
			w.Templates[i].ReqID, w.Templates[i].Destination = 0, netip.IPv4Unspecified()
		}
	}
	return w
}

// settled reports whether nothing but the priority can differ from what is wanted.
func (p *place) settled() bool {
	return p.right && !p.open && (p.have.N == 0 || p.have.Templates[0].ReqID != 0)
}

// A table is the policies of ours that the kernel has, as far as we know. It changes
// nothing itself.
type table struct {
	places [directions]map[placeKey]*place
	strays []kernel.Policy // that share their key with another
	used   map[uint32]bool // indexes
	next   [directions]uint32
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
			at.have, at.right = kernel.Policy{}, false
		}
		t.next[d] = kernel.FirstIndex | uint32(d)
	}
	t.strays, t.used = nil, make(map[uint32]bool, len(now))
	for i := range now {
		t.used[now[i].Index] = true
		at := t.place(keyOf(&now[i]))
		if at.have.Index != 0 {
			t.strays = append(t.strays, now[i])
			continue
		}
		at.have = now[i]
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
	gone            []kernel.Policy
}

// difference returns the change to what is claimed, in order, for each direction. Of
// several that claim a place the first has it. A policy keeps its index while it is
// wanted, and its priority while the order allows.
func (t *table) difference(claims [directions][]*claim) (c change) {
	t.round++
	for d := range claims {
		order, old := t.inOrder(claims[d])
		for i, priority := range selection.Priorities(old) {
			at := order[i]
			if at.settled() && priority == at.have.Priority {
				continue
			}
			switch want := at.want(priority); {
			case at.have.Index == 0:
				want.Index = t.free(kernel.Direction(d))
				c.added = append(c.added, placed{at, want})
			case want != at.have:
				c.replaced = append(c.replaced, placed{at, want})
			default:
				at.right = true
			}
		}
		c.gone = append(c.gone, t.unclaimed(kernel.Direction(d), len(order))...)
	}
	c.gone = append(c.gone, t.strays...)
	return c
}

// inOrder returns the places that are claimed, each once, and the priorities that they
// have.
func (t *table) inOrder(claims []*claim) (order []*place, old []uint32) {
	order, old = make([]*place, 0, len(claims)), make([]uint32, 0, len(claims))
	for _, c := range claims {
		at := c.place
		if at.round == t.round {
			at.open = at.open || c.flow != nil && at.claim.flow != nil && c.flow != at.claim.flow
			continue
		}
		at.right = at.right && at.claim == c
		at.round, at.claim, at.open = t.round, c, false
		order, old = append(order, at), append(old, at.have.Priority)
	}
	return order, old
}

// unclaimed forgets the places of a direction that nobody claims any more, and returns the
// policies that the kernel has there.
func (t *table) unclaimed(d kernel.Direction, claimed int) (gone []kernel.Policy) {
	if claimed == len(t.places[d]) {
		return nil
	}
	for k, at := range t.places[d] {
		if at.round == t.round {
			continue
		}
		delete(t.places[d], k)
		if at.have.Index != 0 {
			gone = append(gone, at.have)
		}
	}
	return gone
}

// free returns an index that is free, and takes it.
func (t *table) free(d kernel.Direction) uint32 {
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
	t.next[d] = min(t.next[d], index)
}
