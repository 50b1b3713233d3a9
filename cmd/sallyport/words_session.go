package main

import (
	"cmp"
	"fmt"
	"time"

	"sallyport/commands"
)

// A visitor is somebody at a terminal of the box. Empty fields are not known.
type visitor struct {
	user   string
	line   string // such as con0 or vty0
	source string // address of the user's host; empty on the console
}

// String names the visitor in a line of the log.
func (v visitor) String() string {
	return fmt.Sprintf("user %s from %s on %s", cmp.Or(v.user, "**"), cmp.Or(v.source, "**"), cmp.Or(v.line, "**"))
}

// login says that somebody is in.
func (v visitor) login() entry {
	return entry{kind: shellLogin, reason: "login", text: v.String() + " has logged in"}
}

// logout says that somebody has left, and why.
func (v visitor) logout(reason string) entry {
	return entry{kind: shellLogout, reason: "logout", text: v.String() + " has logged out: " + reason}
}

// command says what somebody has entered, without its secrets. Every line is told:
// nobody can hide one among others. What the log does not take is not put into words.
func (v visitor) command(line string) entry {
	return entry{kind: shellCommand, own: true, later: func() string {
		return fmt.Sprintf("Recorded command information. (Task=%s, Ip=%s, User=%s, Command=%q)",
			cmp.Or(v.line, "**"), cmp.Or(v.source, "**"), cmp.Or(v.user, "**"), commands.WithoutPassword(line))
	}}
}

// sshFailure says that somebody could not prove who he is.
func (v visitor) sshFailure(reason string) entry {
	return entry{kind: sshFailed, reason: "ssh authentication", text: v.String() + " could not log in: " + reason}
}

// sshRefusal says that a connection was refused before anybody could prove anything.
func sshRefusal(source, reason string) entry {
	return entry{kind: sshRefused, reason: "ssh refusal", text: "connection from " + source + " refused: " + reason}
}

// sshBlock says that an address is shut out.
func sshBlock(source string, d time.Duration) entry {
	return entry{kind: sshBlocked, reason: "ssh block", text: fmt.Sprintf("%s is shut out for %v: too many failed logins", source, d)}
}
