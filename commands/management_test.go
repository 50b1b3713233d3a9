package commands

import (
	"strings"
	"testing"

	"sallyport/commands/grammar"
)

// noteManagement notes the objects of users and terminals.
func noteManagement(note func(object, fresh any), c *Config) {
	m, fresh := c.Management, newManagement()
	note(m, fresh)
	note(m.SSH, fresh.SSH)
	note(m.Hotkeys, fresh.Hotkeys)
	for _, u := range m.Users {
		note(u, LocalUser{})
	}
	for _, u := range m.SSHUsers {
		note(u, SSHUser{Authentication: passwordLogin})
	}
	for _, k := range m.Keys {
		note(k, PublicKey{})
	}
	for _, l := range m.Lines {
		note(l, newUserInterface())
	}
}

// managed is a configuration of users and terminals as it is rendered.
func managed(hash string) string {
	return `#
super password level 1 irreversible-cipher ` + hash + `
super password level 3 irreversible-cipher ` + hash + `
#
aaa
 local-user admin password irreversible-cipher ` + hash + `
 local-user admin privilege level 15
 local-user admin service-type terminal ssh
 local-user guest privilege level 1
 local-user guest state block
#
rsa peer-public-key laptop
 ssh-rsa ` + sampleKeys["rsa4096"] + ` me@host
#
ecc peer-public-key desk
 ecdsa-sha2-nistp384 ` + sampleKeys["nistp384"] + `
#
ed25519 peer-public-key phone
 ssh-ed25519 ` + sampleKeys["ed25519"] + ` two words
#
stelnet server enable
#
ssh server port 2222
ssh server timeout 30
ssh server authentication-retries 5
ssh user admin
ssh user admin authentication-type password-publickey
ssh user admin assign ecc-key desk
ssh user admin service-type stelnet
ssh user guest
#
user-interface maximum-vty 15
#
user-interface console 0
 set authentication password irreversible-cipher ` + hash + `
 authentication-mode password
 idle-timeout 0
#
user-interface vty 0 4
 set authentication password irreversible-cipher ` + hash + `
 user privilege level 3
 idle-timeout 5 30
 screen-length 0
 history-command max-size 256
 protocol inbound all
#
user-interface vty 7
 authentication-mode aaa
#
header login information "Authorised users only.\nOthers leave."
header shell information %Say "hello"%
#
hotkey ctrl_g save
hotkey ctrl_t "display ike sa"
#
return
`
}

func TestManagementIsRenderedAsTyped(t *testing.T) {
	hash, _ := hashOf([]byte("Correct-Horse-1"))
	text := managed(hash)
	if got := replayed(t, text).Render(seal); got != text {
		sameText(t, "rendered", got, text)
	}
}

// TestUsersAreHeld shows what a line of text becomes.
func TestUsersAreHeld(t *testing.T) {
	c := replayed(t, managed("$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAA$BBBBBBBBBBBBBBBBBBBBBB"))
	if u := *c.Management.Users["admin"]; u.Level != 15 || !u.SSH || !u.Terminal || u.Blocked || !hashed(u.Password) {
		t.Errorf("admin is %+v", u)
	}
	if u := *c.Management.Users["guest"]; u != (LocalUser{Name: "guest", Level: 1, Blocked: true}) {
		t.Errorf("guest is %+v", u)
	}
	if got := c.Management.LoginHeader; got != "Authorised users only.\nOthers leave." {
		t.Errorf("header %q", got)
	}
	if got, want := *c.Management.SSHUsers["admin"], (SSHUser{"admin", "password-publickey", "desk", true}); got != want {
		t.Errorf("SSH user %+v, want %+v", got, want)
	}
	for name, want := range map[string]LineRange{"con0": {}, "vty0": {true, 0, 4}, "vty4": {true, 0, 4}, "vty7": {true, 7, 7}} {
		if got := c.Line(name); got.LineRange != want || got.Proof() == "none" {
			t.Errorf("Line(%q) is %+v, want %v", name, got, want)
		}
	}
	for _, name := range []string{"vty5", "vty", "vty-1", "vtyx"} {
		if got := c.Line(name); got.Proof() != "aaa" || got.Privilege() != 0 || got.Idle != newUserInterface().Idle {
			t.Errorf("Line(%q) is %+v, want the defaults", name, got)
		}
	}
	if got := c.Line("con1"); got != c.Line("con0") || got.Privilege() != everything {
		t.Errorf("the second console is %+v, want as the first", got)
	}
}

