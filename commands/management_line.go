package commands

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// Bounds of the settings of a user interface, as VRP has them.
const (
	highestVTY  = 127
	mostScreen  = 512
	mostHistory = 256
	mostMinutes = 35791
)

// A typedRange is what is typed to open a user interface.
type typedRange struct {
	VTY   bool
	First int
	Last  string // empty: as First
}

// typedLines returns what is typed to open a range.
func typedLines(r LineRange) typedRange {
	t := typedRange{VTY: r.VTY, First: r.First}
	if r.Last != r.First {
		t.Last = strconv.Itoa(r.Last)
	}
	return t
}

// lines is the range that was typed.
func (t typedRange) lines() LineRange {
	r := LineRange{VTY: t.VTY, First: t.First, Last: t.First}
	if n, err := strconv.Atoi(t.Last); err == nil {
		r.Last = n
	}
	return r
}

// String returns the range as it is typed.
func (r LineRange) String() string {
	switch {
	case !r.VTY:
		return fmt.Sprintf("console %d", r.First)
	case r.First == r.Last:
		return fmt.Sprintf("vty %d", r.First)
	}
	return fmt.Sprintf("vty %d %d", r.First, r.Last)
}

// lineRows are `user-interface`.
func lineRows() []grammar.Row[Config] {
	kw := grammar.Kw[Config]
	return management(
		grammar.Setting(kw("user-interface", helpLine), kw("maximum-vty", "Most terminals over the network at the same time"),
			grammar.Arg(kind.Integer(0, highestVTY+1), "Number", func(c *Config) *int { return &c.Management.MaxVTY })),
		lineRow())
}

func lineRow() grammar.Row[Config] {
	kw := grammar.Kw[typedRange]
	number := func(high int) grammar.Element[typedRange] {
		return grammar.Arg(kind.Integer(0, high), helpLineNo, func(t *typedRange) *int { return &t.First })
	}
	console := grammar.Sequence(kw("console", helpConsole), number(0))
	vty := grammar.Sequence(grammar.Flag("vty", helpVTY, func(t *typedRange) *bool { return &t.VTY }), number(highestVTY),
		grammar.Optional(grammar.Arg(lastLine(), "Number of the last line", func(t *typedRange) *string { return &t.Last })))
	return grammar.EnterTyped(grammar.Objects[Config, LineRange, UserInterface]{
		View:    lineView(),
		Of:      func(c *Config) map[LineRange]*UserInterface { return c.Management.Lines },
		Compare: compareLines,
	}, grammar.Typed[Config, LineRange, UserInterface, typedRange]{
		Key:   func(_ *Config, t typedRange) LineRange { return t.lines() },
		Name:  func(u *UserInterface, t typedRange) { u.LineRange = t.lines() },
		Of:    func(r LineRange, _ *UserInterface) typedRange { return typedLines(r) },
		Admit: func(_ any, c *Config, old *UserInterface, t typedRange) error { return c.admitLines(old, t.lines()) },
	}, kw("user-interface", helpLine), grammar.OneOf(vty, console))
}

// lastLine is the end of a range, as text.
func lastLine() grammar.Kind[string] {
	number := kind.Integer(0, highestVTY)
	return grammar.Kind[string]{
		Hints: number.Hints,
		Read: func(words []string) (string, int, bool) {
			n, used, ok := number.Read(words)
			return strconv.Itoa(n), used, ok
		},
		Write: func(text string) string { return text },
	}
}

// admitLines keeps ranges apart: a line has one user interface.
func (c *Config) admitLines(old *UserInterface, r LineRange) error {
	if r.Last < r.First {
		return refuse("The last number is less than the first.")
	}
	if old != nil {
		return nil
	}
	for _, other := range sortedKeys(c.Management.Lines, compareLines) {
		if r.VTY && other.VTY && r.First <= other.Last && other.First <= r.Last {
			return refuse("The lines overlap those of user-interface %v.", other)
		}
	}
	return nil
}

// compareLines puts the console first.
func compareLines(a, b LineRange) int {
	return cmp.Or(cmp.Compare(typeOrder(a), typeOrder(b)), cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last))
}

func typeOrder(r LineRange) int {
	if r.VTY {
		return 1
	}
	return 0
}

