package shell

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// readAll returns all lines of text, a refused one as "!" and its reason.
func readAll(r io.Reader, max int) (all []string, err error) {
	l := newLines(r, max)
	for {
		line, err := l.next()
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil && !isRefusal(err):
			return all, err
		case err != nil:
			line = "!" + err.Error()
		}
		all = append(all, line)
	}
}

func TestLines(t *testing.T) {
	const long, control = "!The line is longer than 5 characters.", "!The line contains control characters."
	tests := []struct {
		name, text string
		want       string // joined by |
	}{
		{"nothing", "", ""},
		{"two", "a\nb\n", "a|b"},
		{"no end", "a\nb", "a|b"},
		{"an empty one", "a\n\nb\n", "a||b"},
		{"CR LF", "a\r\nb\r\n", "a|b"},
		{"blanks stay", " a \n", " a "},
		{"a tab is a blank", "a\tb\n", "a b"},
		{"the longest", "12345\n", "12345"},
		{"the longest with CR LF", "12345\r\na\n", "12345|a"},
		{"one more", "123456\na\n", long + "|a"},
		{"one more at the end", "123456", long},
		{"very long", strings.Repeat("x", 5000) + "\na\n", long + "|a"},
		{"as long as the reader's buffer", strings.Repeat("x", 511) + "\na\n", long + "|a"},
		{"longer with blanks at the end", "12345 \n", long},
		{"NUL", "a\x00b\nc\n", control + "|c"},
		{"escape", "\x1b[A\n", control},
		{"delete", "a\x7f\n", control},
		{"a C1 character", "a\u0085\n", control},
		{"a carriage return inside", "a\rb\n", control},
		{"letters of other languages", "äß\n", "äß"},
	}
	for _, test := range tests {
		got, err := readAll(strings.NewReader(test.text), 5)
		if err != nil || strings.Join(got, "|") != test.want {
			t.Errorf("%s: lines %q, %v, want %q", test.name, got, err, test.want)
		}
		slow, err := readAll(iotest.OneByteReader(strings.NewReader(test.text)), 5)
		if err != nil || strings.Join(slow, "|") != test.want {
			t.Errorf("%s, octet by octet: lines %q, %v, want %q", test.name, slow, err, test.want)
		}
	}
}

func TestLinesAreCounted(t *testing.T) {
	l := newLines(strings.NewReader("a\n\n123456\nb"), 5)
	for want := 1; want <= 4; want++ {
		if _, err := l.next(); err != nil && !isRefusal(err) {
			t.Fatalf("line %d: %v", want, err)
		}
		if l.number != want {
			t.Errorf("number %d, want %d", l.number, want)
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add("a\r\nb", 5)
	f.Add(strings.Repeat("x", 600), 10)
	f.Fuzz(func(t *testing.T, text string, max int) {
		if max < 0 || max > maxScript {
			return
		}
		lines, err := readAll(strings.NewReader(text), max)
		if err != nil {
			t.Fatalf("error %v from a reader that has none", err)
		}
		for _, line := range lines {
			if len(line) > max && line[0] != '!' || strings.ContainsAny(line, "\r\n\t\x00\x1b") {
				t.Errorf("line %q of %q is not fit", line, text)
			}
		}
		if want := strings.Count(text, "\n"); len(lines) < want || len(lines) > want+1 {
			t.Errorf("%d lines in %q, want %d or one more", len(lines), text, want)
		}
	})
}
