package commands

import (
	"maps"
	"time"

	"sallyport/commands/grammar"
)

// Management is who may use the box and how: `aaa`, `ssh`, `user-interface`,
// `header`, `super`.
type Management struct {
	Users       map[string]*LocalUser
	SSHUsers    map[string]*SSHUser
	Keys        map[string]*PublicKey
	SSH         SSHServer
	Lines       map[LineRange]*UserInterface
	MaxVTY      int            // terminals over the network at the same time
	Super       map[int]string // stored password of each level
	LoginHeader string         // shown before a password is asked for
	ShellHeader string         // shown when a user is in
}

// A LocalUser is a `local-user` of `aaa`.
type LocalUser struct {
	Name     string
	Password string // stored form; empty: none, nobody gets in by password
	Level    int    // 0-15; those above 3 are 3
	SSH      bool   // service-type ssh
	Terminal bool   // service-type terminal
	Blocked  bool   // state block
}

// An SSHUser is an `ssh user`: how a user proves who he is.
type SSHUser struct {
	Name           string
	Authentication string // password, rsa, ecc, ed25519, password-publickey, all
	Key            string // name of a PublicKey
}

// A PublicKey is a key of a user in the form of OpenSSH.
type PublicKey struct {
	Name string
	Text string // algorithm, base64, comment
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
	Authentication string        // aaa, password, none
	Password       string        // stored form
	Level          int           // of who comes in without a user
	Idle           time.Duration // 0: never ends
	Screen         int           // lines of a page, 0: no paging
	History        int           // lines kept
	ACL            string        // who may come in; empty: everybody
}

func newManagement() Management {
	return Management{
		Users:    map[string]*LocalUser{},
		SSHUsers: map[string]*SSHUser{},
		Keys:     map[string]*PublicKey{},
		Lines:    map[LineRange]*UserInterface{},
		Super:    map[int]string{},
		MaxVTY:   5,
		SSH:      SSHServer{Port: 22, Retries: 3, Timeout: 60 * time.Second},
	}
}

func (m Management) clone() Management {
	m.Users, m.SSHUsers, m.Keys = maps.Clone(m.Users), maps.Clone(m.SSHUsers), maps.Clone(m.Keys)
	m.Lines, m.Super = maps.Clone(m.Lines), maps.Clone(m.Super)
	return m
}

// Line returns the settings of a user interface such as con0 or vty3: what is
// configured, else the defaults.
func (c *Config) Line(name string) *UserInterface {
	return &UserInterface{Authentication: "aaa", Idle: 10 * time.Minute, Screen: 24, History: 10}
}

// The rows of users and terminals.
func managementUserRows() []grammar.Row[Config]     { return nil }
func managementSystemRows() []grammar.Row[Config]   { return nil }
func managementAnywhereRows() []grammar.Row[Config] { return nil }
