package commands

import (
	"strings"
	"testing"
)

const (
	storedKey  = "%^%#AbC-_123%^%#"
	storedHash = "$argon2id$v=19$m=65536,t=3,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"
)

func TestWithoutSecret(t *testing.T) {
	tests := []struct{ name, line, want string }{
		{"nothing", "", ""},
		{"a blank", " ", " "},
		{"no key", "pre-shared-key", "pre-shared-key"},
		{"no key, undone", " undo pre-shared-key ", " undo pre-shared-key "},
		{"a key", " pre-shared-key hunter2", " pre-shared-key ******"},
		{"in clear, says the line", "pre-shared-key simple hunter2", "pre-shared-key ******"},
		{"ciphered, says the line", "pre-shared-key cipher hunter2", "pre-shared-key ******"},
		{"capitals", "PRE-Shared-Key hunter2", "PRE-Shared-Key ******"},
		{"abbreviated", "pre-s c hunter2", "pre-s ******"},
		{"one letter", "\tp hunter2", "\tp ******"},
		{"quoted", `pre-shared-key "hunter2 // and more"`, "pre-shared-key ******"},
		{"quoted, not closed", `pre-shared-key "hunter2 x`, "pre-shared-key ******"},
		{"too many words", "pre-shared-key hunter2 x y", "pre-shared-key ******"},
		{"undone by name", "undo pre-shared-key hunter2", "undo pre-shared-key ******"},
		{"undone in short", "undo p hunter2", "undo p ******"},
		{"the command quoted", `"pre-shared-key" hunter2`, `"pre-shared-key ******`},
		{"no blank", "pre-shared-keyhunter2", "pre-shared-key ******"},
		{"an equals sign", "pre-shared-key=hunter2", "pre-shared-key ******"},
		{"a foreign blank", "\u00a0pre-shared-key\u00a0hunter2", "\u00a0pre-shared-key ******"},
		{"misspelt", "pre-share-key hunter2", "pre-share-key ******"},
		{"misspelt without a hyphen", "preshared-key hunter2", "preshared-key ******"},
		{"three words", "pre shared key hunter2", "pre ******"},
		{"as others say", "psk hunter2", "psk ******"},
		{"as others say in a group", " key hunter2", " key ******"},
		{"on the heading's line", "ike peer b pre-s hunter2", "ike peer b pre-s ******"},
		{"misspelt on the heading's line", "ike peer b pre_shared_key hunter2", "ike peer b pre_shared_key ******"},
		{"commented out", "# pre-shared-key hunter2", "# pre-shared-key ******"},
		{"commented out at once", "//p hunter2", "//p ******"},
		{"a line broken in two", " simple hunter2", " simple ******"},
		{"another box's", "local-user a password irreversible-cipher hunter2", "local-user a password ******"},

		{"misspelt at its beginning", "per-shared-key hunter2", "per-shared-key ******"},
		{"misspelt and cut short", "undo per-sh hunter2", "undo per-sh ******"},
		{"misspelt later", "ike peer b pre-shread-key hunter2", "ike peer b pre-shread-key ******"},

		{"a user's password", " local-user a password cipher hunter2", " local-user a password ******"},
		{"a user's password in short", "l a p hunter2", "l a p ******"},
		{"a user's password, half", "local-u a pas i hunter2", "local-u a pas ******"},
		{"a user's password, misspelt", "local-user a pasword cipher hunter2", "local-user a pasword ******"},
		{"a user's password, another word", "local-user a kennwort hunter2", "local-user a kennwort ******"},
		{"a user, misspelt", "lcoal-user a pw hunter2", "lcoal-user a pw ******"},
		{"a user's level", "local-user a privilege level 15", "local-user a privilege level 15"},
		{"a user's services", "local-user a service-type terminal ssh", "local-user a service-type terminal ssh"},
		{"a user's state", "undo local-user a state", "undo local-user a state"},
		{"super", "super password level 3 cipher hunter2", "super password ******"},
		{"super in short", "su pa hunter2", "su pa ******"},
		{"super, misspelt", "super psw cipher hunter2", "super psw ******"},
		{"super alone", "super 3", "super 3"},
		{"a line's password", " set authentication password cipher hunter2", " set authentication password ******"},
		{"a line's password in short", "set a p c hunter2", "set a p ******"},
		{"Cisco's key", "crypto isakmp key hunter2 address 192.0.2.1", "crypto isakmp key ******"},
		{"Cisco's key in short", "no cry isa k hunter2 a 192.0.2.1", "no cry isa k ******"},
		{"Cisco's keyring", " pre-shared-key address 192.0.2.1 key hunter2", " pre-shared-key ******"},
		{"Cisco's user", "username a privilege 15 secret 5 hunter2", "username a privilege 15 secret ******"},
		{"Cisco's user in short", "user a sec hunter2", "user a sec ******"},
		{"an XAUTH user", `client-authentication xauth user "alice of sales" password simple hunter2`, `client-authentication xauth user "alice of sales" password ******`},
		{"an XAUTH user, cut short", "cl x u al p hunter2", "cl x u al p ******"},
		{"an XAUTH user, stored", "client-authentication xauth user al password %^%#6b65%^%#", "client-authentication xauth user al password %^%#6b65%^%#"},
		{"Cisco's user, a password", "username a p hunter2", "username a p ******"},
		{"Cisco's enable", "enable secret hunter2", "enable secret ******"},
		{"Cisco's enable in short", "en s hunter2", "en s ******"},
		{"Cisco's enable, misspelt", "enable secert hunter2", "enable secert ******"},
		{"Cisco's server", "radius-server host 192.0.2.1 key hunter2", "radius-server host 192.0.2.1 key ******"},
		{"a manual key", " sa string-key inbound esp hunter2", " sa string-key inbound esp ******"},
		{"a manual key, said to be in clear", "sa encryption-hex outbound  ah simple hunter2 x", "sa encryption-hex outbound  ah simple ******"},
		{"a manual key without its protocol", "sa string-key inbound hunter2", "sa string-key ******"},
		{"a manual key that may be a word", "sa string-key inbound esp cipher ", "sa string-key ******"},
		{"a manual key that is a word", "sa string-key inbound esp cipher", "sa string-key inbound esp ******"},
		{"a manual key with its words stuck together", "sa string-key inbound esphunter2", "sa string-key ******"},
		{"a manual key, undone", "undo sa string-key inbound esp hunter2", "undo sa string-key ******"},
		{"a manual key in short", "s st in e hunter2", "s st ******"},
		{"a manual key undone", "undo sa enc in esp hunter2", "undo sa enc ******"},
		{"a manual key, misspelt", "sa strign-key inbound esp hunter2", "sa strign-key ******"},
		{"a manual key, misspelt and cut short", "sa autehnt inbound esp hunter2", "sa autehnt ******"},
		{"a manual key, stored", " sa encryption-hex inbound esp " + storedKey, " sa encryption-hex inbound esp " + storedKey},
		{"a manual key, said to be stored", "sa a out ah ciph " + storedKey, "sa a out ah ciph " + storedKey},
		{"a manual key, stored, and what it was", "sa string-key inbound esp " + storedKey + " hunter2", "sa string-key inbound esp ******"},
		{"Cisco's manual key", "set session-key inbound esp 300 cipher hunter2", "set session-key ******"},
		{"an SPI", " sa spi inbound esp 300", " sa spi inbound esp 300"},
		{"a lifetime", " sa duration time-based 3600", " sa duration time-based 3600"},

		{"a key of a user", "ssh user a assign rsa-key k1", "ssh user a assign rsa-key k1"},
		{"a user of SSH", "ssh user a authentication-type password", "ssh user a authentication-type password"},
		{"a mode", " authentication-mode password", " authentication-mode password"},
		{"a method", " authentication-method pre-share", " authentication-method pre-share"},
		{"a public key", "rsa peer-public-key k1", "rsa peer-public-key k1"},
		{"a level", " user privilege level 3", " user privilege level 3"},
		{"a list", " security acl 3001", " security acl 3001"},
		{"an algorithm", " encryption-algorithm aes-256", " encryption-algorithm aes-256"},
		{"a header", `header login information "no password here"`, `header login information "no password here"`},
		{"a stored password", " local-user a password irreversible-cipher " + storedHash, " local-user a password irreversible-cipher " + storedHash},
		{"a stored password of a level", "super password level 3 cipher " + storedHash, "super password level 3 cipher " + storedHash},
		{"a stored password and what it was", "super password cipher " + storedHash + " // hunter2", "super password ******"},

		{"a stored key", " pre-shared-key " + storedKey, " pre-shared-key " + storedKey},
		{"a stored key, said so", "pre-s ciph " + storedKey + " ", "pre-s ciph " + storedKey + " "},
		{"a stored key and what it was", "pre-shared-key " + storedKey + " // hunter2", "pre-shared-key ******"},
		{"what it was and a stored key", "pre-shared-key hunter2 " + storedKey, "pre-shared-key ******"},
		{"a key in clear that looks stored", "pre-shared-key simple " + storedKey, "pre-shared-key ******"},
		{"a key in clear that looks stored, in short", "pre-shared-key si " + storedKey, "pre-shared-key ******"},
		{"a manual key in clear that looks stored", "sa string-key inbound esp simple " + storedKey, "sa string-key inbound esp simple ******"},
		{"a key that looks stored", "pre-shared-key %^%#hunter 2%^%#", "pre-shared-key ******"},
		{"half a stored key", "pre-shared-key %^%#hunter2", "pre-shared-key ******"},
		{"a misspelt form", "pre-shared-key cifer " + storedKey, "pre-shared-key ******"},

		{"another command", " proposal a", " proposal a"},
		{"ping", "ping -c 1 192.0.2.1", "ping -c 1 192.0.2.1"},
		{"a name that begins alike", "ipsec policy pre-sales 10 isakmp", "ipsec policy pre-sales 10 isakmp"},
		{"a name at the end", "ike peer p", "ike peer p"},
		{"a description", " description where the password is kept", " description where the password is kept"},
		{"a rule's description", "rule 5 description no password here", "rule 5 description no password here"},
		{"a peer with a strange name", "ike peer description pre-s hunter2", "ike peer description pre-s ******"},
		{"a display", "display ike peer name b", "display ike peer name b"},
	}
	for _, test := range tests {
		if got := WithoutSecret(test.line); got != test.want {
			t.Errorf("%s: WithoutSecret(%q) = %q, want %q", test.name, test.line, got, test.want)
		}
	}
}

