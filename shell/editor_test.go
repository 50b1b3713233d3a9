package shell

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// A pressing is keys at a session's terminal, and what is seen after the last.
type pressing struct {
	name  string
	keys  []string // each typed on its own
	want  string
	lines []string // that the session remembers
}

func TestEditing(t *testing.T) {
	const word = "\x1b[1;5D"
	for _, test := range []pressing{
		{"nothing", nil, "<H>_", nil},
		{"a character", []string{"s"}, "<H>s_", nil},
		{"a line", []string{"sh", "ow", "\r"}, "<H>show\nshown\n<H>_", []string{"show"}},
		{"a line typed ahead", []string{"sh", "ow\rsh", "ow\r"}, "<H>show\nshown\n<H>show\nshown\n<H>_", []string{"show"}},
		{"backspace", []string{"shoo\x7f", "w", "\r"}, "<H>show\nshown\n<H>_", []string{"show"}},
		{"Ctrl-H at the start", []string{"\x08", "s"}, "<H>s_", nil},
		{"left and insert", []string{"sow", "\x1b[D", "\x02", "h"}, "<H>sh_ow", nil},
		{"right", []string{"sow", "\x01", "\x06", "h", "\x1bOC"}, "<H>sho_w", nil},
		{"start and end", []string{"how", "\x01", "s", "\x05", "!"}, "<H>show!_", nil},
		{"Home and End", []string{"how", "\x1b[H", "s", "\x1b[4~", "!"}, "<H>show!_", nil},
		{"delete", []string{"sshow", "\x01", "\x04"}, "<H>_show", nil},
		{"delete at the end", []string{"show", "\x1b[3~", "\x04"}, "<H>show_", nil},
		{"delete at an empty line", []string{"\x04", "show", "\r"}, "<H>show\nshown\n<H>_", []string{"show"}},
		{"delete word", []string{"display  this ", "\x17"}, "<H>display  _", nil},
		{"delete word in the middle", []string{"display this", "\x1bb", "\x17"}, "<H>_this", nil},
		{"delete to start", []string{"display this", "\x1bb", "\x18"}, "<H>_this", nil},
		{"delete to end", []string{"display this", "\x1bb", "\x19"}, "<H>display _", nil},
		{"word left", []string{"a bc  ", word, word, "x"}, "<H>x_a bc", nil},
		{"word right", []string{"a bc d", "\x01", "\x06", "\x1bf", "\x17"}, "<H>a _ d", nil},
		{"word right at the end", []string{"a b", "\x1bf", "\x1bf", "c"}, "<H>a bc_", nil},
		{"letters of other languages", []string{"äöü", "\x02", "\x7f", "\x04", "ß"}, "<H>äß_", nil},
		{"words of other languages", []string{"grün blüht", "\x17", "\x17"}, "<H>_", nil},
		{"redraw", []string{"show", "\x02", "\x12"}, "<H>sho_w", nil},
		{"keys that do nothing", []string{"a", "\x0b", "\x13", "\x1c", "\x1b[24~", "\x1b[[A", "\x1bx", "\x00", "b"}, "<H>ab_", nil},
		{"Ctrl-C", []string{"show", "\x03"}, "<H>show\n<H>_", nil},
		{"Ctrl-C at an empty line", []string{"\x03", "\x03"}, "<H>\n<H>\n<H>_", nil},
		{"Ctrl-C in the middle", []string{"show", "\x01", "\x03", "s"}, "<H>show\n<H>s_", nil},
		{"Ctrl-Z", []string{"sho", "\x01", "\x1a", "x"}, "<H>sho\nreturned\n<H>x_", nil},
		{"Ctrl-Z in a paste", []string{"sho\x1ashow\r"}, "<H>sho\nreturned\n<H>show\nshown\n<H>_", []string{"show"}},
		{"a hot key", []string{"x", "\x07", "y"}, "<H>show\nshown\n<H>y_", []string{"show"}},
		{"a hot key that is not set", []string{"x", "\x14", "y"}, "<H>xy_", nil},
		{"a question", []string{"ask\r", "n", "\x7fy", "\r"}, "<H>ask\nSure? [Y/N]:y\nanswered y\n<H>_", []string{"ask"}},
		{"Ctrl-C at a question", []string{"ask\r", "n", "\x03"}, "<H>ask\nSure? [Y/N]:n\nanswered by the end\n<H>_", []string{"ask"}},
		{"keys at a question", []string{"ask\r", "\x1a", "\x07", "?", "\t", "\x10"}, "<H>ask\nSure? [Y/N]:?_", []string{"ask"}},
		{"a password", []string{"super\r", "hu", "x\x7f?", "\x1b[A", "\r"}, "<H>super\nPassword:\nanswered hu?\n<H>_", []string{"super"}},
		{"Ctrl-C at a password", []string{"super\r", "hu", "\x03"}, "<H>super\nPassword:\nanswered by the end\n<H>_", []string{"super"}},
		{"Ctrl-X at a password", []string{"super\r", "hu", "\x18", "x\r"}, "<H>super\nPassword:\nanswered x\n<H>_", []string{"super"}},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, 40) })
	}
}

