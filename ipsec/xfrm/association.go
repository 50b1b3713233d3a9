package xfrm

import (
	"fmt"
	"net/netip"
	"time"

	"sallyport/ipsec"
	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// An association is an SA that the kernel has, its keys wiped.
type association struct {
	*ipsec.SA
	flow  *flow
	base  traffic         // what a predecessor counted
	final *ipsec.Counters // the last, if the kernel has it no more; nil: it lives
	peer  netip.AddrPort  // where its packets come from now, as far as was told
	moved bool            // it has gone to another address

	packets uint64    // when it was asked about last
	used    time.Time // when they were found to be more; zero: never
}

// keyFor returns the key of an SA's flow.
func keyFor(sa *ipsec.SA) flowKey {
	if sa.Direction == ipsec.Inbound {
		return flowKey{policy: sa.Policy, inbound: true}
	}
	return flowKey{policy: sa.Policy, rule: sa.Rule}
}

// An UnusableSA says why this dataplane cannot take an SA.
type UnusableSA struct {
	SA     ipsec.SAID
	Reason string
}

// Error names the SA and the reason.
func (e *UnusableSA) Error() string { return fmt.Sprintf("%v: %s", e.SA, e.Reason) }

// check refuses what the kernel could not do, or would do otherwise than meant.
func (d *Dataplane) check(sa *ipsec.SA) error {
	if err := sa.Validate(); err != nil {
		return err
	}
	end, lacks := sa.Local, d.capabilities.Lacks(sa.Offer(), sa.Mode)
	if sa.Direction == ipsec.Outbound {
		end = sa.Remote
	}
	var reason string
	switch {
	case !sa.Local.Is4() || !sa.Remote.Is4():
		reason = fmt.Sprintf("tunnel from %v to %v, want IPv4 addresses", sa.Local, sa.Remote)
	case sa.ID.Destination != end:
		reason = fmt.Sprintf("%v tunnel from %v to %v does not end there", sa.Direction, sa.Local, sa.Remote)
	case lacks != "":
		reason = fmt.Sprintf("%s has no %s: %s", d.capabilities.Name, lacks, d.capabilities.Advice)
	case sa.ESN && !d.capabilities.ESN:
		reason = fmt.Sprintf("%s has no extended sequence numbers: %s", d.capabilities.Name, d.capabilities.Advice)
	}
	if reason != "" {
		return &UnusableSA{sa.ID, reason}
	}
	return nil
}

// states returns the states of an SA, outer ones first: AH's, if it is a bundle, and its
// own. They have its keys.
func (d *Dataplane) states(sa *ipsec.SA, f *flow) (states []kernel.State) {
	s := kernel.State{
		ID: sa.ID, Source: sa.Local, Mode: sa.Mode, Inbound: sa.Direction == ipsec.Inbound, ReqID: f.reqID,
		Encryption: sa.Encryption, Integrity: sa.Integrity, EncryptionKey: sa.EncryptionKey, IntegrityKey: sa.IntegrityKey,
		Encapsulation: sa.Encapsulation, Window: sa.Window, ESN: sa.ESN, Selector: selectorOf(sa),
		Soft: ipsec.Lifetime{Octets: sa.Soft.Octets},
		Hard: sa.Hard,
	}
	if s.Inbound {
		s.Source = sa.Remote
	} else {
		s.OutputMark = d.Mark
	}
	if f.entry != nil {
		s.IfID = f.entry.ifID
		if f.entry.policy.Offload && s.IfID == 0 { // a tunnel interface has no hardware
			s.Offload = f.entry.device
		}
	}
	if id, ok := sa.AHID(); ok {
		states = append(states, aroundOf(s, id, sa.AH))
	}
	return append(states, s)
}

// aroundOf returns the AH of a bundle. It has the limits of none: it ends with the ESP.
func aroundOf(s kernel.State, id ipsec.SAID, part *ipsec.AHPart) kernel.State {
	return kernel.State{
		ID: id, Source: s.Source, Mode: ipsec.Transport, Inbound: s.Inbound, ReqID: s.ReqID, IfID: s.IfID, OutputMark: s.OutputMark,
		Integrity: part.Integrity, IntegrityKey: part.Key, Window: s.Window, ESN: s.ESN,
	}
}

// selectorOf returns what the kernel is to check of decrypted packets, nil for nothing: a
// range that is no prefix it cannot be told, and policies are stricter anyway.
func selectorOf(sa *ipsec.SA) *selection.Selection {
	local, ok := sa.Selector.Local.Prefix()
	if !ok {
		return nil
	}
	remote, ok := sa.Selector.Remote.Prefix()
	if !ok {
		return nil
	}
	s := selection.Selection{From: local, To: remote, Protocol: sa.Selector.Protocol}
	if sa.Selector.LocalPort != 0 {
		s.FromPort = selection.OnePort(sa.Selector.LocalPort)
	}
	if sa.Selector.RemotePort != 0 {
		s.ToPort = selection.OnePort(sa.Selector.RemotePort)
	}
	if sa.Direction == ipsec.Inbound {
		s = s.Mirror()
	}
	return &s
}

// ipHeader is what an IPv4 header has without options.
const ipHeader = 20

// counted returns the kernel's counters of an SA in terms of inner packets. In transport
// mode it leaves their headers out; limits of octets it keeps late there by as much.
func counted(sa *ipsec.SA, c ipsec.Counters) ipsec.Counters {
	if sa.Mode == ipsec.Transport {
		c.Octets += ipHeader * c.Packets
	}
	c.OtherICV = suspicious(sa, c)
	return c
}

// suspicious reports whether no packet of an SA has a right ICV, and another length of it may
// be the reason: the kernel does not look.
func suspicious(sa *ipsec.SA, c ipsec.Counters) bool {
	return sa.Direction == ipsec.Inbound && c.Packets == 0 && c.ICVFailures >= enoughFailures && cutsSHA2(sa)
}

// enoughFailures is how many packets that are not authentic, with none that is, are no
// chance.
const enoughFailures = 3

// cutsSHA2 reports whether an SA has ICVs that peers cut to different lengths.
func cutsSHA2(sa *ipsec.SA) bool {
	_, one := sa.Integrity.Other()
	if sa.AH == nil {
		return one
	}
	_, other := sa.AH.Integrity.Other()
	return one || other
}
