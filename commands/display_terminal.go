package commands

import "strings"

// headerDisplay is `display header`.
type headerDisplay struct {
	Login string `json:"login"`
	Shell string `json:"shell"`
}

func newHeaderDisplay(c *Config) headerDisplay {
	return headerDisplay{c.Management.LoginHeader, c.Management.ShellHeader}
}

func (d headerDisplay) text() string {
	var p page
	for _, h := range []struct{ when, text string }{{"login", d.Login}, {"shell", d.Shell}} {
		if h.text == "" {
			p.addf("Header %s: none", h.when)
			continue
		}
		p.addf("Header %s:", h.when)
		for line := range strings.SplitSeq(h.text, "\n") {
			p.add(strings.TrimRight("  "+line, " "))
		}
	}
	return p.text()
}

// hotkeyDisplay is `display hotkey`.
type hotkeyDisplay struct {
	Defined   []hotkeyEntry `json:"defined"`
	Undefined []hotkeyEntry `json:"undefined"`
	System    []hotkeyEntry `json:"system"`
}

type hotkeyEntry struct {
	Key      string `json:"key"`
	Function string `json:"function"`
}

// systemKeys are those that a terminal acts on by itself.
var systemKeys = []hotkeyEntry{
	{"CTRL_A", "Move the cursor to the beginning of the line"},
	{"CTRL_B", "Move the cursor one character left"},
	{"CTRL_C", "Stop the command in execution"},
	{"CTRL_D", "Erase the character under the cursor"},
	{"CTRL_E", "Move the cursor to the end of the line"},
	{"CTRL_F", "Move the cursor one character right"},
	{"CTRL_H", "Erase the character left of the cursor"},
	{"CTRL_N", "Display the next command of the history"},
	{"CTRL_P", "Display the previous command of the history"},
	{"CTRL_R", "Show the line again"},
	{"CTRL_W", "Delete the word left of the cursor"},
	{"CTRL_X", "Delete the characters left of the cursor"},
	{"CTRL_Y", "Delete the characters right of the cursor"},
	{"CTRL_Z", "Return to user view"},
}

func newHotkeyDisplay(h Hotkeys) hotkeyDisplay {
	d := hotkeyDisplay{Defined: []hotkeyEntry{}, Undefined: []hotkeyEntry{}, System: systemKeys}
	for _, k := range hotkeys {
		e := hotkeyEntry{strings.ToUpper(k.word), *k.command(&h)}
		if e.Function == "" {
			d.Undefined = append(d.Undefined, e)
			continue
		}
		d.Defined = append(d.Defined, e)
	}
	return d
}

func (d hotkeyDisplay) text() string {
	var p page
	for i, block := range []struct {
		title, column string
		keys          []hotkeyEntry
	}{
		{"------------ Defined hotkeys ------------", "Command", d.Defined},
		{"----------- Undefined hotkeys -----------", "Command", d.Undefined},
		{"-------- System-reserved hotkeys --------", "Function", d.System},
	} {
		if i > 0 {
			p.add("")
		}
		p.add(block.title)
		p.add(columns{0, 8}.row("Hotkeys", block.column))
		for _, k := range block.keys {
			p.add(columns{0, 8}.row(k.Key, nullIfEmpty(k.Function)))
		}
	}
	return p.text()
}

// nullIfEmpty is VRP's word for nothing.
func nullIfEmpty(text string) string {
	if text == "" {
		return "null"
	}
	return text
}

// historyCommandDisplay is `display history-command`.
type historyCommandDisplay struct {
	Commands []string `json:"commands"`
}

func (d historyCommandDisplay) text() string {
	var p page
	for _, c := range d.Commands {
		p.add("  " + strings.TrimRight(c, " "))
	}
	return p.text()
}
