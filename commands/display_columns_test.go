package commands

import (
	"strings"
	"testing"
)

func TestColumnsRow(t *testing.T) {
	c := columns{0, 4, 9}
	tests := []struct {
		name  string
		cells []string
		want  string
	}{
		{"all fit", []string{"ab", "cd", "ef"}, "ab  cd   ef"},
		{"a cell fills its column but for one space", []string{"abc", "defg", "h"}, "abc defg h"},
		{"a cell fills its column", []string{"abcd", "ef", "g"}, "abcd ef  g"},
		{"a cell overflows and pushes the rest", []string{"abcdefghij", "k", "l"}, "abcdefghij k l"},
		{"an overflow is made up for by the next column", []string{"abcdef", "g", "h"}, "abcdef g h"},
		{"an empty cell in the middle", []string{"a", "", "b"}, "a        b"},
		{"nothing trails", []string{"a", "b", ""}, "a   b"},
		{"fewer cells than columns", []string{"a"}, "a"},
		{"no cells", nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := c.row(test.cells...); got != test.want {
				t.Errorf("row(%q) = %q, want %q", test.cells, got, test.want)
			}
		})
	}
}

func TestColumnsIndent(t *testing.T) {
	if got, want := (columns{2, 6}).row("a", "b"), "  a   b"; got != want {
		t.Errorf("row = %q, want %q", got, want)
	}
}

func TestFormLine(t *testing.T) {
	f := form{indent: 2, width: 5}
	tests := []struct{ label, value, want string }{
		{"abc", "x", "  abc  : x"},
		{"abcde", "x y", "  abcde: x y"},
		{"longer than it", "x", "  longer than it: x"},
		{"abc", "", "  abc  :"},
	}
	for _, test := range tests {
		if got := f.line(test.label, test.value); got != test.want {
			t.Errorf("line(%q, %q) = %q, want %q", test.label, test.value, got, test.want)
		}
	}
	if got, want := f.value(), strings.Index(f.line("abc", "x"), "x"); got != want {
		t.Errorf("value() = %d, want %d", got, want)
	}
}

func TestPage(t *testing.T) {
	var p page
	p.add("100% as it is: %d")
	p.add("")
	p.addf("%d formatted", 1)
	if got, want := p.text(), "100% as it is: %d\n\n1 formatted\n"; got != want {
		t.Errorf("text() = %q, want %q", got, want)
	}
}

func TestPrintable(t *testing.T) {
	tests := []struct {
		name, text string
		limit      int
		want       string
	}{
		{"empty", "", 8, ""},
		{"plain", "branch 1", 8, "branch 1"},
		{"one too long", "branch 12", 8, "branc..."},
		{"much too long", strings.Repeat("x", 70000), 10, "xxxxxxx..."},
		{"escape sequence", "a\x1b[2J", 20, `a\x1b[2J`},
		{"line feeds and tabs", "a\r\n\tb", 20, `a\x0d\x0a\x09b`},
		{"delete and NUL", "\x7f\x00", 20, `\x7f\x00`},
		{"not ASCII", "é", 20, `\xc3\xa9`},
		{"not UTF-8", "\xff", 20, `\xff`},
		{"limits of ASCII", " ~", 20, " ~"},
		{"escapes just fit", "\x01\x02", 8, `\x01\x02`},
		{"an escape is not split", "\x01\x02\x03", 10, `\x01...`},
		{"an escape that does not fit is dropped whole", "abcdef\x01", 9, "abcdef..."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := printable(test.text, test.limit)
			if got != test.want {
				t.Errorf("printable(%q, %d) = %q, want %q", test.text, test.limit, got, test.want)
			}
			if len(got) > test.limit {
				t.Errorf("printable(%q, %d) has %d octets", test.text, test.limit, len(got))
			}
			if again := printable(got, test.limit); again != got {
				t.Errorf("printable twice = %q, once = %q", again, got)
			}
		})
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("plain", uint8(3))
	f.Add("\x1b]0;title\a", uint8(20))
	f.Fuzz(func(t *testing.T, text string, extra uint8) {
		limit := 3 + int(extra)
		got := printable(text, limit)
		if len(got) > limit {
			t.Errorf("printable(%q, %d) = %q: too long", text, limit, got)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 {
			t.Errorf("printable(%q, %d) = %q: octet %d cannot be printed", text, limit, got, i)
		}
	})
}
