package xfrm

import (
	"errors"
	"slices"

	"sallyport/ipsec"
	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// AddPolicy adds an instance of a policy, in a place of the kernel's order that is kept for it,
// or free: no other policy changes but what its own policy has for the very same packets,
// unless one of another's is about them too, or the place is full.
func (d *Dataplane) AddPolicy(p *ipsec.Policy) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.prepare(); err != nil {
		return err
	}
	if err := p.CheckInstance(); err != nil {
		return err
	}
	old := d.byID[p.ID]
	if old != nil && (old.policy == p || *old.policy == *p) {
		return nil
	}
	if err := d.holders.Add(p); err != nil {
		return err
	}
	err := d.addInstance(p, old)
	if err != nil {
		d.holders.Remove(p)
	}
	if gone := old; gone != nil {
		if err != nil {
			return errors.Join(err, d.holders.Add(gone.policy))
		}
		if gone.policy.Remote != p.Remote {
			d.holders.Remove(gone.policy)
		}
	}
	return err
}

// addInstance is AddPolicy for one that differs from the old one of its name, if there is
// any.
func (d *Dataplane) addInstance(p *ipsec.Policy, old *entry) error {
	if !d.told {
		d.early = append(slices.DeleteFunc(d.early, func(other *ipsec.Policy) bool { return other.ID == p.ID }), p)
		return nil
	}
	of := d.byID[p.ID.Configured()]
	var stated *ipsec.Policy
	if of != nil {
		stated = of.policy
	}
	if err := p.CheckInstanceOf(stated); err != nil {
		return err
	}
	e, err := drawer{d.table, &d.flows}.entry(p, of.device, of.ifID)
	if err != nil {
		return err
	}
	if old != nil {
		e.clear = old.clear
		if done, err := d.succeed(of, old, e); done || err != nil {
			return err
		}
		return d.exchange(of, old, e)
	}
	if done, err := d.insert(of, e); done || err != nil {
		return err
	}
	return d.exchange(of, nil, e)
}

// insert adds an instance by its own policies alone, and reports whether it did: not if
// others of ours have to change for it.
func (d *Dataplane) insert(of, e *entry) (done bool, err error) {
	if !d.known || e.ports && !d.stated.ports || !d.spares(e) || !reported(e) {
		return false, nil
	}
	for way := range e.claims {
		if !of.mark(kernel.Direction(way)) || !of.fits(kernel.Direction(way), e.claims[way]) {
			return false, nil
		}
	}
	d.own(e)
	d.known = false
	for way := range e.claims {
		for _, p := range d.table.insert(kernel.Direction(way), of.marks[way].place, e.claims[way]) {
			if err := d.putOrAdd(p); err != nil {
				d.disown(e)
				d.releaseFlows(e)
				return false, errors.Join(err, d.restore())
			}
		}
	}
	for i := range e.first {
		e.first[i].place.takers++
	}
	d.known = true
	of.instances = append(of.instances, e)
	return true, nil
}

// putOrAdd changes a policy, or adds it where there is none.
func (d *Dataplane) putOrAdd(p placed) error {
	if p.place.have.index != 0 {
		return d.put(p)
	}
	return d.add(p)
}

// reported reports whether the reports of routers are let in already that an entry wants.
func reported(e *entry) bool {
	return !slices.ContainsFunc(e.first, func(c claim) bool { return c.place.takers == 0 })
}

// spares reports whether the sources that an entry's packets may come from in clear are
// spared already.
func (d *Dataplane) spares(e *entry) bool {
	wanted := sources([]*entry{e}, d.stated.near)
	if len(wanted) == 0 {
		return true
	}
	return !slices.ContainsFunc(selection.Spared(wanted, d.routes, d.stated.ours), func(c selection.Clause) bool {
		at := d.table.places[kernel.In][keyFrom(kernel.In, c.Selection)]
		return at == nil || at.takers == 0
	})
}

// alike reports whether two entries claim the same places, as if only the peer is elsewhere.
func (e *entry) alike(other *entry) bool {
	same := func(a, b claim) bool { return a.place == b.place && a.flow == b.flow && a.block == b.block }
	for d := range e.claims {
		if !slices.EqualFunc(e.claims[d], other.claims[d], same) {
			return false
		}
	}
	return slices.EqualFunc(e.first, other.first, same)
}

// succeed puts an instance in the place of the old one that claims the same, and reports
// whether it did. On error the old one is there as before, as far as the kernel allows.
func (d *Dataplane) succeed(of, old, e *entry) (done bool, err error) {
	if !d.known || !e.alike(old) {
		return false, nil
	}
	d.disown(old)
	d.own(e)
	for i := range e.first {
		inherit(&e.first[i], &old.first[i])
	}
	for way := range e.claims {
		for i := range e.claims[way] {
			c := &e.claims[way][i]
			inherit(c, &old.claims[way][i])
			err = errors.Join(err, d.refresh(c))
		}
	}
	if err != nil {
		d.disown(e)
		d.own(old)
		return false, errors.Join(err, d.restore())
	}
	of.instances = exchanged(of.instances, old, e)
	return true, nil
}

