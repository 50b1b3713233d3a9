package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"sallyport/ike"
	"sallyport/ike/loop"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// maxWords bounds a log line's text, since peers have a say in it.
const maxWords = 400

// An entry is a line of the log before it has a time.
type entry struct {
	reason string // what kind of line it is, for the rate limit
	text   string
	trace  bool // shown only if messages are traced
	own    bool // not provoked by the network: not limited
}

// describe puts an event of the engine into words.
func describe(event ike.Event) entry {
	switch e := event.(type) {
	case ike.MessageSent:
		return message("send", e.Local, e.Remote, e.Number, e.Message)
	case ike.MessageReceived:
		return message("received", e.Local, e.Remote, e.Number, e.Message)
	case ike.Repeated:
		return entry{reason: "repeated", trace: true, text: repetition(e)}
	case ike.Phase1Up:
		return entry{reason: "phase 1 up", text: "phase 1 up with " + isakmp(e.Status)}
	case ike.Phase2Up:
		return entry{reason: "phase 2 up", text: "phase 2 up with " + child(e.Status)}
	case ike.Phase1Down:
		return entry{reason: "phase 1 down", text: "phase 1 down with " + isakmp(e.Status) + ": " + e.Reason}
	case ike.Phase2Down:
		return entry{reason: "phase 2 down", text: "phase 2 down with " + child(e.Status) + ": " + e.Reason}
	case ike.Refused:
		return refusal(e)
	case ike.Notified:
		return notification(e)
	case ike.NegotiationFailed:
		return failure(e.Failure)
	case ike.TimedOut:
		return entry{reason: "no answer", text: timeOut(e)}
	}
	return entry{reason: "event", text: fmt.Sprintf("%T", event)}
}

// message describes an IKE message as it goes by, in the words of the golden
// sessions: "send LOCAL REMOTE Main 1 SA[…] VID[…]".
func message(verb string, local, remote netip.AddrPort, number int, m *wire.Message) entry {
	text := fmt.Sprintf("%s %v %v %v %d %v", verb, local, remote, m.Exchange, number, m)
	return entry{reason: verb, text: text, trace: true}
}

func repetition(e ike.Repeated) string {
	why := fmt.Sprintf("(try %d)", e.Try)
	if e.Try == 0 {
		why = "(the peer repeated its request)"
	}
	return fmt.Sprintf("repeat %v %v %v %d %s", e.Local, e.Remote, e.Exchange, e.Number, why)
}

// isakmp describes an ISAKMP SA.
func isakmp(s ike.Status) string {
	return fmt.Sprintf("%s, conn-id %d, %s, %s", peerName(s.Peer, s.Remote), s.ConnectionID, role(s.Initiator), suite(s))
}

// suite describes what phase 1 agreed on.
func suite(s ike.Status) string {
	cipher := s.Suite.Cipher.Algorithm.String()
	if s.Suite.Cipher.KeyBits > 0 {
		cipher += "-" + strconv.Itoa(s.Suite.Cipher.KeyBits)
	}
	text := fmt.Sprintf("%s %v %v", cipher, s.Suite.Hash, s.Suite.Group)
	if s.NAT {
		text += ", behind NAT"
	}
	return text
}

// child describes a pair of IPsec SAs.
func child(s ike.ChildStatus) string {
	text := fmt.Sprintf("%s, conn-id %d, %s, policy %s %d on %s", peerName(s.Peer, s.Remote), s.ConnectionID,
		role(s.Initiator), s.Policy.Name, s.Policy.Sequence, s.Policy.Interface)
	if s.Inbound != nil && s.Outbound != nil {
		text += fmt.Sprintf(", %s, SPI in %#08x out %#08x", algorithms(s.Inbound), uint32(s.Inbound.ID.SPI), uint32(s.Outbound.ID.SPI))
	}
	return text
}

// algorithms names an SA's cipher and authenticator.
func algorithms(sa *ipsec.SA) string {
	if sa.Integrity == ipsec.NoIntegrity {
		return sa.Encryption.String()
	}
	return sa.Encryption.String() + " " + sa.Integrity.String()
}

// peerName names a peer by its name and where it is.
func peerName(name string, remote netip.AddrPort) string {
	if name == "" {
		return remote.String()
	}
	return fmt.Sprintf("peer %s at %v", name, remote)
}

func role(initiator bool) string {
	if initiator {
		return "initiator"
	}
	return "responder"
}

// refusal describes a datagram that was refused. The kind of line is the error's
// category, so that one flood does not silence the others.
func refusal(e ike.Refused) entry {
	told := entry{reason: "refused malformed message", text: fmt.Sprintf("refused a message from %v: %v", e.Remote, e.Err)}
	var rejection *ike.Rejection
	if errors.As(e.Err, &rejection) {
		told.reason = "refused " + rejection.Category.String()
		told.trace = rejection.Category.Failure() // the failure that follows says the same
	}
	return told
}

func notification(e ike.Notified) entry {
	how := "not authenticated, not acted on"
	if e.Authenticated {
		how = "authenticated"
	}
	return entry{reason: "notification", text: fmt.Sprintf("notification from %v: %v (%s)", e.Remote, e.Notify, how)}
}

func failure(f ike.Failure) entry {
	text := fmt.Sprintf("negotiation with %s failed: %s: %s", peerName(f.Peer, f.Remote), f.Category, f.Reason)
	return entry{reason: "failed " + f.Category, text: text}
}

func timeOut(e ike.TimedOut) string {
	text := fmt.Sprintf("no answer from %v to %v after %v", e.Remote, e.Exchange, e.After)
	if e.Policy != (ipsec.PolicyID{}) {
		text += fmt.Sprintf(", policy %s %d on %s", e.Policy.Name, e.Policy.Sequence, e.Policy.Interface)
	}
	return text
}

// trouble describes an error of the loop's.
func trouble(err error) entry {
	var overload *loop.Overload
	var panicked *loop.Panic
	switch {
	case errors.As(err, &overload):
		return entry{reason: overload.Error(), text: overload.Error()}
	case errors.As(err, &panicked):
		return entry{reason: "panic in " + panicked.Where, text: panicked.Error()}
	}
	return entry{reason: fmt.Sprintf("%T", err), text: err.Error()}
}

// printable escapes everything outside printable ASCII and cuts what is too long.
func printable(text string) string {
	quoted := strconv.QuoteToASCII(text)
	quoted = strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
	if len(quoted) > maxWords {
		return quoted[:maxWords] + "…"
	}
	return quoted
}
