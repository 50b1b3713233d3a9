package commands

import (
	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// monitorLevel is what a user needs to look at things and to set his terminal.
const monitorLevel = 1

// terminalRows set the session's own terminal.
func terminalRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{
		grammar.Do[Config](monitorLevel, screenLength{}, grammar.Kw[screenLength]("screen-length", helpScreen),
			grammar.Arg(kind.Integer(0, mostScreen), helpLines, func(d *screenLength) *int { return &d.Lines }),
			grammar.Kw[screenLength]("temporary", helpTemporary)),
		grammar.Do[Config](monitorLevel, undoScreenLength{},
			grammar.Path[undoScreenLength]("undo", helpUndo, "screen-length", helpScreen, "temporary", helpTemporary)),
		grammar.Do[Config](monitorLevel, echoMode{},
			grammar.Path[echoMode]("terminal", helpTerminal, "echo-mode", "How the terminal shows what is typed", "line", "Line by line")),
	}
}

const (
	helpTemporary = "For this session alone"
	thisTerminal  = "Info: The configuration takes effect on the current user terminal interface only.\n"
)

// screenLength is `screen-length N temporary`.
type screenLength struct{ Lines int }

func (d *screenLength) do(s *Session) Output {
	s.terminal.screen = &d.Lines
	return Output{Text: thisTerminal}
}

// undoScreenLength brings back what the user interface says.
type undoScreenLength struct{}

func (*undoScreenLength) do(s *Session) Output {
	s.terminal.screen = nil
	return Output{Text: thisTerminal}
}

// echoMode is `terminal echo-mode line`, as the terminal is anyway: scripts begin
// with it.
type echoMode struct{}

func (*echoMode) do(*Session) Output { return Output{} }