func (test pressing) run(t *testing.T, columns int) {
	sit(t, columns, 24, func(s *sitting) {
		s.typed(test.keys...)
		s.want(test.want)
		if !slices.Equal(s.actor.remembered, test.lines) {
			t.Errorf("remembered %q, want %q", s.actor.remembered, test.lines)
		}
	})
}

func TestHelpAndTab(t *testing.T) {
	for _, test := range []pressing{
		{"help", []string{"show ", "?", "x"}, "<H>show ?\n  help for show\n<H>show x_", nil},
		{"help at an empty line", []string{"?"}, "<H>?\n  help for\n<H>_", nil},
		{"help in the middle", []string{"show this", "\x1bb", "?", "x"}, "<H>show ?\n  help for show\n<H>show x_this", nil},
		{"help, then Enter", []string{"show?\r"}, "<H>show?\n  help for show\n<H>show\nshown\n<H>_", []string{"show"}},
		{"a question mark in quotation marks", []string{`x "a?`, `b" `, "?"}, "<H>x \"a?b\" ?\n  help for x \"a?b\"\n<H>x \"a?b\" _", nil},
		{"Tab", []string{"sh", "\t", "x"}, "<H>show x_", nil},
		{"Tab twice", []string{"sh", "\t", "\t"}, "<H>show logbuffer_", nil},
		{"Tab and nothing fits", []string{"x y", "\t"}, "<H>x y_", nil},
		{"Tab in the middle", []string{"x sh z", "\x02", "\x02", "\t", "y"}, "<H>x show y_z", nil},
		{"Tab and several fit", []string{"x log", "\t"}, "<H>x logbuffer_", nil},
		{"the second", []string{"x log", "\t", "\t"}, "<H>x logfile_", nil},
		{"the first again", []string{"x log", "\t", "\t", "\t", "\t"}, "<H>x logbuffer_", nil},
		{"Tab after a key", []string{"x log", "\t", "\t", "\x7f", "\t"}, "<H>x logfile _", nil},
		{"Tab, then Enter, then Tab", []string{"log\t\r", "log", "\t"}, "<H>logbuffer\n   ^\nError\n<H>logbuffer_", []string{"logbuffer"}},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, 40) })
	}
}

func TestHistory(t *testing.T) {
	const up, down = "\x1b[A", "\x1b[B"
	for _, test := range []pressing{
		{"the last", []string{"a\r", "b\r", up}, "<H>a\n   ^\nError\n<H>b\n   ^\nError\n<H>b_", []string{"a", "b"}},
		{"one that was edited", []string{"x\x7fshow\r", up, "\r"}, "<H>show\nshown\n<H>show\nshown\n<H>_", []string{"show"}},
		{"older than the oldest", []string{"show\r", "\x10", "\x10", up}, "<H>show\nshown\n<H>show_", []string{"show"}},
		{"back to what was typed", []string{"show\r", "x", "\x10", "\x0e"}, "<H>show\nshown\n<H>x_", []string{"show"}},
		{"newer than the newest", []string{"show\r", down, "x", "\x0e"}, "<H>show\nshown\n<H>x_", []string{"show"}},
		{"no empty line, no repetition", []string{"show\r\r  \rshow\r", up, up}, "<H>show\nshown\n<H>\n<H>\n   ^\nError\n<H>show\nshown\n<H>show_", []string{"show"}},
		{"nothing typed at a question", []string{"ask\rshow\r", up}, "<H>ask\nSure? [Y/N]:show\nanswered show\n<H>ask_", []string{"ask"}},
		{"no password", []string{"super\rhunter2\r", up}, "<H>super\nPassword:\nanswered hunter2\n<H>super_", []string{"super"}},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, 40) })
	}
}

