package ipsec

import (
	"fmt"
	"net/netip"

	"sallyport/ipsec/secret"
)

// An SPI is a security parameter index. 0 is for local use, 1-255 are reserved
// (RFC 4303 §2.1).
type SPI uint32

// MinSPI is the lowest SPI that an SA may have.
const MinSPI SPI = 256

// The replay windows that an SA may have, besides none at all.
const (
	MinWindow = 32
	MaxWindow = 1024
)

// A Protocol is an IP protocol number.
type Protocol uint8

// The protocols that carry SAs.
const (
	ESP Protocol = 50
	AH  Protocol = 51
)

// String returns the protocol's name, or its number if it carries no SAs.
func (p Protocol) String() string {
	switch p {
	case ESP:
		return "ESP"
	case AH:
		return "AH"
	}
	return fmt.Sprintf("protocol %d", uint8(p))
}

// A SAID names an SA: RFC 4301 §4.1.
type SAID struct {
	Destination netip.Addr
	Protocol    Protocol
	SPI         SPI
}

// String returns the SA's name in one line: "ESP 0xb3254c1 to 198.51.100.2".
func (id SAID) String() string {
	return fmt.Sprintf("%v %#x to %v", id.Protocol, uint32(id.SPI), id.Destination)
}

// A Direction is an SA's, seen from this box.
type Direction uint8

// The directions.
const (
	Inbound Direction = iota
	Outbound
)

// String returns inbound or outbound.
func (d Direction) String() string {
	if d == Outbound {
		return "outbound"
	}
	return "inbound"
}

// A Mode is how an SA wraps packets.
type Mode uint8

// The modes.
const (
	Tunnel Mode = iota
	Transport
)

// String returns tunnel or transport.
func (m Mode) String() string {
	if m == Transport {
		return "transport"
	}
	return "tunnel"
}

// Ports are the two ends of UDP encapsulation (RFC 3948). The zero value means
// no encapsulation.
type Ports struct{ Local, Remote uint16 }

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
