package commands

import (
	"slices"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// aaaRow is `aaa`, the view of the local users.
func aaaRow() grammar.Row[Config] {
	return grammar.Section(&grammar.View[Config]{
		Tag:  func(*Config) string { return "aaa" },
		New:  New,
		Rows: management(authenticationRow(), domainRow(), schemeRow(), localUserRow(), askPasswordRow()),
	}, grammar.Kw[Config]("aaa", "Users of the box"))
}

// A userLine is one line about a local user, or its undo.
type userLine struct {
	Name     string
	Password string   // empty: the line is about something else
	Level    int      // -1: the same
	Services []string // nil: the same
	State    string   // empty: the same
	Setting  string   // what an undo is about; empty: the user
}

// newUserLine returns a line about nothing.
func newUserLine() userLine { return userLine{Level: -1} }

// Words of what may be set of a user.
const (
	ofPassword = "password"
	ofLevel    = "level"
	ofService  = "service-type"
	ofState    = "state"
)

// localUserRow is `local-user`: each line sets one thing of a user, and makes
// him if need be.
func localUserRow() grammar.Row[Config] {
	kw := grammar.Kw[userLine]
	user := grammar.Sequence(kw("local-user", helpLocalUser),
		grammar.Arg(userName(), helpUserName, func(l *userLine) *string { return &l.Name }))
	privilege := grammar.Path[userLine]("privilege", helpPrivilege)
	return grammar.List(grammar.Items[Config, userLine]{
		All:    userLines,
		New:    newUserLine,
		Put:    func(x any, c *Config, l userLine) error { return x.(*edit).putUser(c, l) },
		Remove: func(x any, c *Config, l userLine) error { return x.(*edit).removeUser(c, l) },
		Undo:   []grammar.Element[userLine]{user, grammar.Optional(grammar.OneOf(undoSetting(), grammar.Sequence(privilege, undoLevel())))},
	}, user, grammar.OneOf(
		grammar.Sequence(kw(ofPassword, helpPassword), passwordArg(func(l *userLine) *string { return &l.Password })),
		grammar.Sequence(privilege, kw(ofLevel, helpLevel), grammar.Arg(levelKind(0), helpLevels, func(l *userLine) *int { return &l.Level })),
		grammar.Sequence(kw(ofService, helpService), grammar.Some(kind.Choice(services()...), func(l *userLine) *[]string { return &l.Services })),
		grammar.Sequence(kw(ofState, helpState), grammar.Arg(kind.Choice(states()...), helpState, func(l *userLine) *string { return &l.State })),
	))
}

const helpState = "Whether the user may come in"

// undoSetting is what of a user is undone, in one word.
func undoSetting() grammar.Element[userLine] {
	return grammar.Arg(kind.Choice(
		grammar.Word[string]{Text: ofPassword, Help: helpPassword, Value: ofPassword},
		grammar.Word[string]{Text: ofService, Help: helpService, Value: ofService},
		grammar.Word[string]{Text: ofState, Help: helpState, Value: ofState},
	), "", func(l *userLine) *string { return &l.Setting })
}

func undoLevel() grammar.Element[userLine] {
	return grammar.Arg(kind.Choice(grammar.Word[string]{Text: ofLevel, Help: helpLevel, Value: ofLevel}), "",
		func(l *userLine) *string { return &l.Setting })
}

func services() []grammar.Word[string] {
	return []grammar.Word[string]{{Text: "terminal", Help: helpConsole, Value: "terminal"}, {Text: "ssh", Help: helpSSH, Value: "ssh"},
		{Text: "ike", Help: "Extended authentication of IKE (XAUTH), which opens no session on the box", Value: "ike"},
		{Text: telnet, Help: helpTelnet, Value: telnet}}
}

func states() []grammar.Word[string] {
	return []grammar.Word[string]{{Text: "active", Help: "He may", Value: "active"}, {Text: "block", Help: "He may not", Value: "block"}}
}

// userName is the name of a user.
func userName() grammar.Kind[string] { return kind.Name(longestUser, "local-user") }

// longestUser is VRP's limit in octets.
const longestUser = 64

// levelKind is a user's level from low on.
func levelKind(low int) grammar.Kind[int] { return kind.Integer(low, 15) }

// putUser does what a line says of a user.
func (e *edit) putUser(c *Config, l userLine) error {
	user := LocalUser{Name: l.Name}
	if old := c.Management.Users[l.Name]; old != nil {
		user = *old
	}
	switch {
	case l.Password != "":
		stored, err := e.storedPassword(l.Password, l.Name)
		if err != nil {
			return err
		}
		user.Password = stored
	case l.Level >= 0:
		user.Level = l.Level
	case l.State != "":
		user.Blocked = l.State == "block"
	default:
		user.SSH, user.Terminal, user.IKE = slices.Contains(l.Services, "ssh"), slices.Contains(l.Services, "terminal"), slices.Contains(l.Services, "ike")
		if slices.Contains(l.Services, telnet) {
			e.warn("Telnet is not available: it is left out of the services of user %s.", l.Name)
		}
	}
	return e.keepUser(c, user)
}

// keepUser keeps a user of whom anything is set.
func (e *edit) keepUser(c *Config, user LocalUser) error {
	if err := e.admitUser(user); err != nil {
		return err
	}
	if user == (LocalUser{Name: user.Name}) {
		if c.Management.Users[user.Name] == nil {
			still := func(c *Config) bool { return c.Management.Users[user.Name] == nil }
			e.warnWhile(still, "Nothing is set of local-user %s: there is no such user.", user.Name)
		}
		delete(c.Management.Users, user.Name)
		return nil
	}
	c.Management.Users[user.Name] = &user
	return nil
}

// removeUser removes a user, or what is set of him.
func (e *edit) removeUser(c *Config, l userLine) error {
	old := c.Management.Users[l.Name]
	if old == nil {
		return grammar.ErrNotConfigured
	}
	user := *old
	switch l.Setting {
	case ofPassword:
		user.Password = ""
	case ofLevel:
		user.Level = 0
	case ofService:
		user.SSH, user.Terminal, user.IKE = false, false, false
	case ofState:
		user.Blocked = false
	default:
		user = LocalUser{Name: l.Name}
	}
	if user == *old {
		return grammar.ErrNotConfigured
	}
	return e.keepUser(c, user)
}

// userLines are the lines that make the users, each user's together.
func userLines(c *Config) []userLine {
	var all []userLine
	for _, u := range sortedUsers(c) {
		all = append(all, u.lines()...)
	}
	return all
}

func sortedUsers(c *Config) []*LocalUser { return values(c.Management.Users, strings.Compare) }

func (u *LocalUser) lines() []userLine {
	var all []userLine
	add := func(is bool, set func(*userLine)) {
		if is {
			line := newUserLine()
			line.Name = u.Name
			set(&line)
			all = append(all, line)
		}
	}
	add(u.Password != "", func(l *userLine) { l.Password = u.Password })
	add(u.Level != 0, func(l *userLine) { l.Level = u.Level })
	add(u.SSH || u.Terminal || u.IKE, func(l *userLine) { l.Services = u.services() })
	add(u.Blocked, func(l *userLine) { l.State = "block" })
	return all
}

// services are the words of how the user may come in.
func (u *LocalUser) services() []string {
	var all []string
	if u.Terminal {
		all = append(all, "terminal")
	}
	if u.SSH {
		all = append(all, "ssh")
	}
	if u.IKE {
		all = append(all, "ike")
	}
	return all
}

// askPassword is `local-user NAME password` with nothing after it, which asks a
// person for the password.
type askPassword struct{ Name string }

func askPasswordRow() grammar.Row[Config] {
	kw := grammar.Kw[askPassword]
	return grammar.Do[Config](managementLevel, askPassword{}, kw("local-user", helpLocalUser),
		grammar.Arg(userName(), helpUserName, func(a *askPassword) *string { return &a.Name }),
		kw(ofPassword, helpPassword))
}

func (a *askPassword) do(s *Session) Output {
	return s.askPassword("login", a.Name, "local-user "+grammar.Quote(a.Name)+" password")
}
