package commands

import (
	"net/netip"
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
)

// loggingUserRows are `terminal`, `debugging` and `reset logbuffer`.
func loggingUserRows() []grammar.Row[Config] {
	rows := []grammar.Row[Config]{
		grammar.Do[Config](3, resetLogBuffer{}, grammar.Path[resetLogBuffer]("reset", helpReset, "logbuffer", helpLogBuffer)),
		debugRow("ike", helpIKE, DebugIKE, true), debugRow("ike", helpIKE, DebugIKE, false),
		debugRow("ipsec", helpIPsec, DebugIPsec, true), debugRow("ipsec", helpIPsec, DebugIPsec, false),
	}
	for which, help := range []string{"Log lines and debugging", "Log lines", helpDebugging} {
		rows = append(rows, terminalRow(TerminalSwitch(which), help, true), terminalRow(TerminalSwitch(which), help, false))
	}
	return rows
}

// loggingAnywhereRows display the information centre; `undo debugging all` is
// among them, for a hot key stands for it.
func loggingAnywhereRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{
		displayLogBufferRow(), displayOfflineRow(), displayHistoryRow(),
		shows(func(s *Session) Display {
			return newInfoCenterDisplay(s.running.config.Logging, s.device.LogBuffer(), s.device.LogServers())
		}, "info-center", helpInfoCenter),
		shows(func(s *Session) Display { return newDebuggingDisplay(s.device.Debugging()) }, "debugging", helpDebugging),
		grammar.Do[Config](1, debugAllOff{}, grammar.Path[debugAllOff]("undo", helpUndo, "debugging", helpDebugging, "all", "All of them")),
	}
}

// undoUnless returns the keyword undo, and nothing for what turns on.
func undoUnless[T any](on bool) []grammar.Element[T] {
	if on {
		return nil
	}
	return []grammar.Element[T]{grammar.Kw[T]("undo", helpUndo)}
}

// terminalCommand is `terminal monitor` and its like.
type terminalCommand struct {
	which TerminalSwitch
	on    bool
}

func terminalRow(which TerminalSwitch, help string, on bool) grammar.Row[Config] {
	elements := append(undoUnless[terminalCommand](on),
		grammar.Path[terminalCommand]("terminal", helpTerminal, which.String(), help))
	return grammar.Do[Config](1, terminalCommand{which, on}, elements...)
}

func (t *terminalCommand) do(s *Session) Output {
	s.device.Terminal(s.options.Line, t.which, t.on)
	state := "off"
	if t.on {
		state = "on"
	}
	return Output{Text: "Info: Current terminal " + t.which.String() + " is " + state + ".\n"}
}

// debugCommand is `debugging ike KIND` and its like.
type debugCommand struct {
	Kinds  DebugKind
	Remote netip.Addr
	on     bool
}

func debugRow(module, help string, all DebugKind, on bool) grammar.Row[Config] {
	elements := append(undoUnless[debugCommand](on),
		grammar.Path[debugCommand]("debugging", helpDebugging, module, help),
		grammar.Arg(debugWords(module, all), "Kind", func(d *debugCommand) *DebugKind { return &d.Kinds }))
	if on && module == "ike" {
		elements = append(elements, grammar.Optional(grammar.Kw[debugCommand]("remote", helpRemote),
			grammar.Arg(kind.Address(), helpRemote, func(d *debugCommand) *netip.Addr { return &d.Remote })))
	}
	return grammar.Do[Config](1, debugCommand{on: on}, elements...)
}

// debugWords are the words of a module's things, and `all`.
func debugWords(module string, all DebugKind) grammar.Kind[DebugKind] {
	k := grammar.Kind[DebugKind]{Words: []grammar.Word[DebugKind]{{Text: "all", Help: "All of them", Value: all}}}
	for _, d := range debugKinds {
		if d.module == module {
			k.Words = append(k.Words, grammar.Word[DebugKind]{Text: d.word, Help: d.help, Value: d.kind})
		}
	}
	return k
}

