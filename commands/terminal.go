package commands

import (
	"slices"
	"time"
)

// terminal is what a session's user has set for the session alone.
type terminal struct {
	screen  *int     // screen-length N temporary; nil: as the user interface says
	history []string // lines typed, without secrets, oldest first
	wrong   int      // passwords of super, since the last right one
}

// Settings are how a session's terminal behaves.
type Settings struct {
	Screen  int           // lines of a page; 0: no paging
	History int           // lines kept
	Idle    time.Duration // without input, after which the session ends; 0: never
}

// Settings returns how the session's terminal behaves.
func (s *Session) Settings() Settings {
	line := s.running.config.Line(s.options.Line)
	settings := Settings{line.Screen, line.History, line.Idle}
	if s.terminal.screen != nil {
		settings.Screen = *s.terminal.screen
	}
	return settings
}

// Hotkey returns the command that Ctrl and a letter A-Z stand for, or "".
func (s *Session) Hotkey(letter byte) string {
	for _, k := range hotkeys {
		if k.letter == letter {
			return *k.command(&s.running.config.Management.Hotkeys)
		}
	}
	return ""
}

// Remember keeps a line that was typed for `display history-command`, without
// what is secret in it. A line that answers a question is not to be kept, and an
// empty one or the same again is not.
func (s *Session) Remember(line string) {
	most := s.Settings().History
	line = printable(WithoutSecret(line), longestLine)
	if n := len(s.terminal.history); line != "" && (n == 0 || s.terminal.history[n-1] != line) {
		s.terminal.history = append(s.terminal.history, line)
	}
	if n := len(s.terminal.history); n > most {
		s.terminal.history = slices.Clone(s.terminal.history[n-most:])
	}
}

// Hidden reports whether what is typed next must not be shown nor kept: it
// answers a question for a password.
func (s *Session) Hidden() bool { return s.question != nil && s.question.hidden }

// Asking reports whether the next line answers a question.
func (s *Session) Asking() bool { return s.question != nil }

// Regrant gives the session the level that its user has now. What super gave is
// lost if that is another than before.
func (s *Session) Regrant(level int) {
	if level != s.granted {
		s.granted, s.options.Level = level, level
	}
}

// level is the level of the session's user, or the one that super gave.
func (s *Session) level() int { return min(s.options.Level, everything) }
