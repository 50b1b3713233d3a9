package commands

import (
	"fmt"
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ipsec/secret"
)

// super is `super`: it gives the session another level, a higher one for a
// password.
type super struct{ Level int }

// wrongPasswords is how many a session may try, and a user in all his sessions until
// superLock after the last: a guess costs the box an Argon2. Who is no user, as on the
// console, is never locked out.
const (
	wrongPasswords = 3
	superLock      = 5 * time.Minute
)

// guesses are a user's wrong passwords.
type guesses struct {
	count int
	last  time.Time
}

// tooMany reports whether a user has to wait before he may guess again.
func (g guesses) tooMany(now time.Time) bool {
	return g.count >= wrongPasswords && now.Sub(g.last) < superLock
}

// wrong counts a wrong password of super.
func (s *Session) wrong() {
	s.terminal.wrong++
	if user := s.options.User; user != "" {
		g, now := s.running.guesses[user], s.now()
		if now.Sub(g.last) >= superLock {
			g.count = 0
		}
		s.running.guesses[user] = guesses{g.count + 1, now}
	}
}

// right forgets the wrong ones.
func (s *Session) right() {
	s.terminal.wrong = 0
	delete(s.running.guesses, s.options.User)
}

func superRow() grammar.Row[Config] {
	return grammar.Do[Config](0, super{Level: everything}, grammar.Kw[super]("super", helpSuper),
		grammar.Optional(grammar.Arg(levelKind(0), helpLevels, func(d *super) *int { return &d.Level })))
}

func (d *super) do(s *Session) Output {
	level := min(d.Level, everything)
	switch {
	case level <= s.level():
		return s.become(level)
	case s.running.config.Management.Super[level] == "":
		return s.refused(refuse("No super password is set for level %d.", level))
	case s.terminal.wrong >= wrongPasswords:
		return s.refused(refuse("Too many wrong passwords in this session."))
	case s.running.guesses[s.options.User].tooMany(s.now()):
		return s.refused(refuse("Too many wrong passwords. Please try later."))
	}
	s.askSuper(level)
	return Output{}
}

// become gives the session a level.
func (s *Session) become(level int) Output {
	s.options.Level = level
	return Output{Text: fmt.Sprintf("Now user privilege is level %d, and only those commands whose level is equal to or less than this level can be used.\n"+
		"Privilege note: 0-VISIT, 1-MONITOR, 2-SYSTEM, 3-MANAGE\n", level)}
}

// askSuper asks for the password of a level.
func (s *Session) askSuper(level int) {
	s.question = &question{text: "Password:", hidden: true, read: func(s *Session, password string) Output {
		if s.running.guesses[s.options.User].tooMany(s.now()) { // another session of his was wrong meanwhile
			return s.refused(refuse("Too many wrong passwords. Please try later."))
		}
		if s.device.Matches(s.running.config.Management.Super[level], secret.Octets(password)) {
			s.right()
			return s.become(level)
		}
		if s.wrong(); s.terminal.wrong < wrongPasswords {
			s.askSuper(level)
		}
		return s.refused(refuse("Incorrect password."))
	}}
}

// free is `free user-interface`: it ends somebody's session.
type free struct {
	VTY  bool
	Line int
}

func freeRow() grammar.Row[Config] {
	return grammar.Do[Config](managementLevel, free{},
		grammar.Path[free]("free", "End a session", "user-interface", helpLine),
		oneLine(func(f *free) *bool { return &f.VTY }, func(f *free) *int { return &f.Line }))
}

// oneLine is one user interface: `console 0` or `vty N`.
func oneLine[T any](vty func(*T) *bool, number func(*T) *int) grammar.Element[T] {
	return grammar.OneOf(
		grammar.Sequence(grammar.Kw[T]("console", helpConsole), grammar.Arg(kind.Integer(0, 0), helpLineNo, number)),
		grammar.Sequence(grammar.Flag("vty", helpVTY, vty), grammar.Arg(kind.Integer(0, highestVTY), helpLineNo, number)))
}

func (f *free) do(s *Session) Output {
	name := lineName(f.VTY, f.Line)
	s.question = &question{text: "Warning: User interface " + name + " will be freed. Continue? [Y/N]:", unended: errUnanswered, yes: func(s *Session) Output {
		if !s.device.Hangup(name) {
			return s.refused(refuse("Nobody is on user interface %s.", name))
		}
		return Output{Text: "[OK]\n"}
	}}
	return Output{}
}

// lineName is the name of a user interface, such as vty3.
func lineName(vty bool, n int) string {
	if vty {
		return fmt.Sprintf("vty%d", n)
	}
	return fmt.Sprintf("con%d", n)
}
