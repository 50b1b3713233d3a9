// Package tunnel is the userspace dataplane: it protects packets with ESP, plain or in
// UDP, with AH, or with AH around ESP, in tunnel and in transport mode (RFC 4301, 4302,
// 4303, 3948), on any kernel that has TUN devices and policy routing. It negotiates
// nothing: what SAs it has, it was given.
//
// Start at [Open]. A packet's way out begins in leaving.go, its way in in
// inbound.go; spd.go and sad.go hold what they ask. wrap.go and unwrap.go say where the
// headers are.
//
// # How packets come here
//
// Routing brings them, so that the kernel's work for a packet does not grow with
// the number of policies, and traffic that no policy names never leaves the kernel:
//
//	4500: fwmark MARK goto 4504             what we send ourselves goes its normal way
//	4500: oif DEVICE goto 4504              what a socket bound to the device sends, too
//	4501: iif DEVICE lookup 4500            in clear from outside, to a protected prefix of ours: the guard
//	4502: lookup main suppress_ifgroup 4500 what does not leave by a policy's device goes its normal way
//	4503: lookup 4501                       to a prefix behind a peer: the inside device
//	4504: nop
//
// The two tables hold a route to our device for each prefix of the permit rules, and
// a worse one, "unreachable". The kernel removes the first when the device is put
// down, and when this program is killed; the second stays, as the rules do, so that
// what should be protected is refused, and never leaves or comes in by the next rule
// in clear. Within a second of being put down a device is up again and has its
// routes, with a line to [Config].Warn; so have rules and routes that others flushed.
// What a killed program left holds until the next [Open], which removes it: until the
// first SetPolicies nothing is protected, as after Close.
//
// What this box itself sends by them comes from the address of the policy's device. Where
// a rule for all protocols has a single source that is another address of ours, as when a
// gateway has given us one, it comes from there, within a second of its coming and going.
//
// A policy speaks of what leaves its device, and rule 4502 is that condition: the
// policies' devices are put into an interface group of their own, so that a LAN of
// this box stays reachable though an access list says "destination any". Rules that
// others made behind 4504 keep their say.
//
// There are two TUN devices. The inside one (sallyport0) takes what leaves and may
// have to be protected, and hands the system what was decrypted. The guard
// (sallyport1) takes what came in clear from outside to an address that a policy
// protects. With one device the two could not be told apart: an access list that
// covers its own mirror, such as "permit ip", would make us encrypt a stranger's
// packet for the peer, where it has to be dropped.
//
// What comes out of the devices and needs no protection goes back through a raw
// socket with our mark. Written into a TUN device it would be forwarded once more:
// its TTL would count twice, and the rules above would have to tell it from what was
// decrypted, which must pass them again, since a hub protects what it relays from
// one branch to another.
//
// # Transport mode
//
// It is for what this box itself says to the peer, and comes here the same way. The system
// cuts packets to our device's MTU first, so that fragments are put together again
// (assembly.go). What arrives gets its header back and goes in by the inside device.
// In UDP the header does not come along: there it is made of the SA's addresses, and sums
// over others, before NAT, are corrected.
//
// # Routed policies
//
// Such a policy has a TUN device of its own, of the name that it gives, which comes and
// goes with it (routed.go). What is routed there is protected by the policy's SAs, and
// what these decrypt comes out of it; rules, tables and lists above have no part in that.
// Where the way to the peer leads into the device too, the tunnel's own packets would come
// back for ever: they are dropped, as DropSend.
//
// # Instances
//
// A policy's instances are asked before it, the newest first; a template by itself holds
// nothing. Packets find theirs by prefixes of destinations (instances.go), and routing takes
// up each by itself (added.go): no list of clauses is gone through, unless one says the same
// as another policy's (gateinstances.go).
// While a policy is open (PassClear) what has no SA goes back in clear.
//
// # Clear packets to this box itself
//
// They are the kernel's before any rule of ours is asked, so the kernel has to check
// them: gate.go gives it XFRM policies of direction in, which a kernel without ESP has
// too. There is one for each rule, its mirror, "block" for permit and "allow" for
// deny, in the order of policies and rules. The kernel cannot tell there which device
// a packet came in by (the selector's interface is that of the local route, lo), so:
//
//   - what was decrypted is exempt by the inside device's sysctl disable_policy, and
//     lo is by the kernel's own;
//   - a source is spared if our answer to it would leave by no policy's device, by the
//     main table (package selection); routes are looked at again within a second of a change;
//   - our own sockets have a policy each that lets everything pass, and a report that
//     one of our packets was too large is let in.
//
// Our policies have indexes from 0x53000008 on and priorities from 0xff000000 on:
// those of others are never changed, and are asked before. Ours stay when the program
// is killed, and hold until the next [Open] removes them. What the kernel drops is
// read from /proc/net/xfrm_stat (XfrmInPolBlock) and counted as DropClear; blocks by
// policies of others in the same namespace are in the same number.
//
// # What is not here
//
// Clear packets to this box itself: a kernel without CONFIG_XFRM_USER does not check
// them; rules whose wildcards are no prefixes are not checked (what such a deny rule's
// covering prefixes hold is let in); and with a list that covers our own LANs, a
// packet from outside with a forged source of theirs is let in, though no answer
// leaves. Sockets bound to a policy's device bypass the tables.
// With policies on several devices the first that matches decides, whichever
// device the packet would have left by. Congestion marks (RFC 6040) of outer
// packets are heeded for plain ESP only: the UDP socket does not tell them. A
// policy's device that is made anew under its name is taken again within a second;
// until then what leaves by it is not seen. Source NAT of what passes here in clear
// has to be done before it comes: its connection is known by the time it leaves.
package tunnel
