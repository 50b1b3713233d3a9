package commands

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"sallyport/commands/grammar"
)

// A filter is what one | of a display line does to the display's text.
type filter struct {
	Pattern *regexp.Regexp
	apply   func(text string, pattern *regexp.Regexp) string // nil: nothing
	json    bool                                             // it is JSON that is to be printed
	whole   bool                                             // not in pages
}

// The tables of what may follow a |. JSON is not made of lines, so that no filter of
// lines comes before it.
var (
	firstFilters = (&grammar.View[filter]{Rows: append(lineFilters(), jsonFilter())}).Compile()
	laterFilters = (&grammar.View[filter]{Rows: lineFilters()}).Compile()
)

func pipe() grammar.Element[filter] { return grammar.Kw[filter]("|", helpPipe) }

const helpPipe = "Matching output"

func lineFilters() []grammar.Row[filter] {
	kw := grammar.Kw[filter]
	matching := func(word, help string, apply func(string, *regexp.Regexp) string) grammar.Row[filter] {
		return grammar.Do[filter](0, filter{apply: apply}, pipe(), kw(word, help),
			grammar.Arg(pattern(), "Regular expression", func(f *filter) **regexp.Regexp { return &f.Pattern }))
	}
	return []grammar.Row[filter]{
		matching("include", "Lines that match", including),
		matching("exclude", "Lines that do not match", excluding),
		matching("begin", "From the first line that matches", beginning),
		grammar.Do[filter](0, filter{apply: counting}, pipe(), kw("count", "Number of lines")),
		grammar.Do[filter](0, filter{whole: true}, pipe(), kw("no-more", "Not in pages")),
	}
}

func jsonFilter() grammar.Row[filter] {
	return grammar.Do[filter](0, filter{json: true}, pipe(), grammar.Kw[filter]("json", "As JSON, for programs"))
}

// Bounds of a regular expression, so that it does not keep the box busy: its length
// in octets, and the steps that it comes to when its repetitions are written out.
const (
	longestPattern = 128
	mostSteps      = 512
)

// pattern is a regular expression as RE2 has them: the rest of the line, in
// quotation marks if one likes.
func pattern() grammar.Kind[*regexp.Regexp] {
	return grammar.Kind[*regexp.Regexp]{
		Hints: []grammar.Hint{{Text: fmt.Sprintf("TEXT<1-%d>", longestPattern)}},
		Rest:  true,
		Read: func(words []string) (*regexp.Regexp, int, bool) {
			p := Pattern(unquoted(words[0]))
			if p == nil {
				return nil, 0, false
			}
			return p, 1, true
		},
	}
}

// Pattern returns the regular expression that an operator has typed, RE2's. Nil: it is
// none, or one that would keep the box busy.
func Pattern(text string) *regexp.Regexp {
	if text == "" || len(text) > longestPattern {
		return nil
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil
	}
	steps, err := syntax.Compile(parsed.Simplify())
	if err != nil || len(steps.Inst) > mostSteps {
		return nil
	}
	return regexp.MustCompile(text)
}

// unquoted returns what is between the quotation marks of a text that is all in one pair.
func unquoted(text string) string {
	if n := len(text); n > 1 && text[0] == '"' && strings.IndexByte(text[1:], '"') == n-2 {
		return text[1 : n-1]
	}
	return text
}

// including keeps the lines that match.
func including(text string, p *regexp.Regexp) string {
	return linesThat(text, p.MatchString)
}

// excluding drops the lines that match.
func excluding(text string, p *regexp.Regexp) string {
	return linesThat(text, func(line string) bool { return !p.MatchString(line) })
}

// beginning drops what comes before the first line that matches.
func beginning(text string, p *regexp.Regexp) string {
	begun := false
	return linesThat(text, func(line string) bool {
		begun = begun || p.MatchString(line)
		return begun
	})
}

// counting says how many lines there are.
func counting(text string, _ *regexp.Regexp) string {
	return fmt.Sprintf("Total lines: %d.\n", strings.Count(text, "\n"))
}

func linesThat(text string, keep func(line string) bool) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if keep(strings.TrimSuffix(line, "\n")) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// filtered returns the text of a display after the filters, and whether it is
// for a pager.
func filtered(d Display, filters []*filter) (text string, paged bool, err error) {
	if slices.ContainsFunc(filters, func(f *filter) bool { return f.json }) {
		text, err = jsonText(d)
	} else {
		text = d.text()
	}
	paged = true
	for _, f := range filters {
		if f.apply != nil {
			text = f.apply(text, f.Pattern)
		}
		paged = paged && !f.whole
	}
	return text, paged, err
}

// jsonText returns a display as indented JSON. It fails for a value that JSON cannot
// say, such as a number that is none.
func jsonText(d Display) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(valueOf(d)); err != nil {
		return "", refuse("The display cannot be written as JSON: %v.", err)
	}
	return b.String(), nil
}

// veil comes before all filters of who does not manage the box.
var veil = &filter{apply: func(text string, _ *regexp.Regexp) string { return withoutStored(text) }}

// filteredLine runs a display line that has filters, and reports whether the
// line is one. In any other line a | is text.
func (s *Session) filteredLine(line grammar.Line) (out Output, is bool) {
	head, tails := line.Pipes()
	if len(tails) == 0 {
		return Output{}, false
	}
	command, is := s.display(head)
	if !is {
		return Output{}, false
	}
	filters, err := parseFilters(tails)
	if err != nil {
		return s.refused(err), true
	}
	out = s.act(command.Action.(doer))
	out.filters = filters
	return out, true
}

// filterable are the first keywords of the lines that display.
var filterable = map[string]bool{"display": true, "compare": true, "dir": true}

// display returns the command of a line, if it is a display that may end there.
func (s *Session) display(line grammar.Line) (grammar.Command, bool) {
	if line.Empty() {
		return grammar.Command{}, false
	}
	command, _, err := grammar.Parse(line, s.level(), s.place.groups()...)
	return command, err == nil && filterable[command.First]
}

func parseFilters(tails []grammar.Line) ([]*filter, error) {
	var filters []*filter
	for _, tail := range tails {
		command, _, err := grammar.Parse(tail, everything, filtersAfter(filters))
		if err != nil {
			return nil, err
		}
		filters = append(filters, command.Action.(*filter))
	}
	return filters, nil
}

// filtersAfter are the tables of what may follow some filters.
func filtersAfter(filters []*filter) []*grammar.Table {
	if slices.ContainsFunc(filters, func(f *filter) bool { return !f.whole }) {
		return []*grammar.Table{laterFilters}
	}
	return []*grammar.Table{firstFilters}
}
