// Package ah is the Authentication Header on whole IPv4 packets (RFC 4302): it seals
// them and opens them with the keys of an [ipsec.SA], alone or around ESP. It makes no
// outer headers, sends nothing and keeps no packets. Once an SA is set up, a packet
// costs no allocation.
//
// An [Outbound] or an [Inbound] is for one goroutine at a time: the caller locks.
//
// Start at [Outbound.Seal] and [Inbound.Open].
package ah

import (
	"encoding/binary"

	"sallyport/ipsec"
	"sallyport/ipsec/esp"
	"sallyport/ipsec/secret"
)

// MaxHeader is the octets of the longest AH header, ICV included.
const MaxHeader = fixedLen + 32

// The AH header: RFC 4302 §2. Offsets are in octets.
const (
	fixedLen   = 12 // without the ICV
	atLength   = 1  // in words of 4 octets, less 2
	atSPI      = 4
	atSequence = 8
)

// Next headers.
const (
	nextIPv4 = 4
	nextESP  = 50
)

// SPIOf returns the SPI of a packet that begins with the AH header, and false if it is
// too short to be one.
func SPIOf(header []byte) (ipsec.SPI, bool) {
	if len(header) < fixedLen {
		return 0, false
	}
	return ipsec.SPI(binary.BigEndian.Uint32(header[atSPI:])), true
}

// A part is what an SA says of its AH.
type part struct {
	spi       ipsec.SPI
	integrity ipsec.Integrity
	key       secret.Octets
	next      byte // the header that must follow; 0: any
}

// partOf returns the AH of a valid SA. The error is an [*ipsec.InvalidSA].
func partOf(sa *ipsec.SA) (p part, err error) {
	if err := sa.Validate(); err != nil {
		return p, err
	}
	switch {
	case sa.AH != nil:
		return part{sa.AH.SPI, sa.AH.Integrity, sa.AH.Key, nextESP}, nil
	case sa.ID.Protocol != ipsec.AH:
		return p, &ipsec.InvalidSA{SA: sa.ID, Reason: "it has no AH"}
	}
	p = part{spi: sa.ID.SPI, integrity: sa.Integrity, key: sa.IntegrityKey}
	if sa.Mode == ipsec.Tunnel {
		p.next = nextIPv4
	}
	return p, nil
}

// authenticator returns that of an SA's AH.
func (p part) authenticator(sa *ipsec.SA) authenticator {
	return authenticator{mac: esp.NewAuthenticator(p.integrity, p.key, sa.ESN)}
}
