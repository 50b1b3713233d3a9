package commands

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"sallyport/commands/grammar"
)

// Management is who may use the box and how: `aaa`, `ssh`, `user-interface`,
// `header`, `super`, `hotkey`.
type Management struct {
	Users       map[string]*LocalUser
	SSHUsers    map[string]*SSHUser
	Keys        map[string]*PublicKey
	SSH         SSHServer
	Lines       map[LineRange]*UserInterface
	MaxVTY      int            // terminals over the network at the same time
	Super       map[int]string // stored password of each level
	LoginHeader string         // shown before a password is asked for; lines end in a line feed, the last may do without
	ShellHeader string         // shown when a user is in; the same
	Hotkeys     Hotkeys
}

// A LocalUser is a `local-user` of `aaa`. One of whom nothing is set does not
// exist: he could do nothing.
type LocalUser struct {
	Name     string
	Password string // stored form; empty: none, nobody gets in by password
	Level    int    // 0-15; those above 3 are 3
	SSH      bool   // service-type ssh
	Terminal bool   // service-type terminal
	IKE      bool   // service-type ike: by extended authentication, to what is behind the box and not into it
	Blocked  bool   // state block
}

// An SSHUser is an `ssh user`: how a user proves who he is.
type SSHUser struct {
	Name           string
	Authentication string // password, rsa, ecc, ed25519, password-publickey, all
	Key            string // name of a PublicKey
	Stelnet        bool   // service-type stelnet: the one service that there is, whether said or not
}

// A PublicKey is a key of a user in the form of OpenSSH.
type PublicKey struct {
	Name   string
	Family string // rsa, ecc, ed25519: which command opens it
	Text   string // algorithm, base64, comment
}

// An SSHServer is the `ssh server` and whether it runs.
type SSHServer struct {
	Enabled bool
	Port    int
	Retries int           // of a password in one connection
	Timeout time.Duration // for the authentication
}

// A LineRange is `console 0` or `vty FIRST LAST`.
type LineRange struct {
	VTY         bool
	First, Last int
}

// A UserInterface is a `user-interface`.
type UserInterface struct {
	LineRange
	Authentication string        // aaa, password, none; empty: see Proof
	Password       string        // stored form
	Level          int           // of who comes in without a user; see Privilege; see Privilege
	Idle           time.Duration // 0: never ends
	Screen         int           // lines of a page, 0: no paging
	History        int           // lines kept
	ACL            string        // who may come in, a key of Config.ACLs; empty: everybody
	Protocol       string        // protocol inbound: ssh, or all, which is the same: there is no other
}

// Hotkeys are the commands of the keys that an operator can choose; empty: none.
type Hotkeys struct{ G, L, O, T, U string }

func newManagement() Management {
	return Management{
		Users:    map[string]*LocalUser{},
		SSHUsers: map[string]*SSHUser{},
		Keys:     map[string]*PublicKey{},
		Lines:    map[LineRange]*UserInterface{},
		Super:    map[int]string{},
		MaxVTY:   5,
		SSH:      SSHServer{Port: 22, Retries: 3, Timeout: 60 * time.Second},
		Hotkeys:  Hotkeys{G: "display current-configuration", L: "display ip routing-table", O: "undo debugging all"},
	}
}

func (m Management) clone() Management {
	m.Users, m.SSHUsers, m.Keys = maps.Clone(m.Users), maps.Clone(m.SSHUsers), maps.Clone(m.Keys)
	m.Lines, m.Super = maps.Clone(m.Lines), maps.Clone(m.Super)
	return m
}

// newUserInterface returns the settings of a line that was never configured.
func newUserInterface() *UserInterface {
	return &UserInterface{Level: noLevel, Idle: 10 * time.Minute, Screen: 24, History: 10, Protocol: "ssh"}
}

