// Package ipsec is RFC 4301's model: security associations, policies, selectors,
// algorithms, and what a dataplane must do. It holds no keys of its own, opens
// nothing and negotiates nothing.
//
// Start at [Dataplane], then [SA] and [Policy].
package ipsec

import "net/netip"

// A Dataplane makes the kernel, or the userspace path, protect traffic. All
// methods may be called from any goroutine.
type Dataplane interface {
	// Capabilities returns what it can do. They do not change.
	Capabilities() Capabilities
	// SPI reserves an SPI for an inbound SA from remote to local; a reservation that
	// no AddSA uses ends by itself. An error says that it has none.
	SPI(local, remote netip.Addr, p Protocol) (SPI, error)
	// Adopt is called once, before the first SetPolicies, with the SAs that a killed
	// predecessor of this process may have left, their keys left out. Those that are
	// there are taken over as they are and returned; all others of ours are removed.
	// Policies that the predecessor left hold until SetPolicies.
	Adopt([]*SA) ([]*SA, error)
	// SetPolicies states all policies, in order of precedence: what is not listed
	// is removed with its SAs' traffic. It is idempotent. The caller must not
	// change the slice or what it points to afterwards.
	SetPolicies([]*Policy) error
	// AddSA installs one direction. A newer outbound SA of the same policy and
	// selector takes over the sending at once.
	AddSA(*SA) error
	// RemoveSA removes one direction, both parts of a bundle, and wipes its keys, which
	// were the dataplane's since AddSA. Removing what is not there is no error.
	RemoveSA(SAID) error
	// Counters returns what an SA has done so far, and false if there is none. The AH of
	// a bundle has a name, and counters, of its own.
	Counters(SAID) (Counters, bool)
	// Statistics returns the sums over all traffic since the start.
	Statistics() Statistics
	// Faults returns the system's own counters of IPsec errors since the start that are
	// not zero, with what they mean.
	Faults() []Fault
}

// A Fault is a counter of the system's, such as those of /proc/net/xfrm_stat.
type Fault struct {
	Name    string // as the system calls it
	Packets uint64
	Meaning string // and what to look at, in one line
}

// Counters are one SA's.
type Counters struct {
	Packets  uint64
	Octets   uint64 // of inner packets; for the AH of a bundle too
	Sequence uint64 // highest sent, or highest accepted; of an inbound SA without a replay window it may be 0
}

// Statistics are a dataplane's sums since the start.
type Statistics struct {
	InPackets, OutPackets uint64 // protected packets that passed
	InOctets, OutOctets   uint64 // of inner packets
	Drops                 [DropReasons]uint64
}
