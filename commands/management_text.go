package commands

import (
	"strings"
	"unicode/utf8"

	"sallyport/commands/grammar"
)

// headerRows are `header`: what a user is told before and after he logs in.
func headerRows() []grammar.Row[Config] {
	row := func(when, help string, field func(*Config) *string) grammar.Row[Config] {
		return grammar.Setting(grammar.Path[Config]("header", helpHeader, when, help),
			grammar.Sequence(grammar.Kw[Config]("information", helpHeaderWord), grammar.Arg(headerKind(), helpHeaderText, field)))
	}
	const login, shell = "Before the password", "When the user is in"
	return []grammar.Row[Config]{
		row("login", login, func(c *Config) *string { return &c.Management.LoginHeader }), openHeaderRow("login", login),
		row("shell", shell, func(c *Config) *string { return &c.Management.ShellHeader }), openHeaderRow("shell", shell),
	}
}

const (
	helpHeader     = "Text for who comes in"
	helpHeaderWord = "The text itself"
	helpHeaderText = `Text between " or %, \n begins a new line`
)

// longestHeader is the limit of a header as it is typed, in octets.
const longestHeader = 900

// headerKind is a text between two quotation marks or two percent signs, or
// without either. \n in it stands for a line feed.
func headerKind() grammar.Kind[string] {
	return grammar.Kind[string]{
		Hints: []grammar.Hint{{Text: "TEXT<1-900>"}},
		Read:  func(words []string) (string, int, bool) { return readHeader(words[0]) },
		Write: func(text string) string {
			text = strings.ReplaceAll(text, "\n", `\n`)
			switch {
			case text == "":
				return ""
			case strings.Contains(text, `"`):
				return "%" + text + "%"
			}
			return `"` + text + `"`
		},
		Rest: true,
	}
}

// readHeader reads a text that is whole.
func readHeader(typed string) (string, int, bool) {
	if typed == "" || len(typed) > longestHeader || opensText(typed) {
		return "", 0, false
	}
	text, ok := undelimited(typed)
	if !ok || !utf8.ValidString(text) || strings.ContainsFunc(text, isControl) {
		return "", 0, false
	}
	return strings.ReplaceAll(text, `\n`, "\n"), 1, true
}

// undelimited takes off what a text begins and ends with, if that is " or %.
func undelimited(text string) (string, bool) {
	if mark := text[0]; mark == '"' || mark == '%' {
		if len(text) < 3 || text[len(text)-1] != mark {
			return "", false
		}
		return text[1 : len(text)-1], true
	}
	return text, true
}

// hotkeyRows are `hotkey`: the commands of five keys. Who sets one has others run
// it, who may do more than he.
func hotkeyRows() []grammar.Row[Config] {
	var rows []grammar.Row[Config]
	for _, k := range hotkeys {
		rows = append(rows, grammar.Setting(grammar.Path[Config]("hotkey", helpHotkey, k.word, "Ctrl and "+string(k.letter)),
			grammar.Arg(hotkeyCommand(), "Command, in quotation marks if it has several words",
				func(c *Config) *string { return k.command(&c.Management.Hotkeys) })))
	}
	return management(rows...)
}

const helpHotkey = "Command of a key"

// hotkeys are the keys that an operator can choose a command for.
var hotkeys = []struct {
	word    string
	letter  byte
	command func(*Hotkeys) *string
}{
	{"ctrl_g", 'G', func(h *Hotkeys) *string { return &h.G }},
	{"ctrl_l", 'L', func(h *Hotkeys) *string { return &h.L }},
	{"ctrl_o", 'O', func(h *Hotkeys) *string { return &h.O }},
	{"ctrl_t", 'T', func(h *Hotkeys) *string { return &h.T }},
	{"ctrl_u", 'U', func(h *Hotkeys) *string { return &h.U }},
}

// longestHotkey is the limit of a key's command in octets.
const longestHotkey = 255

// hotkeyCommand is a command, in quotation marks or without.
func hotkeyCommand() grammar.Kind[string] {
	return grammar.Kind[string]{
		Hints: []grammar.Hint{{Text: "TEXT<1-255>"}},
		Read: func(words []string) (string, int, bool) {
			text := words[0]
			if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
				text = text[1 : len(text)-1]
			}
			text = strings.TrimSpace(text)
			if text == "" || len(text) > longestHotkey || strings.Contains(text, `"`) || !isPrintable(text) {
				return "", 0, false
			}
			return text, 1, true
		},
		Write: func(text string) string {
			if text == "" {
				return ""
			}
			return grammar.Quote(text)
		},
		Rest: true,
	}
}

// isPrintable reports whether text is printable ASCII alone.
func isPrintable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}