func TestNamesAreCompleted(t *testing.T) {
	s := manySessions(t)
	for text, want := range map[string]string{
		"undo ssh user ": "admin guest", "undo ssh user a": "admin", "ecc peer-public-key d": "desk", "ssh user admin assign rsa-key l": "laptop",
	} {
		s.Exec(t.Context(), "system-view")
		if got := strings.Join(s.Complete(text), " "); got != want {
			t.Errorf("Complete(%q) = %q, want %q", text, got, want)
		}
	}
	s.Exec(t.Context(), "aaa")
	if got := strings.Join(s.Complete("undo local-user g"), " "); got != "guest" {
		t.Errorf("in aaa: %q", got)
	}
}

// TestManagementRefusals has lines that are understood and not accepted.
func TestManagementRefusals(t *testing.T) {
	policy := passwordPolicy
	for _, test := range []struct{ name, lines, want string }{
		{"a short password", "aaa\n local-user a password cipher Abcdef1", policy},
		{"one of eight", "aaa\n local-user a password cipher Abcdefgh", ""},
		{"one kind", "aaa\n local-user a password cipher abcdefgh", policy},
		{"one of 129", "aaa\n local-user a password cipher A1" + strings.Repeat("x", 127), policy},
		{"one of 128", "aaa\n local-user a password cipher A1" + strings.Repeat("x", 126), ""},
		{"the user's name", "aaa\n local-user Admin.2026 password cipher Admin.2026", policy},
		{"the name, in other letters", "aaa\n local-user Admin.2026 password cipher aDMIN.2026", policy},
		{"the name turned round", "aaa\n local-user Admin.2026 password cipher 6202.nimdA", policy},
		{"a hash that is none", "aaa\n local-user a password irreversible-cipher $argon2id$v=19$m=9999999,t=1,p=1$ZmFrZWZha2U$ZmFrZWZha2VmYWtl", ""},
		{"a super password", "super password cipher short", policy},
		{"a line's password", "user-interface vty 0\n set authentication password cipher short", policy},
		{"a user that is not there", "aaa\n undo local-user a", "The delete configuration does not exist."},
		{"a setting that is not there", "aaa\n local-user a privilege level 3\n undo local-user a state", "The delete configuration does not exist."},
		{"the last setting of a user", "aaa\n local-user a privilege level 3\n undo local-user a privilege level\n undo local-user a", "The delete configuration does not exist."},
		{"a super password that is not there", "super password level 1 cipher Abcdefg1\nundo super password", "The delete configuration does not exist."},

		{"lines that overlap", "user-interface vty 0 4\nuser-interface vty 4 9", "The lines overlap those of user-interface vty 0 4."},
		{"a line of a range", "user-interface vty 0 4\nuser-interface vty 2", "The lines overlap those of user-interface vty 0 4."},
		{"the same lines again", "user-interface vty 0 4\nuser-interface vty 0 4\nuser-interface vty 5", ""},
		{"lines backwards", "user-interface vty 4 2", "The last number is less than the first."},
		{"the console is no terminal", "user-interface vty 0\nuser-interface console 0", ""},
		{"a list that is not there", "user-interface vty 0\n acl 2000 inbound", "The ACL does not exist."},
		{"a list in use", "acl 2000\nuser-interface vty 0 4\n acl 2000 inbound\nundo acl 2000", "The ACL is being used by user-interface vty 0 4."},
		{"all lists, one in use", "acl 2000\nuser-interface vty 0 4\n acl 2000 inbound\nundo acl all", "The ACL is being used by user-interface vty 0 4."},
		{"a list by its name", "acl name nets basic\nuser-interface vty 0 4\n acl name nets inbound\n undo acl\nundo acl name nets", ""},

		{"a key that is not there", "ssh user a assign rsa-key k", "The public key does not exist."},
		{"a key of another sort", "ecc peer-public-key k\nssh user a assign rsa-key k", "The public key does not exist."},
		{"a name of another sort", "ecc peer-public-key k\nrsa peer-public-key k", "The name is already used by a public key of ecc."},
		{"undo of another sort", "ecc peer-public-key k\nundo rsa peer-public-key k", "The delete configuration does not exist."},
		{"a key in use", "ecc peer-public-key k\nssh user a assign ecc-key k\nundo ecc peer-public-key k", "The public key is being used by SSH user a."},
		{"a key taken back", "ecc peer-public-key k\nssh user a assign ecc-key k\nundo ssh user a assign\nundo ecc peer-public-key k", ""},
		{"a port that others need", "ssh server port 1024", "Wrong parameter found at '^' position."},
		{"a header that does not end", `header login information "half`, "The text of header login does not end: \" is missing."},
		{"a header of nothing", `header login information ""`, "Wrong parameter found at '^' position."},
		{"VRP's lines around a key", "rsa peer-public-key k encoding-type openssh\npublic-key-code begin\nssh-rsa " + sampleKeys["rsa"] + "\npublic-key-code end\npeer-public-key end\nsysname X", ""},
	} {
		_, refused := Replay(New(), Script{Text: test.lines, Hash: hashOf})
		var got []string
		for _, err := range refused {
			got = append(got, strings.TrimPrefix(err.Err.Error(), "Error: "))
		}
		if joined := strings.Join(got, "\n"); joined != test.want {
			t.Errorf("%s: refused %q, want %q", test.name, joined, test.want)
		}
	}
}

