package commands

import (
	"fmt"
	"iter"
	"strings"
	"time"

	"sallyport/commands/grammar"
)

// firstVTY is the absolute number of vty 0, as on VRP.
const firstVTY = 34

// A lineEntry is a user interface in a display.
type lineEntry struct {
	Index   int    `json:"index"` // absolute
	Line    string `json:"line"`
	Current bool   `json:"current"` // the one that asks
	InUse   bool   `json:"in_use"`
	User    string `json:"user"`
	Source  string `json:"source_address"`
	Level   int    `json:"level"` // of who is there
	Idle    int    `json:"idle_seconds"`
	Since   string `json:"since"` // RFC 3339; empty: nobody is there

	Privilege      int    `json:"privilege_level"` // of who comes in without a user
	Authentication string `json:"authentication_mode"`
	ACL            string `json:"acl"`
}

// label returns the type and number in VRP's columns.
func (l lineEntry) label() string {
	return strings.ToUpper(l.Line[:3]) + " " + l.Line[3:]
}

// mark is a plus sign on the one that asks.
func (l lineEntry) mark() string {
	if l.Current {
		return "+"
	}
	return ""
}

// lineEntries returns the user interfaces, of those that nobody is on only if all.
func lineEntries(s *Session, all bool) []lineEntry {
	entries := []lineEntry{}
	here := map[string]LineStatus{}
	for _, l := range s.device.Lines() {
		here[l.Line] = l
	}
	for i, name := range s.lineNames(here) {
		status, inUse := here[name]
		if !inUse && !all {
			continue
		}
		status.Since = status.Since.In(s.zone())
		e := newLineEntry(s.running.config.Line(name), name, status, inUse)
		e.Index, e.Current = i, name == s.options.Line
		entries = append(entries, e)
	}
	return entries
}

func newLineEntry(settings *UserInterface, name string, status LineStatus, inUse bool) lineEntry {
	e := lineEntry{
		Line: name, InUse: inUse,
		Privilege: settings.Privilege(), Authentication: settings.Proof(), ACL: settings.ACL,
	}
	if inUse {
		e.User, e.Source, e.Level = status.User, status.Source, status.Level
		e.Idle, e.Since = int(status.Idle/time.Second), status.Since.Format(time.RFC3339)
	}
	return e
}

// lineNames yields the user interfaces with their absolute numbers: the console is
// 0, vty 0 the first over the network. There may be more than one at the console.
func (s *Session) lineNames(here map[string]LineStatus) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for n := range firstVTY {
			name := lineName(false, n)
			if _, inUse := here[name]; (inUse || n == 0) && !yield(n, name) {
				return
			}
		}
		for n := range s.running.config.Management.MaxVTY {
			if !yield(firstVTY+n, lineName(true, n)) {
				return
			}
		}
	}
}

// usersDisplay is `display users`.
type usersDisplay struct {
	Lines []lineEntry `json:"lines"`
}

var usersColumns = columns{0, 2, 6, 15, 24, 31, 51, 68}

func (d usersDisplay) text() string {
	var p page
	p.add("  User-Intf    Delay    Type   Network Address     AuthenStatus    AuthorcmdFlag")
	for i, l := range d.Lines {
		if i > 0 && d.Lines[i-1].InUse {
			p.add("")
		}
		index := fmt.Sprint(l.Index)
		if !l.InUse {
			p.add(usersColumns.row(l.mark(), index, l.label()))
			continue
		}
		p.add(usersColumns.row(l.mark(), index, l.label(), clockOf(l.Idle), l.access(), printable(l.Source, peerTextLimit), l.status(), "no"))
		p.add("  Username : " + l.userName())
	}
	return p.text()
}

// access is how the user came in.
func (l lineEntry) access() string {
	if strings.HasPrefix(l.Line, "vty") {
		return "SSH"
	}
	return ""
}

// status is whether the user proved who he is.
func (l lineEntry) status() string {
	if l.User == "" {
		return ""
	}
	return "pass"
}

func (l lineEntry) userName() string {
	if l.User == "" {
		return "Unspecified"
	}
	return printable(l.User, peerTextLimit)
}

// clockOf returns seconds as hours, minutes and seconds.
func clockOf(seconds int) string {
	return fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}

// lineDisplay is `display user-interface`.
type lineDisplay struct {
	Lines []lineEntry `json:"lines"`
}

var lineColumns = columns{0, 2, 7, 16, 27, 33, 39, 51, 57}

func (d lineDisplay) text() string {
	var p page
	p.add("  Idx  Type     Tx/Rx      Modem Privi ActualPrivi Auth  Int")
	for _, l := range d.Lines {
		actual := "-"
		if l.InUse {
			actual = fmt.Sprint(l.Level)
		}
		p.add(lineColumns.row(l.mark(), fmt.Sprint(l.Index), l.label(), "", "-", fmt.Sprint(l.Privilege), actual, strings.ToUpper(l.Authentication[:1]), "-"))
	}
	p.b.WriteString(lineLegend)
	return p.text()
}

const lineLegend = `  +    : Current UI is active.
  Idx  : Absolute index of UIs.
  Type : Type and relative index of UIs.
  Privi: The privilege of UIs.
  ActualPrivi: The actual privilege of user-interface.
  Auth : The authentication mode of UIs.
      A: Authenticate use AAA.
      N: Current UI need not authentication.
      P: Authenticate use current UI's password.
  Int  : The physical location of UIs.
`

// displayLine is `display user-interface console 0` or `vty N`.
type displayLine struct {
	VTY  bool
	Line int
}

func (d *displayLine) do(s *Session) Output {
	name := lineName(d.VTY, d.Line)
	for _, e := range lineEntries(s, true) {
		if e.Line == name {
			return Output{Display: lineDisplay{[]lineEntry{e}}}
		}
	}
	return s.refused(refuse("The user interface does not exist."))
}

// userDisplayRows display users and lines.
func userDisplayRows() []grammar.Row[Config] {
	users := func(all bool) func(*Session) Display {
		return func(s *Session) Display { return usersDisplay{lineEntries(s, all)} }
	}
	return []grammar.Row[Config]{
		shows(users(false), "users", "Who is there"),
		shows(users(true), "users", "Who is there", "all", helpAll),
		shows(func(s *Session) Display { return lineDisplay{lineEntries(s, true)} }, "user-interface", helpLine),
		grammar.Do[Config](monitorLevel, displayLine{}, grammar.Path[displayLine]("display", helpDisplay, "user-interface", helpLine),
			oneLine(func(d *displayLine) *bool { return &d.VTY }, func(d *displayLine) *int { return &d.Line })),
		shows(func(s *Session) Display { return newLocalUserDisplay(sortedUsers(s.running.config)).withLocks(s) }, "local-user", helpLocalUser).
			Level(managementLevel),
		shows(func(s *Session) Display { return newHeaderDisplay(s.running.config) }, "header", "Text for who comes in"),
		shows(func(s *Session) Display { return newHotkeyDisplay(s.running.config.Management.Hotkeys) }, "hotkey", helpHotkey),
		shows(func(s *Session) Display { return historyCommandDisplay{append([]string{}, s.terminal.history...)} },
			"history-command", "Lines typed before"),
	}
}