func TestHistoryIsBounded(t *testing.T) {
	var h history
	for range 5 {
		for _, line := range []string{"a", "b", "c"} {
			h.add(line, 2)
		}
	}
	if got := strings.Join(h.lines, " "); got != "b c" {
		t.Errorf("history %q, want the last two", got)
	}
	if h.add("d", 0); len(h.lines) != 0 {
		t.Errorf("history of none has %q", h.lines)
	}
}

// TestRowsThatWrap edits lines longer than the window, whose rows have eight columns.
func TestRowsThatWrap(t *testing.T) {
	for _, test := range []pressing{
		{"to the last column", []string{"12345"}, "<H>12345_", nil},
		{"beyond", []string{"12345", "6"}, "<H>12345\n6_", nil},
		{"in one go", []string{"123456789abcdef"}, "<H>12345\n6789abcd\nef_", nil},
		{"to the start", []string{"123456789abcdef", "\x01", "0"}, "<H>0_1234\n56789abc\ndef", nil},
		{"from a full row", []string{"123456789abcd", "\x02", "\x02"}, "<H>12345\n6789ab_cd", nil},
		{"backspace over the edge", []string{"123456", "\x7f", "\x7f"}, "<H>1234_", nil},
		{"a shorter line", []string{"123456789abcdef", "\x18", "x"}, "<H>x_", nil},
		{"deleting to the end of a full row", []string{"123456789", "\x02", "\x02", "\x02", "\x02", "\x19"}, "<H>12345\n_", nil},
		{"Enter in the first row", []string{"123456789", "\x01", "\r", "x"}, "<H>12345\n6789\n   ^\nError\n<H>x_", []string{"123456789"}},
		{"help below", []string{"show 6789", "?"}, "<H>show\n6789?\n  help f\nor show\n6789\n<H>show\n6789_", nil},
		{"a wide letter at the edge", []string{"1234漢", "5", "\x02", "\x02", "x"}, "<H>1234x\n漢5", nil},
		{"a mark on a letter", []string{"e", "\u0301", "\x7f", "x"}, "<H>ex_", nil},
	} {
		if test.name == "a wide letter at the edge" {
			test.want = "<H>1234x\n_漢5"
		}
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sitWith(t, "go-prompt", newGlass(8, 10), func(s *sitting) {
					s.typed(test.keys...)
					s.want(test.want)
				})
			})
		})
	}
}

// TestWholeLinesMeetNoEditor is what a program needs that talks to the box: what
// it sends comes back as it is, once, and no escape sequence with it.
func TestWholeLinesMeetNoEditor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sitWith(t, "go-prompt", newGlass(20, 10), func(s *sitting) {
			s.typed("\n", "show this and that and more\n", "show\r", "ask\n", "y\n")
			const want = "<H>\r\n<H>show this and that and more\r\n   ^\r\nError\r\n<H>show\r\nshown\r\n<H>ask\r\nSure? [Y/N]:y\r\nanswered y\r\n<H>"
			if got := s.sent(); got != want {
				t.Errorf("sent %q, want %q", got, want)
			}
			if s.person.editor != nil {
				t.Error("there is an editor, which nobody needed")
			}
		})
	})
}

// TestTypingIsEchoedPlainly is what a program sees that sends Enter on its own.
func TestTypingIsEchoedPlainly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sitWith(t, "go-prompt", newGlass(80, 24), func(s *sitting) {
			s.typed("sh", "ow", "\r")
			if got, want := s.sent(), "<H>show\r\nshown\r\n<H>"; got != want {
				t.Errorf("sent %q, want %q", got, want)
			}
		})
	})
}
