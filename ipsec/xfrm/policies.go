package xfrm

import (
	"errors"
	"fmt"

	"sallyport/ipsec"
	"sallyport/ipsec/xfrm/kernel"
)

// SetPolicies states all policies. The kernel is asked only about what has changed,
// however many policies there are: what others undo is repaired within a second. On error
// everything is as before, as far as the kernel allows.
func (d *Dataplane) SetPolicies(policies []*ipsec.Policy) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.prepare(); err != nil {
		return err
	}
	if !d.known {
		if err := d.look(); err != nil {
			return err
		}
	}
	if err := d.move(policies); err != nil {
		return err
	}
	for _, p := range d.early {
		if d.byID[p.ID] == nil {
			d.holders.Remove(p)
		}
	}
	d.told, d.early = true, nil
	return nil
}

// hostMoved reports whether devices or routes have changed since the policies were right
// for them; then they are to be looked up anew.
func (d *Dataplane) hostMoved() bool {
	if d.network.Changed() {
		d.moved, d.routes = true, nil
		clear(d.devices)
	}
	return d.moved
}

// move goes from what is stated to other policies.
func (d *Dataplane) move(policies []*ipsec.Policy) error {
	d.hostMoved()
	next, err := d.draw(policies)
	if err != nil {
		d.abandon(next)
		return errors.Join(err, d.removeTunnels())
	}
	before := d.stated
	d.replace(next)
	if err := d.enact(); err != nil {
		d.replace(before)
		d.abandon(next)
		return errors.Join(err, d.restore(), d.removeTunnels())
	}
	d.moved = false
	d.drop(before.all())
	return d.removeTunnels()
}

// draw returns the claims of policies. An entry that there is stays if its policy says
// the same. Nothing is changed but tables of ours, and tunnel interfaces are made.
func (d *Dataplane) draw(policies []*ipsec.Policy) (next claimed, err error) {
	d.rounds++
	next.entries = make([]*entry, 0, len(policies))
	old := cursor(d.stated.entries)
	fresh := make(map[ipsec.PolicyID]bool)
	early := d.earlyByPolicy()
	for _, p := range policies {
		e, err := d.entryOf(p, old.next(p))
		if err != nil {
			return next, err
		}
		if e.drawn == d.rounds || fresh[p.ID] {
			return next, fmt.Errorf("policy %v is listed twice", p.ID)
		}
		if e.drawn = d.rounds; !e.owned {
			fresh[p.ID] = true
		}
		next.entries = append(next.entries, e)
		if !e.owned {
			if err := d.keepInstances(e, early[p.ID]); err != nil {
				return next, err
			}
		}
	}
	for _, e := range next.all() {
		next.ports = next.ports || e.ports
	}
	return next, d.spare(&next)
}

// earlyByPolicy returns the instances that came before all policies by what they are of.
func (d *Dataplane) earlyByPolicy() map[ipsec.PolicyID][]*ipsec.Policy {
	if len(d.early) == 0 {
		return nil
	}
	all := make(map[ipsec.PolicyID][]*ipsec.Policy)
	for _, p := range d.early {
		all[p.ID.Configured()] = append(all[p.ID.Configured()], p)
	}
	return all
}

// keepInstances gives a policy's new entry the instances of the old one, and those that
// came before all policies, if it may have any.
func (d *Dataplane) keepInstances(e *entry, early []*ipsec.Policy) error {
	var policies []*ipsec.Policy
	if old := d.byID[e.policy.ID]; old != nil {
		for _, i := range old.instances {
			policies = append(policies, i.policy)
		}
	}
	if policies = append(policies, early...); len(policies) == 0 || !e.policy.MayHaveInstances() {
		return nil
	}
	e.remark()
	for _, p := range policies {
		i, err := d.entryOf(p, nil)
		if err != nil {
			return err
		}
		e.instances = append(e.instances, i)
	}
	return nil
}

// A cursor goes along the entries that there are, most of which stay in their order.
type cursor []*entry

// next returns the entry of a policy if it is the next or the one after it, else nil.
func (c *cursor) next(p *ipsec.Policy) *entry {
	for i, e := range (*c)[:min(len(*c), 2)] {
		if e.policy == p {
			*c = (*c)[i+1:]
			return e
		}
	}
	return nil
}

