package commands

import (
	"sallyport/commands/grammar"
)

// userRows are the commands of user view alone.
func userRows() []grammar.Row[Config] {
	rows := append(resetRows(), systemViewRow(2))
	for _, more := range [][]grammar.Row[Config]{hostUserRows(), lifeUserRows(), loggingUserRows(), managementUserRows(), toleratedUserRows()} {
		rows = append(rows, more...)
	}
	return rows
}

// anywhereRows are the commands of every view.
func anywhereRows() []grammar.Row[Config] {
	rows := []grammar.Row[Config]{
		grammar.Do[Config](0, quit{}, grammar.Kw[quit]("quit", "Exit from the current view")),
		grammar.Do[Config](0, leave{}, grammar.Kw[leave]("return", "Return to user view")),
		pingRow(),
	}
	rows = append(rows, configurationRows()...)
	rows = append(rows, ikeDisplayRows()...)
	rows = append(rows, ipsecDisplayRows()...)
	rows = append(rows, accessDisplayRows()...)
	for _, more := range [][]grammar.Row[Config]{hostAnywhereRows(), lifeAnywhereRows(), loggingAnywhereRows(), managementAnywhereRows(), pkiDisplayRows()} {
		rows = append(rows, more...)
	}
	return rows
}

// A mover is a doer that goes to another view and does nothing else: it may
// stand in a configuration file.
type mover interface {
	move(*place) (text string, ended bool)
}

// moved has a mover move the session.
func moved(s *Session, m mover) Output {
	text, ended := m.move(&s.place)
	s.ended = ended
	return Output{Text: text, Ended: ended}
}

func systemViewRow(level int) grammar.Row[Config] {
	return grammar.Do[Config](level, enterSystem{}, grammar.Kw[enterSystem]("system-view", "Enter the system view"))
}

// enterSystem is `system-view`, which in system view goes nowhere: a file to be
// replayed may begin with it.
type enterSystem struct{}

func (enterSystem) move(p *place) (string, bool) {
	if p.system {
		return "", false
	}
	*p = place{system: true}
	return "Enter system view, return user view with Ctrl+Z.\n", false
}

func (m *enterSystem) do(s *Session) Output { return moved(s, m) }

// quit goes up one level, and from user view out.
type quit struct{}

func (quit) move(p *place) (string, bool) {
	switch {
	case p.object != nil:
		p.up()
	case p.system:
		p.system = false
	default:
		return "Info:Configuration console exit, please retry to log on\n", true
	}
	return "", false
}

func (m *quit) do(s *Session) Output { return moved(s, m) }

// leave is `return`.
type leave struct{}

func (leave) move(p *place) (string, bool) {
	*p = place{}
	return "", false
}

func (m *leave) do(s *Session) Output { return moved(s, m) }