// TestEveryAbbreviationIsHidden has each line that the box would take for a key,
// and looks for the key in what is shown of it.
func TestEveryAbbreviationIsHidden(t *testing.T) {
	const key = "Correct-Horse-Battery"
	taken := 0
	for command := range prefixes(keyCommand) {
		for _, form := range []string{"", "c ", "cipher ", "s ", "SIMPLE "} {
			for _, argument := range []string{key, `"` + key + `"`, `"` + key + ` twice"`, key + " // old"} {
				line := " " + command + "  " + form + argument
				_, refused := Replay(New(), Script{Text: "ike peer b\n" + line})
				if len(refused) == 0 {
					taken++
				}
				if got := WithoutSecret(line); strings.Contains(got, key) || !strings.HasSuffix(got, asterisks) {
					t.Errorf("WithoutSecret(%q) = %q", line, got)
				}
			}
		}
	}
	if want := len(keyCommand) * 10; taken < want {
		t.Errorf("%d lines were taken, want %d at least: the test has become blind", taken, want)
	}
}

// TestEveryManualKeyIsHidden has each line that the box would take for a key of an SA,
// however short, and looks for it in what is shown.
func TestEveryManualKeyIsHidden(t *testing.T) {
	key := digits(20, "ca")
	taken := 0
	for _, word := range []string{"string-key", "authentication-hex", "encryption-hex"} {
		for begin := range prefixes(word) {
			for _, first := range []string{"sa", "s", "SA"} {
				for _, rest := range []string{"inbound esp ", "out e s ", "o esp cipher "} {
					line := first + " " + begin + " " + rest + key
					if _, refused := Replay(New(), Script{Text: "ipsec policy p 1 manual\n" + line}); len(refused) == 0 {
						taken++
					}
					if got := WithoutSecret(line); strings.Contains(got, key) || !strings.HasSuffix(got, asterisks) {
						t.Errorf("WithoutSecret(%q) = %q", line, got)
					}
				}
			}
		}
	}
	if taken < 250 {
		t.Errorf("only %d lines were taken: the test has become blind", taken)
	}
}

