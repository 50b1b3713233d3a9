package commands

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sallyport/commands/grammar"
	"sallyport/ipsec/secret"
)

const rightPassword = "Correct-Horse-1"

// answers types lines into a session and returns what each printed.
func answersOf(t *testing.T, s *Session, lines ...string) []string {
	t.Helper()
	var all []string
	for _, line := range lines {
		all = append(all, s.Exec(t.Context(), line).Rendered().Text)
	}
	return all
}

func TestSuper(t *testing.T) {
	b := newBox(t)
	b.session(operator, "system-view", "super password cipher "+rightPassword, "super password level 2 cipher Other-Horse-2")
	s := b.session(Options{Level: 1, Interactive: true})
	if s.Exec(t.Context(), "system-view").Err == nil {
		t.Fatal("level 1 may configure")
	}
	s.Exec(t.Context(), "super")
	if s.Prompt() != "Password:" || !s.Hidden() {
		t.Fatalf("super asks %q, hidden %v", s.Prompt(), s.Hidden())
	}
	out := s.Exec(t.Context(), "Other-Horse-2")
	if out.Err == nil || out.Text != "Error: Incorrect password.\n" || s.level() != 1 || !s.Hidden() {
		t.Errorf("a wrong password: %q, %v, level %d, hidden %v", out.Text, out.Err, s.level(), s.Hidden())
	}
	out = s.Exec(t.Context(), rightPassword)
	if out.Err != nil || !strings.HasPrefix(out.Text, "Now user privilege is level 3, and only those commands") || s.Hidden() {
		t.Errorf("the right password: %q, %v", out.Text, out.Err)
	}
	if out := s.Exec(t.Context(), "system-view"); out.Err != nil {
		t.Errorf("level 3 may not configure: %v", out.Err)
	}
	s.Exec(t.Context(), "quit")
	if s.Exec(t.Context(), "super 0"); s.level() != 0 || s.Hidden() {
		t.Errorf("super 0 leaves level %d, hidden %v", s.level(), s.Hidden())
	}
	answersOf(t, s, "super 2", "Other-Horse-2")
	if s.level() != 2 {
		t.Errorf("super 2 leaves level %d", s.level())
	}
}

func TestSuperEndsAfterThreeTries(t *testing.T) {
	b := newBox(t)
	b.session(operator, "system-view", "super password cipher "+rightPassword)
	s := b.session(Options{})
	answersOf(t, s, "super", "a", "b")
	if !s.Hidden() {
		t.Error("two wrong passwords end it")
	}
	answersOf(t, s, "c")
	if s.Hidden() || s.level() != 0 {
		t.Errorf("after three wrong passwords: hidden %v, level %d", s.Hidden(), s.level())
	}
	s.Exec(t.Context(), "super 0") // which needs no password, and forgets nothing
	if out := s.Exec(t.Context(), "super"); out.Err == nil || s.Hidden() {
		t.Errorf("super after three wrong passwords: %q", out.Text)
	}
	if out := s.Exec(t.Context(), "super 2"); out.Text != "Error: No super password is set for level 2.\n" {
		t.Errorf("super without a password: %q", out.Text)
	}
	other := b.session(Options{})
	if answersOf(t, other, "super", rightPassword); other.level() != 3 {
		t.Error("another session is locked out too")
	}
}

// TestSuperPasswordTakenAway shows that no password is not an empty one.
func TestSuperPasswordTakenAway(t *testing.T) {
	b := newBox(t)
	manager := b.session(operator, "system-view", "super password cipher "+rightPassword)
	s := b.session(Options{})
	s.Exec(t.Context(), "super")
	manager.Exec(t.Context(), "undo super password")
	for _, password := range []string{"", rightPassword} {
		if s.Exec(t.Context(), password); s.level() != 0 {
			t.Errorf("%q fits a password that was taken away", password)
		}
	}
}

