package icmp

import (
	"bytes"
	"encoding/binary"
)

// headerLen is the size of the ICMP header, in octets.
const headerLen = 8

// The ICMP types of package icmp: RFC 792, "Echo or Echo Reply Message".
const (
	echoReply   = 0
	echoRequest = 8
)

// An echo is an echo request or reply.
type echo struct {
	kind     byte // echoRequest or echoReply
	id       uint16
	sequence uint16
	data     []byte
}

// append writes e with its checksum to b.
func (e echo) append(b []byte) []byte {
	start := len(b)
	b = append(b, e.kind, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, e.id)
	b = binary.BigEndian.AppendUint16(b, e.sequence)
	b = append(b, e.data...)
	binary.BigEndian.PutUint16(b[start+2:], checksum(b[start:]))
	return b
}

// parse reads an echo message, whose data stays in b. It refuses what is too
// short or damaged, and other ICMP messages.
func parse(b []byte) (echo, bool) {
	if len(b) < headerLen || checksum(b) != 0 || b[1] != 0 || b[0] != echoReply && b[0] != echoRequest {
		return echo{}, false
	}
	return echo{
		kind:     b[0],
		id:       binary.BigEndian.Uint16(b[4:]),
		sequence: binary.BigEndian.Uint16(b[6:]),
		data:     b[headerLen:],
	}, true
}

// equal reports whether two messages are the same octets.
func (e echo) equal(o echo) bool {
	return e.kind == o.kind && e.id == o.id && e.sequence == o.sequence && bytes.Equal(e.data, o.data)
}

// checksum is the Internet checksum (RFC 1071) of b, zero for a message that
// has the right one in it.
func checksum(b []byte) uint16 {
	var sum uint32
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
