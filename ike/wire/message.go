// Package wire reads and writes ISAKMP messages (RFC 2408 §3) and the IPsec
// DOI payloads inside them (RFC 2407 §4). It keeps no state and does no I/O.
//
// Start at [Parse]. Every payload has a file of its own, named after it.
package wire

// A Cookie is CKY-I or CKY-R: RFC 2408 §2.5.3. Zero is not a valid cookie.
type Cookie [8]byte

// A MessageID names an exchange under an ISAKMP SA; 0 in phase 1.
type MessageID uint32

// A Header is the fixed part of a message without what the payloads determine
// (next payload and length): RFC 2408 §3.1.
type Header struct {
	CookieI, CookieR Cookie
	Exchange         ExchangeType
	Flags            Flags
	MessageID        MessageID
}

// A Message is a header and its payloads, in order.
type Message struct {
	Header
	Payloads []Payload
	raw      []byte // the payloads as parsed, from the first generic header on; nil if built
	offsets  []int  // where in raw each payload's generic header starts, and where the last ends
}

// A Payload is one of this package's payload types: SA, KeyExchange, ID, Hash,
// Nonce, Notify, Delete, VendorID, NATD, NATOA, Certificate, CertificateRequest,
// Signature or Unknown. All are used as values, never as pointers.
type Payload interface {
	Type() PayloadType
	String() string                  // as in golden sessions: "KE[256]", "SA[1 aes-cbc-256 sha2-256 psk modp2048 86400s]"
	appendTo(b []byte) []byte // the body, without the generic header
}

// Parse reads a clear message: the whole datagram, non-ESP marker removed. The
// result shares b. Errors are *SyntaxError.
func Parse(b []byte) (*Message, error) { panic("contract") }

// ParseHeader reads the header alone and checks the length field against b. For
// an encrypted message body is the ciphertext and first the type of its first
// payload. Errors are *SyntaxError.
func ParseHeader(b []byte) (h Header, first PayloadType, body []byte, err error) { panic("contract") }

// ParsePayloads reads the decrypted payloads of a message with that header.
// Octets after the last payload are padding and are not looked at.
func ParsePayloads(h Header, first PayloadType, plain []byte) (*Message, error) { panic("contract") }

// Append appends the message in clear and returns the extended slice.
func (m *Message) Append(b []byte) []byte { panic("contract") }

// AppendPayloads appends the chained payloads without a header.
func AppendPayloads(b []byte, payloads []Payload) []byte { panic("contract") }

// Append appends the 28 octets of the header of a message of length octets in
// all, whose first payload is of type first.
func (h Header) Append(b []byte, first PayloadType, length int) []byte { panic("contract") }

// Body returns the body of payload i: the octets as received if the message was
// parsed, else as they will be sent.
func (m *Message) Body(i int) []byte { panic("contract") }

// After returns all octets after payload i, as received, without padding; or as
// they will be sent. HASH(1) and its like cover them: RFC 2409 §5.5.
func (m *Message) After(i int) []byte { panic("contract") }

// Body returns the body of a payload as it would be sent.
func Body(p Payload) []byte { return p.appendTo(nil) }

// Find returns the index of the first payload of type t, or -1.
func (m *Message) Find(t PayloadType) int { panic("contract") }
