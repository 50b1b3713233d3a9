package acl

import (
	"encoding/binary"
	"net/netip"
)

// A Tuple is what of a packet a rule can look at.
type Tuple struct {
	Source, Destination         netip.Addr
	Protocol                    uint8
	SourcePort, DestinationPort uint16 // zero when Protocol has none
	Fragment                    bool   // a later fragment: the ports are not known
}

// Reverse returns the tuple of an answer: source and destination change places.
func (t Tuple) Reverse() Tuple {
	t.Source, t.Destination = t.Destination, t.Source
	t.SourcePort, t.DestinationPort = t.DestinationPort, t.SourcePort
	return t
}

// HasPorts reports whether the packet's protocol has ports and they are known.
func (t Tuple) HasPorts() bool { return !t.Fragment && hasPorts(t.Protocol) }

func hasPorts(protocol uint8) bool { return protocol == TCP || protocol == UDP }

// A PacketError says why a packet has no tuple.
type PacketError uint8

// The reasons.
const (
	ShortHeader  PacketError = iota // fewer octets than a header
	NotIPv4                         // another version
	HeaderLength                    // below 5 words, or beyond the packet
	TotalLength                     // below the header's, or beyond the packet
	ShortPorts                      // TCP or UDP, cut off before the end of the ports
)

var packetErrors = [...]string{
	ShortHeader:  "packet is shorter than an IPv4 header",
	NotIPv4:      "packet is not IPv4",
	HeaderLength: "IPv4 header length is wrong",
	TotalLength:  "IPv4 total length is wrong",
	ShortPorts:   "packet ends before its ports do",
}

// Error says what is wrong with the packet.
func (e PacketError) Error() string {
	if int(e) >= len(packetErrors) {
		return "packet is wrong"
	}
	return packetErrors[e]
}

// Of the IPv4 header: RFC 791 §3.1.
const (
	headerLen      = 20
	fragmentOffset = 0x1fff
)

// ParseTuple reads the tuple of an IPv4 packet. Octets after the total length are
// ignored, and the header's checksum is not looked at. A later fragment has no
// ports; a TCP or UDP packet too short for them is refused, a first fragment too
// (RFC 1858). The error is always a [PacketError]. ParseTuple does not allocate,
// and keeps nothing of the packet.
func ParseTuple(packet []byte) (Tuple, error) {
	payload, err := payloadOf(packet)
	if err != nil {
		return Tuple{}, err
	}
	t := Tuple{
		Source:      netip.AddrFrom4([4]byte(packet[12:16])),
		Destination: netip.AddrFrom4([4]byte(packet[16:20])),
		Protocol:    packet[9],
		Fragment:    binary.BigEndian.Uint16(packet[6:])&fragmentOffset != 0,
	}
	if !t.HasPorts() {
		return t, nil
	}
	if len(payload) < 4 {
		return Tuple{}, ShortPorts
	}
	t.SourcePort = binary.BigEndian.Uint16(payload)
	t.DestinationPort = binary.BigEndian.Uint16(payload[2:])
	return t, nil
}

// payloadOf returns what follows the packet's header, up to the total length.
func payloadOf(packet []byte) ([]byte, error) {
	if len(packet) < headerLen {
		return nil, ShortHeader
	}
	if packet[0]>>4 != 4 {
		return nil, NotIPv4
	}
	header, total := int(packet[0]&0xf)*4, int(binary.BigEndian.Uint16(packet[2:]))
	if header < headerLen || header > len(packet) {
		return nil, HeaderLength
	}
	if total < header || total > len(packet) {
		return nil, TotalLength
	}
	return packet[header:total], nil
}
