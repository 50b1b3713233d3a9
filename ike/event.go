package ike

import (
	"net/netip"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// An Event is an output that only tells what happened. Whoever performs outputs
// chooses the words.
type Event interface {
	Output
	event()
}

// A MessageSent follows the Send of a message; its payloads are in clear.
type MessageSent struct {
	Local, Remote netip.AddrPort
	Number        int // of the message in its exchange, from 1
	Message       *wire.Message
}

// A MessageReceived precedes what a message that was accepted brought about.
type MessageReceived struct {
	Local, Remote netip.AddrPort
	Number        int
	Message       *wire.Message
}

// A Repeated says that an earlier message was sent again, octet for octet.
type Repeated struct {
	Local, Remote netip.AddrPort
	Exchange      wire.ExchangeType
	Number        int
	Try           int // 1 for the first repetition by our timer; 0: the peer repeated its request
}

// A Phase1Up says that an ISAKMP SA is authenticated.
type Phase1Up struct{ Status Status }

// A Phase2Up says that an IPsec SA pair is negotiated.
type Phase2Up struct{ Status ChildStatus }

// A Phase1Down says that an ISAKMP SA is gone.
type Phase1Down struct {
	Status Status
	Reason string // VRP's words: "peer request", "phase1 hard expiry" …
}

// A Phase2Down says that an IPsec SA pair is gone.
type Phase2Down struct {
	Status ChildStatus
	Reason string
}

// A Refused says that a datagram was refused and changed nothing.
type Refused struct {
	Remote netip.AddrPort
	Err    error // *wire.SyntaxError, *Rejection
}

// A Notified is a notification of the peer's.
type Notified struct {
	Remote        netip.AddrPort
	Notify        wire.NotifyType
	Authenticated bool
}

// A NegotiationFailed says that a negotiation ended without an SA.
type NegotiationFailed struct{ Failure Failure }

// A TimedOut says that the engine gave up waiting for an exchange's answer.
type TimedOut struct {
	Remote   netip.AddrPort
	Exchange wire.ExchangeType
	After    time.Duration
	Policy   ipsec.PolicyID // zero for phase 1
}

func (MessageSent) output()       {}
func (MessageReceived) output()   {}
func (Repeated) output()          {}
func (Phase1Up) output()          {}
func (Phase2Up) output()          {}
func (Phase1Down) output()        {}
func (Phase2Down) output()        {}
func (Refused) output()           {}
func (Notified) output()          {}
func (NegotiationFailed) output() {}
func (TimedOut) output()          {}

func (MessageSent) event()       {}
func (MessageReceived) event()   {}
func (Repeated) event()          {}
func (Phase1Up) event()          {}
func (Phase2Up) event()          {}
func (Phase1Down) event()        {}
func (Phase2Down) event()        {}
func (Refused) event()           {}
func (Notified) event()          {}
func (NegotiationFailed) event() {}
func (TimedOut) event()          {}