// entryOf returns the entry of a policy: the one that there is, which may be known, if the
// policy says the same.
func (d *Dataplane) entryOf(p *ipsec.Policy, e *entry) (*entry, error) {
	device, ifID, err := d.deviceOf(p)
	if err != nil {
		return nil, err
	}
	if e == nil {
		e = d.byID[p.ID]
	}
	if e != nil && (e.drawn == d.rounds || e.device == device && e.ifID == ifID && (e.policy == p || *e.policy == *p)) {
		return e, nil
	}
	drawn, err := drawer{d.table, &d.flows}.entry(p, device, ifID)
	if err == nil && e != nil {
		drawn.clear = e.clear
	}
	return drawn, err
}

// deviceOf returns the device that a policy's packets leave by, and the identifier of a
// tunnel interface. That is made if it is not there.
func (d *Dataplane) deviceOf(p *ipsec.Policy) (index int, ifID uint32, err error) {
	if p.Routed {
		t, err := d.tunnel(p.Device)
		return t.Index, t.IfID, err
	}
	if index, ok := d.devices[p.Device]; ok {
		return index, 0, nil
	}
	if index, err = d.network.Device(p.Device); err != nil {
		return 0, 0, fmt.Errorf("policy %v: device %s: %w", p.ID, p.Device, err)
	}
	d.devices[p.Device] = index
	return index, 0, nil
}

// tunnel returns the tunnel interface of a name, which it makes if need be.
func (d *Dataplane) tunnel(name string) (kernel.Tunnel, error) {
	t, ok := d.tunnels[name]
	if ok {
		return t, nil
	}
	t = kernel.Tunnel{Name: name, IfID: d.freeIfID()}
	var err error
	if t.Index, err = d.system.AddTunnel(t); err != nil {
		return t, err
	}
	d.tunnels[name] = t
	return t, nil
}

// freeIfID returns an identifier that no tunnel interface of ours has.
func (d *Dataplane) freeIfID() uint32 {
	used := make(map[uint32]bool, len(d.tunnels))
	for _, t := range d.tunnels {
		used[t.IfID] = true
	}
	id := kernel.Ours + 1
	for used[id] {
		id++
	}
	return id
}

// removeTunnels removes the tunnel interfaces that no policy has any more.
func (d *Dataplane) removeTunnels() error {
	wanted := make(map[string]bool)
	for _, e := range d.stated.entries {
		if e.ifID != 0 {
			wanted[e.policy.Device] = true
		}
	}
	var errs []error
	for name := range d.tunnels {
		if !wanted[name] {
			delete(d.tunnels, name)
			errs = append(errs, d.system.RemoveTunnel(name))
		}
	}
	return errors.Join(errs...)
}

// spare finds the sources that may come in clear, by the routes as they are.
func (d *Dataplane) spare(next *claimed) (err error) {
	if len(next.entries) == 0 {
		return nil
	}
	if d.routes == nil {
		if d.routes, err = d.network.Routes(); err != nil {
			return err
		}
	}
	next.spare(d.table, d.routes)
	return nil
}

// replace makes other claims the ones in force. A flow is the entry's that states it.
func (d *Dataplane) replace(next claimed) {
	d.rounds++
	for _, e := range next.all() {
		e.round = d.rounds
	}
	for _, e := range d.stated.all() {
		if e.round != d.rounds {
			d.disown(e)
		}
	}
	d.stated = next
	for _, e := range next.all() {
		if !e.owned {
			d.own(e)
		}
	}
}

// own makes the entry the one of its policy and of its flows.
func (d *Dataplane) own(e *entry) {
	e.owned, d.byID[e.policy.ID] = true, e
	for _, f := range e.flows {
		f.entry = e
		f.shown = f.shape() // as they are about to be
	}
}

// disown is the way back of own.
func (d *Dataplane) disown(e *entry) {
	e.owned = false
	delete(d.byID, e.policy.ID)
	for _, f := range e.flows {
		f.entry = nil
	}
}

// abandon forgets the flows that were made for entries which came to nothing.
func (d *Dataplane) abandon(next claimed) {
	d.releaseUnowned(next.all())
}

func (d *Dataplane) releaseUnowned(entries []*entry) {
	for _, e := range entries {
		if !e.owned {
			d.releaseFlows(e)
		}
	}
}

// drop forgets what is left of entries that are not in force any more: the SAs of policies
// that are stated no more, and flows that nobody needs.
func (d *Dataplane) drop(entries []*entry) {
	gone := make(map[ipsec.PolicyID]bool)
	for _, e := range entries {
		if !e.owned && d.byID[e.policy.ID] == nil {
			gone[e.policy.ID] = true
			d.holders.Remove(e.policy)
		}
	}
	if len(gone) > 0 {
		d.removePolicies(gone)
	}
	d.releaseUnowned(entries)
}

func (d *Dataplane) releaseFlows(e *entry) {
	for _, f := range e.flows {
		d.flows.release(f)
	}
}
