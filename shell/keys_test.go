package shell

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestNextStroke(t *testing.T) {
	tests := []struct {
		name, octets string
		want         stroke
		n            int
	}{
		{"nothing", "", stroke{}, 0},
		{"characters", "ab c", stroke{key: keyText, text: "ab c"}, 4},
		{"characters up to a key", "ab\r", stroke{key: keyText, text: "ab"}, 2},
		{"characters up to a question mark", "ab?c", stroke{key: keyText, text: "ab"}, 2},
		{"a question mark", "?", stroke{key: keyHelp, text: "?"}, 1},
		{"letters of other languages", "äß漢", stroke{key: keyText, text: "äß漢"}, 7},
		{"half a letter", "\xc3", stroke{}, 0},
		{"a letter and a half", "a\xc3", stroke{key: keyText, text: "a"}, 1},
		{"no letter", "a\xffb", stroke{key: keyText, text: "ab"}, 3},
		{"a wide blank", "a\u00a0b", stroke{key: keyText, text: "a b"}, 4},
		{"characters that do not show", "\u200e\u0085\ue001", stroke{}, 8},
		{"Enter", "\r\n", stroke{key: keyEnter, letter: 'M'}, 1},
		{"Ctrl-C", "\x03", stroke{key: keyInterrupt, letter: 'C'}, 1},
		{"a hot key", "\x0f", stroke{key: keyHot, letter: 'O'}, 1},
		{"Ctrl-]", "\x1d", stroke{key: keyDisconnect, letter: ']'}, 1},
		{"Ctrl-K", "\x0b", stroke{key: keyIgnored, letter: 'K'}, 1},
		{"Backspace", "\x7f", stroke{key: keyBackspace}, 1},
		{"Esc", "\x1b", stroke{}, 0},
		{"Esc B", "\x1bb", stroke{key: keyWordLeft}, 2},
		{"Esc and a key", "\x1b\r", stroke{}, 1},
		{"Esc Esc", "\x1b\x1b", stroke{}, 1},
		{"Esc and a letter of another language", "\x1bä", stroke{}, 1},
		{"CSI Up", "\x1b[Ax", stroke{key: keyOlder}, 3},
		{"SS3 Up", "\x1bOAx", stroke{key: keyOlder}, 3},
		{"SS3 and a key", "\x1bO\r", stroke{}, 2},
		{"half a sequence", "\x1b[3", stroke{}, 0},
		{"Delete", "\x1b[3~", stroke{key: keyDelete}, 4},
		{"Home of another keyboard", "\x1b[7~", stroke{key: keyHome}, 4},
		{"a function key", "\x1b[24;2~x", stroke{}, 7},
		{"a function key of the Linux console", "\x1b[[Ax", stroke{}, 4},
		{"a sequence broken off", "\x1b[3\r", stroke{}, 3},
		{"a sequence without end", "\x1b[" + strings.Repeat("1", 100), stroke{}, maxSequence},
		{"go-prompt's own last key", "\x1b[$;2~", stroke{}, 6},
	}
	for _, test := range tests {
		s, n := nextStroke([]byte(test.octets))
		if n == 0 {
			s = stroke{}
		}
		if s != test.want || n != test.n {
			t.Errorf("%s: nextStroke(%q) = %+v, %d, want %+v, %d", test.name, test.octets, s, n, test.want, test.n)
		}
	}
}

func FuzzNextStroke(f *testing.F) {
	f.Add([]byte("ab?\x1b[A\xc3\xa4\xff\r"))
	f.Fuzz(func(t *testing.T, p []byte) {
		for len(p) > 0 {
			s, n := nextStroke(p)
			if n == 0 && len(p) >= maxSequence {
				t.Fatalf("nextStroke(%q) waits for more", p)
			}
			if n == 0 {
				return
			}
			if !utf8.ValidString(s.text) || strings.ContainsFunc(s.text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("nextStroke(%q) has text %q", p, s.text)
			}
			p = p[n:]
		}
	})
}

// TestEveryKeyHasItsOctets looks for keys that an editor does not know.
func TestEveryKeyHasItsOctets(t *testing.T) {
	for k := keyText + 1; k <= keyNoMore; k++ {
		s := stroke{key: k, text: "?"}
		if octets(s) == nil {
			t.Errorf("key %d is nothing to go-prompt", k)
		}
		_, known := termKeys[k]
		left, leaves := newPerson(newGlass(80, 24), &actor{}).leaves("<H>", stroke{key: k, letter: 'G'})
		if known == leaves {
			t.Errorf("key %d: x/term knows it: %v; it leaves the line: %v %+v", k, known, leaves, left)
		}
	}
}
