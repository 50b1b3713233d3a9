package ipsectest

import (
	"fmt"
	"net/netip"
	"slices"

	"sallyport/ipsec"
)

// AddPolicy keeps an instance.
func (f *Fake) AddPolicy(p *ipsec.Policy) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.fail("AddPolicy", &ipsec.SA{Policy: p.ID}); err != nil {
		return err
	}
	if err := p.CheckInstance(); err != nil {
		return err
	}
	if f.policies != nil {
		if err := p.CheckInstanceOf(f.stated(p.ID.Configured())); err != nil {
			return err
		}
	}
	if i := slices.IndexFunc(f.instances, func(q *ipsec.Policy) bool { return q.ID == p.ID }); i >= 0 {
		f.instances[i] = p
		return nil
	}
	f.instances = append(f.instances, p)
	return nil
}

// stated returns the policy of that name, nil if it is not listed.
func (f *Fake) stated(id ipsec.PolicyID) *ipsec.Policy {
	if i := slices.IndexFunc(f.policies, func(p *ipsec.Policy) bool { return p.ID == id }); i >= 0 {
		return f.policies[i]
	}
	return nil
}

// RemovePolicy forgets an instance and its SAs.
func (f *Fake) RemovePolicy(id ipsec.PolicyID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.fail("RemovePolicy", &ipsec.SA{Policy: id}); err != nil {
		return err
	}
	f.forgetPolicies(func(other ipsec.PolicyID) bool { return other == id && id.Instance != 0 })
	return nil
}

// forgetPolicies forgets instances, and what there is of any policy that is gone.
func (f *Fake) forgetPolicies(gone func(ipsec.PolicyID) bool) {
	f.instances = slices.DeleteFunc(f.instances, func(p *ipsec.Policy) bool { return gone(p.ID) })
	for id, sa := range f.sas {
		if gone(sa.Policy) {
			f.forget(id)
		}
	}
	for id := range f.clear {
		if gone(id) {
			delete(f.clear, id)
		}
	}
}

// Instances returns those that were added, oldest first.
func (f *Fake) Instances() []*ipsec.Policy {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.instances)
}

// PassClear takes note of what may go in clear.
func (f *Fake) PassClear(id ipsec.PolicyID, whether bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.fail("PassClear", &ipsec.SA{Policy: id}); err != nil {
		return err
	}
	is := func(p *ipsec.Policy) bool { return p.ID == id }
	if !slices.ContainsFunc(f.policies, is) && !slices.ContainsFunc(f.instances, is) {
		return fmt.Errorf("there is no policy %v", id)
	}
	if f.clear == nil {
		f.clear = make(map[ipsec.PolicyID]bool)
	}
	f.clear[id] = whether
	return nil
}

// Clear reports whether a policy's packets may go in clear.
func (f *Fake) Clear(id ipsec.PolicyID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.clear[id]
}

// MoveSA gives the SA the peer's new address and port.
func (f *Fake) MoveSA(id ipsec.SAID, remote netip.AddrPort) (ipsec.SAID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.fail("MoveSA", &ipsec.SA{ID: id}); err != nil {
		return id, err
	}
	sa := f.sas[id]
	if sa == nil {
		return id, fmt.Errorf("there is no SA %v", id)
	}
	moved := *sa
	moved.Remote, moved.Encapsulation.Remote = remote.Addr(), remote.Port()
	if moved.Direction == ipsec.Outbound {
		moved.ID.Destination = remote.Addr()
	}
	counters := f.counters[id]
	f.forget(id)
	f.sas[moved.ID], f.counters[moved.ID] = &moved, counters
	return moved.ID, nil
}
