package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"sallyport/commands"
	"sallyport/ipsec/secret"
	"sallyport/shell"
)

const (
	loginTries    = 3
	loginPatience = 60 * time.Second // without input
)

// A login is the session of somebody at a console whose `authentication-mode` wants
// to know who he is: it asks, and is the session that it opens from then on.
type login struct {
	mode   string // aaa or password
	judge  func(user string, password secret.Octets) bool
	admit  func(user string) shell.Session
	inside shell.Session // nil: not yet
	told   <-chan string // messages for who is inside

	user  string
	named bool // the user has been asked for
	tries int
}

var _ shell.Session = (*login)(nil)

var errNotLoggedIn = errors.New("nobody has logged in")

// Prompt asks for the user, and then for the password.
func (l *login) Prompt() string {
	switch {
	case l.inside != nil:
		return l.inside.Prompt()
	case l.asksUser():
		return "Username:"
	}
	return "Password:"
}

func (l *login) asksUser() bool { return l.mode == "aaa" && !l.named }

// Hidden hides the password.
func (l *login) Hidden() bool {
	if l.inside != nil {
		return l.inside.Hidden()
	}
	return !l.asksUser()
}

// Exec takes an answer.
func (l *login) Exec(ctx context.Context, line string) commands.Output {
	switch {
	case l.inside != nil:
		return l.inside.Exec(ctx, line)
	case l.asksUser():
		l.user, l.named = line, line != ""
		return commands.Output{}
	case l.judge(l.user, secret.Octets(line)):
		l.inside = l.admit(l.user)
		return commands.Output{}
	}
	l.named = false
	l.tries++
	return commands.Output{Text: "Error: Username or password error.\n", Err: errNotLoggedIn, Ended: l.tries == loginTries}
}

// ExecAll takes one answer, or what the session that is open takes.
func (l *login) ExecAll(ctx context.Context, lines []string) []commands.Result {
	if l.inside != nil {
		return l.inside.ExecAll(ctx, lines)
	}
	prompt := l.Prompt()
	return []commands.Result{{Prompt: prompt, Output: l.Exec(ctx, lines[0])}}
}

// Finish begins again.
func (l *login) Finish(ctx context.Context) commands.Output {
	if l.inside != nil {
		return l.inside.Finish(ctx)
	}
	l.named = false
	return commands.Output{}
}

// Help says nothing to strangers.
func (l *login) Help(text string) string {
	if l.inside == nil {
		return ""
	}
	return l.inside.Help(text)
}

// Complete offers nothing to strangers.
func (l *login) Complete(text string) []string {
	if l.inside == nil {
		return nil
	}
	return l.inside.Complete(text)
}

// Settings keep nothing of what strangers type.
func (l *login) Settings() commands.Settings {
	if l.inside == nil {
		return commands.Settings{Idle: loginPatience}
	}
	return l.inside.Settings()
}

// Hotkey is none for strangers.
func (l *login) Hotkey(letter byte) string {
	if l.inside == nil {
		return ""
	}
	return l.inside.Hotkey(letter)
}

// Remember forgets what strangers type.
func (l *login) Remember(line string) {
	if l.inside != nil {
		l.inside.Remember(line)
	}
}

// Messages are for who is inside: until then nobody writes any.
func (l *login) Messages() <-chan string { return l.told }

// proof returns how who sits on a seat proves who he is.
func (a *accounts) proof(s *seat) string { return a.config.Load().Line(s.status.Line).Proof() }

// console judges the password of somebody at a console. Wrong ones lock nobody out
// there: who sits at it may have it to himself.
func (a *accounts) console(s *seat, name string, password secret.Octets) bool {
	line := a.config.Load().Line(s.status.Line)
	stored, may := line.Password, true
	if line.Proof() == "aaa" {
		u := a.user(name)
		stored, may = u.passwordOf(), u.local != nil && u.local.Terminal && !u.local.Blocked && u.local.Password != ""
	}
	if matches(stored, password) && may {
		return true
	}
	a.log(entry{kind: shellFailed, reason: "console login", text: "wrong user or password on " + s.status.Line})
	return false
}

// standing returns a function that says what the user of a session may do now.
// Whoever came in as a local user goes with it.
func (a *accounts) standing(o commands.Options) func() (level int, may bool) {
	if o.User == "" {
		return func() (int, bool) { return o.Level, true }
	}
	local := a.user(o.User).local != nil
	return func() (int, bool) {
		u := a.user(o.User).local
		return a.level(o.User, o.Line), u == nil && !local || u != nil && serves(u, o.Line)
	}
}

// serves reports whether a local user may be on a line.
func serves(u *commands.LocalUser, line string) bool {
	if strings.HasPrefix(line, vtyName) {
		return u.SSH && !u.Blocked
	}
	return u.Terminal && !u.Blocked
}
