package commands

import (
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"strings"
	"testing"

	"sallyport/commands/grammar"
)

const threeLines = "one\ntwo words\nthree\n"

func TestFilters(t *testing.T) {
	s := newBox(t).session(operator)
	d := linesOf(threeLines)
	for _, test := range []struct{ name, line, want string }{
		{"include", "| include t", "two words\nthree\n"},
		{"blanks in it", "| include o w", "two words\n"},
		{"two blanks are two", "| include two  words", ""},
		{"of a line, not of the text", "| include ^two words$", "two words\n"},
		{"no line spans two", "| include one.two", ""},
		{"case counts", "| include T", ""},
		{"exclude", "| exclude t", "one\n"},
		{"exclude all", "| exclude .", ""},
		{"begin", "| begin two", "two words\nthree\n"},
		{"begin nowhere", "| begin four", ""},
		{"count", "| count", "Total lines: 3.\n"},
		{"count of nothing", "| include four | count", "Total lines: 0.\n"},
		{"order counts", "| count | include 3", "Total lines: 3.\n"},
		{"a chain", "| include e | exclude w | begin thr", "three\n"},
		{"no-more", "| no-more", threeLines},
		{"quoted", `| include "two words"`, "two words\n"},
		{"a quotation mark in it", `| include two" | count`, "Total lines: 0.\n"},
		{"a | between quotation marks", `| include "two | words" | count`, "Total lines: 1.\n"},
		{"one of two", "| include one|three", "one\nthree\n"},
	} {
		out, is := s.filteredLine(grammar.Split("display version " + test.line))
		if !is || out.Err != nil {
			t.Errorf("%s: %v, %v", test.name, is, out.Err)
			continue
		}
		out.Display = d
		if got := out.Rendered().Text; got != test.want {
			t.Errorf("%s: %q is %q, want %q", test.name, test.line, got, test.want)
		}
	}
}

func TestPaging(t *testing.T) {
	for line, want := range map[string]bool{
		"display version": true, "display version | include V": true, "display version | json": true,
		"display version | no-more": false, "display version | include V | no-more": false, "display version | no-more | count": false,
		"display acl 3000 | count": false, "quit": false,
	} {
		if got := newBox(t).session(operator).Exec(t.Context(), line).Rendered().Paged; got != want {
			t.Errorf("%q: paged %v, want %v", line, got, want)
		}
	}
}

// TestFilteredErrors are errors that leave the configuration and the text alone.
func TestFilteredErrors(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "system-view", "ike peer b")
	before := b.running.Config()
	for _, line := range []string{
		"display acl 3000 | json", "display version | include (", "display version | x", "undo ike peer b | include x", "ike peer c | count",
	} {
		out := s.Exec(t.Context(), line).Rendered()
		if out.Err == nil || !strings.HasPrefix(out.Text[strings.LastIndex("\n"+strings.TrimSuffix(out.Text, "\n"), "\n"):], "Error:") {
			t.Errorf("%q: %v, %q", line, out.Err, out.Text)
		}
	}
	if b.running.Config() != before || s.Prompt() != "[Sallyport-ike-peer-b]" {
		t.Errorf("something changed: %s", s.Prompt())
	}
}

// TestFiltersAreForWhoeverMayDisplay looks from level 0, which has no display.
func TestFiltersAreForWhoeverMayDisplay(t *testing.T) {
	low := newBox(t).session(Options{Level: 0})
	if out := low.Exec(t.Context(), "display version | include V").Rendered(); out.Err == nil {
		t.Errorf("at level 0: %q", out.Text)
	}
	if help := low.Help("display version | "); help != "" {
		t.Errorf("at level 0: %q", help)
	}
}

