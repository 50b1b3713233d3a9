// Package ipsec is RFC 4301's model: security associations, policies, selectors,
// algorithms, and what a dataplane must do. It holds no keys of its own, opens
// nothing and negotiates nothing.
//
// Start at [Dataplane], then [SA] and [Policy].
package ipsec

import (
	"net/netip"
	"time"
)

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
	// SetPolicies states all policies of the configuration, in order of precedence: what
	// is not listed is removed with its SAs' traffic, and so are its instances; those of
	// one that is listed stay, however it changes, as long as it may have any. It is
	// idempotent. The caller must not change the slice or what it points to afterwards.
	SetPolicies([]*Policy) error
	// AddPolicy adds an instance of a policy of the configuration, which stands just before
	// it, and before its older instances: what the instance selects is by its SAs, to its
	// Remote, and all else as before. It costs the same however many policies there are.
	// One that is there is replaced at its place. Before the first SetPolicies it is kept
	// until then. The error is an *InstanceRefused for what is no instance of a policy that
	// may have some, and a *SelectorHeld if the packets of a transport mode cannot be told
	// from those of another peer.
	AddPolicy(*Policy) error
	// RemovePolicy removes an instance with its SAs' traffic; the policy that it is of has
	// its packets at once. Removing what is not there is no error.
	RemovePolicy(PolicyID) error
	// PassClear says whether a policy's packets may go in clear, which they may not
	// before it was said: what has no SA leaves in clear and asks for none, and what
	// comes in clear is let in. What comes protected is taken as before. It holds until
	// it is taken back, or the policy is stated no more. It is an error if there is no
	// such policy, or it is routed or a template.
	PassClear(id PolicyID, whether bool) error
	// AddSA installs one direction. A newer outbound SA of the same policy and
	// selector takes over the sending at once.
	AddSA(*SA) error
	// MoveSA has an SA in UDP go to, or come from, another address or port of the peer's:
	// keys, counters and limits stay. It returns the SA's name, which is another one
	// where an outbound SA gets another address. What cannot move is as it was, and an
	// error: an SA without encapsulation, or one of transport mode to another address,
	// whose packets would be others.
	MoveSA(id SAID, remote netip.AddrPort) (SAID, error)
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

	// LastUsed is when the last packet passed, in whole seconds; where the system does not
	// say it, when Counters first found it. Zero: none has.
	LastUsed    time.Time
	ICVFailures uint64 // inbound packets that were not authentic
	// OtherICV says that the ICVs fail as they do where the peer cuts those of SHA2-256 to the
	// other length, 96 or 128 bits: all of them do, and where they can be computed they
	// would be right.
	OtherICV bool
}

// Statistics are a dataplane's sums since the start.
type Statistics struct {
	InPackets, OutPackets uint64 // protected packets that passed
	InOctets, OutOctets   uint64 // of inner packets
	Drops                 [DropReasons]uint64
}
