package tunnel

import (
	"errors"
	"slices"

	"sallyport/ipsec"
)

// AddPolicy adds an instance of a policy. Packets meet it before routing brings them.
func (d *Dataplane) AddPolicy(p *ipsec.Policy) error {
	d.stating.Lock()
	defer d.stating.Unlock()
	if err := p.CheckInstance(); err != nil {
		return err
	}
	if !d.told {
		if err := d.instances.hold(p); err != nil {
			return err
		}
		d.early = append(slices.DeleteFunc(d.early, func(other *ipsec.Policy) bool { return other.ID == p.ID }), p)
		return nil
	}
	if err := p.CheckInstanceOf(d.spd.Load().byID[p.ID.Configured()]); err != nil {
		return err
	}
	return d.addInstance(p)
}

// addInstance adds an instance of a policy that is there. On error everything is as before.
func (d *Dataplane) addInstance(p *ipsec.Policy) error {
	old := d.instances.instance(p.ID)
	if old != nil && samePolicy(old, p) {
		return nil
	}
	if err := d.instances.add(p); err != nil {
		return err
	}
	d.epoch.Add(1)
	err := d.router.Add(p)
	if err == nil {
		return nil
	}
	if old != nil {
		err = errors.Join(err, d.instances.add(old))
	} else {
		d.instances.remove(p.ID)
	}
	d.epoch.Add(1)
	return err
}

// addEarly adds what came before the first SetPolicies.
func (d *Dataplane) addEarly() error {
	early := d.early
	d.early, d.told = nil, true
	var errs []error
	s := d.spd.Load()
	for _, p := range early {
		if p.CheckInstanceOf(s.byID[p.ID.Configured()]) == nil {
			errs = append(errs, d.addInstance(p))
		} else {
			d.instances.letGo(p)
		}
	}
	return errors.Join(errs...)
}

// RemovePolicy removes an instance: first routing, then the databases.
func (d *Dataplane) RemovePolicy(id ipsec.PolicyID) error {
	d.stating.Lock()
	defer d.stating.Unlock()
	if i := slices.IndexFunc(d.early, func(p *ipsec.Policy) bool { return p.ID == id }); i >= 0 {
		d.instances.letGo(d.early[i])
		d.early = slices.Delete(d.early, i, i+1)
	}
	return d.removeInstance(id)
}

func (d *Dataplane) removeInstance(id ipsec.PolicyID) error {
	p := d.instances.instance(id)
	if p == nil {
		return nil
	}
	err := d.router.Remove(p)
	d.instances.remove(id)
	d.forget(id)
	return err
}

// forgetInstances removes those of a policy.
func (d *Dataplane) forgetInstances(policy ipsec.PolicyID) error {
	var errs []error
	for _, id := range d.instances.of(policy) {
		errs = append(errs, d.removeInstance(id))
	}
	return errors.Join(errs...)
}