func TestCompleteFilters(t *testing.T) {
	s := newBox(t).session(operator)
	for text, want := range map[string]string{
		"display version ":                "|",
		"display version |":               "|",
		"display version | ":              "begin count exclude include json no-more",
		"display version | in":            "include",
		"display version |in":             "include",
		"display version | include x | ":  "begin count exclude include no-more",
		"display version | include x | c": "count",
		"display version | include ":      "",
		"display | ":                      "",
		"quit ":                           "",
	} {
		if got := strings.Join(s.Complete(text), " "); got != want {
			t.Errorf("Complete(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestJSONIsText decodes what is printed, and looks for characters that Go would
// escape for browsers.
func TestJSONIsText(t *testing.T) {
	text, paged, _ := filtered(linesOf("a <b> & c\n"), []*filter{{json: true}})
	var back linesDisplay
	if err := json.Unmarshal([]byte(text), &back); err != nil || len(back.Lines) != 1 {
		t.Errorf("%q: %v", text, err)
	}
	if want := "{\n  \"lines\": [\n    \"a <b> & c\"\n  ]\n}\n"; text != want || !paged {
		t.Errorf("%q, want %q", text, want)
	}
}

// A notANumber has no JSON.
type notANumber struct {
	Ratio float64 `json:"ratio"`
}

func (notANumber) text() string { return "NaN\n" }

func TestWhatHasNoJSON(t *testing.T) {
	out := Output{Display: notANumber{math.NaN()}, filters: []*filter{{json: true}}}.Rendered()
	if out.Err == nil || out.Text != out.Err.Error()+"\n" || !strings.HasPrefix(out.Text, "Error: ") {
		t.Errorf("%q, %v", out.Text, out.Err)
	}
}

func TestPatterns(t *testing.T) {
	for _, test := range []struct {
		name, text string
		ok         bool
	}{
		{"a word", "peer", true},
		{"all there is", `(?i)^ *(ike|ipsec) [^ ]+\b.{1,20}\d{2}$`, true},
		{"empty", "", false},
		{"the longest", strings.Repeat("x", 128), true},
		{"too long", strings.Repeat("x", 129), false},
		{"not closed", "(", false},
		{"not of RE2", `(a)\1`, false},
		{"not UTF-8", "\xff", false},
		{"many repetitions", "a{400}", true},
		{"too many repetitions", "a{600}", false},
		{"repetitions of repetitions", "((a?){10}){100}", false},
	} {
		if got := Pattern(test.text) != nil; got != test.ok {
			t.Errorf("%s: Pattern(%q) is one: %v, want %v", test.name, test.text, got, test.ok)
		}
	}
}

func TestUnquoted(t *testing.T) {
	for text, want := range map[string]string{
		`a`: `a`, `"a"`: `a`, `"a b"`: `a b`, `""`: ``, `"`: `"`, `"a" "b"`: `"a" "b"`, `a"b"`: `a"b"`,
	} {
		if got := unquoted(text); got != want {
			t.Errorf("unquoted(%q) = %q, want %q", text, got, want)
		}
	}
}

// FuzzFilter types anything behind a display, and asks for help there.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{"| include x", "|include \"a | b\" | count", "| json | no-more", "| ||", "| exclude (a|b)*$ //", "\"|"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, tail string) {
		s := NewSession(&fakeDevice{}, NewRunning(New()), operator)
		line := "display version " + tail
		out := s.Exec(t.Context(), line).Rendered()
		if out.Display != nil || out.Text != "" && !strings.HasSuffix(out.Text, "\n") {
			t.Errorf("%q: %q", line, out.Text)
		}
		var bad *grammar.Error
		if errors.As(out.Err, &bad) && (bad.Column() < 1 || bad.Column() > len(line)+2) {
			t.Errorf("%q: %v at %d", line, bad, bad.Column())
		}
		s.Help(line)
		s.Complete(line)
	})
}

func BenchmarkIncludeInLargeConfiguration(b *testing.B) {
	c, refused := Replay(New(), Script{File: "hub", Text: hub(10_000), Open: open})
	if len(refused) > 0 {
		b.Fatal(refused[0])
	}
	d, p := displayConfiguration{}, regexp.MustCompile("ike-peer b9999")
	for b.Loop() {
		if including(d.lines(c, seal), p) != " ike-peer b9999\n" {
			b.Fatal("it is not found")
		}
	}
}
