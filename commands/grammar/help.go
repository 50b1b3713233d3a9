package grammar

import (
	"cmp"
	"slices"
	"strings"
)

// EndOfLine is the hint where a line may end.
const EndOfLine = "<cr>"

// enterHelp is the help of the end of a line, with the blank it has on VRP.
const enterHelp = "Please press ENTER to execute command "

// Help returns what may be typed next, as `?` shows it: after a blank the next
// words, else the keywords that go on like the last word. Values come before
// keywords, <cr> comes last.
func Help(text string, level int, groups ...[]*Table) []Hint {
	line, partial := cut(text)
	var hints []Hint
	for _, s := range next(&line, level, groups) {
		hints = append(hints, s.hints(partial)...)
	}
	slices.SortStableFunc(hints, compareHints)
	return slices.CompactFunc(hints, func(a, b Hint) bool { return a.Text == b.Text })
}

// Complete returns the words that Tab offers for the last word of text, which
// may be empty: keywords, and the names of objects as names returns them. names
// may be nil.
func Complete(text string, level int, names func(of string) []string, groups ...[]*Table) []string {
	line, partial := cut(text)
	var words []string
	for _, s := range next(&line, level, groups) {
		switch {
		case s.node.word != "":
			words = append(words, s.node.text)
		case s.node.arg != nil && s.node.arg.of != "" && names != nil:
			words = append(words, names(s.node.arg.of)...)
		}
	}
	words = slices.DeleteFunc(words, func(w string) bool { return !hasPrefixFold(w, partial) })
	slices.Sort(words)
	return slices.Compact(words)
}

// cut takes the word that is still being typed off a line.
func cut(text string) (Line, string) {
	whole := Split(text)
	if whole.Empty() || isBlank(text[len(text)-1]) {
		return whole, ""
	}
	last := len(whole.words) - 1
	return Split(text[:whole.words[last].at]), whole.plain[last]
}

// next returns the stops at the end of the line, in the first group that has any.
func next(line *Line, level int, groups [][]*Table) []stop {
	for _, tables := range groups {
		if s := search(line, level, tables); s.at == len(line.words) && len(s.list) > 0 {
			return s.list
		}
	}
	return nil
}

func (s stop) hints(partial string) []Hint {
	switch {
	case s.reason == over || s.reason == surplus:
		if partial != "" {
			return nil
		}
		return []Hint{{EndOfLine, enterHelp}}
	case s.node.word != "":
		if !hasPrefixFold(s.node.text, partial) {
			return nil
		}
		return []Hint{{s.node.text, s.node.help}}
	case s.word < len(s.node.arg.hints):
		return s.node.arg.hints[s.word : s.word+1]
	}
	return nil
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func compareHints(a, b Hint) int {
	if x, y := a.class(), b.class(); x != y {
		return x - y
	}
	return strings.Compare(a.Text, b.Text)
}

// class is 0 for values, 1 for keywords, 2 for the end of the line.
func (h Hint) class() int {
	switch {
	case h.Text == EndOfLine:
		return 2
	case h.Text[0] == '<' || h.Text[0] >= 'A' && h.Text[0] <= 'Z':
		return 0
	}
	return 1
}

// Keywords returns every keyword of the table with its help, each pair once, in
// alphabetical order. A keyword has one help in a table.
func (t *Table) Keywords() []Hint {
	var all []Hint
	for _, r := range t.rows {
		all = append(all, keywordHints(r.elements)...)
		all = append(all, keywordHints(r.undo)...)
	}
	slices.SortFunc(all, func(a, b Hint) int {
		return cmp.Or(strings.Compare(a.Text, b.Text), strings.Compare(a.Help, b.Help))
	})
	return slices.Compact(all)
}

func keywordHints(es []*element) []Hint {
	var all []Hint
	for _, e := range es {
		if e.shape == word {
			all = append(all, Hint{e.word, e.help})
		}
		for _, v := range e.values {
			all = append(all, Hint{v.text, v.help})
		}
		all = append(all, keywordHints(e.parts)...)
	}
	return all
}
