package commands

import (
	"net/netip"
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

	// Locks returns who is locked out after wrong passwords: users by name, then
	// addresses.
	Locks() []Lock

	// UnlockUser and UnlockSource lift the lock of one, or with "" or the zero address
	// of all, and report whether there was one.
	UnlockUser(name string) bool
	UnlockSource(source netip.Addr) bool

	// Lines returns the user interfaces that somebody is on, console first.
	Lines() []LineStatus

	// Hangup ends the session on a user interface such as vty0, and reports whether
	// there was one. It does not wait for the end.
	Hangup(line string) bool
}

// A Lock keeps a user or an address out for a while.
type Lock struct {
	User   string     // as somebody typed it; empty: it is an address
	Source netip.Addr // zero: it is a user
	Until  time.Time
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