// TestPublicKeys gives keys to the view that they are of, and to others.
func TestPublicKeys(t *testing.T) {
	rsa, ed := sampleKeys["rsa"], sampleKeys["ed25519"]
	for _, test := range []struct{ name, family, line, want string }{
		{"RSA", "rsa", "ssh-rsa " + rsa, ""},
		{"RSA of 4096 bits", "rsa", "ssh-rsa " + sampleKeys["rsa4096"] + " a comment", ""},
		{"RSA of 1024 bits", "rsa", "ssh-rsa " + sampleKeys["weak"], "The key has 1024 bits, at least 2048 are needed."},
		{"P-256", "ecc", "ecdsa-sha2-nistp256 " + sampleKeys["nistp256"], ""},
		{"P-384", "ecc", "ecdsa-sha2-nistp384 " + sampleKeys["nistp384"], ""},
		{"P-521", "ecc", "ecdsa-sha2-nistp521 " + sampleKeys["nistp521"], ""},
		{"P-256 as P-384", "ecc", "ecdsa-sha2-nistp384 " + sampleKeys["nistp256"], "The key is not one of ecdsa-sha2-nistp384."},
		{"Ed25519", "ed25519", "ssh-ed25519 " + ed, ""},
		{"Ed25519 as RSA", "rsa", "ssh-rsa " + ed, "The key is not one of ssh-rsa."},
		{"cut short", "ed25519", "ssh-ed25519 " + ed[:len(ed)-4], "The key is damaged."},
		{"too long", "ed25519", "ssh-ed25519 " + ed + "AAAA", "The key is damaged."},
		{"a point that is not on the curve", "ecc", "ecdsa-sha2-nistp256 " + flipped(sampleKeys["nistp256"]), "The key is damaged."},
		{"not base 64", "rsa", "ssh-rsa !!!!", "Wrong parameter found at '^' position."},
		{"not base 64 later", "rsa", "ssh-rsa AAAA!!!!", "The key is not in base 64."},
		{"nothing inside", "rsa", "ssh-rsa AAAA", "The key is not one of ssh-rsa."},
		{"a length beyond the end", "rsa", "ssh-rsa AAAA/w==", "The key is not one of ssh-rsa."},
	} {
		c, refused := Replay(New(), Script{Text: test.family + " peer-public-key k\n " + test.line})
		got := ""
		if len(refused) > 0 {
			got = strings.TrimPrefix(refused[0].Err.Error(), "Error: ")
		}
		if got != test.want || (c.Management.Keys["k"].Text == test.line) != (test.want == "") {
			t.Errorf("%s: refused %q, want %q; kept %q", test.name, got, test.want, c.Management.Keys["k"].Text)
		}
	}
}

