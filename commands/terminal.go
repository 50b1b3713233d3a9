package commands

import "time"

// terminal is what a session's user has set for the session alone.
type terminal struct{}

// Settings are how a session's terminal behaves.
type Settings struct {
	Screen  int           // lines of a page; 0: no paging
	History int           // lines kept
	Idle    time.Duration // without input, after which the session ends; 0: never
}

// Settings returns how the session's terminal behaves.
func (s *Session) Settings() Settings {
	line := s.running.config.Line(s.options.Line)
	return Settings{line.Screen, line.History, line.Idle}
}

// Hotkey returns the command that Ctrl and a letter A-Z stand for, or "".
func (s *Session) Hotkey(letter byte) string { return "" }

// Hidden reports whether what is typed next must not be shown nor kept: it
// answers a question for a password.
func (s *Session) Hidden() bool { return s.question != nil && s.question.hidden }

// level is the level of the session's user.
func (s *Session) level() int { return s.options.Level }
