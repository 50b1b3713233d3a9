package wire

import (
	"encoding/binary"
	"fmt"
)

// A reader reads one payload's octets from the front. It remembers the first
// thing that did not fit and from then on reads zeros, so that a parser reads
// straight down; what it made is discarded when err is looked at, once.
type reader struct {
	*progress
	b       []byte      // not read yet
	offset  int         // of b[0] in the message
	payload PayloadType // whose octets these are; 0: the header's
}

// progress is what the readers of a message share.
type progress struct {
	err        *SyntaxError
	reserved   int // reserved fields that were not zero
	transforms int // in all proposals so far
}

// fail remembers the first misfit, at the octet read next.
func (r *reader) fail(got, wanted string) { r.failAt(r.offset, got, wanted) }

func (r *reader) failAt(offset int, got, wanted string) { r.failNamed(0, offset, got, wanted) }

// failNamed remembers a misfit that the RFC has a name for.
func (r *reader) failNamed(n NotifyType, offset int, got, wanted string) {
	if r.err == nil {
		r.err = &SyntaxError{Payload: r.payload, Offset: offset, Got: got, Wanted: wanted, Notify: n}
	}
	r.b = nil
}

// bytes returns the next n octets, capped so that appending to them copies; nil
// if n is 0 or so many are not left.
func (r *reader) bytes(n int) []byte {
	if r.err != nil || n == 0 {
		return nil
	}
	if n > len(r.b) {
		r.fail(octets(len(r.b)), octets(n))
		return nil
	}
	v := r.b[:n:n]
	r.b, r.offset = r.b[n:], r.offset+n
	return v
}

// rest returns all octets that are left, nil if none are.
func (r *reader) rest() []byte { return r.bytes(len(r.b)) }

func (r *reader) uint8() uint8 {
	if v := r.bytes(1); v != nil {
		return v[0]
	}
	return 0
}

func (r *reader) uint16() uint16 {
	if v := r.bytes(2); v != nil {
		return binary.BigEndian.Uint16(v)
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if v := r.bytes(4); v != nil {
		return binary.BigEndian.Uint32(v)
	}
	return 0
}

// skip reads a reserved field of n octets. Other contents than zeros are
// counted and accepted: peers are known to send them.
func (r *reader) skip(n int) {
	for _, v := range r.bytes(n) {
		if v != 0 {
			r.reserved++
			return
		}
	}
}

// each returns count if that many items of size octets are just what is left,
// else 0, so that no loop and no allocation follows a number the peer made up.
func (r *reader) each(count, size int) int {
	if count*size != len(r.b) || (size == 0 && count != 0) {
		r.fail(octets(len(r.b)), fmt.Sprintf("%d items of %s", count, octets(size)))
		return 0
	}
	return count
}

// sub reads a generic payload header (RFC 2408 §3.2), returns the type of the
// next payload and a reader of this one's body.
func (r *reader) sub(t PayloadType) (next PayloadType, body *reader) {
	r.payload = t
	next = PayloadType(r.uint8())
	r.skip(1)
	at := r.offset
	length := int(r.uint16())
	if length < genericLen && r.err == nil {
		r.failAt(at, fmt.Sprintf("payload length %d", length), "at least 4")
	}
	start := r.offset
	return next, &reader{progress: r.progress, b: r.bytes(max(length-genericLen, 0)), offset: start, payload: t}
}

// end says that the parser has read all it knows of.
func (r *reader) end() {
	if len(r.b) != 0 {
		r.fail(octets(len(r.b)), "the end of the payload")
	}
}

// octets prints a count of octets.
func octets(n int) string {
	if n == 1 {
		return "1 octet"
	}
	return fmt.Sprintf("%d octets", n)
}
