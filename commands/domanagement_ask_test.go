package commands

import (
	"strings"
	"testing"

	"sallyport/ipsec/secret"
)

// askedFor are the lines that ask for a secret, and what of the configuration it
// becomes.
var askedFor = []struct {
	view, line, what string
	kept             func(*box, string) bool
}{
	{"super", "super password", "password", func(b *box, typed string) bool {
		return b.device.Matches(b.running.Config().Management.Super[3], secret.Octets(typed))
	}},
	{"super", "super password level 2", "password", func(b *box, typed string) bool {
		return b.device.Matches(b.running.Config().Management.Super[2], secret.Octets(typed))
	}},
	{"user-interface vty 0 4", "set authentication password", "password", func(b *box, typed string) bool {
		return b.device.Matches(b.running.Config().Line("vty0").Password, secret.Octets(typed))
	}},
	{"ike peer b", "pre-shared-key", "key", func(b *box, typed string) bool {
		return b.running.Config().IKEPeers["b"] != nil && string(b.running.Config().IKEPeers["b"].Key) == typed
	}},
}

// inView returns a session of a person in a view of system view; super is none.
func (b *box) inView(view string) *Session {
	lines := []string{"system-view", view}
	if view == "super" {
		lines = lines[:1]
	}
	return b.session(Options{Level: everything, Interactive: true}, lines...)
}

func TestSecretsAreAskedForTwice(t *testing.T) {
	for _, test := range askedFor {
		for _, typed := range []string{rightPassword, "two Words behind //1", "Ends in a ?"} {
			b := newBox(t)
			s := b.inView(test.view)
			before := s.Prompt()
			for _, want := range []string{"Please enter " + test.what + ":", "Please confirm " + test.what + ":"} {
				if s.Exec(t.Context(), map[bool]string{true: test.line, false: typed}[!s.Hidden()]); s.Prompt() != want || !s.Hidden() || test.kept(b, typed) {
					t.Errorf("%q asks %q, hidden %v, want %q", test.line, s.Prompt(), s.Hidden(), want)
				}
			}
			if out := s.Exec(t.Context(), typed); out.Err != nil || s.Prompt() != before || !test.kept(b, typed) {
				t.Errorf("%q: %q confirmed: %q, at %s", test.line, typed, out.Text, s.Prompt())
			}
			if said := say(s, "display configuration changes") + say(s, "display current-configuration"); strings.Contains(said, typed) {
				t.Errorf("%q: shown\n%s", test.line, said)
			}
		}
	}
}

// TestSecretsThatAreNotTaken leaves everything as it is.
func TestSecretsThatAreNotTaken(t *testing.T) {
	unfit := map[string]string{"password": "Error: " + passwordPolicy + "\n", "key": "Error: The key must have 1 to 128 characters, without quotation marks.\n"}
	for _, test := range askedFor {
		b := newBox(t)
		s := b.inView(test.view)
		before := b.running.Config()
		for _, typed := range []string{"", strings.Repeat("Ab1 ", 33), storedHash + " \"", "%^%#\"1%^%#"} {
			if got := answersOf(t, s, test.line, typed)[1]; got != unfit[test.what] && test.what == "key" || s.Hidden() && test.what == "key" {
				t.Errorf("%q: %q is answered %q", test.line, typed, got)
			}
			if s.Hidden() { // a password may have quotation marks
				s.Exec(t.Context(), "another")
			}
		}
		if got := answersOf(t, s, test.line, "short", "")[1]; test.what == "password" && got != unfit["password"] {
			t.Errorf("%q: a short one is answered %q", test.line, got)
		}
		if s.Hidden() { // a key may be short
			s.Exec(t.Context(), "another")
		}
		if got := answersOf(t, s, test.line, rightPassword, rightPassword+"x")[2]; got != "Error: The "+test.what+"s do not match.\n" || s.Hidden() {
			t.Errorf("%q: two different ones are answered %q", test.line, got)
		}
		if b.running.Config() != before {
			t.Errorf("%q: something was set", test.line)
		}
		script := b.session(operator, "system-view")
		if test.view != "super" {
			script.Exec(t.Context(), test.view)
		}
		if out := script.Exec(t.Context(), test.line); out.Err == nil || script.Hidden() || !strings.Contains(out.Text, "at a terminal only") {
			t.Errorf("%q: a script is asked: %q", test.line, out.Text)
		}
	}
}

// TestAskedForWhatIsGone has another session delete the peer between the questions.
func TestAskedForWhatIsGone(t *testing.T) {
	b := newBox(t)
	s := b.inView("ike peer b")
	answersOf(t, s, "pre-shared-key", rightPassword)
	b.session(operator, "system-view", "undo ike peer b")
	out := s.Exec(t.Context(), rightPassword)
	if out.Err == nil || strings.Contains(out.Text, rightPassword) || len(b.running.Config().IKEPeers) > 0 || s.Prompt() != "[Sallyport]" {
		t.Errorf("%q, at %s", out.Text, s.Prompt())
	}
}
