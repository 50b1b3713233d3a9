package tunnel

import (
	"errors"
	"slices"

	"sallyport/acl"
	"sallyport/ipsec"
)

// SetPolicies states all policies. The databases change before routing does: what
// is brought here for a policy always meets the policy. Devices of routed policies come
// first and go last. On error everything is as before.
func (d *Dataplane) SetPolicies(policies []*ipsec.Policy) error {
	d.stating.Lock()
	defer d.stating.Unlock()
	before := d.spd.Load()
	if d.told && slices.EqualFunc(before.stated, policies, samePolicy) {
		return d.router.Set(before.policies) // the very same: that costs least
	}
	next, err := newSPD(policies, before)
	if err != nil {
		return err
	}
	if err := d.openTunnels(next, before); err != nil {
		return err
	}
	d.replace(next)
	if err := d.router.Set(next.policies); err != nil {
		d.replace(before)
		return errors.Join(err, closeTunnels(next, before))
	}
	errs := []error{closeTunnels(before, next)}
	for _, p := range before.stated {
		if q := next.byID[p.ID]; q == nil {
			d.forget(p.ID)
		} else if q.MayHaveInstances() {
			continue
		}
		errs = append(errs, d.forgetInstances(p.ID))
	}
	return errors.Join(append(errs, d.addEarly())...)
}

// samePolicy reports whether two policies say the same.
func samePolicy(a, b *ipsec.Policy) bool { return a == b || *a == *b }

// replace makes s the SPD in force.
func (d *Dataplane) replace(s *spd) {
	d.spd.Store(s)
	d.epoch.Add(1)
}

// forget removes the SAs of a policy and what waits for one.
func (d *Dataplane) forget(id ipsec.PolicyID) {
	d.instances.close(id)
	d.mu.Lock()
	d.sad.removePolicy(id)
	dropped := d.held.drop(id)
	d.mu.Unlock()
	d.epoch.Add(1)
	d.statistics.dropMany(ipsec.DropNoSA, dropped)
}

// AddSA installs one direction. A new outbound SA takes over at once, and sends what
// was kept for it. An SPI that is in use is an error.
func (d *Dataplane) AddSA(sa *ipsec.SA) error {
	if err := check(sa); err != nil {
		return err
	}
	if sa.Direction == ipsec.Inbound {
		return d.addInbound(sa)
	}
	return d.addOutbound(sa)
}

func (d *Dataplane) addInbound(sa *ipsec.SA) error {
	in, err := newInbound(sa)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.sad.free(sa); err != nil {
		return err
	}
	d.sad.addInbound(in)
	return nil
}

func (d *Dataplane) addOutbound(sa *ipsec.SA) error {
	out, err := newOutbound(sa, &d.ivs, d.pathMTU(sa.Remote))
	if err != nil {
		return err
	}
	d.mu.Lock()
	if err := d.sad.free(sa); err != nil {
		d.mu.Unlock()
		return err
	}
	d.sad.addOutbound(out)
	released := d.held.take(sa.Policy, func(t acl.Tuple) bool { return out.chosenFor(t) })
	d.mu.Unlock()
	d.epoch.Add(1)
	for _, h := range released {
		d.protectCopy(out, h.packet)
	}
	return nil
}

// RemoveSA removes one direction, both parts of a bundle. An older SA for the same traffic takes over again.
func (d *Dataplane) RemoveSA(id ipsec.SAID) error {
	d.mu.Lock()
	d.sad.remove(id)
	d.mu.Unlock()
	d.epoch.Add(1)
	return nil
}

// expired tells the owner of a limit. An SA that is used up is not chosen again.
func (d *Dataplane) expired(e ipsec.Expired) {
	if e.Hard {
		d.epoch.Add(1)
	}
	d.notify(e)
}

// Counters returns what an SA has done so far.
func (d *Dataplane) Counters(id ipsec.SAID) (ipsec.Counters, bool) {
	d.mu.RLock()
	in, out := d.sad.inbound[nameOf(id)], d.sad.outbound[nameOf(id)]
	d.mu.RUnlock()
	switch {
	case in != nil:
		return in.counters(id.Protocol), true
	case out != nil:
		return out.counters(id.Protocol), true
	}
	return ipsec.Counters{}, false
}
