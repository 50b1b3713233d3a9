package commands

import (
	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// What VRP's configurations and habits bring along and there is little or nothing to
// do for here: each line is either taken, with a remark if it does nothing, or
// refused with the reason.

// A remark is a command that does nothing but say so. It may stand in a
// configuration file.
type remark struct{ text string }

func (r *remark) do(*Session) Output { return Output{Text: r.text + "\n"} }

func (r *remark) move(*place) (string, bool) { return r.text + "\n", false }

// telnet is the service that there is not.
const telnet = "telnet"

// toleratedSystemRows are those of system view.
func toleratedSystemRows() []grammar.Row[Config] {
	return append(hostKeyRows(), append(telnetRows(), privilegeRow())...)
}

// hostKeyRows are about the keys of the SSH server, which it makes itself.
func hostKeyRows() []grammar.Row[Config] {
	const text = "Info: The host keys are made when the SSH server is first enabled, and kept: nothing has changed."
	var rows []grammar.Row[Config]
	for _, line := range [][2]string{{"rsa", "create"}, {"rsa", "destroy"}, {"ecc", "create"}, {"ecc", "destroy"}} {
		rows = append(rows, grammar.Do[Config](managementLevel, remark{text: text},
			grammar.Path[remark](line[0], helpOfKeys(line[0]), "local-key-pair", helpKeyPair, line[1], map[string]string{"create": helpCreatePair, "destroy": helpDestroyPair}[line[1]])))
	}
	return rows
}

// telnetRows are about a server that there is not.
func telnetRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{
		grammar.Edit(refuses[Config]("Telnet is not available. Use SSH: stelnet server enable."), telnetServer[struct{}]()).Level(managementLevel),
		grammar.Do[Config](managementLevel, remark{text: "Info: Telnet is not available: its server is never enabled."},
			grammar.Kw[remark]("undo", helpUndo), telnetServer[remark]()),
	}
}

// telnetServer is `telnet [ ipv4 | ipv6 ] server enable`.
func telnetServer[T any]() grammar.Element[T] {
	return grammar.Sequence(grammar.Kw[T](telnet, helpTelnet),
		grammar.Optional(grammar.OneOf(grammar.Kw[T]("ipv4", helpIPv4), grammar.Kw[T]("ipv6", "Over IPv6"))),
		grammar.Path[T]("server", helpServer, "enable", helpTurnOn))
}

// A commandPrivilege is `command-privilege level N view VIEW COMMAND`.
type commandPrivilege struct {
	Level   int
	Command string // the view and the command
}

// privilegeRow refuses to move a command to another level.
func privilegeRow() grammar.Row[Config] {
	kw := grammar.Kw[commandPrivilege]
	refused := func(any, *Config, *commandPrivilege) error {
		return refuse("The levels of the commands are fixed: command-privilege is not available.")
	}
	return grammar.Edit(refused, kw("command-privilege", "Not available: levels are fixed"), kw("level", helpLevel),
		grammar.Arg(levelKind(0), helpLevels, func(p *commandPrivilege) *int { return &p.Level }),
		kw("view", "View of the command"),
		grammar.Arg(kind.Text(longestDescription), "View and command", func(p *commandPrivilege) *string { return &p.Command }),
	).Level(managementLevel)
}

// A channelRemark is a line about one of VRP's channels that nothing goes through here.
type channelRemark struct {
	remark
	Severity Severity // not heeded
}

// noChannelRow is `info-center source` for those channels.
func noChannelRow() grammar.Row[Config] {
	var words []grammar.Element[channelRemark]
	for _, word := range []string{"3", "5", "6", "7", "8", "9", "trapbuffer", "snmpagent", "channel6", "channel7", "channel8", "channel9"} {
		words = append(words, grammar.Kw[channelRemark](word, "Not available"))
	}
	said := remark{"Info: Nothing goes through this channel here: nothing has changed."}
	return grammar.Do[Config](managementLevel, channelRemark{remark: said}, sourcePath[channelRemark](), grammar.OneOf(words...),
		grammar.Path[channelRemark]("log", "Log lines", "level", helpSeverity),
		grammar.Arg(severities(), "Severity", func(r *channelRemark) *Severity { return &r.Severity }))
}
