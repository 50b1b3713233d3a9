// Package ipsec is RFC 4301's model: security associations, policies, selectors,
// algorithms, and what a dataplane must do. It holds no keys of its own, opens
// nothing and negotiates nothing.
//
// Start at [Dataplane], then [SA] and [Policy].
package ipsec

import (
	"net/netip"
	"time"

	"sallyport/acl"
	"sallyport/ipsec/secret"
)

// An SPI is a security parameter index. 0 is for local use, 1-255 are reserved
// (RFC 4303 §2.1).
type SPI uint32

// A Protocol is an IP protocol number.
type Protocol uint8

// The protocols that carry SAs.
const (
	ESP Protocol = 50
	AH  Protocol = 51
)

// A SAID names an SA: RFC 4301 §4.1.
type SAID struct {
	Destination netip.Addr
	Protocol    Protocol
	SPI         SPI
}

// A Direction is an SA's, seen from this box.
type Direction uint8

// The directions.
const (
	Inbound Direction = iota
	Outbound
)

// A Mode is how an SA wraps packets.
type Mode uint8

// The modes.
const (
	Tunnel Mode = iota
	Transport
)

// A Selector is the traffic of one SA pair, seen from this box: RFC 4301 §4.4.1.1.
// It is comparable.
type Selector struct {
	Local, Remote         Range
	Protocol              uint8  // 0: any
	LocalPort, RemotePort uint16 // 0: any
}

// A Range is the addresses from First to Last, both included. It is comparable.
type Range struct{ First, Last netip.Addr }

// Ports are the two ends of UDP encapsulation (RFC 3948). The zero value means
// no encapsulation.
type Ports struct{ Local, Remote uint16 }

// A Lifetime bounds an SA. A zero field is no bound.
type Lifetime struct {
	Duration time.Duration
	Octets   uint64 // of inner packets
}

// An SA is one direction of a protected flow. It is not changed once made.
type SA struct {
	ID            SAID
	Direction     Direction
	Policy        PolicyID
	Rule          uint32     // ID of the ACL rule that the SA was made for
	Local, Remote netip.Addr // ends of the tunnel, outer addresses
	Mode          Mode
	Encryption    Encryption
	Integrity     Integrity
	EncryptionKey secret.Octets // GCM: the key and the 4 octets of salt
	IntegrityKey  secret.Octets
	Selector      Selector
	Encapsulation Ports    // zero: plain ESP
	Window        int      // replay window in packets, 32-1024; 0: no replay check
	Soft, Hard    Lifetime // soft: report Expired; hard: report, and stop using the SA
}

// A PolicyID names an entry of a policy group on an interface. It is comparable.
type PolicyID struct {
	Interface string // as configured, such as GigabitEthernet0/0/2
	Name      string
	Sequence  uint32
}

// A Policy is one entry of the SPD: what leaves Device and is permitted by ACL
// is protected, its mirror must arrive protected.
type Policy struct {
	ID     PolicyID
	Device string     // Linux device
	Local  netip.Addr // our end
	Remote netip.Addr // the peer; zero when it is not known beforehand
	ACL    *acl.ACL   // never nil
	Window int        // replay window for its SAs; 0: no replay check
}

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
	// RemoveSA removes one direction. Removing what is not there is no error.
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

// An Event is what a dataplane tells its owner.
type Event interface{ ipsecEvent() }

// An Acquire asks for an SA: a packet matched a policy that has none for it.
type Acquire struct {
	Policy PolicyID
	Rule   uint32 // ID of the ACL rule that the packet matched
	Packet acl.Tuple
}

// An Expired says that an SA reached its soft or hard octet or packet limit.
type Expired struct {
	SA   SAID
	Hard bool
}

// A Moved says that an authentic packet of an inbound UDP-encapsulated SA came
// from another address or port than before (RFC 3947 §6).
type Moved struct {
	SA     SAID
	Remote netip.AddrPort
}

func (Acquire) ipsecEvent() {}
func (Expired) ipsecEvent() {}
func (Moved) ipsecEvent()   {}
