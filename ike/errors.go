package ike

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"sallyport/ike/wire"
)

// A Category sorts refusals and failures for counters and for `display ike
// error-info`. Its String is VRP's wording where VRP has one.
type Category uint8

// The categories.
const (
	MalformedMessage Category = iota
	InvalidLength
	UnsupportedVersion
	UnsupportedExchange
	InvalidFlags
	InvalidCookie
	UnexpectedMessage
	UnexpectedPayload
	Limited
	PeerAddressMismatch
	Phase1Mismatch
	Phase2Mismatch
	FlowMismatch
	FlowConflict
	EncapsulationMismatch
	InvalidKeyExchange
	AuthenticationFail
	NoAddress // of a pool, for a client
	TooMany   // ISAKMP SAs, for one whose other end has proved who it is
	IDMismatch
	ExchangeMismatch
	InvalidHash
	NoAnswer // this and the next are of no datagram
	PeerRefused
	DataplaneRefused
	categories // how many there are
)

var categoryNames = [categories]string{
	MalformedMessage:      "malformed message",
	InvalidLength:         "invalid length",
	UnsupportedVersion:    "unsupported version",
	UnsupportedExchange:   "unknown exchange type",
	InvalidFlags:          "invalid flags",
	InvalidCookie:         "invalid cookie",
	UnexpectedMessage:     "uncritical drop",
	UnexpectedPayload:     "malformed payload",
	Limited:               "first packet limited",
	PeerAddressMismatch:   "peer address mismatch",
	Phase1Mismatch:        "phase1 proposal mismatch",
	Phase2Mismatch:        "phase2 proposal or pfs mismatch",
	FlowMismatch:          "flow mismatch",
	FlowConflict:          "flow conflict",
	EncapsulationMismatch: "encapsulation mode mismatch",
	InvalidKeyExchange:    "dh mismatch",
	AuthenticationFail:    "authentication fail",
	NoAddress:             "no address",
	TooMany:               "license or specification limited",
	IDMismatch:            "config ID mismatch",
	ExchangeMismatch:      "exchange mode mismatch",
	InvalidHash:           "invalid hash",
	NoAnswer:              "no answer",
	PeerRefused:           "refused by peer",
	DataplaneRefused:      "dataplane refused",
}

// String returns VRP's word, or a number for what is no category.
func (c Category) String() string {
	if c >= categories {
		return fmt.Sprintf("category %d", uint8(c))
	}
	return categoryNames[c]
}

// Failure reports whether a refusal of this category is told as a
// NegotiationFailed too: worth an operator's look, as against noise that anybody
// can send.
func (c Category) Failure() bool { return c >= PeerAddressMismatch && c != InvalidHash }

// A Rejection is a message of the peer's that the engine refuses. It changed
// nothing.
type Rejection struct {
	Category Category
	Notify   wire.NotifyType // what the peer is told; 0: nothing
	Reason   string          // what came and what was wanted, in the standard's words
	protocol wire.ProtocolID // of the offer it is about
	spi      []byte          // likewise; empty in phase 1
	doubtful bool            // the keys that decrypted the message may be wrong
	sealed   bool            // the peer is told under the keys of a phase 1 that is not over
	final    bool            // and that the SA goes
}

// Error returns the category and the reason.
func (r *Rejection) Error() string { return r.Category.String() + ": " + r.Reason }

// reject makes a Rejection that the peer is not told of.
func reject(c Category, format string, args ...any) error {
	return &Rejection{Category: c, Reason: fmt.Sprintf(format, args...)}
}

// rejectWith makes a Rejection that the peer is told of by n.
func rejectWith(c Category, n wire.NotifyType, format string, args ...any) error {
	return &Rejection{Category: c, Notify: n, Reason: fmt.Sprintf(format, args...)}
}

// categoryOf sorts any error of this package or of wire.
func categoryOf(err error) Category {
	var r *Rejection
	var s *wire.SyntaxError
	switch {
	case errors.As(err, &r):
		return r.Category
	case errors.As(err, &s):
		return headerFaults[s.Notify]
	}
	return MalformedMessage
}

