package xfrm

import (
	"errors"

	"sallyport/ipsec"
	"sallyport/ipsec/xfrm/kernel"
)

// Adopt takes over the SAs that a predecessor left, with the reqids that its policies ask
// for, so that packets go on. States of ours that are not named, or not whole, are removed.
func (d *Dataplane) Adopt(sas []*ipsec.SA) ([]*ipsec.SA, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.takeOver(sas)
}

// takeOver is Adopt under the lock.
func (d *Dataplane) takeOver(sas []*ipsec.SA) (kept []*ipsec.SA, err error) {
	states, err := d.system.States()
	if err != nil {
		return nil, err
	}
	left := make(map[ipsec.SAID]*kernel.Installed, len(states))
	for i := range states {
		left[states[i].ID] = &states[i]
	}
	for _, sa := range sas {
		if d.adopt(sa, left) {
			kept = append(kept, sa)
		}
	}
	var errs []error
	for id := range left {
		errs = append(errs, d.system.DeleteState(id))
	}
	d.begun = true
	return kept, errors.Join(errs...)
}

// adopt takes over one SA and takes it out of what is left, if it is there as a whole and
// belongs to its flow.
func (d *Dataplane) adopt(sa *ipsec.SA, left map[ipsec.SAID]*kernel.Installed) bool {
	s := left[sa.ID]
	id, bundle := sa.AHID()
	if s == nil || s.Larval || d.has(sa) || bundle && (left[id] == nil || left[id].Larval || left[id].ReqID != s.ReqID) {
		return false
	}
	f, err := d.flows.of(keyFor(sa), s.ReqID)
	if err != nil || f.reqID != s.ReqID {
		if f != nil {
			d.flows.release(f)
		}
		return false
	}
	if len(sa.IntegrityKey)+len(sa.EncryptionKey) > 0 && !d.unchanged(sa, f) {
		d.flows.release(f)
		return false
	}
	delete(left, sa.ID)
	delete(left, id)
	before := counted(sa, s.Counters)
	d.register(&association{SA: sa, flow: f, base: traffic{before.Packets, before.Octets}})
	return true
}

// unchanged reports whether the kernel's states are what an SA that brings its keys would
// be made of: one that was configured otherwise meanwhile is to be made anew.
func (d *Dataplane) unchanged(sa *ipsec.SA, f *flow) bool {
	for _, s := range d.states(sa, f) {
		if same, err := d.system.Same(s); err != nil || !same {
			return false
		}
	}
	sa.Wipe()
	return true
}