// lineView is the view of `user-interface`.
func lineView() *grammar.View[UserInterface] {
	kw := grammar.Kw[UserInterface]
	return &grammar.View[UserInterface]{
		Tag: lineTag, Sort: "user-interface",
		New: newUserInterface,
		Rows: management(
			grammar.Setting(grammar.Path[UserInterface]("set", "Set a password", "authentication", "Of who comes in", "password", helpPassword),
				passwordArg(func(u *UserInterface) *string { return &u.Password })).Check(checks(checkLinePassword)),
			askLinePasswordRow(),
			grammar.Setting(kw("authentication-mode", "How a user who comes in proves who he is"),
				grammar.Arg(kind.Choice(lineAuthentications()...), "", func(u *UserInterface) *string { return &u.Authentication })).
				Check(checks(checkLineMode)),
			grammar.Setting(grammar.Path[UserInterface]("user", helpUser, "privilege", helpPrivilege, "level", helpLevel),
				grammar.Arg(levelKind(0), helpLevels, func(u *UserInterface) *int { return &u.Level })),
			grammar.Setting(kw("idle-timeout", "Time without input after which the session ends, 0: never"), idleArg()),
			grammar.Setting(kw("screen-length", helpScreen),
				grammar.Arg(kind.Integer(0, mostScreen), helpLines, func(u *UserInterface) *int { return &u.Screen })),
			grammar.Setting(kw("history-command", "Lines typed before"), kw("max-size", "How many are kept"),
				grammar.Arg(kind.Integer(0, mostHistory), helpLines, func(u *UserInterface) *int { return &u.History })),
			grammar.Setting(kw("acl", helpACL), listArg(2000, 3999, helpNumber, func(u *UserInterface) *string { return &u.ACL }),
				kw("inbound", helpInbound)).Check(checks(checkLineACL)),
			grammar.Edit(withoutACL, grammar.Path[struct{}]("undo", helpUndo, "acl", helpACL, "inbound", helpInbound)),
			grammar.Setting(grammar.Path[UserInterface]("protocol", "What the lines understand", "inbound", helpInbound),
				grammar.Arg(kind.Choice(protocolsInbound()...), "", func(u *UserInterface) *string { return &u.Protocol })).
				Check(checks(checkProtocol)),
		),
	}
}

const (
	helpScreen  = "Lines of a page, 0: no paging"
	helpLines   = "Lines"
	helpInbound = "Who comes in"
)

func lineTag(u *UserInterface) string {
	switch {
	case !u.VTY:
		return fmt.Sprintf("ui-console%d", u.First)
	case u.First == u.Last:
		return fmt.Sprintf("ui-vty%d", u.First)
	}
	return fmt.Sprintf("ui-vty%d-%d", u.First, u.Last)
}

func lineAuthentications() []grammar.Word[string] {
	return []grammar.Word[string]{
		{Text: "aaa", Help: "As a user of aaa", Value: "aaa"},
		{Text: "password", Help: helpPassword, Value: "password"},
		{Text: "none", Help: "Not at all", Value: "none"},
	}
}

func protocolsInbound() []grammar.Word[string] {
	return []grammar.Word[string]{{Text: "ssh", Help: helpSSH, Value: "ssh"}, {Text: "all", Help: "All there are, which is SSH", Value: "all"},
		{Text: telnet, Help: helpTelnet, Value: telnet}}
}

// checkProtocol leaves the lines as they are where Telnet alone is wanted: they
// take SSH.
func checkProtocol(e *edit, u *UserInterface) error {
	if u.Protocol == telnet {
		u.Protocol = e.before.(*UserInterface).Protocol
		e.warn("Telnet is not available: the lines take SSH.")
	} else if u.Protocol == "all" {
		e.warn("Telnet is not available: all there is on the lines is SSH.")
	}
	return nil
}

// idleArg is minutes, and seconds if one likes.
func idleArg() grammar.Element[UserInterface] {
	field := func(u *UserInterface) *time.Duration { return &u.Idle }
	return grammar.OneOf(grammar.Arg(minutesAlone(), "Minutes", field), grammar.Arg(minutesAndSeconds(), "Minutes", field))
}

// minutesAlone is a whole number of minutes. It writes nothing for others.
func minutesAlone() grammar.Kind[time.Duration] {
	minutes := kind.Integer(0, mostMinutes)
	return grammar.Kind[time.Duration]{
		Hints: minutes.Hints,
		Read: func(words []string) (time.Duration, int, bool) {
			n, used, ok := minutes.Read(words)
			return time.Duration(n) * time.Minute, used, ok
		},
		Write: func(d time.Duration) string {
			if d%time.Minute != 0 {
				return ""
			}
			return minutes.Write(int(d / time.Minute))
		},
	}
}

