package xfrm

import (
	"fmt"
	"net/netip"

	"sallyport/ipsec"
)

// MoveSA has an SA in UDP go to, or come from, another address or port. In the kernel that
// is a change of the state where the address stays, and for an inbound one always: it takes
// packets from anywhere. A state to another address is removed and made anew with its keys
// and numbers; packets wait meanwhile.
func (d *Dataplane) MoveSA(id ipsec.SAID, remote netip.AddrPort) (ipsec.SAID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.prepare(); err != nil {
		return id, err
	}
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	a := d.sas[id]
	if reason := d.stays(a, remote); reason != "" {
		return id, &UnusableSA{id, reason}
	}
	if err := d.system.MoveState(id, a.Direction == ipsec.Inbound, remote); err != nil {
		d.dirty = true // the state may be gone: its owner is to hear
		return id, err
	}
	return d.rename(a, remote)
}

// stays returns why an SA cannot move, or "".
func (d *Dataplane) stays(a *association, remote netip.AddrPort) string {
	switch {
	case a == nil:
		return "there is no such SA"
	case a.final != nil:
		return "the SA is at an end"
	case a.Encapsulation == (ipsec.Ports{}):
		return "the SA is not in UDP, its peer stays where it is"
	case !remote.Addr().Is4() || remote.Port() == 0:
		return fmt.Sprintf("peer is at %v, want an IPv4 address and a port", remote)
	case a.Mode == ipsec.Transport && a.Remote != remote.Addr():
		return fmt.Sprintf("transport mode is between %v and %v, and cannot go to %v", a.Local, a.Remote, remote.Addr())
	}
	to := a.ID
	to.Destination = remote.Addr()
	if a.Direction == ipsec.Outbound && to != a.ID && d.sas[to] != nil {
		return fmt.Sprintf("%v is in use", to)
	}
	return ""
}

// rename takes note that an SA has moved, and has the policies of its flow follow. Its
// owner may still read what it was made of: that does not change.
func (d *Dataplane) rename(a *association, remote netip.AddrPort) (ipsec.SAID, error) {
	d.unregister(a)
	sa := *a.SA
	elsewhere := sa.Remote != remote.Addr()
	sa.Remote, sa.Encapsulation.Remote = remote.Addr(), remote.Port()
	if sa.Direction == ipsec.Outbound {
		sa.ID.Destination = remote.Addr()
		a.moved = elsewhere
	}
	a.SA, a.peer = &sa, remote
	d.enroll(a)
	return sa.ID, d.reshape(a.flow, elsewhere && sa.Direction == ipsec.Outbound)
}
