package xfrm

import (
	"net/netip"
	"slices"

	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// A claimed is all that policies want of the kernel's policies.
type claimed struct {
	entries []*entry // in order of precedence
	spared  [directions][]claim
	near    []netip.Prefix // of routes that lead elsewhere than by a policy's device
	ours    map[int]bool   // policies' devices
	ports   bool           // packets have to be reassembled
}

// all returns the entries of the configuration and of instances, in order of precedence.
func (c *claimed) all() []*entry {
	n := len(c.entries)
	for _, e := range c.entries {
		n += len(e.instances)
	}
	list := make([]*entry, 0, n)
	for _, e := range c.entries {
		for _, i := range slices.Backward(e.instances) {
			list = append(list, i)
		}
		list = append(list, e)
	}
	return list
}

// list returns the claims of a direction, the first decides. Reports of packets that are
// too large come before everything, and then the sources whose packets may come in clear.
func (c *claimed) list(d kernel.Direction) []*claim {
	all, n := c.all(), len(c.spared[d])
	for _, e := range all {
		n += len(e.claims[d]) + len(e.first) + 1 // for a mark
	}
	list := make([]*claim, 0, n)
	if d == kernel.In {
		for _, e := range all {
			list = point(list, e.first)
		}
	}
	list = point(list, c.spared[d])
	for _, e := range c.entries {
		list = e.append(list, d)
	}
	return list
}

// append appends the claims of an entry in a direction: its mark, if it has one, the
// claims of its instances, and its own.
func (e *entry) append(list []*claim, d kernel.Direction) []*claim {
	if e.marks[d] != nil {
		list = append(list, e.marks[d])
	}
	for _, i := range slices.Backward(e.instances) {
		list = point(list, i.claims[d])
	}
	return point(list, e.claims[d])
}

// point appends pointers to the claims.
func point(list []*claim, claims []claim) []*claim {
	for i := range claims {
		list = append(list, &claims[i])
	}
	return list
}

// lists returns the claims of all directions.
func (c *claimed) lists() (lists [directions][]*claim) {
	for d := range lists {
		lists[d] = c.list(kernel.Direction(d))
	}
	return lists
}

// spare claims that packets of the sources that no device of a policy leads to may come in
// clear, to this box and through it.
func (c *claimed) spare(t *table, routes []selection.Route) {
	c.ours = make(map[int]bool)
	for _, e := range c.entries {
		c.ours[e.device] = true
	}
	c.near = elsewhere(routes, c.ours)
	for _, s := range selection.Spared(sources(c.all(), c.near), routes, c.ours) {
		for _, d := range []kernel.Direction{kernel.In, kernel.Forward} {
			at := t.place(keyFrom(d, s.Selection))
			c.spared[d] = append(c.spared[d], claim{place: at})
		}
	}
}

// elsewhere returns the prefixes of routes that lead to a device, and none of ours.
func elsewhere(routes []selection.Route, ours map[int]bool) (prefixes []netip.Prefix) {
	for _, r := range routes {
		if r.Device != 0 && !ours[r.Device] {
			prefixes = append(prefixes, r.Prefix)
		}
	}
	return prefixes
}

// sources returns where packets that entries protect come from, as far as it has to do with
// some prefixes, each once, in the form that [selection.Spared] wants.
func sources(entries []*entry, near []netip.Prefix) (list []selection.Clause) {
	if len(near) == 0 {
		return nil
	}
	seen := make(map[netip.Prefix]bool)
	for _, e := range entries {
		for i := range e.claims[kernel.In] {
			from := e.claims[kernel.In][i].place.from.netip()
			if e.ifID != 0 || e.claims[kernel.In][i].flow == nil || !slices.ContainsFunc(near, from.Overlaps) || seen[from] {
				continue
			}
			seen[from] = true
			list = append(list, selection.Clause{Selection: selection.Selection{From: from, To: selection.Anywhere}})
		}
	}
	return list
}

// bind has all claims meet the places of the table as it is now.
func (c *claimed) bind(t *table) {
	for _, e := range c.all() {
		e.bind(t)
	}
	for d := range c.spared {
		for i := range c.spared[d] {
			c.spared[d][i].place = t.place(c.spared[d][i].place.placeKey)
		}
	}
}
