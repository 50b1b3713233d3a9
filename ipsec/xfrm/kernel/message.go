package kernel

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// A message is a request to the kernel that is being written. It never moves while it
// grows, so that there is one copy of the keys in it to wipe.
type message []byte

// room is enough for the longest request: a state with two algorithms and a window.
const room = 1024

// request begins a message.
func request(kind, flags uint16, body []byte) message {
	m := make(message, unix.SizeofNlMsghdr, room)
	binary.NativeEndian.PutUint16(m[4:], kind)
	binary.NativeEndian.PutUint16(m[6:], unix.NLM_F_REQUEST|flags)
	return padded(append(m, body...))
}

// padded fills up to a multiple of four octets.
func padded(m message) message {
	for len(m)%4 != 0 {
		m = append(m, 0)
	}
	return m
}

// attribute appends an attribute: its value in parts.
func (m message) attribute(kind uint16, parts ...[]byte) message {
	at := len(m)
	m = append(m, 0, 0, 0, 0)
	for _, p := range parts {
		m = append(m, p...)
	}
	binary.NativeEndian.PutUint16(m[at:], uint16(len(m)-at))
	binary.NativeEndian.PutUint16(m[at+2:], kind)
	return padded(m)
}

// number appends an attribute with one number, unless that is 0.
func (m message) number(kind uint16, n uint32) message {
	if n == 0 {
		return m
	}
	return m.attribute(kind, native32(n))
}

// finish fills in the header.
func (m message) finish(sequence, port uint32) {
	binary.NativeEndian.PutUint32(m, uint32(len(m)))
	binary.NativeEndian.PutUint32(m[8:], sequence)
	binary.NativeEndian.PutUint32(m[12:], port)
}

// wipe overwrites the message.
func (m message) wipe() { clear(m[:cap(m)]) }

// attributes calls each for every attribute. The error says that their lengths do not
// fit; those before were told.
func attributes(b []byte, each func(kind uint16, value []byte)) error {
	for len(b) > 0 {
		if len(b) < unix.SizeofRtAttr {
			return fmt.Errorf("netlink attribute: %d octets, want a header of %d", len(b), unix.SizeofRtAttr)
		}
		size, kind := int(binary.NativeEndian.Uint16(b)), binary.NativeEndian.Uint16(b[2:])
		if size < unix.SizeofRtAttr || size > len(b) {
			return fmt.Errorf("netlink attribute %d: its length is %d, there are %d octets", kind, size, len(b))
		}
		each(kind&attributeKind, b[unix.SizeofRtAttr:size])
		b = b[min(aligned(size), len(b)):]
	}
	return nil
}

// attributeKind are the bits of an attribute's type that are no flags.
const attributeKind = 0x3fff

// aligned returns where the next of two things begins.
func aligned(n int) int { return (n + 3) &^ 3 }

// native32 returns a number as the machine writes it.
func native32(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }

// swap16 turns a number of the machine's into the network's, and back.
func swap16(v uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, v))
}

// swap32 is swap16 for an SPI.
func swap32(v uint32) uint32 {
	return binary.NativeEndian.Uint32(binary.BigEndian.AppendUint32(nil, v))
}

// put writes an IPv4 address as an xfrm_address_t, whose first octets it is. The zero
// address is any.
func put(to []byte, a netip.Addr) {
	if a.Is4() || a.Is4In6() {
		octets := a.As4()
		copy(to, octets[:])
	}
}

// address is the way back of put, of 4 octets or more.
func address(b []byte) netip.Addr { return netip.AddrFrom4([4]byte(b[:4])) }

// read32 is the way back of native32, of 4 octets or more.
func read32(b []byte) uint32 { return binary.NativeEndian.Uint32(b) }
