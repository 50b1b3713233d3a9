package tunnel

import (
	"fmt"
	"io"
	"slices"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/ah"
	"sallyport/ipsec/esp"
)

// A sad is the security association database: RFC 4301 §4.4.2. A bundle is in it under
// the names of both its parts. The caller locks.
type sad struct {
	inbound  map[name]*inboundSA
	outbound map[name]*outboundSA
	byPolicy map[ipsec.PolicyID]*policySAs
}

// policySAs are the SAs of a policy.
type policySAs struct {
	out []*outboundSA // newest first; it is replaced, not changed: a reader may still walk along it
	in  []*inboundSA
}

func newSAD() sad {
	return sad{
		inbound:  make(map[name]*inboundSA),
		outbound: make(map[name]*outboundSA),
		byPolicy: make(map[ipsec.PolicyID]*policySAs),
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
	case sa.Encapsulation != (ipsec.Ports{}) && (sa.AH != nil || sa.ID.Protocol == ipsec.AH):
		reason = "AH does not go in UDP, want no encapsulation" // RFC 3948 §1
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

// newOutbound returns the sending side of an SA. Package esp has the ESP of a bundle,
// package ah the rest.
func newOutbound(sa *ipsec.SA, entropy io.Reader, pmtu int) (out *outboundSA, err error) {
	out = &outboundSA{SA: sa, outer: outerOf(sa), sealing: new(sealing)}
	if sa.ID.Protocol == ipsec.ESP {
		if out.esp, err = esp.NewOutbound(sa, entropy); err != nil {
			return nil, err
		}
	}
	if sa.ID.Protocol == ipsec.AH || sa.AH != nil {
		if out.ah, err = ah.NewOutbound(sa); err != nil {
			return nil, err
		}
	}
	out.pmtu.Store(int32(pmtu))
	return out, nil
}

// newInbound returns the receiving side of an SA.
func newInbound(sa *ipsec.SA) (in *inboundSA, err error) {
	in = &inboundSA{SA: sa, opening: &opening{peer: endpoint{octetsOf(sa.Remote), sa.Encapsulation.Remote}}}
	if sa.ID.Protocol == ipsec.ESP {
		if in.esp, err = esp.NewInbound(sa); err != nil {
			return nil, err
		}
	}
	if sa.ID.Protocol == ipsec.AH || sa.AH != nil {
		if in.ah, err = ah.NewInbound(sa); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// has reports whether there is an SA of that name.
func (d *sad) has(id ipsec.SAID) bool {
	return d.inbound[nameOf(id)] != nil || d.outbound[nameOf(id)] != nil
}

// free returns an error if a name of the SA is another's.
func (d *sad) free(sa *ipsec.SA) error {
	for _, id := range names(sa) {
		if d.has(id) {
			return &UnusableSA{id, "SPI is in use"}
		}
	}
	return nil
}

// names returns the names of an SA: a bundle has two.
func names(sa *ipsec.SA) []ipsec.SAID {
	if id, ok := sa.AHID(); ok {
		return []ipsec.SAID{sa.ID, id}
	}
	return []ipsec.SAID{sa.ID}
}

func (d *sad) addInbound(sa *inboundSA) {
	for _, id := range names(sa.SA) {
		d.inbound[nameOf(id)] = sa
	}
	of := d.of(sa.Policy)
	of.in = append(of.in, sa)
}

func (d *sad) addOutbound(sa *outboundSA) {
	for _, id := range names(sa.SA) {
		d.outbound[nameOf(id)] = sa
	}
	of := d.of(sa.Policy)
	of.out = append([]*outboundSA{sa}, of.out...)
}

// of returns the SAs of a policy, to which one is to be added.
func (d *sad) of(id ipsec.PolicyID) *policySAs {
	of := d.byPolicy[id]
	if of == nil {
		of = new(policySAs)
		d.byPolicy[id] = of
	}
	return of
}

// tidy forgets a policy that has no SAs any more.
func (d *sad) tidy(id ipsec.PolicyID) {
	if of := d.byPolicy[id]; len(of.out)+len(of.in) == 0 {
		delete(d.byPolicy, id)
	}
}

// remove takes the SA out.
func (d *sad) remove(id ipsec.SAID) {
	if in := d.inbound[nameOf(id)]; in != nil {
		d.removeInbound(in)
	}
	sa := d.outbound[nameOf(id)]
	if sa == nil {
		return
	}
	d.removeOutbound(sa)
	of := d.byPolicy[sa.Policy]
	of.out = slices.DeleteFunc(slices.Clone(of.out), func(other *outboundSA) bool { return other == sa })
	d.tidy(sa.Policy)
}

// removeInbound takes an SA out and wipes its keys. Packages ah and esp work on what
// they made of them, which goes with the last packet.
func (d *sad) removeInbound(sa *inboundSA) {
	d.forgetInbound(sa)
	sa.Wipe()
}

// forgetInbound takes an SA out of the tables.
func (d *sad) forgetInbound(sa *inboundSA) {
	for _, id := range names(sa.SA) {
		delete(d.inbound, nameOf(id))
	}
	of := d.byPolicy[sa.Policy]
	of.in = slices.DeleteFunc(of.in, func(other *inboundSA) bool { return other == sa })
	d.tidy(sa.Policy)
}

// removeOutbound is removeInbound for the other direction, but for the policy's list.
func (d *sad) removeOutbound(sa *outboundSA) {
	for _, id := range names(sa.SA) {
		delete(d.outbound, nameOf(id))
	}
	sa.Wipe()
}

// removePolicy takes out all SAs of a policy.
func (d *sad) removePolicy(id ipsec.PolicyID) {
	of := d.byPolicy[id]
	if of == nil {
		return
	}
	for _, sa := range of.out {
		d.removeOutbound(sa)
	}
	of.out = nil
	for _, sa := range slices.Clone(of.in) {
		d.removeInbound(sa)
	}
	delete(d.byPolicy, id)
}

// choose returns the newest SA of the policy for a packet that leaves, or nil.
func (d *sad) choose(policy ipsec.PolicyID, t acl.Tuple) *outboundSA {
	of := d.byPolicy[policy]
	if of == nil {
		return nil
	}
	for _, sa := range of.out {
		if sa.chosenFor(t) {
			return sa
		}
	}
	return nil
}