// flipped changes the last octets of a key.
func flipped(key string) string {
	if strings.HasSuffix(key, "AAA=") {
		return key[:len(key)-4] + "BBB="
	}
	return key[:len(key)-4] + "AAA="
}

// TestPasswordsAreHashed looks at what is kept of a password in clear, with and
// without somebody to hash it.
func TestPasswordsAreHashed(t *testing.T) {
	const text = "aaa\n local-user a password cipher Correct-Horse-1\nquit\nsuper password cipher Correct-Horse-1\n" +
		"user-interface vty 0\n set authentication password cipher Correct-Horse-1\n"
	want, _ := hashOf([]byte("Correct-Horse-1"))
	for _, test := range []struct {
		script Script
		want   string
	}{{Script{Text: text, Hash: hashOf}, want}, {Script{Text: text}, asterisks}} {
		c, refused := Replay(New(), test.script)
		line := c.Management.Lines[LineRange{VTY: true}]
		if len(refused) > 0 || c.Management.Users["a"].Password != test.want || c.Management.Super[3] != test.want || line.Password != test.want {
			t.Errorf("kept %+v, %+v, %+v, want %q; %v", c.Management.Users["a"], c.Management.Super, line, test.want, refused)
		}
		if strings.Contains(c.Render(seal), "Horse") {
			t.Error("a password is rendered in clear")
		}
	}
}

// TestStoredPasswords are told from passwords in clear.
func TestStoredPasswords(t *testing.T) {
	const salt, sum = "$c2FsdHNhbHQ", "$aGFzaGhhc2hoYXNoaGFzaA"
	for text, want := range map[string]bool{
		"$argon2id$v=19$m=65536,t=3,p=1" + salt + sum:        true,
		"$argon2id$v=19$m=65536,t=3,p=1" + salt:              false,
		"$argon2id$v=18$m=65536,t=3,p=1" + salt + sum:        false,
		"$argon2i$v=19$m=65536,t=3,p=1" + salt + sum:         false,
		"$argon2id$v=19$m=4194304,t=3,p=1" + salt + sum:      false,
		"$argon2id$v=19$m=65536,t=100,p=1" + salt + sum:      false,
		"$argon2id$v=19$m=65536,t=3,p=0" + salt + sum:        false,
		"x$argon2id$v=19$m=65536,t=3,p=1" + salt + sum:       false,
		"$argon2id$v=19$m=65536,t=3,p=1" + salt + sum + "\n": false,
		"": false, "Correct-Horse-1": false, asterisks: false,
	} {
		if got := hashed(text); got != want {
			t.Errorf("hashed(%q) = %v, want %v", text, got, want)
		}
	}
}

