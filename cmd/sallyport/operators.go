package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"sallyport/commands"
	"sallyport/commands/grammar"
	"sallyport/shell"
)

// operators makes the sessions of the box, which are all under one lock.
type operators struct {
	lock    *sessionsLock
	running *commands.Running
	device  *device
	log     *logbook
	layouts chan struct{} // mostLayouts places
}

func newOperators(g *gateway, lock *sessionsLock, running *commands.Running) *operators {
	return &operators{lock: lock, running: running, device: g.device, log: g.log, layouts: make(chan struct{}, mostLayouts)}
}

// An opener opens the session of somebody at a terminal; leave ends it, once.
type opener func(commands.Options) (session shell.Session, leave func())

// open is the box's opener. A person is shown the log lines that his terminal wants.
func (o *operators) open(options commands.Options) (shell.Session, func()) {
	options.Exclusive = o.lock.do
	s := &lockedSession{lock: o.lock, layouts: o.layouts, session: commands.NewSession(o.device, o.running, options)}
	unsubscribe := func() {}
	if options.Interactive {
		s.messages, unsubscribe = o.log.centre.Subscribe(options.Line)
	}
	who := visitor{user: options.User, line: options.Line, source: options.Source}
	s.record = func(line string) { o.log.add(time.Now(), who.command(line)) }
	s.standing = o.device.standing(options)
	return s, func() {
		unsubscribe()
		o.lock.do(s.session.Close)
		o.device.written()
	}
}

// A lockedSession is a session of a box that has several: one line of one of
// them runs at a time. What a line leaves to run for long, and the layout of
// displays, are done without the lock.
type lockedSession struct {
	lock     sync.Locker
	layouts  chan struct{} // one for each layout under way
	session  *commands.Session
	messages <-chan string
	record   func(line string)            // in the log
	standing func() (level int, may bool) // of the user, as the configuration has it now
}

var _ shell.Session = (*lockedSession)(nil)

// locked calls f under the lock.
func locked[T any](s *lockedSession, f func(*commands.Session) T) T {
	s.lock.Lock()
	defer s.lock.Unlock()
	return f(s.session)
}

// mostLayouts is how many displays are laid out at a time: each may take a hundred
// times the memory of what it shows.
const mostLayouts = 4

// rendered lays a display out when its turn comes.
func (s *lockedSession) rendered(out commands.Output) commands.Output {
	if out.Display == nil {
		return out
	}
	s.layouts <- struct{}{}
	defer func() { <-s.layouts }()
	return out.Rendered()
}

// Prompt is the session's, under the lock.
func (s *lockedSession) Prompt() string { return locked(s, (*commands.Session).Prompt) }

// Exec is the session's, under the lock; what takes long is handed out to run
// without it.
func (s *lockedSession) Exec(ctx context.Context, line string) commands.Output {
	return s.rendered(locked(s, func(c *commands.Session) commands.Output {
		if !s.admitted(c) {
			return notAdmitted
		}
		answer := c.Asking()
		out := c.Exec(ctx, line)
		s.note(line, answer, out.Err)
		return out
	}))
}

// ExecAll is the session's, under the lock.
func (s *lockedSession) ExecAll(ctx context.Context, lines []string) []commands.Result {
	results := locked(s, func(c *commands.Session) []commands.Result {
		if !s.admitted(c) {
			return []commands.Result{{Output: notAdmitted}}
		}
		answer := c.Asking()
		all := c.ExecAll(ctx, lines)
		for i, r := range all {
			s.note(lines[i], answer && i == 0, r.Err)
		}
		return all
	})
	for i := range results {
		results[i].Output = s.rendered(results[i].Output)
	}
	return results
}

var notAdmitted = commands.Output{Text: "Info: The session ends: the user was deleted or blocked, or its service-type was changed.\n", Ended: true}

// admitted gives the session the level that its user has now, and reports whether
// he may be there at all.
func (s *lockedSession) admitted(c *commands.Session) bool {
	level, may := s.standing()
	if may {
		c.Regrant(level)
	}
	return may
}

// note records a line. An answer, and what is no command at all, may be a password.
func (s *lockedSession) note(line string, answer bool, err error) {
	if !answer && line != "" && understood(err) {
		s.record(line)
	}
}

// understood reports whether a line was a command. One that was none is not
// recorded: it may be a password that was typed where nobody asked for one.
func understood(err error) bool {
	var unknown *grammar.Error
	return !errors.As(err, &unknown)
}

// Finish is the session's, under the lock.
func (s *lockedSession) Finish(ctx context.Context) commands.Output {
	return s.rendered(locked(s, func(c *commands.Session) commands.Output { return c.Finish(ctx) }))
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

// Remember is the session's, under the lock.
func (s *lockedSession) Remember(line string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.session.Remember(line)
}

// Messages are the log lines for the session's terminal.
func (s *lockedSession) Messages() <-chan string { return s.messages }
