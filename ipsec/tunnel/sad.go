package tunnel

import (
	"fmt"
	"io"
	"net/netip"
	"slices"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/esp"
)

// A sad is the security association database: RFC 4301 §4.4.2. The caller locks.
type sad struct {
	inbound  map[ipsec.SAID]*inboundSA
	outbound map[ipsec.SAID]*outboundSA
	byPolicy map[ipsec.PolicyID][]*outboundSA // newest first
}

func newSAD() sad {
	return sad{
		inbound:  make(map[ipsec.SAID]*inboundSA),
		outbound: make(map[ipsec.SAID]*outboundSA),
		byPolicy: make(map[ipsec.PolicyID][]*outboundSA),
	}
}

// An UnusableSA says why this dataplane cannot take an SA.
type UnusableSA struct {
	SA     ipsec.SAID
	Reason string
}

// Error names the SA and the reason.
func (e *UnusableSA) Error() string { return fmt.Sprintf("%v: %s", e.SA, e.Reason) }

// check refuses what this dataplane cannot do; the algorithms are package esp's
// question.
func check(sa *ipsec.SA) error {
	var reason string
	end := sa.Local
	if sa.Direction == ipsec.Outbound {
		end = sa.Remote
	}
	switch {
	case sa.Mode != ipsec.Tunnel:
		reason = "mode is transport, the userspace dataplane has tunnel only"
	case !sa.Local.Is4() || !sa.Remote.Is4():
		reason = fmt.Sprintf("tunnel from %v to %v, want IPv4 addresses", sa.Local, sa.Remote)
	case sa.ID.Destination != end:
		reason = fmt.Sprintf("%v tunnel from %v to %v does not end there", sa.Direction, sa.Local, sa.Remote)
	}
	if reason != "" {
		return &UnusableSA{sa.ID, reason}
	}
	return nil
}

func newOutbound(sa *ipsec.SA, entropy io.Reader, pmtu int) (*outboundSA, error) {
	sealer, err := esp.NewOutbound(sa, entropy)
	if err != nil {
		return nil, err
	}
	out := &outboundSA{
		SA:    sa,
		outer: outer{local: sa.Local, remote: sa.Remote, ports: sa.Encapsulation},
		esp:   sealer, limit: limitsOf(sa),
	}
	out.pmtu.Store(int32(pmtu))
	return out, nil
}

func newInbound(sa *ipsec.SA) (*inboundSA, error) {
	opener, err := esp.NewInbound(sa)
	if err != nil {
		return nil, err
	}
	peer := netip.AddrPortFrom(sa.Remote, sa.Encapsulation.Remote)
	return &inboundSA{SA: sa, esp: opener, limit: limitsOf(sa), peer: peer}, nil
}

// has reports whether there is an SA of that name.
func (d *sad) has(id ipsec.SAID) bool { return d.inbound[id] != nil || d.outbound[id] != nil }

func (d *sad) addOutbound(sa *outboundSA) {
	d.outbound[sa.ID] = sa
	d.byPolicy[sa.Policy] = append([]*outboundSA{sa}, d.byPolicy[sa.Policy]...)
}

// remove takes the SA out and wipes its keys. The lists are replaced, not changed:
// a reader may still walk along one.
func (d *sad) remove(id ipsec.SAID) {
	if in := d.inbound[id]; in != nil {
		wipe(in.SA)
		delete(d.inbound, id)
	}
	sa := d.outbound[id]
	if sa == nil {
		return
	}
	wipe(sa.SA)
	delete(d.outbound, id)
	rest := slices.DeleteFunc(slices.Clone(d.byPolicy[sa.Policy]), func(other *outboundSA) bool { return other == sa })
	if d.byPolicy[sa.Policy] = rest; len(rest) == 0 {
		delete(d.byPolicy, sa.Policy)
	}
}

// removePolicy takes out all SAs of a policy.
func (d *sad) removePolicy(id ipsec.PolicyID) {
	for _, sa := range d.byPolicy[id] {
		wipe(sa.SA)
		delete(d.outbound, sa.ID)
	}
	delete(d.byPolicy, id)
	for said, sa := range d.inbound {
		if sa.Policy == id {
			wipe(sa.SA)
			delete(d.inbound, said)
		}
	}
}

// wipe overwrites the keys that an SA came with. Package esp works on what it made
// of them, which goes with the last packet.
func wipe(sa *ipsec.SA) {
	sa.EncryptionKey.Wipe()
	sa.IntegrityKey.Wipe()
}

// choose returns the newest SA of the policy for a packet that leaves, or nil.
func (d *sad) choose(policy ipsec.PolicyID, t acl.Tuple) *outboundSA {
	for _, sa := range d.byPolicy[policy] {
		if sa.chosenFor(t) {
			return sa
		}
	}
	return nil
}
