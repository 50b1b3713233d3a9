package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ike/loop"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// maxWords bounds a log line's text, since peers have a say in it.
const maxWords = 400

// An entry is a line of the log before it has a time.
type entry struct {
	kind   logKind
	reason string // what is counted together for the rate limit
	text   string
	later  func() string // the text, if it is to be made only for a line that is logged
	trace  bool          // shown only if messages are traced, or debugged
	own    bool          // not provoked by the network: not limited

	debug     commands.DebugKind // that shows it; 0: none
	remote    netip.Addr         // of the peer that it is about, for debugging
	debugOnly bool               // not even traced
}

// words returns the text.
func (e entry) words() string {
	if e.later != nil {
		return e.later()
	}
	return e.text
}

// describe puts an event of the engine into words.
func describe(event ike.Event) entry {
	switch e := event.(type) {
	case ike.MessageSent:
		return message("send", e.Local, e.Remote, e.Number, e.Message)
	case ike.MessageReceived:
		return message("received", e.Local, e.Remote, e.Number, e.Message)
	case ike.Repeated:
		return entry{kind: ikeRepeated, reason: "repeated", trace: true, text: repetition(e)}.about(commands.DebugIKETransport, e.Remote)
	case ike.UnknownVendors:
		return unknownVendors(e)
	case ike.Refused:
		return refusal(e)
	case ike.Notified:
		return notification(e)
	case ike.NegotiationFailed:
		return failure(e.Failure)
	case ike.TimedOut:
		return entry{kind: ikeNoAnswer, reason: "no answer", text: timeOut(e)}.about(commands.DebugIKEError, e.Remote)
	}
	return describeSA(event)
}

// describeSA puts into words that an SA has come or gone.
func describeSA(event ike.Event) entry {
	told := func(kind logKind, reason, text string, remote netip.AddrPort) entry {
		return entry{kind: kind, reason: reason, text: reason + " with " + text}.about(commands.DebugIKEExchange, remote)
	}
	switch e := event.(type) {
	case ike.Phase1Up:
		return told(ikeSAUp, "phase 1 up", isakmp(e.Status), e.Status.Remote)
	case ike.Phase2Up:
		return told(ipsecSAUp, saWords, child(e.Status), e.Status.Remote)
	case ike.Phase1Down:
		return told(ikeSADown, "phase 1 down", isakmp(e.Status)+": "+e.Reason, e.Status.Remote)
	case ike.Phase2Down:
		return told(ipsecSADown, "phase 2 down", child(e.Status)+": "+e.Reason, e.Status.Remote)
	case ike.FellBack:
		return fellBack(e)
	}
	return entry{reason: "event", text: fmt.Sprintf("%T", event)}
}

// about says what debugging shows the entry, and which peer it is about.
func (e entry) about(debug commands.DebugKind, remote netip.AddrPort) entry {
	e.debug, e.remote = debug, remote.Addr()
	return e
}

// message describes an IKE message as it goes by, in the words of the golden
// sessions: "send LOCAL REMOTE Main 1 SA[…] VID[…]".
func message(verb string, local, remote netip.AddrPort, number int, m *wire.Message) entry {
	text := fmt.Sprintf("%s %v %v %v %d %v", verb, local, remote, m.Exchange, number, m)
	return entry{kind: ikeMessage, reason: verb, text: text, trace: true}.about(commands.DebugIKEMessage, remote)
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
	return fmt.Sprintf("%s, conn-id %d, %s, %s%s", peerName(s.Peer, s.Remote), s.ConnectionID, role(s.Initiator), suite(s), identified(s))
}

// identified tells who the peer is where its address does not: an `ike peer` may stand for many.
func identified(s ike.Status) (text string) {
	if s.RemoteID != "" && s.RemoteID != s.Remote.Addr().String() {
		text = ", ID " + s.RemoteID
	}
	if s.User != "" {
		text += ", user " + s.User
	}
	return text
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
	told := entry{kind: ikeRefused, reason: "refused malformed message", text: fmt.Sprintf("refused a message from %v: %v", e.Remote, e.Err)}
	var rejection *ike.Rejection
	if errors.As(e.Err, &rejection) {
		told.reason = "refused " + rejection.Category.String()
		told.trace = rejection.Category.Failure() // the failure that follows says the same
	}
	return told.about(commands.DebugIKEError, e.Remote)
}

func notification(e ike.Notified) entry {
	kind, how := ikeNotifiedInClear, "not authenticated, not acted on"
	if e.Authenticated {
		kind, how = ikeNotified, "authenticated"
	}
	text := fmt.Sprintf("notification from %v: %v (%s)", e.Remote, e.Notify, how)
	return entry{kind: kind, reason: "notification", text: text}.about(commands.DebugIKEMisc, e.Remote)
}

func failure(f ike.Failure) entry {
	text := fmt.Sprintf("negotiation with %s failed: %s: %s", peerName(f.Peer, f.Remote), f.Category, f.Reason)
	return entry{kind: ikeNegotiationFailed, reason: "failed " + f.Category, text: text}.about(commands.DebugIKEError, f.Remote)
}

func timeOut(e ike.TimedOut) string {
	text := fmt.Sprintf("no answer from %v to %v after %v", e.Remote, e.Exchange, e.After.Round(time.Second))
	if e.Policy != (ipsec.PolicyID{}) {
		text += fmt.Sprintf(", policy %s %d on %s", e.Policy.Name, e.Policy.Sequence, e.Policy.Interface)
	}
	return text
}

// fellBack says that a policy's traffic goes in clear, or no longer does.
func fellBack(e ike.FellBack) entry {
	policy := fmt.Sprintf("policy %s %d on %s with %s (%v)", e.Policy.Name, e.Policy.Sequence, e.Policy.Interface, e.Peer, e.Remote)
	if !e.Clear {
		return entry{kind: ipsecNotInClear, reason: "fallback over", text: policy + ": traffic does not go in clear any more", own: true}
	}
	text := fmt.Sprintf("%s: the peer does not answer, traffic goes IN CLEAR, UNPROTECTED, from now on; retry in %v", policy, e.Retry)
	return entry{kind: ipsecInClear, reason: "fallback to clear", text: text, own: true}
}

// trouble describes an error of the loop's.
func trouble(err error) entry {
	var overload *loop.Overload
	var panicked *loop.Panic
	switch {
	case errors.As(err, &overload):
		return entry{kind: loopOverload, reason: overload.Error(), text: overload.Error(), debug: commands.DebugIKETransport}
	case errors.As(err, &panicked):
		return entry{kind: systemPanic, reason: "panic in " + panicked.Where, text: panicked.Error()}
	}
	return entry{kind: loopTrouble, reason: fmt.Sprintf("%T", err), text: plain(err), debug: commands.DebugIKETransport}
}

// plain is the text of an error without what Go says of the operation on a socket:
// its name, the socket's addresses and the system call.
func plain(err error) string {
	var op *net.OpError
	if !errors.As(err, &op) {
		return err.Error()
	}
	return strings.Replace(err.Error(), op.Error(), reasonOf(op).Error(), 1)
}

// reasonOf returns why an operation on a socket failed, without the operation.
func reasonOf(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		return call.Err
	}
	return err
}

// printable escapes everything outside printable ASCII and cuts what is too long.
func printable(text string) string {
	if longest := maxWords + utf8.UTFMax; len(text) > longest {
		text = text[:longest] // nobody waits for what is cut off anyway
	}
	quoted := strconv.QuoteToASCII(text)
	quoted = strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
	if len(quoted) > maxWords {
		return quoted[:maxWords] + "..."
	}
	return quoted
}
