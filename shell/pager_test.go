package shell

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// numbered returns lines 1 to n.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d\n", i+1)
	}
	return b.String()
}

// after returns what follows the line that asked for the text.
func (s *sitting) after() string {
	got, _ := s.seen()
	_, after, _ := strings.Cut(got, "<H>text\n")
	return strings.ReplaceAll(after, "\n", " ")
}

func TestPager(t *testing.T) {
	const more = "  ---- More ----_"
	tests := []struct {
		name, text string
		keys       []string
		want       string // line feeds as blanks
	}{
		{"less than a page", numbered(3), nil, "1 2 3 <H>_"},
		{"a page", numbered(4), nil, "1 2 3 4 <H>_"},
		{"more than a page", numbered(5), nil, "1 2 3 4 " + more},
		{"no text", "", nil, "<H>_"},
		{"Space", numbered(9), []string{" "}, "1 2 3 4 5 6 7 8 " + more},
		{"Space to the end", numbered(9), []string{" ", " "}, "1 2 3 4 5 6 7 8 9 <H>_"},
		{"two at once", numbered(9), []string{"  "}, "1 2 3 4 5 6 7 8 9 <H>_"},
		{"Enter", numbered(9), []string{"\r", "\r"}, "1 2 3 4 5 6 " + more},
		{"Enter, then Space", numbered(12), []string{"\r", " "}, "1 2 3 4 5 6 7 8 9 " + more},
		{"Ctrl-C", numbered(9), []string{"\x03"}, "1 2 3 4 <H>_"},
		{"q", numbered(9), []string{"q"}, "1 2 3 4 <H>_"},
		{"Esc", numbered(9), []string{"\x1b", "s"}, "1 2 3 4 <H>s_"},
		{"an arrow", numbered(9), []string{"\x1b[A", "s"}, "1 2 3 4 <H>s_"},
		{"a line typed ahead loses its first key", numbered(9), []string{"xshow\r"}, "1 2 3 4 <H>show shown <H>_"},
		{"skip to a match", numbered(20), []string{"/", "1", "5", "\r"}, "1 2 3 4 15 16 17 18 " + more},
		{"what is typed is shown", numbered(20), []string{"/1x?", "\x7f", "\x7f"}, "1 2 3 4 /1_"},
		{"the mark stays", numbered(20), []string{"/1", "\x7f", "\x7f", "\x7f", "5\r", "q"}, "1 2 3 4 5 6 7 8 <H>_"},
		{"keep matches", numbered(40), []string{"+2$\r"}, "1 2 3 4 12 22 32 <H>_"},
		{"drop matches", numbered(12), []string{"-1\r", " "}, "1 2 3 4 5 6 7 8 " + "9 <H>_"},
		{"nothing matches", numbered(12), []string{"/x\r"}, "1 2 3 4 <H>_"},
		{"no expression", numbered(12), []string{"+(\r", "q"}, "1 2 3 4 Error: The regular expression is wrong. <H>_"},
		{"an expression given up", numbered(12), []string{"+1\x03"}, "1 2 3 4 <H>_"},
		{"rows that wrap", "1\n" + strings.Repeat("x", 65) + "\n2\n", nil, "1 " + strings.Repeat("x", 30) + " " +
			strings.Repeat("x", 30) + " xxxxx " + more},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sit(t, 30, 24, func(s *sitting) {
				s.typed("text\r")
				s.typed(test.keys...)
				if got := s.after(); got != test.want {
					t.Errorf("seen %q, want %q", got, test.want)
				}
			}, func(a *actor) { a.settings.Screen, a.text = 5, test.text })
		})
	}
}

// TestPagerFitsTheWindow takes the smaller of the window and screen-length.
func TestPagerFitsTheWindow(t *testing.T) {
	for _, test := range []struct{ rows, screen, want int }{{24, 5, 4}, {4, 24, 3}, {1, 24, 1}, {2, 1, 1}, {0, 24, 23}, {24, 0, 50}, {1 << 20, 60, 50}} {
		g := newGlass(40, test.rows)
		p := newPerson(g, &actor{text: numbered(50)})
		p.session.(*actor).settings.Screen = test.screen
		p.input.cut(ErrIdle) // the first question ends it
		if err := p.page(numbered(50)); err != nil {
			t.Fatal(err)
		}
		_ = p.screen.flush()
		if got := strings.Count(g.sent(), "\n"); got != test.want {
			t.Errorf("window of %d rows, screen-length %d: %d lines, want %d", test.rows, test.screen, got, test.want)
		}
	}
}

// TestPagerErasesAsTheDevice compares octets: clients look for them.
func TestPagerErasesAsTheDevice(t *testing.T) {
	if len(more) != 16 || len(erase) != 3*16-2*11 && !strings.Contains(erase, strings.Repeat(" ", 16)) {
		t.Fatalf("question %q, erased by %q", more, erase)
	}
	sit(t, 80, 24, func(s *sitting) {
		s.typed("text\r")
		s.sent()
		s.typed(" ")
		const want = "\x1b[16D                \x1b[16D5\r\n<H>"
		if got := s.sent(); got != want {
			t.Errorf("sent %q, want %q", got, want)
		}
	}, func(a *actor) { a.settings.Screen, a.text = 5, numbered(5) })
}

// TestPagerRefusesWork is about expressions that take more than they are worth.
func TestPagerRefusesWork(t *testing.T) {
	for _, pattern := range []string{"(", "(a?){1000}", strings.Repeat("x?", 100)} {
		sit(t, 200, 24, func(s *sitting) {
			s.typed("text\r", "/"+pattern+"\r")
			if got := s.after(); !strings.Contains(got, "Error: The regular expression is wrong.") {
				t.Errorf("/%s: seen %q, want it refused", pattern, got)
			}
		}, func(a *actor) { a.settings.Screen, a.text = 5, numbered(9) })
	}
}

func TestPagerShowsMessages(t *testing.T) {
	sit(t, 80, 24, func(s *sitting) {
		s.typed("text\r")
		s.actor.messages <- "a message"
		s.settle()
		s.typed(" ")
		if got, want := s.after(), "1 2 3 4 a message 5 <H>_"; got != want {
			t.Errorf("seen %q, want %q", got, want)
		}
	}, func(a *actor) { a.settings.Screen, a.text = 5, numbered(5) })
}

func TestTabCycle(t *testing.T) {
	words := map[string][]string{"a b": {"bb", "bc"}, "a": {"abc"}}
	complete := func(text string) []string { return words[text] }
	var c cycle
	var got []string
	for _, d := range []draft{{"x", ""}, {"a", ""}, {"a b", "y"}, {"a bb", "y"}, {"a bc", "y"}, {"a", " y"}} {
		d = c.next(d, complete)
		got = append(got, d.before+"_"+d.after)
	}
	want := []string{"x_", "abc _", "a bb_y", "a bc_y", "a bb_y", "abc _y"}
	if !slices.Equal(got, want) {
		t.Errorf("Tab makes %q, want %q", got, want)
	}
}