// TestWhoConfiguresCannotManage has the lines by which an operator of level 2
// could get more.
func TestWhoConfiguresCannotManage(t *testing.T) {
	b := newBox(t)
	s := b.session(Options{Level: 2}, "system-view")
	for _, line := range []string{
		"aaa", "super password cipher " + rightPassword, "user-interface vty 0 4", "ssh user a", "ssh server port 2222",
		"rsa peer-public-key k", "stelnet server enable", `hotkey ctrl_g "save"`,
	} {
		var bad *grammar.Error
		if out := s.Exec(t.Context(), line); !errors.As(out.Err, &bad) {
			t.Errorf("%q at level 2: %q", line, out.Text)
		}
	}
	manager := b.session(Options{Level: 15}, "system-view", "aaa")
	if answersOf(t, manager, "quit", "quit", "super 2"); manager.Exec(t.Context(), "local-user x privilege level 15").Err == nil {
		t.Error("a level given up still works")
	}
}

// TestLevelGivenUpInAView stays in a view that the new level may not enter.
func TestLevelGivenUpInAView(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "system-view", "aaa")
	s.options.Level = 2
	if out := s.Exec(t.Context(), "local-user x privilege level 15"); out.Err == nil || b.running.Config().Management.Users["x"] != nil {
		t.Errorf("level 2 in aaa: %q", out.Text)
	}
	if help := s.Help(""); strings.Contains(help, "local-user ") {
		t.Errorf("level 2 in aaa is offered\n%s", help)
	}
}

func TestPasswordIsAskedForTwice(t *testing.T) {
	b := newBox(t)
	s := b.session(Options{Level: everything, Interactive: true}, "system-view", "aaa")
	said := answersOf(t, s, "local-user admin password", rightPassword)
	if !strings.HasPrefix(said[0], "Please configure the login password (8-128)\n") || s.Prompt() != "Please confirm password:" || !s.Hidden() {
		t.Errorf("said %q, then asks %q", said, s.Prompt())
	}
	if out := s.Exec(t.Context(), rightPassword); out.Err != nil || s.Hidden() {
		t.Errorf("confirmed: %q", out.Text)
	}
	if u := b.running.Config().Management.Users["admin"]; u == nil || !b.device.Matches(u.Password, secret.Octets(rightPassword)) {
		t.Errorf("kept %+v", u)
	}
	if got := answersOf(t, s, "local-user admin password", `Has "quotes" 1`, `Has "quotes" 1`)[2]; got != "" {
		t.Errorf("a password with quotation marks: %q", got)
	}
	for _, test := range []struct{ first, second, want string }{
		{"short", "", "Error: " + passwordPolicy + "\n"},
		{rightPassword, "Correct-Horse-2", "Error: The passwords do not match.\n"},
	} {
		said := answersOf(t, s, "local-user other password", test.first)
		if test.second != "" {
			said = answersOf(t, s, test.second)
		}
		if got := said[len(said)-1]; got != test.want || s.Hidden() || b.running.Config().Management.Users["other"] != nil {
			t.Errorf("%q, %q: %q, want %q", test.first, test.second, got, test.want)
		}
	}
	script := b.session(operator, "system-view", "aaa")
	if out := script.Exec(t.Context(), "local-user admin password"); out.Err == nil || script.Hidden() {
		t.Errorf("a script is asked for a password: %q", out.Text)
	}
}

func TestFree(t *testing.T) {
	b := newBox(t)
	b.device.lines = []LineStatus{{Line: "vty3", User: "guest"}}
	s := b.session(operator)
	if s.Exec(t.Context(), "free user-interface vty 3"); s.Prompt() != "Warning: User interface vty3 will be freed. Continue? [Y/N]:" {
		t.Errorf("asks %q", s.Prompt())
	}
	if s.Exec(t.Context(), "n"); len(b.device.freed) > 0 {
		t.Error("freed in spite of no")
	}
	if got := answersOf(t, s, "free user-interface vty 3", "y")[1]; got != "[OK]\n" || len(b.device.freed) != 1 || b.device.freed[0] != "vty3" {
		t.Errorf("%q, freed %q", got, b.device.freed)
	}
	if got := answersOf(t, s, "free user-interface console 0", "y")[1]; got != "Error: Nobody is on user interface con0.\n" {
		t.Errorf("a line that nobody is on: %q", got)
	}
}

