package tunnel

import (
	"encoding/binary"

	"sallyport/acl"
	"sallyport/ipsec"
)

// udpLen is the octets of a UDP header: RFC 768.
const udpLen = 8

// An outer is what the outer headers of all packets of an SA have in common.
type outer struct {
	local, remote [4]byte
	protocol      byte        // AH, ESP, or UDP around ESP
	ports         ipsec.Ports // zero: not encapsulated
}

// outerOf returns the outer headers of an SA.
func outerOf(sa *ipsec.SA) outer {
	o := outer{local: octetsOf(sa.Local), remote: octetsOf(sa.Remote), protocol: byte(sa.ID.Protocol), ports: sa.Encapsulation}
	switch {
	case o.encapsulated():
		o.protocol = protoUDP
	case sa.AH != nil:
		o.protocol = byte(ipsec.AH)
	}
	return o
}

// size returns the octets of the outer headers.
func (o *outer) size() int {
	if o.encapsulated() {
		return ipv4Len + udpLen
	}
	return ipv4Len
}

func (o *outer) encapsulated() bool { return o.ports != (ipsec.Ports{}) }

// sends reports whether a packet is one that such headers were put before.
func (o *outer) sends(t acl.Tuple) bool {
	if octetsOf(t.Source) != o.local || octetsOf(t.Destination) != o.remote || t.Protocol != o.protocol {
		return false
	}
	return !o.encapsulated() || t.Fragment || t.SourcePort == o.ports.Local && t.DestinationPort == o.ports.Remote
}

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

// write fills the outer headers at the start of packet, which what is protected follows.
// id tells the packet's fragments from those of others.
func (o *outer) write(packet []byte, c carried, id uint16) {
	h := packet[:ipv4Len]
	h[0], h[ipTOS], h[ipTTL] = versionIHL5, c.tos, outerTTL
	binary.BigEndian.PutUint16(h[ipID:], id)
	var flags uint16
	if c.df {
		flags = dontFrag
	}
	binary.BigEndian.PutUint16(h[ipFragment:], flags)
	copy(h[ipSource:], o.local[:])
	copy(h[ipDest:], o.remote[:])
	o.finish(packet, h)
}

// adopt makes the header of the packet inside the outer one: transport mode. AH covers
// the identification, and the system would fill in one that is 0, so that id does.
func (o *outer) adopt(packet, header []byte, id uint16) {
	h := packet[:copy(packet, header)]
	if binary.BigEndian.Uint16(h[ipID:]) == 0 {
		binary.BigEndian.PutUint16(h[ipID:], id)
	}
	o.finish(packet, h)
}

// finish writes the parts of an outer header h that are those of this packet, and the
// UDP header.
func (o *outer) finish(packet, h []byte) {
	h[ipProtocol] = o.protocol
	binary.BigEndian.PutUint16(h[ipTotal:], uint16(len(packet)))
	sealHeader(h)
	if o.encapsulated() {
		o.writeUDP(packet[len(h):])
	}
}

// writeUDP fills the UDP header. The checksum is 0, as RFC 3948 §2.1 asks: the ICV
// protects more than it would.
func (o *outer) writeUDP(datagram []byte) {
	binary.BigEndian.PutUint16(datagram, o.ports.Local)
	binary.BigEndian.PutUint16(datagram[2:], o.ports.Remote)
	binary.BigEndian.PutUint16(datagram[4:], uint16(len(datagram)))
	binary.BigEndian.PutUint16(datagram[6:], 0)
}