// managementLevels names the level of each command of users and terminals, by the
// words that it begins with.
var managementLevels = map[string]int{
	"authentication-scheme": 3, "domain": 3, "service-scheme": 3,
	"undo authentication-scheme": 3, "undo domain": 3, "undo service-scheme": 3,
	"aaa": 3, "local-user": 3, "undo local-user": 3,
	"super password": 3, "undo super password": 3, "super": 0,
	"rsa peer-public-key": 3, "ecc peer-public-key": 3, "ed25519 peer-public-key": 3,
	"undo rsa peer-public-key": 3, "undo ecc peer-public-key": 3, "undo ed25519 peer-public-key": 3,
	"ssh-rsa": 3, "ssh-ed25519": 3, "ecdsa-sha2-nistp256": 3, "ecdsa-sha2-nistp384": 3, "ecdsa-sha2-nistp521": 3,
	"undo ssh-rsa": 3, "undo ssh-ed25519": 3, "undo ecdsa-sha2-nistp256": 3, "undo ecdsa-sha2-nistp384": 3, "undo ecdsa-sha2-nistp521": 3,
	"public-key-code": 3, "peer-public-key end": 3,
	"stelnet server": 3, "undo stelnet server": 3, "stelnet ipv4": 3, "undo stelnet ipv4": 3, "ssh server": 3, "undo ssh server": 3, "ssh user": 3, "undo ssh user": 3,
	"user-interface": 3, "undo user-interface": 3,
	"authentication-mode": 3, "set authentication": 3, "user privilege": 3, "idle-timeout": 3, "history-command": 3, "acl": 3, "protocol": 3,
	"undo authentication-mode": 3, "undo set authentication": 3, "undo user privilege": 3, "undo idle-timeout": 3,
	"undo history-command": 3, "undo acl": 3, "undo protocol": 3,
	"header": 2, "undo header": 2, "hotkey": 3, "undo hotkey": 3,
	"terminal echo-mode": 1, "free user-interface": 3, "reset local-user": 3, "reset ssh": 3,
	"display users": 1, "display user-interface": 1, "display local-user": 3, "display header": 1, "display hotkey": 1, "display history-command": 1,
	"display ssh server": 1, "display ssh user-information": 3,
	"display rsa": 1, "display ecc": 1, "display ed25519": 1,
}

// managementTables are the tables of users and terminals alone.
func managementTables(t *testing.T) []*grammar.Table {
	compile := func(rows []grammar.Row[Config]) *grammar.Table {
		return (&grammar.View[Config]{New: New, Rows: rows}).Compile()
	}
	tables := []*grammar.Table{compile(managementUserRows()), compile(managementSystemRows()), compile(managementAnywhereRows())}
	for _, line := range []string{"aaa", "user-interface vty 0 4", "rsa peer-public-key b", "ecc peer-public-key b", "ed25519 peer-public-key b"} {
		s := newBox(t).session(operator, "system-view", line)
		tables = append(tables, s.place.object.Table)
	}
	return tables
}

// TestManagementLevels draws lines of every command and looks from which level on
// they are understood.
func TestManagementLevels(t *testing.T) {
	seen := map[string]bool{}
	for n, table := range managementTables(t) {
		for seed := range uint64(300) {
			line := newDrawer(t, seed).line("", []*grammar.Table{table})
			begin, want := levelNamed(strings.ToLower(line))
			if strings.Contains(strings.ToLower(line), "screen-length") { // in user view it is the session's own
				begin, want = "screen-length", map[bool]int{true: 1, false: 3}[n == 0]
			}
			if begin == "" {
				t.Fatalf("%q: no level is named", line)
			}
			seen[begin] = true
			for level := range everything + 1 {
				_, _, err := grammar.Parse(grammar.Split(line), level, []*grammar.Table{table})
				if (err == nil) != (level >= want) {
					t.Fatalf("%q at level %d: %v, its level is %d", line, level, err, want)
				}
			}
		}
	}
	for begin := range managementLevels {
		if !seen[begin] {
			t.Errorf("no line that begins with %q was drawn", begin)
		}
	}
}