func TestSettings(t *testing.T) {
	b := newBox(t)
	b.session(operator, "system-view", "user-interface vty 0 4", "screen-length 40", "idle-timeout 0", "history-command max-size 2")
	s := b.session(Options{Level: everything, Line: "vty2"})
	check := func(when string, want Settings) {
		t.Helper()
		if got := s.Settings(); got != want {
			t.Errorf("%s: %+v, want %+v", when, got, want)
		}
	}
	check("as the line says", Settings{40, 2, 0})
	for line, want := range map[string]int{"screen-length 0 temporary": 0, "screen-length 99 temporary": 99} {
		if out := s.Exec(t.Context(), line); out.Text != thisTerminal {
			t.Errorf("%q: %q", line, out.Text)
		}
		check(line, Settings{want, 2, 0})
	}
	s.Exec(t.Context(), "undo screen-length temporary")
	check("undone", Settings{40, 2, 0})
	if got, want := b.session(Options{Line: "con0"}).Settings(), (Settings{24, 10, 10 * time.Minute}); got != want {
		t.Errorf("the console: %+v, want %+v", got, want)
	}
}

func TestHistory(t *testing.T) {
	b := newBox(t)
	b.session(operator, "system-view", "user-interface vty 0", "history-command max-size 3")
	s := b.session(Options{Level: everything, Line: "vty0"})
	for _, line := range []string{"one", "two", "two", "", "super password cipher " + rightPassword, "a\x1b[2Jb"} {
		s.Remember(line)
	}
	if got, want := say(s, "display history-command"), "  two\n  super password ******\n  a\\x1b[2Jb\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	b.session(operator, "system-view", "user-interface vty 0", "history-command max-size 0")
	s.Remember("four")
	if got := say(s, "display history-command"); got != "" {
		t.Errorf("with room for none: %q", got)
	}
}

func TestHotkeys(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "system-view", `hotkey ctrl_t "display ike sa"`, "hotkey ctrl_g save")
	for letter, want := range map[byte]string{
		'T': "display ike sa", 'G': "save", 'L': "display ip routing-table", 'O': "undo debugging all", 'U': "", 'A': "", 't': "",
	} {
		if got := s.Hotkey(letter); got != want {
			t.Errorf("Ctrl+%c is %q, want %q", letter, got, want)
		}
	}
	if answersOf(t, s, "undo hotkey ctrl_g", "undo hotkey ctrl_t"); s.Hotkey('G') != "display current-configuration" || s.Hotkey('T') != "" {
		t.Errorf("undone: %q, %q", s.Hotkey('G'), s.Hotkey('T'))
	}
}

// TestNoPasswordIsShown types passwords everywhere and looks for them in all there
// is to see.
func TestNoPasswordIsShown(t *testing.T) {
	b := newBox(t)
	s := b.session(Options{Level: everything, Interactive: true}, "system-view", "aaa", "local-user admin password cipher "+rightPassword,
		"quit", "super password cipher "+rightPassword, "user-interface vty 0", "set authentication password cipher "+rightPassword)
	texts := []string{b.running.Config().Render(seal), b.running.Config().Render(nil), strings.Join(answersOf(t, s, "super", rightPassword), "")}
	for _, line := range []string{
		"display this", "display current-configuration", "display local-user", "display user-interface", "display users all",
		"display ssh user-information", "aaa", "display this", "save", "y", "display saved-configuration",
	} {
		texts = append(texts, say(s, line))
	}
	for _, text := range b.device.saved {
		texts = append(texts, text)
	}
	for _, text := range texts {
		if strings.Contains(text, "Horse") {
			t.Errorf("shown: %q", text)
		}
	}
	if !strings.Contains(say(s, "display saved-configuration"), "$argon2id$") {
		t.Error("the stored form is not shown")
	}
}

