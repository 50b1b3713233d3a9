package wire

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

const (
	genericLen = 4    // RFC 2408 §3.2
	version    = 0x10 // major 1, minor 0; IKEv2 and later minors are not ours to interpret

	offsetVersion   = 17
	offsetExchange  = 18
	offsetFlags     = 19
	offsetMessageID = 20
	offsetLength    = 24
)

// HeaderLen is the length of the header in octets: RFC 2408 §3.1.
const HeaderLen = 28

// MaxMessage is how many octets of a message are read: far above a certificate chain, far below
// what UDP could carry.
const MaxMessage = 16384

// atMost says so.
var atMost = fmt.Sprintf("at most %d", MaxMessage)

// A Cookie is CKY-I or CKY-R: RFC 2408 §2.5.3. Zero is not a valid cookie.
type Cookie [8]byte

// String returns the cookie in hexadecimal.
func (c Cookie) String() string { return hex.EncodeToString(c[:]) }

// IsZero reports whether the cookie is not set.
func (c Cookie) IsZero() bool { return c == Cookie{} }

// A MessageID names an exchange under an ISAKMP SA; 0 in phase 1.
type MessageID uint32

// String returns the message ID as eight hexadecimal digits.
func (id MessageID) String() string { return fmt.Sprintf("%08x", uint32(id)) }

// A Header is the fixed part of a message without what the payloads determine
// (next payload and length): RFC 2408 §3.1.
type Header struct {
	CookieI, CookieR Cookie
	Exchange         ExchangeType
	Flags            Flags
	MessageID        MessageID
}

// ParseHeader reads the header alone and checks the length field against b. For
// an encrypted message body is the ciphertext and first the type of its first
// payload. Errors are *SyntaxError.
//
// What the fields may hold together is checked too, as far as no state is
// needed for it. A responder cookie may be zero or not: only who knows the
// exchange can tell.
func ParseHeader(b []byte) (h Header, first PayloadType, body []byte, err error) {
	r := &reader{progress: &progress{}, b: b}
	if len(b) > MaxMessage {
		r.fail(octets(len(b)), atMost)
	}
	copy(h.CookieI[:], r.bytes(len(h.CookieI)))
	copy(h.CookieR[:], r.bytes(len(h.CookieR)))
	first = PayloadType(r.uint8())
	v := r.uint8()
	h.Exchange, h.Flags = ExchangeType(r.uint8()), Flags(r.uint8())
	h.MessageID = MessageID(r.uint32())
	length := r.uint32()
	if r.err == nil {
		r.checkLength(v, length, len(b))
		r.checkHeader(h)
	}
	if r.err != nil {
		return Header{}, 0, nil, r.err
	}
	return h, first, r.rest(), nil
}

// checkLength checks what tells ISAKMP from anything else on the port.
func (r *reader) checkLength(v uint8, length uint32, have int) {
	if v != version {
		name := InvalidMinorVersion
		if v>>4 != version>>4 {
			name = InvalidMajorVersion
		}
		r.failNamed(name, offsetVersion, fmt.Sprintf("version %d.%d", v>>4, v&0xf), "1.0")
	}
	if int64(length) != int64(have) {
		r.failNamed(UnequalPayloadLengths, offsetLength, fmt.Sprintf("length %d", length), fmt.Sprintf("the datagram's %d", have))
	}
}

// checkHeader checks the fields against each other. A message ID of 0 is let
// through in a clear informational: strongSwan and Cisco send their error
// notifications so before there is an ISAKMP SA.
func (r *reader) checkHeader(h Header) {
	encrypted := h.Flags&FlagEncrypted != 0
	if h.CookieI.IsZero() {
		r.failNamed(InvalidCookie, 0, "initiator cookie of zeros", "a cookie")
	}
	if unknown := h.Flags &^ (FlagEncrypted | FlagCommit | FlagAuthentication); unknown != 0 {
		r.failNamed(InvalidFlags, offsetFlags, fmt.Sprintf("flags %#02x", uint8(h.Flags)), "none but 0x01, 0x02 and 0x04")
	}
	switch h.Exchange {
	case MainMode, Aggressive:
		if h.MessageID != 0 {
			r.failNamed(InvalidMessageID, offsetMessageID, "message ID "+h.MessageID.String(), "0 in phase 1")
		}
	case QuickMode, Transaction, Informational:
		if h.MessageID == 0 && (encrypted || h.Exchange != Informational) {
			r.failNamed(InvalidMessageID, offsetMessageID, "message ID 0", "another one after phase 1")
		}
	default:
		r.failNamed(UnsupportedExchangeType, offsetExchange, fmt.Sprintf("exchange type %v", h.Exchange), "one that is served")
	}
}

// Append appends the 28 octets of the header of a message of length octets in
// all, whose first payload is of type first.
func (h Header) Append(b []byte, first PayloadType, length int) []byte {
	b = append(b, h.CookieI[:]...)
	b = append(b, h.CookieR[:]...)
	b = append(b, byte(first), version, byte(h.Exchange), byte(h.Flags))
	b = binary.BigEndian.AppendUint32(b, uint32(h.MessageID))
	return binary.BigEndian.AppendUint32(b, uint32(length))
}
