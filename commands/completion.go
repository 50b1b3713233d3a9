package commands

import (
	"fmt"
	"slices"
	"strings"

	"sallyport/commands/grammar"
)

// Help returns what may be typed after text where the session stands, as `?`
// shows it. At the beginning of a line the view's name stands above.
func (s *Session) Help(text string) string {
	help := helpText(s.hints(text))
	if grammar.Split(text).Empty() && help != "" {
		return s.place.title() + " commands:\n" + help
	}
	return help
}

// title names the view, as VRP does above its commands.
func (p *place) title() string {
	switch {
	case p.object != nil:
		return titleOf(p.object.Table.Sort()) + " view"
	case p.system:
		return "System view"
	}
	return "User view"
}

// titleOf is what VRP calls the view of a sort of objects.
func titleOf(sort string) string {
	switch sort {
	case "aaa":
		return "AAA"
	case "user-interface":
		return "User interface"
	}
	return strings.ToUpper(sort[:1]) + sort[1:]
}

// helpText lays help out as VRP does: two blanks, the word, two blanks more than
// the longest needs, what it means.
func helpText(hints []grammar.Hint) string {
	longest := 0
	for _, h := range hints {
		longest = max(longest, len(h.Text))
	}
	var b strings.Builder
	for _, h := range hints {
		fmt.Fprintf(&b, "  %-*s  %s\n", longest, h.Text, h.Help)
	}
	return b.String()
}

// hints are what may be typed next. Where a display may end, a filter may begin.
func (s *Session) hints(text string) []grammar.Hint {
	s.place.settle(s.running.config)
	if tables, tail, is := s.filterAt(text); is {
		return withPipe(grammar.Help(tail, everything, tables))
	}
	hints := grammar.Help(text, s.level(), s.place.groups()...)
	if _, is := s.display(grammar.Split(text)); is {
		return withPipe(hints)
	}
	return hints
}

// withPipe adds the | before the end of the line, if that is a hint.
func withPipe(hints []grammar.Hint) []grammar.Hint {
	n := len(hints) - 1
	if n < 0 || hints[n].Text != grammar.EndOfLine {
		return hints
	}
	return slices.Insert(hints, n, grammar.Hint{Text: "|", Help: helpPipe})
}

// filterAt returns the last filter of a display line, which is being typed, and
// the tables that it is of.
func (s *Session) filterAt(text string) (tables []*grammar.Table, tail string, is bool) {
	head, tails := grammar.Split(text).Pipes()
	n := len(tails) - 1
	if n < 0 {
		return nil, "", false
	}
	if _, is := s.display(head); !is {
		return nil, "", false
	}
	filters, err := parseFilters(tails[:n])
	if err != nil {
		return nil, "", false
	}
	tail = text[tails[n].Begin():]
	if len(tail) > 1 { // perhaps |include in one
		tail = "| " + strings.TrimLeft(tail[1:], " \t")
	}
	return filtersAfter(filters), tail, true
}

// Complete returns the words that Tab offers for the last word of text, which
// may be empty: keywords, and names that the configuration has.
func (s *Session) Complete(text string) []string {
	s.place.settle(s.running.config)
	if tables, tail, is := s.filterAt(text); is {
		return grammar.Complete(tail, everything, nil, tables)
	}
	words := grammar.Complete(text, s.level(), s.offered, s.place.groups()...)
	if s.mayPipe(text) {
		words = append(words, "|")
	}
	return words
}

// mayPipe reports whether text is a display line that is complete, and a blank.
func (s *Session) mayPipe(text string) bool {
	_, is := s.display(grammar.Split(text))
	return is && strings.HasSuffix(text, " ")
}

// offered returns what may be meant by the beginning of a name of a sort: the names that
// there are, and of a tunnel, which can be made with any number, what they begin with.
func (c *Config) offered(of string) []string {
	if of == "tunnel" {
		return append(c.names(of), "Tunnel")
	}
	return c.names(of)
}
