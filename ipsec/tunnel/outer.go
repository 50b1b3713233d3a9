package tunnel

import (
	"encoding/binary"
	"net/netip"

	"sallyport/ipsec"
)

// udpLen is the octets of a UDP header: RFC 768.
const udpLen = 8

// An outer is what the outer headers of all packets of an SA have in common.
type outer struct {
	local, remote netip.Addr
	ports         ipsec.Ports // zero: plain ESP
}

// size returns the octets of the outer headers.
func (o *outer) size() int {
	if o.encapsulated() {
		return ipv4Len + udpLen
	}
	return ipv4Len
}

func (o *outer) encapsulated() bool { return o.ports != (ipsec.Ports{}) }

// carried is what the outer header takes over from the inner packet: RFC 4301
// §5.1.2.1. DSCP and ECN are copied (RFC 6040 §4.1, normal mode), and DF is copied,
// which is what keeps path MTU discovery working (RFC 4301 §8.1).
type carried struct {
	tos byte
	df  bool
}

func carriedFrom(inner []byte) carried {
	return carried{tos: inner[ipTOS], df: mustNotFragment(inner)}
}

// write fills the outer headers at the start of packet, which ESP follows. id tells
// the packet's fragments from those of others.
func (o *outer) write(packet []byte, c carried, id uint16) {
	h := packet[:ipv4Len]
	h[0], h[ipTOS], h[ipTTL], h[ipProtocol] = versionIHL5, c.tos, outerTTL, byte(ipsec.ESP)
	binary.BigEndian.PutUint16(h[ipTotal:], uint16(len(packet)))
	binary.BigEndian.PutUint16(h[ipID:], id)
	var flags uint16
	if c.df {
		flags = dontFrag
	}
	binary.BigEndian.PutUint16(h[ipFragment:], flags)
	local, remote := o.local.As4(), o.remote.As4()
	copy(h[ipSource:], local[:])
	copy(h[ipDest:], remote[:])
	if o.encapsulated() {
		h[ipProtocol] = protoUDP
		o.writeUDP(packet[ipv4Len:])
	}
	sealHeader(h)
}

// writeUDP fills the UDP header. The checksum is 0, as RFC 3948 §2.1 asks: the ICV
// protects more than it would.
func (o *outer) writeUDP(datagram []byte) {
	binary.BigEndian.PutUint16(datagram, o.ports.Local)
	binary.BigEndian.PutUint16(datagram[2:], o.ports.Remote)
	binary.BigEndian.PutUint16(datagram[4:], uint16(len(datagram)))
	binary.BigEndian.PutUint16(datagram[6:], 0)
}
