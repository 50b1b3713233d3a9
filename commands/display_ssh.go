package commands

import (
	"fmt"
	"strings"
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// sshServerDisplay is `display ssh server status`.
type sshServerDisplay struct {
	Version string `json:"version"`
	Enabled bool   `json:"stelnet_enabled"`
	Port    int    `json:"port"`
	Timeout int    `json:"timeout_seconds"`
	Retries int    `json:"authentication_retries"`
}

func newSSHServerDisplay(s SSHServer) sshServerDisplay {
	return sshServerDisplay{"2.0", s.Enabled, s.Port, int(s.Timeout / time.Second), s.Retries}
}

func (d sshServerDisplay) text() string {
	f := form{1, 36}
	stelnet := "Disable"
	if d.Enabled {
		stelnet = "Enable"
	}
	var p page
	p.add(f.line("SSH version", d.Version))
	p.add(f.line("SSH connection timeout", fmt.Sprintf("%d seconds", d.Timeout)))
	p.add(f.line("SSH authentication retries", fmt.Sprintf("%d times", d.Retries)))
	p.add(f.line("SSH server port", fmt.Sprint(d.Port)))
	p.add(f.line("SFTP server", "Disable"))
	p.add(f.line("Stelnet server", stelnet))
	p.add(f.line("SCP server", "Disable"))
	return p.text()
}

// sshSessionDisplay is `display ssh server session`.
type sshSessionDisplay struct {
	Sessions []lineEntry `json:"sessions"`
}

func newSSHSessionDisplay(s *Session) sshSessionDisplay {
	d := sshSessionDisplay{Sessions: []lineEntry{}}
	for _, l := range lineEntries(s, false) {
		if strings.HasPrefix(l.Line, "vty") {
			d.Sessions = append(d.Sessions, l)
		}
	}
	return d
}

func (d sshSessionDisplay) text() string {
	var p page
	rule := " " + dashes(68)
	f := form{1, 23}
	for _, l := range d.Sessions {
		p.add(rule)
		p.add(f.line("Conn", l.label()))
		p.add(f.line("Version", "2.0"))
		p.add(f.line("State", "started"))
		p.add(f.line("Username", l.userName()))
		p.add(f.line("Remote address", printable(l.Source, peerTextLimit)))
		p.add(f.line("Privilege level", fmt.Sprint(l.Level)))
		p.add(f.line("Idle time", clockOf(l.Idle)))
		p.add(f.line("Service Type", "stelnet"))
	}
	if len(d.Sessions) > 0 {
		p.add(rule)
	}
	p.addf(" Total number of SSH sessions: %d", len(d.Sessions))
	return p.text()
}

// sshUserDisplay is `display ssh user-information`.
type sshUserDisplay struct {
	Users []sshUserEntry `json:"users"`
}

type sshUserEntry struct {
	Name           string `json:"name"`
	Authentication string `json:"authentication_type"`
	Key            string `json:"public_key"`      // its name; empty: none
	Family         string `json:"public_key_type"` // rsa, ecc, ed25519; empty: none
	Service        string `json:"service_type"`
}

func newSSHUserDisplay(c *Config, name string) sshUserDisplay {
	d := sshUserDisplay{Users: []sshUserEntry{}}
	for _, u := range sortedSSHUsers(c) {
		if name != "" && u.Name != name {
			continue
		}
		e := sshUserEntry{u.Name, u.Authentication, u.Key, "", "stelnet"}
		if key := c.Management.Keys[u.Key]; key != nil {
			e.Family = key.Family
		}
		d.Users = append(d.Users, e)
	}
	return d
}

func (d sshUserDisplay) text() string {
	var p page
	rule, f := "  "+dashes(79), form{2, 22}
	for _, u := range d.Users {
		p.add(rule)
		p.add(f.line("User Name", printable(u.Name, peerTextLimit)))
		p.add(f.line("Authentication type", u.Authentication))
		p.add(f.line("User public key name", nullIfEmpty(u.Key)))
		p.add(f.line("User public key type", nullIfEmpty(u.Family)))
		p.add(f.line("Service type", u.Service))
	}
	if len(d.Users) > 0 {
		p.add(rule)
	}
	p.addf("  Total number of SSH users: %d", len(d.Users))
	return p.text()
}

// displaySSHUser is `display ssh user-information NAME`.
type displaySSHUser struct{ Name string }

func (d *displaySSHUser) do(s *Session) Output {
	if s.running.config.Management.SSHUsers[d.Name] == nil {
		return s.refused(refuse("The SSH user does not exist."))
	}
	return Output{Display: newSSHUserDisplay(s.running.config, d.Name)}
}

// keyDisplay is `display rsa peer-public-key` and its like.
type keyDisplay struct {
	Keys []keyEntry `json:"keys"`
}

type keyEntry struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Text string `json:"public_key"` // as OpenSSH writes it; empty: not set
}

func newKeyDisplay(c *Config, family string) keyDisplay {
	d := keyDisplay{Keys: []keyEntry{}}
	for _, k := range values(c.Management.Keys, strings.Compare) {
		if k.Family == family {
			d.Keys = append(d.Keys, keyEntry{k.Name, k.Family, k.Text})
		}
	}
	return d
}

func (d keyDisplay) text() string {
	var p page
	for _, k := range d.Keys {
		p.add("=====================================")
		p.add("    Key name: " + printable(k.Name, peerTextLimit))
		p.add("=====================================")
		p.add("Key code: " + nullIfEmpty(k.Text))
	}
	p.addf("Total number of public keys: %d", len(d.Keys))
	return p.text()
}

// sshDisplayRows display the SSH server, its users and their keys.
func sshDisplayRows() []grammar.Row[Config] {
	rows := []grammar.Row[Config]{
		shows(func(s *Session) Display { return newSSHServerDisplay(s.running.config.Management.SSH) },
			"ssh", helpSSH, "server", helpServer, "status", "Settings"),
		shows(func(s *Session) Display { return newSSHSessionDisplay(s) }, "ssh", helpSSH, "server", helpServer, "session", "Who is there"),
		shows(func(s *Session) Display { return newSSHUserDisplay(s.running.config, "") },
			"ssh", helpSSH, "user-information", "Users of SSH").Level(managementLevel),
		grammar.Do[Config](managementLevel, displaySSHUser{},
			grammar.Path[displaySSHUser]("display", helpDisplay, "ssh", helpSSH, "user-information", "Users of SSH"),
			grammar.Arg(kind.Name(longestUser, "ssh user"), helpUserName, func(d *displaySSHUser) *string { return &d.Name })),
	}
	for _, f := range keyFamilies {
		rows = append(rows, shows(func(s *Session) Display { return newKeyDisplay(s.running.config, f.name) },
			f.name, helpOfKeys(f.name), "peer-public-key", "Public key of a user"))
	}
	return rows
}