// TestSuperIsGuessedThreeTimes has a user guess in session after session.
func TestSuperIsGuessedThreeTimes(t *testing.T) {
	b := newBox(t)
	b.session(operator, "system-view", "super password cipher "+rightPassword)
	guess := func(user, password string) int {
		s := b.session(Options{User: user})
		answersOf(t, s, "super", password)
		return s.level()
	}
	open := b.session(Options{User: "eve"}, "super")
	for range wrongPasswords {
		guess("eve", "wrong")
	}
	if guess("eve", rightPassword) != 0 {
		t.Error("a fourth guess in other sessions is looked at")
	}
	if open.Exec(t.Context(), rightPassword); open.level() != 0 {
		t.Error("a guess that was asked for before is looked at")
	}
	if guess("", "wrong") != 0 || guess("", rightPassword) != everything || guess("anna", rightPassword) != everything {
		t.Error("others are locked out too")
	}
	b.device.elapsed += superLock
	if guess("eve", "wrong") != 0 || guess("eve", rightPassword) != everything {
		t.Error("the lock does not end")
	}
}

// TestTrialsAreForManagers has the lines by which an operator of level 2 could undo
// what managers do, or keep what they try.
func TestTrialsAreForManagers(t *testing.T) {
	for _, line := range []string{"configuration commit trial 600", "configuration commit", "configuration commit label x", "abort trial", "undo configuration commit trial"} {
		for level := range everything + 1 {
			b := newBox(t)
			b.session(operator, "configuration commit trial 60", "system-view", "sysname H")
			var bad *grammar.Error
			out := b.session(Options{Level: level}).Exec(t.Context(), line)
			if errors.As(out.Err, &bad) != (level < managementLevel) {
				t.Errorf("%q at level %d: %v", line, level, out.Err)
			}
			if level < managementLevel && (b.running.trial == nil || b.running.Config().Sysname != "H") {
				t.Errorf("%q at level %d ended the trial", line, level)
			}
		}
	}
	if out := newBox(t).session(Options{Level: 1}).Exec(t.Context(), "display configuration trial"); out.Err != nil {
		t.Errorf("level 1 may not see the trial: %v", out.Err)
	}
}

// TestOthersAreWarnedOfATrial changes things during a trial: whose it is knows.
func TestOthersAreWarnedOfATrial(t *testing.T) {
	b := newBox(t)
	own := b.session(Options{Level: everything, Interactive: true, User: "anna", Line: "vty1"}, "configuration commit trial 600", "system-view")
	b.device.elapsed += 99*time.Second + time.Millisecond
	other := b.session(Options{Level: 2, Interactive: true}, "system-view")
	script := b.session(Options{Level: 2}, "system-view")
	const warning = "Warning: A trial of anna on vty1 is running; what is changed now is undone in 501 seconds unless it is confirmed.\n"
	for _, test := range []struct {
		s          *Session
		line, want string
	}{
		{own, "sysname A", ""}, {script, "sysname B", ""}, {other, "sysname C", warning}, {other, "ike peer b", warning},
		{other, "ike peer b", ""}, {other, "hostname D", warning}, {other, "sysname a?", ""},
	} {
		out := test.s.Exec(t.Context(), test.line)
		if got := out.Text; out.Err == nil && got != test.want || out.Err != nil && strings.Contains(got, "trial") {
			t.Errorf("%q says %q, want %q", test.line, got, test.want)
		}
	}
	manager := b.session(Options{Level: everything, Interactive: true})
	if got := answersOf(t, manager, "rollback configuration to last 1", "y")[1]; got != warning+"Info: The configuration has been rolled back.\n" {
		t.Errorf("a rollback says %q", got)
	}
	own.Exec(t.Context(), "configuration commit")
	if got := answersOf(t, other, "sysname E")[0]; got != "" {
		t.Errorf("after the trial: %q", got)
	}
}
