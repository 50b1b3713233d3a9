package xfrm

import (
	"sallyport/ipsec"
	"sallyport/ipsec/xfrm/kernel"
)

// A fault is a counter of the kernel's, the drops that it counts, and what it means.
type fault struct {
	name    string
	reason  ipsec.DropReason
	meaning string
}

// fragFails is the counter of packets that were too big, of /proc/net/snmp.
const fragFails = "IpFragFails"

// faults are the kernel's counters: Documentation/networking/xfrm_proc.rst.
var faults = []fault{
	{"XfrmInError", ipsec.DropMalformed, "inbound packet could not be handled: memory is short"},
	{"XfrmInBufferError", ipsec.DropMalformed, "inbound packet has too many layers of IPsec: look for a loop of tunnels"},
	{"XfrmInHdrError", ipsec.DropShort, "ESP or AH header of an inbound packet is wrong or cut off"},
	{"XfrmInNoStates", ipsec.DropUnknownSPI, "inbound packet for an SA that this box has not: the peer has an old one, reset ipsec sa there"},
	{"XfrmInStateProtoError", ipsec.DropAuthentication, "the ICV of an inbound packet is wrong: keys or algorithms differ, or somebody changed it"},
	{"XfrmInStateModeError", ipsec.DropMalformed, "what was decrypted is no packet of the SA's mode: tunnel or transport mode differ"},
	{"XfrmInStateSeqError", ipsec.DropReplay, "sequence number is repeated or left of the window: packets overtake each other, or somebody repeats them"},
	{"XfrmInStateExpired", ipsec.DropExpired, "inbound packet of an SA that is at its limit"},
	{"XfrmInStateMismatch", ipsec.DropSelector, "decrypted packet is not the SA's traffic, or came in UDP though it should not: compare the access lists of both ends"},
	{"XfrmInStateInvalid", ipsec.DropExpired, "inbound packet of an SA that is being removed"},
	{"XfrmInTmplMismatch", ipsec.DropClear, "inbound packet that a policy protects came in clear, or in another SA than its own: compare the access lists of both ends"},
	{"XfrmInNoPols", ipsec.DropSelector, "decrypted packet that no policy is for: compare the access lists of both ends"},
	{"XfrmInPolBlock", ipsec.DropClear, "inbound packet that a policy blocks: a fragment of what is protected, or another program's policy"},
	{"XfrmInPolError", ipsec.DropMalformed, "policy of an inbound packet could not be found: memory is short"},
	{"XfrmOutError", ipsec.DropSend, "outbound packet could not be handled: memory is short"},
	{"XfrmOutBundleGenError", ipsec.DropSend, "outbound packet has no way to the peer: look at the routes"},
	{"XfrmOutBundleCheckError", ipsec.DropSend, "the way of an outbound packet changed while it was looked for"},
	{"XfrmOutNoStates", ipsec.DropNoSA, "outbound packet that no SA is there for"},
	{"XfrmOutStateProtoError", ipsec.DropSend, "outbound packet could not be encrypted"},
	{"XfrmOutStateModeError", ipsec.DropTooBig, "outbound packet does not fit into the tunnel"},
	{"XfrmOutStateSeqError", ipsec.DropExpired, "the sequence numbers of an outbound SA are used up"},
	{"XfrmOutStateExpired", ipsec.DropExpired, "outbound packet of an SA that is at its limit"},
	{"XfrmOutPolBlock", ipsec.DropNoSA, "outbound packet that must not leave: no SA is configured, or the peer is not known yet"},
	{"XfrmOutPolDead", ipsec.DropNoSA, "the policy of an outbound packet was removed meanwhile"},
	{"XfrmOutPolError", ipsec.DropSend, "policy of an outbound packet could not be found: memory is short"},
	{"XfrmFwdHdrError", ipsec.DropMalformed, "packet to be forwarded has a wrong header"},
	{"XfrmOutStateInvalid", ipsec.DropExpired, "outbound packet of an SA that is being removed"},
	{"XfrmAcquireError", ipsec.DropNoSA, "nobody took the question for an SA"},
	{"XfrmOutStateDirError", ipsec.DropSend, "outbound packet met an inbound SA"},
	{"XfrmInStateDirError", ipsec.DropSelector, "inbound packet met an outbound SA"},
	{"XfrmOutNoQueueSpace", ipsec.DropNoSA, "too many packets wait for an SA"},
	{fragFails, ipsec.DropTooBig, "packet that must stay whole is larger than the way, IPsec or not: its sender is told"},
}

// number returns the value of one of our counters.
func (f *fault) number(s *kernel.Statistics) uint64 {
	if f.name == fragFails {
		return s.FragFails
	}
	return s.Of(f.name)
}

// counters returns the kernel's counters as they are now, or after the end as they were.
func (d *Dataplane) counters() *kernel.Statistics {
	if now, err := d.system.Statistics(); err == nil {
		d.last = now
	}
	return &d.last
}

// addDrops adds what the kernel dropped since the start.
func (d *Dataplane) addDrops(sums *ipsec.Statistics) {
	now := d.counters()
	for i := range faults {
		f := &faults[i]
		sums.Drops[f.reason] += less(f.number(now), f.number(&d.begin))
	}
}

// Faults returns the kernel's counters that have moved since the start. Others that work
// with IPsec in this network namespace are in them too.
func (d *Dataplane) Faults() (moved []ipsec.Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.counters()
	for i := range faults {
		f := &faults[i]
		if n := less(f.number(now), f.number(&d.begin)); n != 0 {
			moved = append(moved, ipsec.Fault{Name: f.name, Packets: n, Meaning: f.meaning})
		}
	}
	if n := d.otherICVs(); n != 0 {
		moved = append(moved, ipsec.OtherICVFault(n))
	}
	return moved
}

// otherICVs returns how many packets came for SAs none of whose packets has a right ICV, as
// where SHA2-256 is cut to another length.
func (d *Dataplane) otherICVs() (packets uint64) {
	states, err := d.system.States()
	if err != nil { // after the end
		return 0
	}
	for i := range states {
		s := &states[i]
		a := d.sas[s.ID]
		if a == nil {
			a = d.around[s.ID]
		}
		if a != nil && suspicious(a.SA, s.Counters) {
			packets += s.Counters.ICVFailures
		}
	}
	return packets
}
