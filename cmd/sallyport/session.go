package main

import (
	"context"
	"sync"

	"sallyport/commands"
	"sallyport/shell"
)

// managementLevel is the level of who can open the console's socket: the user
// that the gateway runs as.
const managementLevel = 3

// A lockedSession is a session of a box that has several: one line of one of
// them runs at a time. What a line leaves to run for long, and the layout of
// displays, are done without the lock.
type lockedSession struct {
	lock     *sync.Mutex
	session  *commands.Session
	messages <-chan string
}

var _ shell.Session = (*lockedSession)(nil)

// locked calls f under the lock.
func locked[T any](s *lockedSession, f func(*commands.Session) T) T {
	s.lock.Lock()
	defer s.lock.Unlock()
	return f(s.session)
}

// Prompt is the session's, under the lock.
func (s *lockedSession) Prompt() string { return locked(s, (*commands.Session).Prompt) }

// Exec is the session's, under the lock; what takes long is handed out to run
// without it.
func (s *lockedSession) Exec(ctx context.Context, line string) commands.Output {
	return locked(s, func(c *commands.Session) commands.Output { return c.Exec(ctx, line) }).Rendered()
}

// Finish is the session's, under the lock.
func (s *lockedSession) Finish(ctx context.Context) commands.Output {
	return locked(s, func(c *commands.Session) commands.Output { return c.Finish(ctx) }).Rendered()
}

// Help is the session's, under the lock.
func (s *lockedSession) Help(text string) string {
	return locked(s, func(c *commands.Session) string { return c.Help(text) })
}

// Complete is the session's, under the lock.
func (s *lockedSession) Complete(text string) []string {
	return locked(s, func(c *commands.Session) []string { return c.Complete(text) })
}

// Settings are the session's, under the lock.
func (s *lockedSession) Settings() commands.Settings { return locked(s, (*commands.Session).Settings) }

// Hotkey is the session's, under the lock.
func (s *lockedSession) Hotkey(letter byte) string {
	return locked(s, func(c *commands.Session) string { return c.Hotkey(letter) })
}

// Hidden is the session's, under the lock.
func (s *lockedSession) Hidden() bool { return locked(s, (*commands.Session).Hidden) }

// Messages are the log lines for the session's terminal.
func (s *lockedSession) Messages() <-chan string { return s.messages }