// Proof returns how a user who comes in proves who he is: aaa, password, or none.
func (u *UserInterface) Proof() string {
	switch {
	case u.Authentication != "":
		return u.Authentication
	case u.VTY:
		return "aaa"
	}
	return "none"
}

// noLevel is the level of a line that states none.
const noLevel = -1

// Privilege returns the level of who comes in without a user: everything at the
// console, nothing elsewhere, unless the line states it.
func (u *UserInterface) Privilege() int {
	switch {
	case u.Level != noLevel:
		return u.Level
	case u.VTY:
		return 0
	}
	return everything
}

// Line returns the settings of a user interface such as con0 or vty3: what is
// configured, else the defaults. They are not to be changed.
func (c *Config) Line(name string) *UserInterface {
	vty, n := lineNumber(name)
	for r, line := range c.Management.Lines {
		if r.VTY == vty && r.First <= n && n <= r.Last {
			return line
		}
	}
	u := newUserInterface()
	u.LineRange = LineRange{vty, n, n}
	return u
}

// lineNumber takes a name such as vty3 apart. All consoles are console 0.
func lineNumber(name string) (vty bool, n int) {
	digits, vty := strings.CutPrefix(name, "vty")
	if !vty {
		return false, 0
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return true, -1
	}
	return true, n
}

// management finds what of users and terminals refers to nothing.
func (v *validation) management() {
	m := v.config.Management
	for name, u := range m.SSHUsers {
		if u.Key != "" && m.Keys[u.Key] == nil {
			v.fault("The public key %s of SSH user %s does not exist.", u.Key, name)
		}
	}
	for r, line := range m.Lines {
		if line.ACL != "" && v.config.ACLs[line.ACL] == nil {
			v.fault("The ACL %s of user-interface %v does not exist.", line.ACL, r)
		}
		if why := v.config.closed(line); why != "" {
			v.fault("Nobody can log in at user-interface %v, whose authentication-mode is %s. %s", r, line.Proof(), why)
		}
	}
}

// managementLevel is what a user needs to say who may use the box, and how. Who
// has less must not be able to get more.
const managementLevel = 3

// management makes rows ones for whoever manages the box.
func management[T any](rows ...grammar.Row[T]) []grammar.Row[T] {
	for i, r := range rows {
		rows[i] = r.Level(managementLevel)
	}
	return rows
}

// managementSystemRows are the settings of users and terminals. Keys come before
// the users that they are assigned to.
func managementSystemRows() []grammar.Row[Config] {
	rows := management(superPasswordRow(), askSuperPasswordRow(), aaaRow())
	rows = append(rows, keyRows()...)
	rows = append(rows, sshRows()...)
	rows = append(rows, lineRows()...)
	return append(rows, append(headerRows(), hotkeyRows()...)...)
}

// managementUserRows act on the session and on those of others.
func managementUserRows() []grammar.Row[Config] {
	return append(append(terminalRows(), superRow(), freeRow()), lockRows()...)
}

// managementAnywhereRows display users and terminals.
func managementAnywhereRows() []grammar.Row[Config] {
	return append(userDisplayRows(), sshDisplayRows()...)
}

// Help of keywords that begin several rows of users and terminals.
const (
	helpSSH       = "Secure Shell"
	helpTelnet    = "Not available: use SSH"
	helpServer    = "Server of the box"
	helpUser      = "User"
	helpLocalUser = "User of the box"
	helpLine      = "Console or terminal over the network"
	helpConsole   = "Console"
	helpVTY       = "Terminal over the network"
	helpPassword  = "Password"
	helpLevel     = "Level"
	helpLevels    = "Level 0-15; those above 3 are 3"
	helpPrivilege = "What the user may do"
	helpUserName  = "Name of the user"
	helpService   = "How the user may come in"
	helpAuthType  = "How the user proves who he is"
	helpCipher    = "Password in clear or in its stored form"
	helpLineNo    = "Number of the line"
	helpTime      = "Time"
	helpSuper     = "Change the level of the session"
)
