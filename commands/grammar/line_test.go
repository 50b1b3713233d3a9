package grammar

import (
	"slices"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	for _, test := range []struct {
		name, line string
		words      []string
		begin      int
	}{
		{"nothing", "", nil, 0},
		{"blanks", " \t\r\n", nil, 0},
		{"words", "ike  peer\tb", []string{"ike", "peer", "b"}, 0},
		{"indented", "  dh group14 ", []string{"dh", "group14"}, 2},
		{"number sign", "# ike peer b", nil, 0},
		{"number sign after blanks", "   # ike", nil, 0},
		{"number sign inside", "key a#b #c", []string{"key", "a#b", "#c"}, 0},
		{"exclamation mark", "!Software Version", nil, 0},
		{"slashes", "// all of it", nil, 0},
		{"slashes after words", "ike peer b // the branch", []string{"ike", "peer", "b"}, 0},
		{"slashes at once after words", "ike //peer", []string{"ike"}, 0},
		{"slashes in a word", "url http://host/ x", []string{"url", "http://host/", "x"}, 0},
		{"one slash", "a / b", []string{"a", "/", "b"}, 0},
		{"quoted", `key "two words" x`, []string{"key", "two words", "x"}, 0},
		{"quoted slashes", `key "a // b"`, []string{"key", "a // b"}, 0},
		{"quoted nothing", `key ""`, []string{"key", ""}, 0},
		{"quote not closed", `key "a b`, []string{"key", "a b"}, 0},
		{"quote inside a word", `key a"b c"`, []string{"key", `a"b`, `c"`}, 0},
		{"word at once after a quote", `key "a"b`, []string{"key", "a", "b"}, 0},
	} {
		l := Split(test.line)
		if !slices.Equal(l.plain, test.words) || l.Begin() != test.begin || l.Empty() != (len(test.words) == 0) {
			t.Errorf("%s: Split(%q) = %q from %d, want %q from %d", test.name, test.line, l.plain, l.Begin(), test.words, test.begin)
		}
	}
}

func TestSplitOffsets(t *testing.T) {
	l := Split(`  a "b c"  d // e`)
	var at []int
	for _, w := range l.words {
		at = append(at, w.at)
	}
	if want := []int{2, 4, 11}; !slices.Equal(at, want) {
		t.Errorf("offsets %v, want %v", at, want)
	}
	if l.text != `  a "b c"  d` {
		t.Errorf("text %q", l.text)
	}
	if got := l.rest(1); got != `"b c"  d` {
		t.Errorf("rest %q", got)
	}
}

func TestQuote(t *testing.T) {
	for value, want := range map[string]string{
		"plain": "plain", "": `""`, "two words": `"two words"`, "//x": `"//x"`, "a//b": "a//b", "tab\tbed": "\"tab\tbed\"", "#": "#",
	} {
		if got := Quote(value); got != want {
			t.Errorf("Quote(%q) = %q, want %q", value, got, want)
		}
		if l := Split("x " + Quote(value)); len(l.plain) != 2 || l.plain[1] != value {
			t.Errorf("%q is read back as %q", value, l.plain)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(`a "b // c" // d`)
	f.Fuzz(func(t *testing.T, line string) {
		l := Split(line)
		for i, w := range l.words {
			if !strings.HasPrefix(line[w.at:], l.plain[i]) && !strings.HasPrefix(line[w.at:], `"`+l.plain[i]) {
				t.Fatalf("word %d of %q is not at %d", i, line, w.at)
			}
			if !w.quoted && (Quote(l.plain[i]) != l.plain[i] && l.plain[i][0] != '"') {
				t.Fatalf("word %q of %q would have to be quoted", l.plain[i], line)
			}
		}
		if !strings.HasPrefix(line, l.text) {
			t.Fatalf("%q is not the beginning of %q", l.text, line)
		}
	})
}
