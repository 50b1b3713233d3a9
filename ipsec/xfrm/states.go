package xfrm

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/ipsec/xfrm/kernel"
)

// SPI has the kernel reserve one, for as long as it waits for an SA.
func (d *Dataplane) SPI(local, remote netip.Addr, p ipsec.Protocol) (ipsec.SPI, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.prepare(); err != nil {
		return 0, err
	}
	spi, err := d.system.ReserveSPI(orAny(remote), orAny(local), p, ipsec.Tunnel, reserved)
	if err != nil {
		return 0, err
	}
	d.kept[ipsec.SAID{Destination: orAny(local), Protocol: p, SPI: spi}] = true
	return spi, nil
}

// AddSA installs one direction, both parts of a bundle or none, and wipes the keys: the
// kernel has them. Among the SAs of a flow the kernel takes the newest.
func (d *Dataplane) AddSA(sa *ipsec.SA) error {
	if err := d.check(sa); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.prepare(); err != nil {
		return err
	}
	if d.has(sa) {
		return &UnusableSA{sa.ID, "SPI is in use"}
	}
	f, err := d.flows.of(keyFor(sa), 0)
	if err != nil {
		return err
	}
	if err := d.install(d.states(sa, f)); err != nil {
		d.flows.release(f)
		return err
	}
	a := &association{SA: sa, flow: f}
	d.register(a)
	again := sa.Direction == ipsec.Outbound && (f.asked || len(f.sas) > 1)
	if err := d.reshape(f, again); err != nil {
		return errors.Join(err, d.remove(a))
	}
	sa.Wipe()
	return nil
}

// has reports whether a part of an SA has a name that is in use.
func (d *Dataplane) has(sa *ipsec.SA) bool {
	id, bundle := sa.AHID()
	return d.sas[sa.ID] != nil || d.around[sa.ID] != nil || bundle && (d.sas[id] != nil || d.around[id] != nil)
}

// install adds states, all or none.
func (d *Dataplane) install(states []kernel.State) error {
	for i := range states {
		err := d.installOne(states[i])
		if err == nil {
			continue
		}
		for _, s := range states[:i] {
			err = errors.Join(err, d.system.DeleteState(s.ID))
		}
		return err
	}
	return nil
}

// installOne adds a state. Hardware that does not take it leaves it to the processor.
func (d *Dataplane) installOne(s kernel.State) error {
	put := d.system.AddState
	if d.kept[s.ID] {
		delete(d.kept, s.ID)
		put = d.fulfil
	}
	err := put(s)
	if errors.Is(err, unix.EEXIST) {
		return &UnusableSA{s.ID, "SPI is in use"}
	}
	if s.Offload == 0 {
		return err
	}
	if err != nil {
		d.noHardware(s.Offload, err.Error())
		s.Offload = 0
		return put(s)
	}
	if there, _, err := d.system.State(s.ID); err == nil && there.Offload == 0 { // taken, and left to the processor
		d.noHardware(s.Offload, "its driver has no IPsec")
	}
	return nil
}

// noHardware says that an SA is the processor's, though its interface was to do it.
func (d *Dataplane) noHardware(device int, reason string) {
	for name, index := range d.devices {
		if index == device {
			d.warnOnce(fmt.Sprintf("ipsec offload: %s takes no SAs, the processor does them: %s", name, reason))
		}
	}
}

// fulfil makes an SPI that was reserved a state. A reservation that has ended meanwhile is
// no harm.
func (d *Dataplane) fulfil(s kernel.State) error {
	err := d.system.UpdateState(s)
	if errors.Is(err, unix.ESRCH) {
		return d.system.AddState(s)
	}
	return err
}

// register takes note of an SA that the kernel has.
func (d *Dataplane) register(a *association) {
	d.enroll(a)
	a.flow.sas = append(a.flow.sas, a)
}

// enroll takes note of the names of an SA.
func (d *Dataplane) enroll(a *association) {
	d.sas[a.ID] = a
	d.ofPolicy[a.Policy] = append(d.ofPolicy[a.Policy], a)
	if id, ok := a.AHID(); ok {
		d.around[id] = a
	}
}

// unregister forgets the names of an SA.
func (d *Dataplane) unregister(a *association) {
	delete(d.sas, a.ID)
	if id, ok := a.AHID(); ok {
		delete(d.around, id)
	}
	rest := slices.DeleteFunc(d.ofPolicy[a.Policy], func(other *association) bool { return other == a })
	if d.ofPolicy[a.Policy] = rest; len(rest) == 0 {
		delete(d.ofPolicy, a.Policy)
	}
}

// RemoveSA removes one direction. An older SA of the same flow takes over again.
func (d *Dataplane) RemoveSA(id ipsec.SAID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	if a := d.sas[id]; a != nil {
		return d.remove(a)
	}
	if d.kept[id] {
		delete(d.kept, id)
		return d.system.DeleteState(id)
	}
	return nil
}

// remove removes an SA; policies that only it has shaped change before, so that nothing is
// lost. What it did stays in the statistics.
func (d *Dataplane) remove(a *association) error {
	a.flow.remove(a)
	err := d.reshape(a.flow, false)
	if a.final == nil {
		err = errors.Join(err, d.end(a))
	}
	d.retired = d.with(d.retired, a, *a.final)
	d.unregister(a)
	a.Wipe()
	d.flows.release(a.flow)
	return err
}

// end removes the states of an SA, and keeps what they have counted.
func (d *Dataplane) end(a *association) error {
	s, _, err := d.system.State(a.ID)
	d.finish(a, s.Counters)
	err = errors.Join(err, d.system.DeleteState(a.ID))
	if id, ok := a.AHID(); ok {
		err = errors.Join(err, d.system.DeleteState(id))
	}
	return err
}

// finish notes the last counters of an SA that the kernel has no more.
func (d *Dataplane) finish(a *association, c ipsec.Counters) {
	c = a.seen(counted(a.SA, c))
	a.final = &c
}

// removePolicies removes the SAs of policies. What the kernel refuses is found by the next
// full comparison.
func (d *Dataplane) removePolicies(gone map[ipsec.PolicyID]bool) {
	for id := range gone {
		for _, a := range slices.Clone(d.ofPolicy[id]) {
			if d.remove(a) != nil {
				d.dirty = true
			}
		}
	}
}