func TestWithin(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"password", "password", 0}, {"passwrod", "password", 1}, {"apssword", "password", 1}, {"pasword", "password", 1},
		{"passsword", "password", 1}, {"paxxword", "password", 2}, {"paxxxord", "password", 3}, {"pswd", "password", 4},
		{"per-shared-key", "pre-shared-key", 1}, {"", "ab", 2}, {"ba", "ab", 1}, {"", "", 0}, {"abcd", "badc", 2},
	} {
		for n := range 5 {
			if got := within(test.a, test.b, n); got != (n >= test.want) {
				t.Errorf("within(%q, %q, %d) = %v", test.a, test.b, n, got)
			}
			if got := within(test.b, test.a, n); got != (n >= test.want) {
				t.Errorf("within(%q, %q, %d) = %v", test.b, test.a, n, got)
			}
		}
	}
}

// TestEveryPasswordIsHidden has each line that the box would take for a password,
// however short, and looks for it in what is shown.
func TestEveryPasswordIsHidden(t *testing.T) {
	const password = "Correct-Horse-1"
	taken := 0
	for _, form := range []struct{ views, begin, word, rest string }{
		{"aaa\n", "local-user a ", "password", "cipher "}, {"aaa\n", "l a ", "password", "i "},
		{"", "super ", "password", "level 3 c "}, {"", "sup ", "password", "irr "},
		{"user-interface vty 0\n", "set authentication ", "password", "cipher "}, {"user-interface vty 0\n", "set a ", "password", "c "},
	} {
		for word := range prefixes(form.word) {
			line := " " + form.begin + word + " " + form.rest + password
			if _, refused := Replay(New(), Script{Text: form.views + line[1:], Hash: hashOf}); len(refused) == 0 {
				taken++
			}
			if got := WithoutSecret(line); strings.Contains(got, password) || !strings.HasSuffix(got, asterisks) {
				t.Errorf("WithoutSecret(%q) = %q", line, got)
			}
		}
	}
	if taken < 40 {
		t.Errorf("only %d lines were taken: the test has become blind", taken)
	}
}

