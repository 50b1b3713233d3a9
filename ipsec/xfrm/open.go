package xfrm

import (
	"errors"

	"sallyport/ipsec/xfrm/kernel"
)

// Open makes a dataplane in the calling thread's network namespace. What a predecessor left
// holds until Adopt and SetPolicies. It needs CAP_NET_ADMIN and a kernel with ESP; the error
// says in one line what is missing.
func Open(c Config) (*Dataplane, error) {
	d, err := open(c)
	if err != nil {
		return nil, err
	}
	if len(d.capabilities.Encryptions) == 0 {
		return nil, errors.Join(errNoESP, d.system.Close(), d.network.Close())
	}
	if err := d.start(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// errNoESP says that a kernel has policies and no SAs.
var errNoESP = errors.New("this kernel has no ESP (CONFIG_INET_ESP): run with --dataplane user")

// open is Open for every kernel that has policies. Nothing runs yet.
func open(c Config) (*Dataplane, error) {
	k, err := kernel.Open()
	if errors.Is(err, kernel.ErrNoXFRM) {
		return nil, errors.New(err.Error() + ": run with --dataplane user")
	}
	if err != nil {
		return nil, err
	}
	n, err := openHost()
	if err != nil {
		return nil, errors.Join(err, k.Close())
	}
	d := newDataplane(c, k, n)
	if d.capabilities, err = k.Capabilities(); err != nil {
		return nil, errors.Join(err, k.Close(), n.Close())
	}
	return d, nil
}

// start takes the kernel's counters as the beginning, has packets wait for their SA, and
// begins to listen.
func (d *Dataplane) start() error {
	d.begin = *d.counters()
	if len(d.begin.Counters) == 0 {
		d.Warn("dropped packets are not counted: the kernel lacks CONFIG_XFRM_STATISTICS")
	}
	before, err := d.system.Waiting()
	if before == kernel.Patient { // a killed predecessor's
		before = kernel.Usual
	}
	if err == nil {
		err = d.system.SetWaiting(kernel.Patient)
	}
	if err != nil {
		d.Warn("the first packets are lost while an SA is negotiated: " + err.Error())
	} else {
		d.waiting = &before
	}
	if err := d.system.Listen(d.heard); err != nil {
		return err
	}
	d.workers.Go(d.keepTime)
	return nil
}

// Close removes all that is ours from the kernel, and returns when all goroutines have
// ended. What still calls other methods afterwards gets errors.
func (d *Dataplane) Close() error { return d.shut(d.clear) }

// Keep is Close that leaves SAs, policies and tunnel interfaces to a successor: the kernel
// goes on by itself.
func (d *Dataplane) Keep() error { return d.shut(func() error { return nil }) }

// shut ends the dataplane, once, after a last act in the kernel.
func (d *Dataplane) shut(act func() error) (err error) {
	d.once.Do(func() {
		close(d.stop)
		d.workers.Wait()
		d.mu.Lock()
		d.closed = true
		err = act()
		d.mu.Unlock()
		err = errors.Join(err, d.system.Close(), d.network.Close())
	})
	return err
}

// clear removes what is ours and puts back what was changed.
func (d *Dataplane) clear() error {
	d.counters() // the last numbers stay
	err := sweep(d.system)
	if d.waiting != nil {
		err = errors.Join(err, d.system.SetWaiting(*d.waiting))
	}
	return err
}

// sweep removes all that is ours: policies before SAs, so that nothing asks for one.
func sweep(s system) error {
	policies, err := s.Policies()
	errs := []error{err}
	for _, p := range policies {
		errs = append(errs, s.DeletePolicy(p.Index, p.IfID))
	}
	states, err := s.States()
	errs = append(errs, err)
	for i := range states {
		errs = append(errs, s.DeleteState(states[i].ID))
	}
	tunnels, err := s.Tunnels()
	errs = append(errs, err)
	for _, t := range tunnels {
		errs = append(errs, s.RemoveTunnel(t.Name))
	}
	return errors.Join(append(errs, s.Reassemble(false))...)
}
