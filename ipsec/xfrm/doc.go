// Package xfrm is the kernel's dataplane: the Linux kernel protects packets by itself, with
// the states (SAs) and policies that it is given here, and goes on while this program
// restarts. It negotiates nothing.
//
// Start at [Open]. What the kernel is asked goes through package ipsec/xfrm/kernel.
//
// # Flows
//
// What leaves by a permit rule of a policy is a flow (flow.go), and has a number, the reqid,
// by which the kernel finds an SA for a policy. Of the SAs of a flow it takes the newest, and
// the removal of a new SA gives back to the old one. All rules of a manual policy are one
// flow, and so is all that comes in for a policy: which SA of ours the peer takes for a
// packet is its own choice, as long as the SA's selector has it.
//
// # Policies
//
// A permit rule becomes three policies of the kernel's (entry.go): what leaves by the
// policy's device has to be protected, and the mirror of it, to this box (in) and through it
// (fwd), must have been. The latter are not bound to the device, which the kernel does not
// know there; where the policies of two devices say the same, an SA of either will do. A deny
// rule becomes three policies without templates. Their order is that of policies and rules,
// by priorities behind everybody else's (table.go). Before them stand
//
//   - reports of routers that one of our own packets was too large, which come in clear;
//   - sources that the main routing table does not lead to by a policy's device: a LAN of
//     ours may talk to us and through us though a rule says "permit ip" (claims.go).
//
// A template has no policies of its own, only a mark in the order behind which there is room
// for a million. Its instances come there, the newest first, each by its own policies
// alone (instances.go). A policy that is none gets such a mark, with less room, before its
// rules when its first instance comes (room.go). What it, or an older instance, has for the
// very same packets becomes the new one's, for the kernel has but one, and goes back when
// that is removed; meanwhile what comes in may be of any SA's whose selector has it. Others
// change only if an instance is about the very same packets as another policy.
//
// While a policy is open (PassClear) what has no SA meets a policy without templates, and
// the templates of what comes in are optional.
//
// What leaves is blocked where no packet could ask for an SA: for a configured SA that is
// not there, and a peer that is not known. Policies follow the SAs of their flow: to another
// address of the peer's, to other protocols that were negotiated (reconcile.go).
//
// Fragments have no ports for the kernel. As long as a rule asks for ports, packets are put
// together first (an nftables table sallyport), and what still has none is blocked.
//
// A routed policy has a tunnel interface (XFRM interface) and three policies for all that
// goes through it. Packets that find no SA there are lost, though one is asked for: the
// kernel keeps packets for its own policies only.
//
// # What is ours
//
// Reqids, indexes of policies and identifiers of tunnel interfaces that begin with 0x53.
// Nothing else is listed or changed; where another program has a policy for the very same
// packets it decides, with a line to [Config].Warn. What is ours stays after a kill, or
// [Dataplane.Keep]: packets go on. [Dataplane.Adopt] takes over the SAs that a successor
// knows, with their reqids, and SetPolicies finds the policies right as they are.
//
// The kernel is asked only about what changes. It is compared as a whole at the start, when
// another program has changed something of ours or events were lost, and when devices or
// routes change: within a second (watch.go). An SA that somebody removed cannot come back:
// its owner hears that it is at an end.
//
// # What is not here
//
// A policy's device that is made anew under its name is seen within a second; until then
// what leaves by it is not protected. Counters of drops are the kernel's for the whole
// network namespace (faults.go). In transport mode limits of octets do not count IP headers,
// and in UDP the kernel takes the checksums of TCP and UDP for right, whatever the addresses
// were before NAT. An inbound SA whose peer has moved to another address keeps its old
// source in the kernel, which goes on to tell of the new one each second.
package xfrm