// prefixes yields every beginning of a word, and the word.
func prefixes(word string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for n := 1; n <= len(word) && yield(word[:n]); n++ {
		}
	}
}

// TestSavedConfigurationHidesPlainKeys shows a start-up file that was written by
// hand, lines that the box would refuse included.
func TestSavedConfigurationHidesPlainKeys(t *testing.T) {
	b := newBox(t)
	b.device.put("vrpcfg.cfg", "sysname H\r\nike peer b\r\n pre-shared-key hunter2\r\n#pre-s \"old hunter2\"\r\nike peer c\r\n"+
		" pre-shared-key cipher "+storedKey+"\r\n pre-shared-kee hunter2")
	const want = "sysname H\nike peer b\n pre-shared-key ******\n#pre-s ******\nike peer c\n" +
		" pre-shared-key cipher " + storedKey + "\n pre-shared-kee ******\n"
	if got := say(b.session(operator), "display saved-configuration"); got != want {
		t.Errorf("shown\n%s\nwant\n%s", got, want)
	}
}

// TestRefusedLinesHideTheirKeys looks for the key in all that a script's faults say.
func TestRefusedLinesHideTheirKeys(t *testing.T) {
	const script = `pre-shared-key hunter2
ike peer b pre-shared-key hunter2
ike peer b
 pre-shared-key hunter2 hunter2
 pre-shared-key "hunter2
 pre-shared-key %^%#hunter2%^%# x
 pre-share hunter2x hunter2
 preshared-key hunter2
 undo pre-shared-key hunter2 hunter2
ike peer
 pre-shared-key hunter2
`
	_, refused := Replay(New(), Script{File: "h.cfg", Text: script, Open: open, Port: port})
	if len(refused) < 7 {
		t.Errorf("%d lines were refused, want 7 at least", len(refused))
	}
	for _, fault := range refused {
		if said := fault.Error() + fault.Text + fault.Err.Error(); strings.Contains(said, "hunter2") {
			t.Errorf("line %d says %q", fault.Line, said)
		}
	}
}

// TestHashesAreForManagers shows the stored form of a password to who may set it, and
// to nobody else, whatever he filters.
func TestHashesAreForManagers(t *testing.T) {
	for level := 1; level <= managementLevel; level++ {
		b := newBox(t)
		b.session(Options{Level: managementLevel}, "system-view", "super password level 2 cipher "+storedHash)
		for _, line := range []string{
			"display current-configuration", "display current-configuration | json",
			"display current-configuration | include c2FsdHNhbHQ", "display configuration changes", "compare configuration",
		} {
			out := b.session(Options{Level: level}).Exec(t.Context(), line).Rendered()
			shows := strings.Contains(out.Text, "c2FsdHNhbHQ")
			if want := level == managementLevel; out.Err != nil || shows != want {
				t.Errorf("level %d, %s shows\n%s(%v), want the hash: %v", level, line, out.Text, out.Err, want)
			}
		}
	}
}

func TestWithoutPassword(t *testing.T) {
	const line = "super password level 3 irreversible-cipher "
	if got := WithoutPassword(line + storedHash); strings.Contains(got, "argon") || !strings.HasPrefix(got, line) {
		t.Errorf("WithoutPassword(%q) = %q", line+storedHash, got)
	}
}

// TestFilesDoNotSteerTheTerminal shows files of another hand.
func TestFilesDoNotSteerTheTerminal(t *testing.T) {
	const foul = "description \x1b]0;title\x07 \u009b31m \u202e ä漢\n"
	b := newBox(t)
	b.device.saved = map[string]string{b.device.Startup().Next: foul, "foul.bat": foul}
	s := b.session(operator)
	for _, line := range []string{"display saved-configuration", "display saved-configuration last", "compare configuration", "execute foul.bat"} {
		out := s.Exec(t.Context(), line).Rendered()
		if out.Long != nil {
			_ = out.Long(t.Context(), func(text string) { out.Text += text }) // it refuses the line
		}
		if i := strings.IndexFunc(out.Text, func(r rune) bool { return r != '\n' && hides(r) }); i >= 0 || !strings.Contains(out.Text, `\x1b]0;title`) {
			t.Errorf("%s shows %q, want it escaped", line, out.Text)
		}
	}
}
