package commands

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sallyport/commands/grammar"
)

// What the transcripts must show: each display, view, help and error that there is.
// They are read here, and compared with what is seen in TestTranscripts.

// allTurns are the turns of all transcripts.
func allTurns(t *testing.T) (all []turn) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "testdata", "cli", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, converse(string(text)).turns...)
	}
	return all
}

// TestEveryDisplayIsInATranscript looks for a line of each row that displays, which
// was not refused.
func TestEveryDisplayIsInATranscript(t *testing.T) {
	shown := linesShown(allTurns(t))
	for _, u := range displayRows() {
		if !slices.ContainsFunc(shown, func(line grammar.Line) bool {
			_, _, err := grammar.Parse(line, everything, []*grammar.Table{u.Alone})
			return err == nil
		}) {
			t.Errorf("no transcript shows %q", u.Syntax)
		}
	}
}

// linesShown are the lines that were accepted, without what follows a |.
func linesShown(turns []turn) (lines []grammar.Line) {
	for _, turn := range turns {
		command, _, _ := strings.Cut(turn.typed, " |")
		line := grammar.Split(command)
		if !strings.HasSuffix(command, "?") && !strings.Contains(turn.answer, "Error:") && !line.Empty() {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestEveryViewIsInATranscript looks for each view's prompt, and for the help of its
// beginning.
func TestEveryViewIsInATranscript(t *testing.T) {
	turns := allTurns(t)
	for _, c := range chapters() {
		in := func(turn turn) bool { return turn.view == c.title }
		switch {
		case c.table == anywhereTable || c.table == firstFilters:
		case !slices.ContainsFunc(turns, in):
			t.Errorf("no transcript opens the %s", c.title)
		case !slices.ContainsFunc(turns, func(turn turn) bool { return in(turn) && turn.typed == "?" }):
			t.Errorf("no transcript asks for help at the beginning of the %s", c.title)
		}
	}
}

// TestEveryErrorIsInATranscript looks for each error with a caret, and that the
// caret stands below what was typed, or one blank behind it.
func TestEveryErrorIsInATranscript(t *testing.T) {
	turns := allTurns(t)
	for _, p := range []grammar.Problem{grammar.Unrecognized, grammar.Incomplete, grammar.Ambiguous, grammar.Wrong, grammar.TooMany} {
		seen := 0
		for _, turn := range turns {
			caret, text, _ := strings.Cut(turn.answer, "\n")
			if text != p.String()+"\n" {
				continue
			}
			seen++
			at, line := strings.Index(caret, "^"), []rune(turn.prompt+turn.typed)
			if p == grammar.Incomplete && !strings.HasSuffix(turn.typed, " ") && !strings.Contains(turn.typed, " //") && at != len(line)+1 ||
				p != grammar.Incomplete && (at < len([]rune(turn.prompt)) || at >= len(line)) {
				t.Errorf("%q: the caret of %q stands at %d", string(line), text, at)
			}
		}
		if seen == 0 {
			t.Errorf("no transcript shows %q", p)
		}
	}
}

// TestEveryHotKeyIsInATranscript looks for the keys that display hotkey names, and for
// those of the pager, in the transcripts of keys.
func TestEveryHotKeyIsInATranscript(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "testdata", "cli", "terminal", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var pressed strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if keys, is := strings.CutPrefix(line, "> "); is {
				pressed.WriteString(keys)
			}
		}
	}
	s := NewSession(&fakeDevice{}, NewRunning(New()), operator)
	wanted := strings.Split("{space} {tab} {up} {down} {left} {right} {home} {end} {delete} {backspace} {ctrl_left} {ctrl_right} {ctrl_]} \n/ \n+ \n- \nq", " ")
	for line := range strings.Lines(say(s, "display hotkey")) {
		if name, _, is := strings.Cut(line, "  "); is && strings.HasPrefix(name, "CTRL_") {
			wanted = append(wanted, "{"+strings.ToLower(name)+"}")
		}
	}
	for _, key := range wanted {
		if !strings.Contains(pressed.String(), key) {
			t.Errorf("no transcript presses %q", key)
		}
	}
}
