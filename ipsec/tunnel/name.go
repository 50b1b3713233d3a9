package tunnel

import (
	"net/netip"

	"sallyport/ipsec"
)

// Here is what stands for addresses in what is kept of each SA: octets, for all ends are
// IPv4's.

// octetsOf returns the octets of an IPv4 address, zeros for what is none.
func octetsOf(a netip.Addr) (octets [4]byte) {
	if a.Is4() || a.Is4In6() {
		octets = a.As4()
	}
	return octets
}

// A name is an SA's. It is comparable, and quick to hash.
type name struct {
	destination [4]byte
	spi         ipsec.SPI
	protocol    ipsec.Protocol
}

func nameOf(id ipsec.SAID) name { return name{octetsOf(id.Destination), id.SPI, id.Protocol} }

// id is the way back of nameOf.
func (n name) id() ipsec.SAID {
	return ipsec.SAID{Destination: netip.AddrFrom4(n.destination), Protocol: n.protocol, SPI: n.spi}
}

// An endpoint is an address and a port of a peer.
type endpoint struct {
	address [4]byte
	port    uint16
}

func endpointOf(a netip.AddrPort) endpoint { return endpoint{octetsOf(a.Addr()), a.Port()} }
