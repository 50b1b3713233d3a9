package ipsec

import (
	"fmt"
	"net/netip"
	"slices"

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
	Auto // of proposals only: tunnel mode is proposed, either is accepted
)

// String returns the word of commands.
func (m Mode) String() string {
	switch m {
	case Transport:
		return "transport"
	case Auto:
		return "auto"
	}
	return "tunnel"
}

// Proposed returns the mode that a proposal of this mode asks for.
func (m Mode) Proposed() Mode {
	if m == Auto {
		return Tunnel
	}
	return m
}

// Allows reports whether a proposal of this mode accepts SAs of another.
func (m Mode) Allows(sa Mode) bool { return m == Auto || m == sa }

// Ports are the two ends of UDP encapsulation (RFC 3948). The zero value means
// no encapsulation.
type Ports struct{ Local, Remote uint16 }

// Ends are the addresses of the two ends before any NAT: what a peer's NAT-OA payloads say
// (RFC 3947 §5.2). Sums of TCP and UDP are made over them in transport mode (RFC 3948
// §3.1.2). The zero value says that they are not known.
type Ends struct{ Local, Remote netip.Addr }

// Known reports whether both are IPv4 addresses.
func (e Ends) Known() bool { return e.Local.Is4() && e.Remote.Is4() }

// An SA is one direction of a protected flow. It is not changed once made. With AH it is
// a bundle (RFC 2401 §4.3): the ESP packet goes inside an AH
// packet; both parts come and go together.
type SA struct {
	ID            SAID
	Policy        PolicyID
	Rule          uint32 // ID of the ACL rule that the SA was made for
	Encapsulation Ports  // zero: plain ESP
	Direction     Direction
	Mode          Mode
	Encryption    Encryption    // NoEncryption: the SA is AH's
	Integrity     Integrity     // of ESP, or of AH if that is ID.Protocol
	ESN           bool          // extended sequence numbers: RFC 4303 §2.2.1
	Local, Remote netip.Addr    // ends of the tunnel, outer addresses
	EncryptionKey secret.Octets // GCM: the key and the 4 octets of salt
	IntegrityKey  secret.Octets
	AH            *AHPart  // of a bundle: AH around ESP; nil: none
	Selector      Selector // of transport mode in UDP: with the addresses as they are here, after NAT
	Original      Ends     // of transport mode in UDP; zero: not known
	Window        int      // replay window in packets, 32-1024; 0: no replay check
	Soft, Hard    Lifetime // soft: report Expired; hard: report, and stop using the SA
}

// An AHPart is the AH of a bundle. It has the ends, the replay window and the sequence
// numbers' length of its ESP SA, and no limits of its own.
type AHPart struct {
	SPI       SPI
	Integrity Integrity
	Key       secret.Octets
}

// AHID returns the name of the AH of a bundle, and false if the SA is none.
func (sa *SA) AHID() (SAID, bool) {
	if sa.AH == nil {
		return SAID{}, false
	}
	return SAID{Destination: sa.ID.Destination, Protocol: AH, SPI: sa.AH.SPI}, true
}

// Clone returns a copy with keys of its own.
func (sa *SA) Clone() *SA {
	c := *sa
	c.EncryptionKey, c.IntegrityKey = slices.Clone(sa.EncryptionKey), slices.Clone(sa.IntegrityKey)
	if sa.AH != nil {
		part := *sa.AH
		part.Key = slices.Clone(part.Key)
		c.AH = &part
	}
	return &c
}

// Wipe overwrites the keys.
func (sa *SA) Wipe() {
	sa.EncryptionKey.Wipe()
	sa.IntegrityKey.Wipe()
	if sa.AH != nil {
		sa.AH.Key.Wipe()
	}
}
