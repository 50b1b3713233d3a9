package ike

import (
	"errors"
	"fmt"
	"strings"

	"sallyport/ike/pki"
	"sallyport/ike/wire"
)

// What phase 1 tells an operator of a failure: what came, and which line to look at.

// mode names the mode.
func (x *handshake) mode() string { return strings.ToLower(x.kind.String()) + " mode" }

// garbled explains an encrypted message that makes no sense: the keys differ, and of what
// goes into them only the pre-shared key is not on the wire.
func (x *handshake) garbled(p *packet) error {
	return x.tellOnce(p, x.unproved("message %d does not decrypt", x.number+1))
}

// unproved refuses a message by which the peer has not proved itself, and which does not show
// that both have the same keys.
func (x *handshake) unproved(format string, args ...any) error {
	c, reason := x.whyUnproved(fmt.Sprintf(format, args...))
	return &Rejection{Category: c, Notify: wire.AuthenticationFailed, Reason: reason, doubtful: true}
}

// whyUnproved guesses.
func (x *handshake) whyUnproved(what string) (Category, string) {
	switch {
	case x.stranger != "":
		return IDMismatch, what + ", as it must be: " + x.stranger
	case x.sa.method.preShared && x.kind == wire.Aggressive && x.sa.initiator:
		return AuthenticationFail, fmt.Sprintf("%s: `pre-shared-key` of ike peer %s differs from the peer's, or the peer does not know our ID %s",
			what, x.sa.peer.Name, idText(x.shown))
	case x.sa.method.preShared:
		return AuthenticationFail, fmt.Sprintf("%s: `pre-shared-key` of ike peer %s differs from the peer's", what, x.sa.peer.Name)
	}
	return AuthenticationFail, what + ": it was altered on the way, or is not of the peer whose public value we have"
}

// refusalOf makes a refusal of what mathematics has found wrong.
func (x *handshake) refusalOf(err error) error {
	var certificate *pki.Refusal
	switch {
	case errors.As(err, &certificate):
		return rejectWith(certificateCategory(certificate.Notify), certificate.Notify, "%v%s", err, x.certificateAdvice(certificate))
	case x.state == signing:
		return reject(AuthenticationFail, "we cannot sign: %v; `certificate local-filename` of ike peer %s", err, x.sa.peer.Name)
	}
	return rejectWith(InvalidKeyExchange, wire.InvalidKeyInformation, "%v", err)
}

// certificateCategory sorts what is wrong with a certificate.
func certificateCategory(n wire.NotifyType) Category {
	if n == wire.InvalidIDInformation {
		return IDMismatch
	}
	return AuthenticationFail
}

// certificateAdvice names the line that a refused certificate has to do with.
func (x *handshake) certificateAdvice(r *pki.Refusal) string {
	if r.Advice != "" {
		return "; " + r.Advice
	}
	switch r.Notify {
	case wire.InvalidCertAuthority:
		return fmt.Sprintf("; `pki import-certificate ca` trusts its authority%s", inDomain(x.claim.peer))
	case wire.InvalidIDInformation:
		return fmt.Sprintf("; the peer's certificate, or its local ID and `remote-id` of ike peer %s, must change", x.claim.peer.Name)
	case wire.CertificateUnavailable:
		return "; the peer's `certificate local-filename`, or what makes it send its certificate, is missing"
	case wire.InvalidSignature:
		return "; the peer's certificate is not that of its key, or the message was altered on the way"
	}
	return ""
}

// inDomain says where an authority would have to be.
func inDomain(p *Peer) string {
	if p.Domain == "" {
		return ""
	}
	return fmt.Sprintf(" in pki domain %s, the only one for ike peer %s", p.Domain, p.Name)
}

// whyNoAnswer guesses from how far the exchange came.
func (x *handshake) whyNoAnswer() string {
	reason := "no answer to " + x.mode() + " " + x.unanswered()
	if x.toldSealed {
		reason = fmt.Sprintf("no answer to %s message %d but the one that was refused.", x.mode(), x.proofNumber())
	}
	if x.hint != "" {
		reason += " It said " + x.hint
	}
	return reason
}

// unanswered names the message that had no answer, and what may be the matter.
func (x *handshake) unanswered() string {
	switch {
	case x.kind == wire.Aggressive:
		return fmt.Sprintf("message 1: is the peer there, is UDP 500 open, does it answer aggressive mode, does it know our ID %s and have a common ike proposal?%s",
			idText(x.shown), x.leftOut())
	case x.state == sentKE:
		return "message 3: is the way to the peer open for larger packets?"
	case x.state == sentID && x.sa.method.signs(x.sa.initiator):
		return fmt.Sprintf("message 5: does the peer trust the authority of our certificate, does it accept our ID %s, is UDP 4500 open, and the way for larger packets?", x.ourName())
	case x.state == sentID:
		return "message 5: is the peer's pre-shared key the same, does it accept our ID, is UDP 4500 open?"
	}
	return "message 1: is the peer there, is UDP 500 open, does its configuration have our address and a common ike proposal?"
}

// doubt says what an answer to our proof may be about.
func (x *handshake) doubt(answer string) string {
	text := fmt.Sprintf(" message %d: ", x.proofNumber())
	peer := x.sa.peer.Name
	switch {
	case x.stranger != "":
		return text + "it cannot take what we prove ourselves by: " + x.stranger
	case answer == wire.InvalidIDInformation.String():
		return text + fmt.Sprintf("does the peer accept our ID %s (`local-id-type` and `local-id` of ike peer %s)?", x.ourName(), peer)
	case x.sa.method.preShared:
		return text + "does `pre-shared-key` of ike peer " + peer + " differ from the peer's?"
	case x.sa.method.signs(x.sa.initiator):
		return text + fmt.Sprintf("does the peer trust our certificate (`certificate local-filename` of ike peer %s), and accept our ID %s (`local-id-type` and `local-id`)?",
			peer, x.ourName())
	}
	return text + fmt.Sprintf("does the peer accept our ID %s (`local-id-type` and `local-id` of ike peer %s)?", x.ourName(), peer)
}

// proofNumber is the number of the message that proves who we are.
func (x *handshake) proofNumber() int {
	switch {
	case x.kind == wire.MainMode && x.sa.initiator:
		return 5
	case x.kind == wire.MainMode:
		return 6
	case x.sa.initiator:
		return 3
	}
	return 2
}

// ourName is our identity in words.
func (x *handshake) ourName() string {
	id, err := x.localID()
	if err != nil {
		return "(" + reasonOf(err) + ")"
	}
	return idText(id)
}

// leftOut names the proposals that aggressive mode could not offer: its message 1 brings the
// public value of one group.
func (x *handshake) leftOut() string {
	var others []string
	for _, p := range x.engine.proposals(x.sa.peer) {
		if p.Group != x.sa.suite.Group {
			others = append(others, fmt.Sprintf("%v (group %d)", p, uint16(p.Group)))
		}
	}
	if others == nil {
		return ""
	}
	return fmt.Sprintf(" Aggressive mode offers one group, %d here; left out: %s; `ike-proposal` of ike peer %s chooses.",
		uint16(x.sa.suite.Group), strings.Join(others, ", "), x.sa.peer.Name)
}

// whyWithdrawn tells an operator why SAs with the peer end that its certificate has brought about.
func (p *Peer) whyWithdrawn(w *pki.Withdrawal) string {
	if w.Revoked {
		return w.Reason + "; the peer needs another certificate, or `pki import-crl` a newer list without that number" + inDomain(p)
	}
	return w.Reason + "; `pki import-certificate ca` trusts it again" + inDomain(p)
}
