package pki

import (
	"fmt"
	"strings"

	"sallyport/ike/wire"
)

// A Refusal says why a peer's certificate, name or signature was not accepted.
// It is the only type of error that [Verify.Do] returns.
type Refusal struct {
	Notify wire.NotifyType // what RFC 2408 §3.14.1 calls it; never 0
	Reason string          // what came and what was wanted: printable ASCII, at most 512 characters
	Advice string          // the local lines that this has to do with, and what changes it; empty: none alone
}

// Error returns the notification's name and the reason.
func (r *Refusal) Error() string { return r.Notify.String() + ": " + r.Reason }

// refuse makes a Refusal. Names in it may be long, and a responder's words are
// not ours.
func refuse(n wire.NotifyType, format string, args ...any) *Refusal {
	reason := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, fmt.Sprintf(format, args...))
	if len(reason) > maxReason {
		reason = reason[:maxReason-3] + "..."
	}
	return &Refusal{Notify: n, Reason: reason}
}