func (d *debugCommand) do(s *Session) Output {
	s.device.Debug(d.Kinds, d.Remote, d.on)
	return Output{}
}

// debugAllOff is `undo debugging all`.
type debugAllOff struct{}

func (*debugAllOff) do(s *Session) Output {
	s.device.Debug(DebugIKE|DebugIPsec, netip.Addr{}, false)
	return Output{Text: "Info: All possible debugging has been turned off.\n"}
}

// resetLogBuffer is `reset logbuffer`.
type resetLogBuffer struct{}

func (*resetLogBuffer) do(s *Session) Output {
	s.device.ResetLogBuffer()
	return Output{}
}

// displayLogBuffer is `display logbuffer`.
type displayLogBuffer struct{ logFilter }

func displayLogBufferRow() grammar.Row[Config] {
	kw := grammar.Kw[displayLogBuffer]
	return grammar.Do[Config](1, displayLogBuffer{logFilter{Size: MaxLogBuffer, Level: LogDebugging}},
		grammar.Path[displayLogBuffer]("display", helpDisplay, "logbuffer", helpLogBuffer),
		grammar.AnyOrder(
			grammar.Sequence(kw("size", "Number of lines"),
				grammar.Arg(kind.Integer(1, MaxLogBuffer), "Lines, the newest", func(d *displayLogBuffer) *int { return &d.Size })),
			grammar.Sequence(kw("level", helpSeverity),
				grammar.Arg(severityOrNumber(), "Severity, this and the graver ones", func(d *displayLogBuffer) *Severity { return &d.Level })),
			grammar.Sequence(kw("module", "Lines of a module"),
				grammar.Arg(kind.Name(longestName, ""), "Name of the module", func(d *displayLogBuffer) *string { return &d.Module })),
		))
}

// severityOrNumber takes a severity's word or its number.
func severityOrNumber() grammar.Kind[Severity] {
	k := kind.Integer(LogEmergencies, LogDebugging)
	k.Words = severities().Words
	return k
}

func (d *displayLogBuffer) do(s *Session) Output {
	buffer := s.device.LogBuffer()
	buffer.Lines = inZone(s, buffer.Lines, func(l *LogLine) *time.Time { return &l.Time })
	return Output{Display: newLogBufferDisplay(s.running.config.Logging, buffer, d.logFilter)}
}

// displayOffline is `display ike offline-info`.
type displayOffline struct{ Peer netip.Addr }

func displayOfflineRow() grammar.Row[Config] {
	return grammar.Do[Config](1, displayOffline{},
		grammar.Path[displayOffline]("display", helpDisplay, "ike", helpIKE, "offline-info", helpOffline),
		grammar.Optional(grammar.Kw[displayOffline]("peer", helpPeer),
			grammar.Arg(kind.Address(), helpRemote, func(d *displayOffline) *netip.Addr { return &d.Peer })))
}

func (d *displayOffline) do(s *Session) Output {
	return Output{Display: newIKEOfflineDisplay(inZone(s, s.device.Offlines(), func(o *ike.Offline) *time.Time { return &o.Time }), d.Peer)}
}

// displayHistory is `display ipsec history record`.
type displayHistory struct{ Remote netip.Addr }

func displayHistoryRow() grammar.Row[Config] {
	return grammar.Do[Config](1, displayHistory{},
		grammar.Path[displayHistory]("display", helpDisplay, "ipsec", helpIPsec, "history", "What has been", "record", "Tunnels that went down"),
		grammar.Optional(grammar.Kw[displayHistory]("remote-address", helpRemote),
			grammar.Arg(kind.Address(), helpRemote, func(d *displayHistory) *netip.Addr { return &d.Remote })))
}

func (d *displayHistory) do(s *Session) Output {
	return Output{Display: newIPsecHistoryDisplay(inZone(s, s.device.History(), func(h *ike.History) *time.Time { return &h.Time }), d.Remote)}
}
