package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ipsec"
)

// A manual is the configured SAs as the dataplane has them.
type manual struct {
	dataplane ipsec.Dataplane

	mu    sync.Mutex
	pairs []manualPair // in the order of the configuration
}

// A manualPair is the two SAs of a policy. They are the configuration's: the dataplane
// gets copies, whose keys it wipes.
type manualPair struct {
	inbound, outbound *ipsec.SA
	created           time.Time
}

// pairsOf reads a list in which an inbound SA stands before its outbound one.
func pairsOf(sas []*ipsec.SA) []manualPair {
	pairs := make([]manualPair, 0, len(sas)/2)
	for pair := range slices.Chunk(sas, 2) {
		pairs = append(pairs, manualPair{inbound: pair[0], outbound: pair[1]})
	}
	return pairs
}

// inherit takes note of the pairs of which the dataplane has both SAs already, and
// removes the half of any other.
func (m *manual) inherit(sas []*ipsec.SA, has func(ipsec.SAID) bool) (err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range pairsOf(sas) {
		switch in, out := has(p.inbound.ID), has(p.outbound.ID); {
		case in && out:
			p.created = time.Now()
			m.pairs = append(m.pairs, p)
		case in || out:
			err = errors.Join(err, m.remove(p))
		}
	}
	return err
}

// apply makes the dataplane have these SAs and no other configured ones. What did not
// change is not touched. After an error all is as before, as far as the dataplane lets it.
func (m *manual) apply(sas []*ipsec.SA) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.pairs
	err := m.replace(pairsOf(sas))
	if err != nil {
		err = errors.Join(err, m.replace(before))
	}
	return err
}

// A pairKey tells pairs apart: the configuration's pointers stay while nothing changes.
type pairKey struct{ inbound, outbound *ipsec.SA }

func (p manualPair) key() pairKey { return pairKey{p.inbound, p.outbound} }

// keyed returns pairs by their keys.
func keyed(pairs []manualPair) map[pairKey]manualPair {
	all := make(map[pairKey]manualPair, len(pairs))
	for _, p := range pairs {
		all[p.key()] = p
	}
	return all
}

// replace goes from the pairs that there are to others. An SPI may pass from one pair to
// another, so those that go go first. What could not be added is not there.
func (m *manual) replace(want []manualPair) (err error) {
	if slices.EqualFunc(m.pairs, want, func(a, b manualPair) bool { return a.key() == b.key() }) {
		return nil
	}
	old, next := keyed(m.pairs), keyed(want)
	for _, p := range m.pairs {
		if _, stays := next[p.key()]; !stays {
			err = errors.Join(err, m.remove(p))
		}
	}
	now := make([]manualPair, 0, len(want))
	for _, p := range want {
		if there, ok := old[p.key()]; ok {
			now = append(now, there)
			continue
		}
		if failed := m.add(p); failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		p.created = time.Now()
		now = append(now, p)
	}
	m.pairs = now
	return err
}

// add gives both SAs to the dataplane, or none. An SPI that somebody else has stays his.
func (m *manual) add(p manualPair) error {
	if err := m.dataplane.AddSA(p.inbound.Clone()); err != nil {
		return fmt.Errorf("ipsec policy %v: %w", p.inbound.Policy, err)
	}
	if err := m.dataplane.AddSA(p.outbound.Clone()); err != nil {
		return fmt.Errorf("ipsec policy %v: %w", p.outbound.Policy, errors.Join(err, m.dataplane.RemoveSA(p.inbound.ID)))
	}
	return nil
}

func (m *manual) remove(p manualPair) error {
	return errors.Join(m.dataplane.RemoveSA(p.outbound.ID), m.dataplane.RemoveSA(p.inbound.ID))
}

// reset takes out the pairs that r names, and puts them in again.
func (m *manual) reset(r ike.Reset) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.pairs
	m.pairs = slices.DeleteFunc(slices.Clone(all), func(p manualPair) bool {
		status := p.status()
		return status.Named(r) && m.remove(p) == nil
	})
	return m.replace(all)
}

// renew makes the pair of an SA anew whose sequence numbers are used up. Others' SAs are
// not its business.
func (m *manual) renew(id ipsec.SAID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.pairs, func(p manualPair) bool { return p.inbound.ID == id || p.outbound.ID == id })
	if i < 0 {
		return nil
	}
	all := m.pairs
	m.pairs = slices.Delete(slices.Clone(all), i, i+1)
	return errors.Join(m.remove(all[i]), m.replace(all))
}

// statuses returns the pairs that are in force.
func (m *manual) statuses() []commands.ManualStatus {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]commands.ManualStatus, len(m.pairs))
	for i, p := range m.pairs {
		all[i] = p.status()
	}
	return all
}

func (p manualPair) status() commands.ManualStatus {
	return commands.ManualStatus{Policy: p.inbound.Policy, Inbound: p.inbound, Outbound: p.outbound, Created: p.created}
}
