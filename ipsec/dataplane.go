// Package ipsec is RFC 4301's model: security associations, policies, selectors,
// algorithms, and what a dataplane must do. It holds no keys of its own, opens
// nothing and negotiates nothing.
//
// Start at [Dataplane], then [SA] and [Policy].
package ipsec

// A Dataplane makes the kernel, or the userspace path, protect traffic. All
// methods may be called from any goroutine.
type Dataplane interface {
	// SetPolicies states all policies, in order of precedence: what is not listed
	// is removed with its SAs' traffic. It is idempotent. The caller must not
	// change the slice or what it points to afterwards.
	SetPolicies([]*Policy) error
	// AddSA installs one direction. A newer outbound SA of the same policy and
	// selector takes over the sending at once.
	AddSA(*SA) error
	// RemoveSA removes one direction and wipes its keys, which were the
	// dataplane's since AddSA. Removing what is not there is no error.
	RemoveSA(SAID) error
	// Counters returns what an SA has done so far, and false if there is none.
	Counters(SAID) (Counters, bool)
	// Statistics returns the sums over all traffic since the start.
	Statistics() Statistics
}

// Counters are one SA's.
type Counters struct {
	Packets  uint64
	Octets   uint64 // of inner packets
	Sequence uint64 // highest sent, or highest accepted
}

// Statistics are a dataplane's sums since the start.
type Statistics struct {
	InPackets, OutPackets uint64 // protected packets that passed
	InOctets, OutOctets   uint64 // of inner packets
	Drops                 [DropReasons]uint64
}
