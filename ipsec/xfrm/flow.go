package xfrm

import (
	"fmt"
	"net/netip"

	"sallyport/ipsec"
	"sallyport/ipsec/xfrm/kernel"
)

// A flowKey names a flow: what leaves by one permit rule of a policy, or by all of a manual
// one (rule 0), or what comes in for a policy, by whichever rule.
type flowKey struct {
	policy  ipsec.PolicyID
	rule    uint32 // 0 for what comes in
	inbound bool
}

// A flow is the traffic that may share an SA. The kernel knows it by a number that its SAs
// carry and its policies ask for, the reqid: so a newer SA takes over by itself. All that
// comes in for a policy is one flow: the peer may see its rules otherwise than we do, and
// each SA has a selector of its own.
type flow struct {
	flowKey
	reqID uint32
	entry *entry         // of its policy; nil: not stated
	shown shape          // that its policies have
	asked bool           // packets wait for an SA, as far as was told
	sas   []*association // those that the kernel has, oldest first
}

// A shape is what the SAs of a flow look like from outside: what a policy's templates say.
// It is comparable.
type shape struct {
	transform     ipsec.Transform
	mode          ipsec.Mode
	local, remote netip.Addr
	block         bool // there is none, and nobody to be asked for one
	clear         bool // there need be none
}

// unknown is no flow's shape: Auto is no SA's mode.
var unknown = shape{mode: ipsec.Auto}

// shape returns the shape of the newest SA, and what the policy expects without any. Then
// what leaves is blocked if the peer is not known, or the SAs are configured.
func (f *flow) shape() shape {
	if len(f.sas) == 0 {
		p := f.entry.policy
		return shape{p.Transform, p.Mode.Proposed(), p.Local, p.Remote, !f.inbound && (p.Manual || !known(p.Remote)), f.entry.clear}
	}
	sa := f.sas[len(f.sas)-1]
	return shape{sa.Offer().Transform(), sa.Mode, sa.Local, sa.Remote, false, f.inbound && f.entry != nil && f.entry.clear}
}

// known reports whether an address says something.
func known(a netip.Addr) bool { return a.IsValid() && !a.IsUnspecified() }

// fill makes the flow's say of a kernel's policy.
func (f *flow) fill(p *kernel.Policy) {
	switch s := f.shape(); {
	case s.clear && !f.inbound:
	case s.block:
		p.Block = true
	case f.inbound:
		f.require(p, s, netip.IPv4Unspecified(), s.local)
	default:
		f.require(p, s, s.local, s.remote)
	}
}

// require writes the templates, the inner protocol first. AH around ESP's tunnel is a
// transport of its packets. Where a packet came from is not asked: peers move, and the SA
// that it came in is the flow's.
func (f *flow) require(p *kernel.Policy, s shape, from, to netip.Addr) {
	t := kernel.Template{Protocol: ipsec.ESP, Mode: s.mode, Source: orAny(from), Destination: orAny(to), ReqID: f.reqID, Optional: s.clear}
	switch s.transform {
	case ipsec.TransformAH:
		t.Protocol = ipsec.AH
	case ipsec.TransformAHESP:
		around := t
		around.Protocol, around.Mode = ipsec.AH, ipsec.Transport
		p.Templates[1], p.N = around, 1
	}
	p.Templates[0] = t
	p.N++
}

// orAny returns the address as the kernel reads it back: one that is not set is 0.0.0.0.
func orAny(a netip.Addr) netip.Addr {
	if !a.IsValid() {
		return netip.IPv4Unspecified()
	}
	return a.Unmap()
}

// remove takes an SA out of the flow.
func (f *flow) remove(sa *association) { f.sas = without(f.sas, sa) }

// without returns a list less one of it.
func without[T comparable](list []T, v T) []T {
	for i := range list {
		if list[i] == v {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}

// reserved is the reqid of SPIs that are kept for SAs to come: of no flow yet.
const reserved = kernel.Ours | (maxFlows + 1)

// maxFlows is how many flows there can be: a reqid has 24 bits for them.
const maxFlows = 0xfffffe

// flows gives reqids to flows.
type flows struct {
	byKey   map[flowKey]*flow
	byReqID map[uint32]*flow
	last    uint32 // that was given, without our octet
}

func newFlows() flows { return flows{byKey: make(map[flowKey]*flow), byReqID: make(map[uint32]*flow)} }

// of returns the flow of a key. One that is not there yet is made with the reqid that the
// kernel's policies or SAs have for it, if that is free; 0: they have none.
func (f *flows) of(k flowKey, reqID uint32) (*flow, error) {
	if known := f.byKey[k]; known != nil {
		return known, nil
	}
	if !kernel.IsOurs(reqID) || reqID == kernel.Ours || reqID == reserved || f.byReqID[reqID] != nil {
		var err error
		if reqID, err = f.free(); err != nil {
			return nil, err
		}
	}
	made := &flow{flowKey: k, reqID: reqID}
	f.byKey[k], f.byReqID[reqID] = made, made
	return made, nil
}

// free returns a reqid that no flow has. It does not come back soon to one that was
// given back.
func (f *flows) free() (uint32, error) {
	if len(f.byReqID) >= maxFlows {
		return 0, fmt.Errorf("%d rules are protected: the kernel can tell no more apart", maxFlows)
	}
	for {
		f.last = f.last%maxFlows + 1
		if id := kernel.Ours | f.last; f.byReqID[id] == nil {
			return id, nil
		}
	}
}

// release forgets a flow that is of no use: no policy states it and it has no SAs.
func (f *flows) release(of *flow) {
	if of.entry == nil && len(of.sas) == 0 && f.byKey[of.flowKey] == of {
		delete(f.byKey, of.flowKey)
		delete(f.byReqID, of.reqID)
	}
}
