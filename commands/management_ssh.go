package commands

import (
	"strings"
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// Bounds of the SSH server's settings, as VRP has them.
const (
	wellKnownSSH  = 22
	leastSSHPort  = 1025
	mostTimeout   = 120 // seconds
	mostRetries   = 5
	passwordLogin = "password"
)

// sshRows are the SSH server's settings, and its users'.
func sshRows() []grammar.Row[Config] {
	kw := grammar.Kw[Config]
	server := grammar.Path[Config]("ssh", helpSSH, "server", helpServer)
	return management(
		grammar.Setting(grammar.Path[Config]("stelnet", helpStelnet, "server", helpServer),
			grammar.Flag("enable", helpTurnOn, func(c *Config) *bool { return &c.Management.SSH.Enabled })),
		grammar.Setting(grammar.Path[Config]("stelnet", helpStelnet, "ipv4", helpIPv4, "server", helpServer),
			grammar.Flag("enable", helpTurnOn, func(c *Config) *bool { return &c.Management.SSH.Enabled })).Hidden(),
		grammar.Setting(server, kw("port", "Port"),
			grammar.Arg(sshPort(), "Port", func(c *Config) *int { return &c.Management.SSH.Port })),
		grammar.Setting(server, kw("timeout", helpTimeout),
			grammar.Arg(kind.Seconds(1, mostTimeout), "Seconds", func(c *Config) *time.Duration { return &c.Management.SSH.Timeout })),
		grammar.Setting(server, kw("authentication-retries", "Tries of a password in one connection"),
			grammar.Arg(kind.Integer(1, mostRetries), "Tries", func(c *Config) *int { return &c.Management.SSH.Retries })),
		sshUserRow(),
	)
}

// sshPort is a port that the SSH server may listen on.
func sshPort() grammar.Kind[int] {
	known, free := kind.OneNumber(wellKnownSSH), kind.Integer(leastSSHPort, 65535)
	return grammar.Kind[int]{
		Hints: []grammar.Hint{{Text: "INTEGER<22,1025-65535>"}},
		Read: func(words []string) (int, int, bool) {
			if n, used, ok := known.Read(words); ok {
				return n, used, ok
			}
			return free.Read(words)
		},
		Write: func(n int) string { return known.Write(n) + free.Write(n) },
	}
}

// An sshLine is one line about an SSH user, or its undo.
type sshLine struct {
	Name           string
	Authentication string // empty: the line is about something else
	Family, Key    string // empty: the same
	Service        string // empty: the same
	Setting        string // what an undo is about; empty: the user
}

// Words of what may be set of an SSH user.
const (
	ofAuthentication = "authentication-type"
	ofKey            = "assign"
)

// sshUserRow is `ssh user`: the user alone, or with one thing that is set.
func sshUserRow() grammar.Row[Config] {
	kw := grammar.Kw[sshLine]
	user := grammar.Sequence(grammar.Path[sshLine]("ssh", helpSSH, "user", helpUser),
		grammar.Arg(kind.Name(longestUser, "ssh user"), helpUserName, func(l *sshLine) *string { return &l.Name }))
	return grammar.List(grammar.Items[Config, sshLine]{
		All:    sshLines,
		New:    func() sshLine { return sshLine{} },
		Put:    func(_ any, c *Config, l sshLine) error { return putSSHUser(c, l) },
		Remove: func(_ any, c *Config, l sshLine) error { return removeSSHUser(c, l) },
		Undo: []grammar.Element[sshLine]{user, grammar.Optional(grammar.Arg(kind.Choice(
			grammar.Word[string]{Text: ofAuthentication, Help: helpAuthType, Value: ofAuthentication},
			grammar.Word[string]{Text: ofKey, Help: helpAssign, Value: ofKey},
			grammar.Word[string]{Text: ofService, Help: helpService, Value: ofService},
		), "", func(l *sshLine) *string { return &l.Setting }))},
	}, user, grammar.Optional(grammar.OneOf(
		grammar.Sequence(kw(ofAuthentication, helpAuthType),
			grammar.Arg(kind.Choice(authentications()...), helpAuthType, func(l *sshLine) *string { return &l.Authentication })),
		grammar.Sequence(kw(ofKey, helpAssign),
			grammar.Arg(kind.Choice(assignable()...), "", func(l *sshLine) *string { return &l.Family }),
			grammar.Arg(keyNameKind(), "Name of the key", func(l *sshLine) *string { return &l.Key })),
		grammar.Sequence(kw(ofService, helpService),
			grammar.Arg(kind.Choice(grammar.Word[string]{Text: "stelnet", Help: helpStelnet, Value: "stelnet"}), "",
				func(l *sshLine) *string { return &l.Service })),
	)))
}

const (
	helpAssign  = "Give the user a public key"
	helpAll     = "All of them"
	helpStelnet = "Terminal over SSH"
	helpIPv4    = "Over IPv4"
	helpTurnOn  = "Turn it on"
)

// authentications are the words of how a user proves who he is. Several of VRP's
// mean a password and any key.
func authentications() []grammar.Word[string] {
	const both = "password-publickey"
	word := func(text, help, value string) grammar.Word[string] {
		return grammar.Word[string]{Text: text, Help: help, Value: value}
	}
	return []grammar.Word[string]{
		word(passwordLogin, "Password", passwordLogin),
		word("rsa", helpOfKeys("rsa"), "rsa"), word("ecc", helpOfKeys("ecc"), "ecc"), word("ed25519", helpOfKeys("ed25519"), "ed25519"),
		word(both, "Password and key", both), word("password-rsa", "Password and key", both),
		word("password-ecc", "Password and key", both), word("password-ed25519", "Password and key", both),
		word("all", helpAll, "all"),
	}
}

func assignable() []grammar.Word[string] {
	var words []grammar.Word[string]
	for _, f := range keyFamilies {
		words = append(words, grammar.Word[string]{Text: f.name + "-key", Help: "Key of " + strings.ToUpper(f.name), Value: f.name})
	}
	return words
}

// putSSHUser does what a line says of an SSH user.
func putSSHUser(c *Config, l sshLine) error {
	user := SSHUser{Name: l.Name, Authentication: passwordLogin}
	if old := c.Management.SSHUsers[l.Name]; old != nil {
		user = *old
	}
	switch {
	case l.Authentication != "":
		user.Authentication = l.Authentication
	case l.Key != "":
		if key := c.Management.Keys[l.Key]; key == nil || key.Family != l.Family {
			return refuse("The public key does not exist.")
		}
		user.Key = l.Key
	case l.Service != "":
		user.Stelnet = true
	}
	c.Management.SSHUsers[l.Name] = &user
	return nil
}

// removeSSHUser removes an SSH user, or what is set of him.
func removeSSHUser(c *Config, l sshLine) error {
	old := c.Management.SSHUsers[l.Name]
	if old == nil {
		return grammar.ErrNotConfigured
	}
	user := *old
	switch l.Setting {
	case ofAuthentication:
		user.Authentication = passwordLogin
	case ofKey:
		user.Key = ""
	case ofService:
		user.Stelnet = false
	default:
		delete(c.Management.SSHUsers, l.Name)
		return nil
	}
	if user == *old {
		return grammar.ErrNotConfigured
	}
	c.Management.SSHUsers[l.Name] = &user
	return nil
}

// sshLines are the lines that make the SSH users, each user's together.
func sshLines(c *Config) []sshLine {
	var all []sshLine
	for _, u := range sortedSSHUsers(c) {
		all = append(all, sshLine{Name: u.Name})
		if u.Authentication != passwordLogin {
			all = append(all, sshLine{Name: u.Name, Authentication: u.Authentication})
		}
		if u.Key != "" {
			all = append(all, sshLine{Name: u.Name, Family: c.Management.Keys[u.Key].Family, Key: u.Key})
		}
		if u.Stelnet {
			all = append(all, sshLine{Name: u.Name, Service: "stelnet"})
		}
	}
	return all
}

func sortedSSHUsers(c *Config) []*SSHUser { return values(c.Management.SSHUsers, strings.Compare) }
