package xfrm

import (
	"net/netip"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/xfrm/kernel"
)

// heard takes an event of the kernel's. The owner is told without the lock.
func (d *Dataplane) heard(e kernel.Event) {
	for _, told := range d.understand(e) {
		d.Notify(told)
	}
}

// understand returns what an event means to the owner.
func (d *Dataplane) understand(e kernel.Event) []ipsec.Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	switch e := e.(type) {
	case kernel.Acquire:
		return d.acquire(e)
	case kernel.Expire:
		return d.expire(e)
	case kernel.Mapping:
		return d.mapping(e)
	}
	d.dirty = true // others changed something, or nobody knows
	return nil
}

// acquire says for which flow the kernel wants an SA. The SAs of a manual policy are
// configured: there is nobody to ask.
func (d *Dataplane) acquire(e kernel.Acquire) []ipsec.Event {
	f := d.flows.byReqID[e.ReqID]
	if f == nil || f.inbound || f.entry == nil || f.entry.policy.Manual || f.serves(e.Packet) {
		return nil
	}
	f.asked = true
	return []ipsec.Event{ipsec.Acquire{Policy: f.policy, Rule: f.rule, Packet: e.Packet}}
}

// serves reports whether the newest SA of a flow is for a packet: it came back while its
// state moved, and the packet has its SA.
func (f *flow) serves(t acl.Tuple) bool {
	n := len(f.sas)
	return n > 0 && f.sas[n-1].moved && f.sas[n-1].Selector.Contains(t)
}

// expire says that an SA is at a limit. After a hard one the kernel has it no more, and the
// rest of a bundle goes too.
func (d *Dataplane) expire(e kernel.Expire) []ipsec.Event {
	a := d.sas[e.ID]
	if a == nil || a.final != nil {
		delete(d.kept, e.ID) // a reservation has ended
		return nil
	}
	if e.Hard {
		if a.Direction == ipsec.Outbound {
			e.Counters.Sequence = e.Counters.Packets // each had one, and the kernel does not say
		}
		d.finish(a, e.Counters)
		d.ended(a)
	}
	return []ipsec.Event{ipsec.Expired{SA: e.ID, Hard: e.Hard}}
}

// ended does what is to be done for an SA that the kernel has no more, or not as a whole.
// Its owner removes it.
func (d *Dataplane) ended(a *association) {
	a.flow.remove(a)
	if id, ok := a.AHID(); ok && d.system.DeleteState(id) != nil {
		d.dirty = true
	}
	if d.reshape(a.flow, false) != nil {
		d.dirty = true
	}
}

// mapping says, once, that the peer is elsewhere.
func (d *Dataplane) mapping(e kernel.Mapping) []ipsec.Event {
	a := d.sas[e.ID]
	if a == nil {
		return nil
	}
	if !a.peer.IsValid() {
		a.peer = netip.AddrPortFrom(a.Remote, a.Encapsulation.Remote)
	}
	if a.peer == e.Remote {
		return nil
	}
	a.peer = e.Remote
	return []ipsec.Event{ipsec.Moved{SA: e.ID, Remote: e.Remote}}
}