// inherit gives a claim what another has in the order.
func inherit(c, from *claim) {
	if c.kept = from.kept; c.place.claim == from {
		c.place.claim = c
	}
}

// exchange puts an instance in the place of the old one, or before all others of its
// policy, or takes the old one away, by a look at all policies. On error everything is as
// before, as far as the kernel allows.
func (d *Dataplane) exchange(of, old, e *entry) error {
	before, stated := of.instances, d.stated
	of.remark()
	of.instances = exchanged(before, old, e)
	if old != nil {
		d.disown(old)
	}
	if e != nil {
		d.own(e)
	}
	err := d.enactAnew()
	if err == nil {
		d.releaseUnowned(some(old))
		return nil
	}
	of.instances, d.stated = before, stated
	if e != nil {
		d.disown(e)
	}
	if old != nil {
		d.own(old)
	}
	d.releaseUnowned(some(e))
	return errors.Join(err, d.restore())
}

// some returns the list of an entry, if there is one.
func some(e *entry) []*entry {
	if e == nil {
		return nil
	}
	return []*entry{e}
}

// exchanged returns a list with an entry in the place of the old one, or behind all if that
// is nil; nil leaves it out.
func exchanged(list []*entry, old, e *entry) (next []*entry) {
	for _, other := range list {
		switch {
		case other != old:
			next = append(next, other)
		case e != nil:
			next = append(next, e)
		}
	}
	if old == nil && e != nil {
		next = append(next, e)
	}
	return next
}

// enactAnew makes the kernel have what the entries claim, after instances have changed.
func (d *Dataplane) enactAnew() error {
	if !d.known {
		if err := d.look(); err != nil {
			return err
		}
	}
	next := claimed{entries: d.stated.entries}
	for _, e := range next.all() {
		next.ports = next.ports || e.ports
	}
	if err := d.spare(&next); err != nil {
		return err
	}
	d.stated = next
	return d.enact()
}

// RemovePolicy removes an instance: its policies, and then its SAs.
func (d *Dataplane) RemovePolicy(id ipsec.PolicyID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := slices.IndexFunc(d.early, func(p *ipsec.Policy) bool { return p.ID == id }); i >= 0 {
		d.holders.Remove(d.early[i])
		d.early = slices.Delete(d.early, i, i+1)
	}
	e := d.byID[id]
	if d.closed || e == nil || id.Instance == 0 {
		return nil
	}
	of := d.byID[id.Configured()]
	err := d.withdraw(of, e)
	if err != nil {
		return err
	}
	d.holders.Remove(e.policy)
	d.removePolicies(map[ipsec.PolicyID]bool{id: true})
	d.releaseFlows(e)
	return nil
}

// withdraw removes an instance's policies, or gives them to its heirs, if it can without a
// look at others.
func (d *Dataplane) withdraw(of, e *entry) error {
	if !d.known || slices.ContainsFunc(e.first, func(c claim) bool { return c.place.takers < 2 }) {
		return d.exchange(of, e, nil)
	}
	var heirs [directions][][]*claim
	for way := range e.claims {
		for i := range e.claims[way] {
			some, all := of.heirs(kernel.Direction(way), &e.claims[way][i])
			if !all {
				return d.exchange(of, e, nil)
			}
			heirs[way] = append(heirs[way], some)
		}
	}
	d.known = false
	for way := range e.claims {
		for i := range e.claims[way] {
			if err := d.leave(&e.claims[way][i], heirs[way][i]); err != nil {
				return err
			}
		}
	}
	for i := range e.first {
		e.first[i].place.takers--
	}
	d.known = true
	at := slices.Index(of.instances, e)
	of.instances = slices.Delete(of.instances, at, at+1)
	d.disown(e)
	return nil
}

// leave gives a claim's place to its heirs, or takes it away if there are none.
func (d *Dataplane) leave(c *claim, heirs []*claim) error {
	if len(heirs) > 0 {
		p := c.bequeath(heirs)
		if p.place.has(&p.want) || p.place.have.index == 0 {
			return nil
		}
		return d.put(p)
	}
	at := c.place
	delete(d.table.places[at.direction], at.placeKey)
	at.takers = 0
	if at.have.index == 0 {
		return nil
	}
	if err := d.system.DeletePolicy(at.have.index, at.ifID); err != nil {
		return err
	}
	d.table.giveBack(at.have.index)
	return nil
}