// minutesAndSeconds is minutes and seconds. It writes nothing for whole minutes.
func minutesAndSeconds() grammar.Kind[time.Duration] {
	minutes, seconds := kind.Integer(0, mostMinutes), kind.Integer(0, 59)
	return grammar.Kind[time.Duration]{
		Hints: append(slices.Clone(minutes.Hints), grammar.Hint{Text: seconds.Hints[0].Text, Help: "Seconds"}),
		Read: func(words []string) (time.Duration, int, bool) {
			m, used, ok := minutes.Read(words)
			if !ok || len(words) == 1 {
				return 0, 2 * used, ok
			}
			s, used, ok := seconds.Read(words[1:])
			return time.Duration(m)*time.Minute + time.Duration(s)*time.Second, 1 + used, ok
		},
		Write: func(d time.Duration) string {
			if d%time.Minute == 0 {
				return ""
			}
			return fmt.Sprintf("%d %d", d/time.Minute, d%time.Minute/time.Second)
		},
	}
}

// checkLinePassword keeps the stored form of a password, and the password that is wanted of who comes in.
func checkLinePassword(e *edit, u *UserInterface) error {
	switch {
	case u.Password == "" && u.Proof() == ofPassword && !e.script:
		return refuse("The authentication-mode of the user-interface is password: set another password, or undo authentication-mode first.")
	case u.Password == "":
		return nil
	}
	stored, err := e.storedPassword(u.Password, "")
	if err == nil {
		u.Password = stored
	}
	return err
}

// checkLineMode refuses what SSH has not, and what would let nobody in. Of a script the mode is kept
// all the same: without it everybody could come in.
func checkLineMode(e *edit, u *UserInterface) error {
	if u.VTY && u.Proof() != "aaa" {
		return refuse("Over SSH a user proves who he is: authentication-mode aaa.")
	}
	if why := e.config.closed(u); why != "" && !e.script {
		return refuse("%s", why)
	}
	return nil
}

// closed says why nobody can log in at a console; it is empty if somebody can.
func (c *Config) closed(u *UserInterface) string {
	switch {
	case u.VTY:
	case u.Proof() == ofPassword && u.Password == "":
		return "Set a password first: set authentication password cipher PASSWORD."
	case u.Proof() == "aaa" && !c.anybodyAtTheConsole():
		return "No local user has a password and service-type terminal."
	}
	return ""
}

// anybodyAtTheConsole reports whether there is a user who may come in there.
func (c *Config) anybodyAtTheConsole() bool {
	for _, u := range c.Management.Users {
		if u.atTheConsole() {
			return true
		}
	}
	return false
}

// atTheConsole reports whether the user may come in there.
func (u *LocalUser) atTheConsole() bool { return u.Terminal && !u.Blocked && u.Password != "" }

// admitUser refuses to have a user as he would be, if he is the last who can log in at a console that
// wants one, and then could not.
func (e *edit) admitUser(user LocalUser) error {
	old := e.config.Management.Users[user.Name]
	if e.script || user.atTheConsole() || old == nil || !old.atTheConsole() || !e.config.consoleOfUsers() {
		return nil
	}
	for name, u := range e.config.Management.Users {
		if name != user.Name && u.atTheConsole() {
			return nil
		}
	}
	return refuse("User %s is the last who can log in at the console, whose authentication-mode is aaa: undo that first.", user.Name)
}

// consoleOfUsers reports whether a console wants a local user.
func (c *Config) consoleOfUsers() bool {
	for _, line := range c.Management.Lines {
		if !line.VTY && line.Proof() == "aaa" {
			return true
		}
	}
	return false
}

// checkLineACL wants a list that exists: without it nobody could come in.
func checkLineACL(e *edit, u *UserInterface) error {
	if u.ACL == "" {
		return nil
	}
	if u.ACL = e.config.listKey(u.ACL); e.config.ACLs[u.ACL] == nil {
		return refuse("The ACL does not exist.")
	}
	return nil
}

// withoutACL is `undo acl inbound`, as VRP has it.
func withoutACL(_ any, u *UserInterface, _ *struct{}) error {
	if u.ACL == "" {
		return grammar.ErrNotConfigured
	}
	u.ACL = ""
	return nil
}

// lineWithACL refuses to remove a list that lets users in. An empty key is any.
func (e *edit) lineWithACL(key string) error {
	for _, r := range sortedKeys(e.config.Management.Lines, compareLines) {
		if used := e.config.Management.Lines[r].ACL; used != "" && (key == "" || used == key) {
			return refuse("The ACL is being used by user-interface %v.", r)
		}
	}
	return nil
}