// headerFaults sorts what is wrong with a header. All else is MalformedMessage.
var headerFaults = map[wire.NotifyType]Category{
	wire.InvalidMajorVersion:     UnsupportedVersion,
	wire.InvalidMinorVersion:     UnsupportedVersion,
	wire.UnsupportedExchangeType: UnsupportedExchange,
	wire.InvalidFlags:            InvalidFlags,
	wire.InvalidCookie:           InvalidCookie,
	wire.InvalidMessageID:        UnexpectedMessage,
	wire.UnequalPayloadLengths:   InvalidLength,
}

// reasonOf returns what an error says besides its category.
func reasonOf(err error) string {
	var r *Rejection
	if errors.As(err, &r) {
		return r.Reason
	}
	return err.Error()
}

// refuse counts a refusal, tells of it, and answers where an answer is due.
func (e *Engine) refuse(p *packet, err error) {
	c := categoryOf(err)
	e.refused[c]++
	e.emit(Refused{p.Remote, err})
	var r *Rejection
	if !errors.As(err, &r) {
		return
	}
	if r.Notify != 0 {
		e.answer(p, r)
	}
	if c.Failure() {
		f := Failure{Remote: p.Remote, Peer: e.peerName(p.Remote), Category: c.String(), Reason: r.Reason}
		e.record(failure{f, e.doubtOf(e.lookUp(p.header), p.Remote.Addr())})
	}
}

// answer tells the peer why its message was refused: protected under an ISAKMP SA, or the
// keys of one to be, else in clear, seldom, and never longer than what came.
func (e *Engine) answer(p *packet, r *Rejection) {
	if s := e.lookUp(p.header); s != nil && s.established {
		s.inform(r.notify(s.cookieI, s.cookieR))
		return
	} else if s != nil && r.sealed {
		s.tellSealed(p, r)
		return
	}
	if !p.Remote.IsValid() || p.header.Exchange == wire.Informational || !e.notices.allow(e.now, p.Remote.Addr()) {
		return
	}
	n := wire.NewNotify(r.Notify, p.header.CookieI, p.header.CookieR, nil)
	h := wire.Header{CookieI: p.header.CookieI, CookieR: p.header.CookieR, Exchange: wire.Informational, MessageID: e.messageID()}
	m := &wire.Message{Header: h, Payloads: []wire.Payload{n}}
	if b := m.Append(nil); len(b) <= len(p.Octets) {
		e.emit(Send{p.Local, p.Remote, b}, MessageSent{p.Local, p.Remote, 1, m})
	}
}

// notify writes a rejection as a notification about the offer, or about the
// ISAKMP SA with those cookies.
func (r *Rejection) notify(i, k wire.Cookie) wire.Notify {
	n := wire.NewNotify(r.Notify, i, k, nil)
	if len(r.spi) == 4 {
		n.Protocol, n.SPI = r.protocol, r.spi
	}
	return n
}

// messageID draws a message ID.
func (e *Engine) messageID() wire.MessageID {
	for {
		if id := wire.MessageID(binary.BigEndian.Uint32(e.random(4))); id != 0 {
			return id
		}
	}
}

// peerName returns the name of the peer with that address, or "".
func (e *Engine) peerName(remote netip.AddrPort) string {
	if all := e.directory.at(remote.Addr()); len(all) > 0 {
		return all[0].Name
	}
	return ""
}

// A Refusal counts the datagrams that were refused for one reason, or what was ignored in them.
type Refusal struct {
	Reason string // a Category's words
	Count  uint64
}

// oddities count what is not as the standard has it, and taken all the same: peers are known to
// send it.
type oddities struct {
	reserved uint64 // fields that are not zero
	unknown  uint64 // payloads of types that nobody has assigned
}

// note counts what is odd about a message; nil: it makes no sense.
func (o *oddities) note(m *wire.Message) {
	if m == nil {
		return
	}
	o.reserved += uint64(m.Reserved)
	for _, p := range m.Payloads {
		if _, unknown := p.(wire.Unknown); unknown {
			o.unknown++
		}
	}
}

// Refusals returns the counts since the start, one for each category that a datagram can be
// refused for, zeros too; and last those of what was odd, though not refused.
func (e *Engine) Refusals() []Refusal {
	counts := make([]Refusal, 0, len(e.refused)+2)
	for c, n := range e.refused[:NoAnswer] {
		counts = append(counts, Refusal{Category(c).String(), n})
	}
	return append(counts, Refusal{"reserved field not zero, ignored", e.odd.reserved}, Refusal{"unknown payload, ignored", e.odd.unknown})
}
