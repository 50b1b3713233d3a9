package commands

import (
	"strings"
	"testing"
)

const storedKey = "%^%#AbC-_123%^%#"

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
		{"on the heading's line", "ike peer b pre-s hunter2", "ike peer b pre-s ******"},
		{"misspelt on the heading's line", "ike peer b pre_shared_key hunter2", "ike peer b pre_shared_key ******"},
		{"commented out", "# pre-shared-key hunter2", "# pre-shared-key ******"},
		{"commented out at once", "//p hunter2", "//p ******"},
		{"a line broken in two", " simple hunter2", " simple ******"},
		{"another box's", "local-user a password irreversible-cipher hunter2", "local-user a password ******"},

		{"a stored key", " pre-shared-key " + storedKey, " pre-shared-key " + storedKey},
		{"a stored key, said so", "pre-s ciph " + storedKey + " ", "pre-s ciph " + storedKey + " "},
		{"a stored key and what it was", "pre-shared-key " + storedKey + " // hunter2", "pre-shared-key ******"},
		{"what it was and a stored key", "pre-shared-key hunter2 " + storedKey, "pre-shared-key ******"},
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
	b.device.saved = "sysname H\r\nike peer b\r\n pre-shared-key hunter2\r\n#pre-s \"old hunter2\"\r\nike peer c\r\n" +
		" pre-shared-key cipher " + storedKey + "\r\n pre-shared-kee hunter2"
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
