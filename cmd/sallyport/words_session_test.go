package main

import (
	"strings"
	"testing"
	"time"
)

func TestWordsOfSessions(t *testing.T) {
	admin := visitor{user: "admin", line: "vty0", source: "192.0.2.9"}
	const who = "user admin from 192.0.2.9 on vty0"
	for _, test := range []struct {
		got  entry
		kind string
		want string
	}{
		{admin.login(), "SHELL_LOGIN", who + " has logged in"},
		{admin.logout("idle"), "SHELL_LOGOUT", who + " has logged out: idle"},
		{visitor{line: "con0"}.login(), "SHELL_LOGIN", "user ** from ** on con0 has logged in"},
		{admin.command("display  ike sa"), "CMDRECORD",
			`Recorded command information. (Task=vty0, Ip=192.0.2.9, User=admin, Command="display  ike sa")`},
		{visitor{}.command("save"), "CMDRECORD", `Recorded command information. (Task=**, Ip=**, User=**, Command="save")`},
		{admin.sshFailure("wrong password"), "SSH_FAIL", who + " could not log in: wrong password"},
		{sshRefusal("192.0.2.9", "too many sessions"), "SSH_REFUSED", "connection from 192.0.2.9 refused: too many sessions"},
		{sshBlock("192.0.2.9", time.Minute), "SSH_BLOCKED", "192.0.2.9 is shut out for 1m0s: too many failed logins"},
	} {
		if name := test.got.kind.name().mnemonic; name != test.kind || test.got.words() != test.want {
			t.Errorf("%s: %q, want %s: %q", name, test.got.words(), test.kind, test.want)
		}
		every := test.kind == "CMDRECORD" // nobody hides a command among others
		if limited := !test.got.own && test.got.reason != ""; limited == every {
			t.Errorf("%s is limited: %v, want %v", test.kind, limited, !every)
		}
	}
}

// TestCommandsAreLoggedWithoutSecrets types keys.
func TestCommandsAreLoggedWithoutSecrets(t *testing.T) {
	for _, line := range []string{"pre-shared-key Key@2014", "pre-shared-key cipher Key@2014", "  PRE-SHARED Key@2014"} {
		if e := (visitor{}).command(line); strings.Contains(e.words(), "Key@2014") || !strings.Contains(e.words(), "******") {
			t.Errorf("command(%q) = %q", line, e.words())
		}
	}
}
