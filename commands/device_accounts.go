package commands

import (
	"time"

	"sallyport/ipsec/secret"
)

// Accounts are what a box does about its users.
type Accounts interface {
	// Hash returns the irreversible stored form of a password, $argon2id$v=19$…, and
	// Matches whether a password is the one of a stored form, in constant time. A
	// text that is no stored form matches nothing.
	Hash(password secret.Octets) (string, error)
	Matches(stored string, password secret.Octets) bool

	// Lines returns the user interfaces that somebody is on, console first.
	Lines() []LineStatus

	// Hangup ends the session on a user interface such as vty0, and reports whether
	// there was one. It does not wait for the end.
	Hangup(line string) bool
}

// A LineStatus is a user interface with somebody on it.
type LineStatus struct {
	Line   string // con0, vty0 …
	User   string // empty on the console
	Source string // address of the user's host; empty on the console
	Level  int
	Since  time.Time
	Idle   time.Duration
}
