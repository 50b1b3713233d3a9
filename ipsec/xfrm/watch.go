package xfrm

import (
	"errors"
	"strings"
	"time"

	"sallyport/ipsec"
)

// tick is how often what others changed is looked for.
const tick = time.Second

// keepTime repairs what others undid, until the dataplane is closed.
func (d *Dataplane) keepTime() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			for _, e := range d.repair() {
				d.Notify(e)
			}
		case <-d.stop:
			return
		}
	}
}

// repair compares what the kernel has with what it is to have, if there is a reason: others
// changed something of ours, events were lost, an error left it open; or devices and routes
// changed, which policies depend on. It returns what the owner has to hear.
func (d *Dataplane) repair() (lost []ipsec.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || !d.begun || !d.hostMoved() && !d.dirty && d.known {
		return nil
	}
	var err error
	if d.dirty {
		lost, err = d.compareStates()
		d.dirty, d.known = err != nil, false
	}
	if err = errors.Join(err, d.compare()); err != nil {
		d.warnOnce("IPsec in the kernel is not as it should be: " + strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return lost
}

// compare makes the policies right for the devices and routes as they are.
func (d *Dataplane) compare() error {
	if !d.known {
		if err := d.look(); err != nil {
			return err
		}
	}
	policies := make([]*ipsec.Policy, len(d.stated.entries))
	for i, e := range d.stated.entries {
		policies[i] = e.policy
	}
	return d.move(policies)
}

// compareStates finds SAs that others have removed: their owner is told that they are at
// an end. States of ours that no SA has are removed.
func (d *Dataplane) compareStates() (lost []ipsec.Event, err error) {
	states, err := d.system.States()
	if err != nil {
		return nil, err
	}
	there := make(map[ipsec.SAID]bool, len(states))
	var errs []error
	for i := range states {
		id := states[i].ID
		there[id] = true
		if d.sas[id] == nil && d.around[id] == nil && !states[i].Larval {
			errs = append(errs, d.system.DeleteState(id))
		}
	}
	for _, a := range d.sas {
		if id, bundle := a.AHID(); a.final == nil && (!there[a.ID] || bundle && !there[id]) {
			errs = append(errs, d.end(a))
			d.ended(a)
			lost = append(lost, ipsec.Expired{SA: a.ID, Hard: true})
		}
	}
	return lost, errors.Join(errs...)
}