// levelNamed returns the longest beginning of a line that has a level, and it.
func levelNamed(line string) (begin string, level int) {
	for b, l := range managementLevels {
		if (line == b || strings.HasPrefix(line, b+" ")) && len(b) > len(begin) {
			begin, level = b, l
		}
	}
	return begin, level
}

// TestNotAllowedIsNotOffered draws lines of every row of every table: help ends
// with <cr> exactly where, at that level, the line is understood.
func TestNotAllowedIsNotOffered(t *testing.T) {
	tables := []*grammar.Table{userTable, systemTable, anywhereTable}
	for _, line := range views {
		s := newBox(t).session(operator, "system-view", line)
		tables = append(tables, s.place.object.Table)
	}
	hidden := 0
	for _, table := range tables {
		groups := []*grammar.Table{table}
		for seed := range uint64(100) {
			line := strings.TrimRight(newDrawer(t, seed).line("", groups), " ")
			for level := range everything + 1 {
				_, _, err := grammar.Parse(grammar.Split(line), level, groups)
				hints := grammar.Help(line+" ", level, groups)
				offered := len(hints) > 0 && hints[len(hints)-1].Text == grammar.EndOfLine
				if offered != (err == nil) {
					t.Errorf("%q at level %d: %v, help %v", line, level, err, hints)
				}
				if err != nil {
					hidden++
				}
				checkCompleted(t, line, level, err == nil, groups)
			}
		}
	}
	if hidden < 500 {
		t.Errorf("only %d lines were above a level", hidden)
	}
}

// checkCompleted looks whether Tab offers the first word of a line that is
// understood.
func checkCompleted(t *testing.T, line string, level int, understood bool, groups []*grammar.Table) {
	t.Helper()
	first, _, _ := strings.Cut(line, " ")
	for _, word := range grammar.Complete(first, level, nil, groups) {
		if strings.EqualFold(word, first) {
			return
		}
	}
	if understood {
		t.Errorf("%q at level %d: Tab does not offer %q", line, level, first)
	}
}

// TestAScriptNeverOpensTheConsole replays scripts that leave nobody who can log in, as a saved file may
// after it was changed by hand: the mode stays, and that nobody can is a fault.
func TestAScriptNeverOpensTheConsole(t *testing.T) {
	const user = "aaa\n local-user joe password cipher Correct-Horse-1\n local-user joe service-type terminal\n"
	for _, test := range []struct{ name, text, mode, fault string }{
		{"no password", "user-interface console 0\n authentication-mode password\n", "password", "Set a password first"},
		{"a password that goes", "user-interface console 0\n set authentication password cipher Correct-Horse-1\n authentication-mode password\n undo set authentication password\n",
			"password", "Set a password first"},
		{"a password that is refused", "user-interface console 0\n set authentication password cipher short\n authentication-mode password\n", "password", "Set a password first"},
		{"nobody", "user-interface console 0\n authentication-mode aaa\n", "aaa", "No local user"},
		{"somebody who goes", user + "user-interface console 0\n authentication-mode aaa\naaa\n undo local-user joe\n", "aaa", "No local user"},
		{"somebody who comes later", "user-interface console 0\n authentication-mode aaa\n" + user, "aaa", ""},
		{"a password that comes later", "user-interface console 0\n authentication-mode password\n set authentication password cipher Correct-Horse-1\n", "password", ""},
	} {
		c, faults := Replay(New(), Script{Text: test.text})
		if got := c.Line("con0").Proof(); got != test.mode {
			t.Errorf("%s: the console's mode is %s, want %s", test.name, got, test.mode)
		}
		if test.fault == "" {
			if len(faults) > 0 {
				t.Errorf("%s: %v", test.name, faults[0])
			}
			continue
		}
		if n := len(faults); n == 0 || !strings.Contains(faults[n-1].Error(), test.fault) {
			t.Errorf("%s: faults %v, want %q", test.name, faults, test.fault)
		}
	}
}
