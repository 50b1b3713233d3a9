package tunnel

import (
	"fmt"
	"net/netip"
	"slices"

	"sallyport/ipsec"
)

// MoveSA has an SA in UDP go to, or come from, another address or port. Packets that are on
// their way go where they were to.
func (d *Dataplane) MoveSA(id ipsec.SAID, remote netip.AddrPort) (ipsec.SAID, error) {
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	mtu := d.pathMTU(remote.Addr())
	d.mu.Lock()
	defer d.mu.Unlock()
	in, out := d.sad.inbound[nameOf(id)], d.sad.outbound[nameOf(id)]
	var sa *ipsec.SA
	switch {
	case in != nil:
		sa = in.SA
	case out != nil:
		sa = out.SA
	}
	if reason := d.sad.stays(sa, remote); reason != "" {
		return id, &UnusableSA{id, reason}
	}
	if in != nil {
		d.sad.moveInbound(in, remote)
		return id, nil
	}
	moved := d.sad.moveOutbound(out, remote)
	if sa.Remote != remote.Addr() {
		moved.pmtu.Store(int32(mtu))
	}
	d.epoch.Add(1)
	return moved.ID, nil
}

// stays returns why an SA cannot move, or "".
func (d *sad) stays(sa *ipsec.SA, remote netip.AddrPort) string {
	switch {
	case sa == nil:
		return "there is no such SA"
	case sa.Encapsulation == (ipsec.Ports{}):
		return "the SA is not in UDP, its peer stays where it is"
	case !remote.Addr().Is4() || remote.Port() == 0:
		return fmt.Sprintf("peer is at %v, want an IPv4 address and a port", remote)
	case sa.Mode == ipsec.Transport && sa.Remote != remote.Addr():
		return fmt.Sprintf("transport mode is between %v and %v, and cannot go to %v", sa.Local, sa.Remote, remote.Addr())
	}
	to := sa.ID
	to.Destination = remote.Addr()
	if sa.Direction == ipsec.Outbound && to != sa.ID && d.has(to) {
		return fmt.Sprintf("%v is in use", to)
	}
	return ""
}

// elsewhere returns an SA with its peer somewhere else. The keys are shared.
func elsewhere(sa *ipsec.SA, remote netip.AddrPort) *ipsec.SA {
	moved := *sa
	moved.Remote, moved.Encapsulation.Remote = remote.Addr(), remote.Port()
	if moved.Direction == ipsec.Outbound {
		moved.ID.Destination = remote.Addr()
	}
	return &moved
}

// moveInbound puts an SA in its own place, with another peer: the name stays.
func (d *sad) moveInbound(sa *inboundSA, remote netip.AddrPort) {
	d.forgetInbound(sa)
	d.addInbound(&inboundSA{elsewhere(sa.SA, remote), sa.opening})
	sa.mu.Lock()
	defer sa.mu.Unlock()
	sa.peer = endpointOf(remote)
}

// moveOutbound puts an SA in its own place among those of its policy, maybe with another
// name.
func (d *sad) moveOutbound(sa *outboundSA, remote netip.AddrPort) *outboundSA {
	next := elsewhere(sa.SA, remote)
	moved := &outboundSA{SA: next, outer: outerOf(next), sealing: sa.sealing}
	delete(d.outbound, nameOf(sa.ID))
	d.outbound[nameOf(moved.ID)] = moved
	of := d.byPolicy[sa.Policy]
	of.out = slices.Clone(of.out)
	of.out[slices.Index(of.out, sa)] = moved
	return moved
}
