// Package wire reads and writes ISAKMP messages (RFC 2408 §3) and the IPsec
// DOI payloads inside them (RFC 2407 §4), and holds their numbers and names. It
// keeps no state, does no I/O, and never decides whether a proposal is wanted:
// only whether the octets are one.
//
// Start at [Parse]. Every payload has a file of its own, named after it.
package wire

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// maxChain is the longest chain of payloads read. The largest genuine messages
// (certificates, many vendor IDs) have about twenty.
const maxChain = 64

// A Message is a header and its payloads, in order.
type Message struct {
	Header
	Payloads []Payload
	Reserved int    // reserved fields that were not zero when it was parsed: accepted, worth counting
	raw      []byte // the payloads as parsed, from the first generic header on; nil if built
	offsets  []int  // where in raw each payload's generic header starts, and where the last ends
}

// A Payload is one of this package's payload types: SA, KeyExchange, ID, Hash,
// Nonce, Notify, Delete, VendorID, NATD, NATOA, Certificate, CertificateRequest,
// Signature, Attributes, Fragment or Unknown. All are used as values, never as pointers.
type Payload interface {
	Type() PayloadType
	String() string           // as in golden sessions: "KE[256]", "SA[1 aes-cbc-256 sha2-256 psk modp2048 86400s]"
	appendTo(b []byte) []byte // the body, without the generic header
}

// Parse reads a clear message: the whole datagram, non-ESP marker removed. The
// result shares b. Errors are *SyntaxError.
func Parse(b []byte) (*Message, error) {
	h, first, body, err := ParseHeader(b)
	if err != nil {
		return nil, err
	}
	r := &reader{progress: &progress{}, b: body, offset: HeaderLen}
	if h.Flags&FlagEncrypted != 0 {
		r.failAt(offsetFlags, "an encrypted message", "a clear one")
	}
	m := r.chain(h, first)
	if len(r.b) != 0 {
		r.fail(octets(len(r.b)), "the end of the message")
	}
	if r.err != nil {
		return nil, r.err
	}
	return m, nil
}

// ParsePayloads reads the decrypted payloads of a message with that header.
// Octets after the last payload are padding and are not looked at. The result
// shares plain. Errors are *SyntaxError.
func ParsePayloads(h Header, first PayloadType, plain []byte) (*Message, error) {
	r := &reader{progress: &progress{}, b: plain, offset: HeaderLen}
	if len(plain) > MaxMessage {
		r.fail(octets(len(plain)), atMost)
	}
	m := r.chain(h, first)
	if r.err != nil {
		return nil, r.err
	}
	return m, nil
}

// chain reads payloads until one says that none follows: RFC 2408 §3.2.
func (r *reader) chain(h Header, first PayloadType) *Message {
	m := &Message{Header: h, raw: r.b}
	start := r.offset
	if first == PayloadNone {
		r.fail("no payload", "a payload")
	}
	var seen [256]uint8 // no counter exceeds maxChain
	for next := first; next != PayloadNone && r.err == nil; {
		m.offsets = append(m.offsets, r.offset-start)
		t := next
		seen[t.Assigned()]++
		r.checkPlace(t, len(m.offsets))
		r.checkCount(t, int(seen[t.Assigned()]), h.Exchange)
		var body *reader
		next, body = r.sub(t)
		m.Payloads = append(m.Payloads, body.one(t))
	}
	end := r.offset - start
	m.offsets = append(m.offsets, end)
	m.raw, m.Reserved = m.raw[:min(end, len(m.raw))], r.reserved
	return m
}

// checkPlace checks whether a payload of type t may be the place-th of the message.
func (r *reader) checkPlace(t PayloadType, place int) {
	_, ok := payloads[t]
	r.payload = t
	switch {
	case place > maxChain:
		r.fail("another payload", "at most 64")
	case t == PayloadProposal || t == PayloadTransform:
		r.fail("a payload outside of an SA", "it inside of one")
	case !ok && place == 1:
		r.fail("an unknown payload first", "a known one")
	}
}

// checkCount checks whether a message of an exchange may have count payloads of type
// t. In phase 1 there is one ID, in quick mode there are two.
func (r *reader) checkCount(t PayloadType, count int, in ExchangeType) {
	known, ok := payloads[t]
	limit := known.limit
	if t == PayloadID && (in == MainMode || in == Aggressive) {
		limit = 1
	}
	if ok && count > limit {
		r.fail("another one", fmt.Sprintf("at most %d", limit))
	}
}

// one reads the body of one payload, all of it.
func (r *reader) one(t PayloadType) Payload {
	known, ok := payloads[t]
	if !ok {
		return parseUnknown(t, r)
	}
	p := known.parse(r)
	r.end()
	return p
}

// Append appends the message in clear and returns the extended slice.
func (m *Message) Append(b []byte) []byte {
	start := len(b)
	b = m.Header.Append(b, First(m.Payloads), 0)
	b = AppendPayloads(b, m.Payloads)
	binary.BigEndian.PutUint32(b[start+offsetLength:], uint32(len(b)-start))
	return b
}

// First returns what the header of a message with those payloads has as its
// next payload.
func First(payloads []Payload) PayloadType {
	if len(payloads) == 0 {
		return PayloadNone
	}
	return payloads[0].Type()
}

// AppendPayloads appends the chained payloads without a header.
func AppendPayloads(b []byte, payloads []Payload) []byte {
	for i, p := range payloads {
		b = appendGeneric(b, First(payloads[i+1:]), p.appendTo)
	}
	return b
}

// appendGeneric appends a generic payload header and what body appends to it.
func appendGeneric(b []byte, next PayloadType, body func([]byte) []byte) []byte {
	start := len(b)
	b = body(append(b, byte(next), 0, 0, 0))
	binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start))
	return b
}

// Body returns the body of payload i: the octets as received if the message was
// parsed, else as they will be sent.
func (m *Message) Body(i int) []byte {
	if m.raw == nil {
		return Body(m.Payloads[i])
	}
	return m.raw[m.offsets[i]+genericLen : m.offsets[i+1]]
}

// After returns all octets after payload i, as received, without padding; or as
// they will be sent. HASH(1) and its like cover them: RFC 2409 §5.5.
func (m *Message) After(i int) []byte {
	if m.raw == nil {
		return AppendPayloads(nil, m.Payloads[i+1:])
	}
	return m.raw[m.offsets[i+1]:]
}

// Body returns the body of a payload as it would be sent.
func Body(p Payload) []byte { return p.appendTo(nil) }

// Find returns the index of the first payload of type t, or -1.
func (m *Message) Find(t PayloadType) int {
	for i, p := range m.Payloads {
		if p.Type() == t {
			return i
		}
	}
	return -1
}

// Len returns the length of the parsed payloads, generic headers included and
// padding not; 0 for a message that was built.
func (m *Message) Len() int { return len(m.raw) }

// String returns the payloads in the words of golden sessions, separated by
// spaces.
func (m *Message) String() string {
	words := make([]string, len(m.Payloads))
	for i, p := range m.Payloads {
		words[i] = p.String()
	}
	return strings.Join(words, " ")
}
