package commands

import (
	"strings"
	"testing"
)

// TestHeaderOverSeveralLines types headers as VRP's manuals show them, and replays the
// same lines.
func TestHeaderOverSeveralLines(t *testing.T) {
	for _, test := range []struct {
		name, lines string
		login       string
		refused     string // the last line's; empty: it is not
	}{
		{"marks on their own lines", "header login information %\nWelcome.\n\n  Go away.\n%", "Welcome.\n\n  Go away.", ""},
		{"marks beside the text", "header login information %Welcome.\nGo away.%", "Welcome.\nGo away.", ""},
		{"another mark", "header login information \"\n100 % ours.\n\"", "100 % ours.", ""},
		{"a mark that is no quotation mark", "header login information #\nOurs \"alone\".\n#", "Ours \"alone\".", ""},
		{"a tab", "header login information %\na\tb%", "a b", ""},
		{"commands are text", "header login information %\nsysname Other\n%", "sysname Other", ""},
		{"a link", "header login information %\nhttp://a // b\n%", "http://a // b", ""},
		{"nothing", "header login information %\n%", "", "The text is empty"},
		{"too much", "header login information %\n" + strings.Repeat("x", 901) + "\n%", "", "The text is empty, has more"},
		{"too many lines", "header login information %\n" + strings.Repeat("\n", 901) + "%", "", "The text is empty, has more"},
		{"what steers a terminal", "header login information %\na\x1b[2Jb\n%", "", "The text is empty, has more"},
		{"something behind the mark", "header login information %\nhalf % whole", "", "Nothing may follow the %"},
		{"what no line can have", "header login information %\n\"a // b\"\n%", "", "A text that has a quotation mark"},
	} {
		s := newBox(t).session(operator, "system-view")
		var out Output
		for line := range strings.SplitSeq(test.lines, "\n") {
			out = s.Exec(t.Context(), line)
		}
		c := s.running.config
		if c.Management.LoginHeader != test.login || c.Sysname != New().Sysname || s.Prompt() != "[Sallyport]" {
			t.Errorf("%s: the header is %q, sysname %s, at %s", test.name, c.Management.LoginHeader, c.Sysname, s.Prompt())
		}
		if test.refused == "" && out.Err != nil || !strings.HasPrefix(out.Text, strings.TrimSuffix("Error: "+test.refused, "Error: ")) {
			t.Errorf("%s: %q, want %q", test.name, out.Text, test.refused)
		}
		replayed, refused := Replay(New(), Script{Text: test.lines})
		if replayed.Management.LoginHeader != test.login || len(refused) > 0 != (test.refused != "") {
			t.Errorf("%s: replayed %q, refused %v", test.name, replayed.Management.LoginHeader, refused)
		}
		checkReplays(t, c)
	}
}

// TestHeaderThatDoesNotEnd looks at inputs that are over inside a header.
func TestHeaderThatDoesNotEnd(t *testing.T) {
	const why = "Error: The text of header shell does not end: % is missing."
	for _, interactive := range []bool{true, false} {
		s := newBox(t).session(Options{Level: everything, Interactive: interactive}, "system-view", "header shell information %half")
		if prompt := s.Prompt(); prompt != "" {
			t.Errorf("the prompt inside is %q", prompt)
		}
		if out := s.Finish(t.Context()); out.Text != why+"\n" || s.Prompt() != "[Sallyport]" {
			t.Errorf("interactive %v: %q, then %q", interactive, out.Text, s.Prompt())
		}
	}
	_, refused := Replay(New(), Script{Text: "sysname A\nheader shell information %half\nmore"})
	if len(refused) != 1 || refused[0].Err.Error() != why || refused[0].Line != 3 {
		t.Errorf("replayed: %v", refused)
	}
	box := newBox(t)
	box.device.put("a.cfg", "header shell information %half\n")
	s := box.session(operator, "system-view")
	if _, err := executed(t.Context(), s, "a.cfg"); err == nil || s.Prompt() != "[Sallyport]" {
		t.Errorf("executed: %v, then %q", err, s.Prompt())
	}
}

// TestRemarksMayStandInAFile replays what a VRP box's file may have.
func TestRemarksMayStandInAFile(t *testing.T) {
	_, refused := Replay(New(), Script{Text: "undo telnet server enable\nrsa local-key-pair create\n" +
		"info-center source default channel 6 log level error\nstelnet ipv4 server enable\nuser-interface vty 0 4\n protocol inbound all\n"})
	if len(refused) > 0 {
		t.Errorf("refused: %v", refused)
	}
}

// TestMoreHidesSecrets looks at a file that somebody wrote by hand.
func TestMoreHidesSecrets(t *testing.T) {
	box := newBox(t)
	box.device.put("a.cfg", "ike peer b\n pre-shared-key simple Key@2014\nsuper password level 3 irreversible-cipher $argon2id$v=19$m=8,t=1,p=1$ZmFrZWZha2U$CT5vjJxOON/IdY28jKON+wwJkOOrjUUxNbWaHqn5y94\n")
	for level, want := range map[int]string{
		1: "ike peer b\n pre-shared-key ******\nsuper password level 3 irreversible-cipher ******\n",
		3: "ike peer b\n pre-shared-key ******\nsuper password level 3 irreversible-cipher $argon2id$v=19$m=8,t=1,p=1$ZmFrZWZha2U$CT5vjJxOON/IdY28jKON+wwJkOOrjUUxNbWaHqn5y94\n",
	} {
		s := box.session(Options{Level: level})
		if got := s.Exec(t.Context(), "more a.cfg").Rendered().Text; got != want {
			t.Errorf("level %d:\n%s\nwant\n%s", level, got, want)
		}
	}
}
