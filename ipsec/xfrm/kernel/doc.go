// Package kernel is the Linux kernel's IPsec of one network namespace, XFRM, as plain
// calls: states (RFC 4301's SAs), policies, the events that the kernel tells of, its
// counters, its tunnel interfaces. It decides nothing, and keeps no list of what it did.
//
// What is ours is known by its number: request ids of states, indexes of policies
// and identifiers of tunnel interfaces begin with the octet 0x53. Nothing else is
// ever listed or removed.
//
// Start at [Kernel]. Each family of messages has a file of its own.
package kernel
