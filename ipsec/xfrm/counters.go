package xfrm

import (
	"time"

	"sallyport/ipsec"
)

// A traffic is packets, and the octets of the inner ones.
type traffic struct{ packets, octets uint64 }

// Counters returns what an SA has done so far. The kernel counts for the AH of a bundle
// whole ESP packets; what is in them is what its ESP counts.
func (d *Dataplane) Counters(id ipsec.SAID) (ipsec.Counters, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if a := d.sas[id]; a != nil {
		return d.countersOf(a)
	}
	a := d.around[id]
	if a == nil {
		return ipsec.Counters{}, false
	}
	inner, ok := d.countersOf(a)
	if s, found, err := d.system.State(id); found && err == nil {
		inner.Packets, inner.Sequence = s.Counters.Packets, s.Counters.Sequence
		inner.ICVFailures, inner.OtherICV = s.Counters.ICVFailures, suspicious(a.SA, s.Counters)
	}
	return inner, ok
}

// countersOf asks the kernel about an SA, if it has it.
func (d *Dataplane) countersOf(a *association) (ipsec.Counters, bool) {
	if a.final != nil {
		return *a.final, true
	}
	s, ok, err := d.system.State(a.ID)
	return a.seen(counted(a.SA, s.Counters)), ok && err == nil
}

// seen fills in when the SA was used last, as far as questions tell, where the kernel
// does not: it knows the time of some states only.
func (a *association) seen(c ipsec.Counters) ipsec.Counters {
	if c.Packets != a.packets {
		a.packets, a.used = c.Packets, time.Now().Truncate(time.Second)
	}
	if c.LastUsed.IsZero() {
		c.LastUsed = a.used
	}
	return c
}

// Statistics returns the sums over all traffic since the start: of the SAs that are gone,
// of those that the kernel has, and the drops by the kernel's counters.
func (d *Dataplane) Statistics() ipsec.Statistics {
	d.mu.Lock()
	defer d.mu.Unlock()
	sums := d.retired
	states, err := d.system.States()
	if err != nil { // after the end
		states = nil
	}
	for i := range states {
		if a := d.sas[states[i].ID]; a != nil && a.final == nil {
			sums = d.with(sums, a, counted(a.SA, states[i].Counters))
		}
	}
	for _, a := range d.sas {
		if a.final != nil {
			sums = d.with(sums, a, *a.final)
		}
	}
	d.addDrops(&sums)
	return sums
}

// with returns sums and what an SA has done in our time.
func (d *Dataplane) with(sums ipsec.Statistics, a *association, c ipsec.Counters) ipsec.Statistics {
	packets, octets := less(c.Packets, a.base.packets), less(c.Octets, a.base.octets)
	if a.Direction == ipsec.Inbound {
		sums.InPackets, sums.InOctets = sums.InPackets+packets, sums.InOctets+octets
	} else {
		sums.OutPackets, sums.OutOctets = sums.OutPackets+packets, sums.OutOctets+octets
	}
	return sums
}

// less returns the difference of a counter that only grows, 0 if it was lost.
func less(now, before uint64) uint64 {
	if now < before {
		return 0
	}
	return now - before
}
