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
// them runs at a time. What a line leaves to run for long runs without the lock.
type lockedSession struct {
	lock    *sync.Mutex
	session *commands.Session
}

var _ shell.Session = (*lockedSession)(nil)

// Prompt is the session's, under the lock.
func (s *lockedSession) Prompt() string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.session.Prompt()
}

// Exec is the session's, under the lock; what takes long is handed out to run
// without it.
func (s *lockedSession) Exec(ctx context.Context, line string) commands.Output {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.session.Exec(ctx, line)
}

// Finish is the session's, under the lock.
func (s *lockedSession) Finish(ctx context.Context) commands.Output {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.session.Finish(ctx)
}
