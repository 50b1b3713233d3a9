package main

import (
	"strings"
	"testing"
	"time"

	"sallyport/commands"
	"sallyport/ipsec/secret"
	"sallyport/shell"
)

// consoleConfig is a box whose console asks who is there.
func consoleConfig(t *testing.T, lines ...string) *commands.Config {
	t.Helper()
	hash, err := newHasher(strings.NewReader(strings.Repeat("salt", 100))).Hash(secret.Octets("Joes-pass-1"))
	if err != nil {
		t.Fatal(err)
	}
	text := "aaa\n local-user joe password irreversible-cipher " + hash + "\n local-user joe privilege level 1\n" +
		" local-user joe service-type terminal\n local-user ann password irreversible-cipher " + hash + "\n local-user ann service-type ssh\n" +
		"user-interface console 0\n set authentication password irreversible-cipher " + hash + "\n " + strings.Join(lines, "\n ") + "\n"
	config, faults := commands.Replay(commands.New(), commands.Script{Text: text})
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	return config
}

func TestConsoleLogin(t *testing.T) {
	tests := []struct {
		name, mode string
		typed      string // lines joined by blanks
		want       string // what is asked in turn, and who is in
	}{
		{"a user", "aaa", "joe Joes-pass-1", "Username: Password: in as joe"},
		{"a wrong password", "aaa", "joe wrong joe Joes-pass-1", "Username: Password: Username: Password: in as joe"},
		{"nobody", "aaa", "bob Joes-pass-1 joe Joes-pass-1", "Username: Password: Username: Password: in as joe"},
		{"a user of SSH alone", "aaa", "ann Joes-pass-1 joe Joes-pass-1", "Username: Password: Username: Password: in as joe"},
		{"three tries", "aaa", "joe a joe b joe c", "Username: Password: Username: Password: Username: Password: out"},
		{"a password", "password", "Joes-pass-1", "Password: in as "},
		{"three passwords", "password", "a b c", "Password: Password: Password: out"},
	}
	for _, test := range tests {
		a := makeAccounts(time.Now, func(entry) {})
		a.config.Store(consoleConfig(t, "authentication-mode "+test.mode))
		seat, _ := a.take(numbered(consoleName, 1), occupant{level: func(string) int { return managementLevel }})
		got := attempt(t, a, seat, strings.Fields(test.typed))
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// attempt types lines at a login until somebody is in or out.
func attempt(t *testing.T, a *accounts, seat *seat, lines []string) string {
	t.Helper()
	in := ""
	l := &login{
		mode:  a.proof(seat),
		judge: func(user string, password secret.Octets) bool { return a.console(seat, user, password) },
		admit: func(user string) shell.Session {
			in = "in as " + user
			return &echoing{}
		},
	}
	var seen []string
	for _, line := range lines {
		prompt := l.Prompt()
		if secret := prompt == "Password:"; l.Hidden() != secret {
			t.Errorf("%q: hidden %v", prompt, l.Hidden())
		}
		seen = append(seen, prompt)
		if l.Help("") != "" || l.Complete("") != nil || l.Hotkey('G') != "" || l.Settings().History != 0 {
			t.Error("a stranger is told something")
		}
		if out := l.Exec(t.Context(), line); out.Ended {
			in = "out"
		}
		if in != "" {
			break
		}
	}
	if out := l.Exec(t.Context(), "a"); strings.HasPrefix(in, "in") && out.Text != "ran a\n" {
		t.Errorf("who is in sees %q", out.Text)
	}
	return strings.Join(append(seen, in), " ")
}
