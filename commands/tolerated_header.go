package commands

import (
	"strings"

	"sallyport/commands/grammar"
)

// An openHeader is `header login information %TEXT` whose text goes on over further
// lines, up to one with the mark that it began with.
type openHeader struct {
	When string // login or shell
	Text string // what the first line has of it, with the mark in front

	further []string
	size    int // of the further lines; those beyond the limit are not kept
}

// openHeaderRow is the row of `header WHEN information` with a text that is not over.
func openHeaderRow(when, help string) grammar.Row[Config] {
	return grammar.Do[Config](2, openHeader{When: when}, grammar.Path[openHeader]("header", helpHeader, when, help, "information", helpHeaderWord),
		grammar.Arg(openText(), "", func(h *openHeader) *string { return &h.Text }))
}

// openText is a text that begins with " or %, neither of which comes again, or a mark
// of another sort alone.
func openText() grammar.Kind[string] {
	return grammar.Kind[string]{
		Hints: []grammar.Hint{{Text: "%TEXT", Help: "First line of the text, the last ends with the mark that this one begins with"}},
		Read: func(words []string) (string, int, bool) {
			if !opensText(words[0]) {
				return "", 0, false
			}
			return words[0], 1, true
		},
		Rest: true,
	}
}

// opensText reports whether a text begins with a mark that does not end it.
func opensText(text string) bool {
	if len(text) == 1 {
		return strings.ContainsAny(text, "\"%#$@^&*!~+=|")
	}
	return (text[0] == '"' || text[0] == '%') && strings.IndexByte(text[1:], text[0]) < 0
}

// unended is about an input that ends inside the text.
func (h *openHeader) unended() error {
	return refuse("The text of header %s does not end: %c is missing.", h.When, h.Text[0])
}

// add adds a line, and returns the one command that the whole comes to when it is over.
func (h *openHeader) add(line string) (command string, over bool, err error) {
	text, rest, over := strings.Cut(strings.ReplaceAll(line, "\t", " "), h.Text[:1])
	if h.size += len(text) + 1; h.size <= longestHeader && (text != "" || !over) {
		h.further = append(h.further, text)
	}
	switch {
	case !over:
		return "", false, nil
	case strings.TrimSpace(rest) != "":
		return "", true, refuse("Nothing may follow the %c that ends the text.", h.Text[0])
	}
	command, err = h.command()
	return command, true, err
}

// command is the whole in one line.
func (h *openHeader) command() (string, error) {
	lines := h.further
	if first := h.Text[1:]; first != "" {
		lines = append([]string{first}, lines...)
	}
	text := strings.Join(lines, "\n")
	written := headerKind().Write(text)
	switch _, _, ok := readHeader(written); {
	case h.size > longestHeader || !ok:
		return "", refuse("The text is empty, has more than %d characters, or some that cannot be shown.", longestHeader)
	case written[0] == '%' && strings.Contains(text, "//"):
		return "", refuse("A text that has a quotation mark cannot have //.")
	}
	return "header " + h.When + " information " + written, nil
}

// do has the session read on.
func (h *openHeader) do(s *Session) Output {
	s.question = &question{read: h.read, unended: h.unended()}
	return Output{}
}

// read takes a line of the session.
func (h *openHeader) read(s *Session, line string) Output {
	command, over, err := h.add(line)
	switch {
	case err != nil:
		return s.refused(err)
	case over:
		return s.exec(command)
	}
	return h.do(s)
}

// continued takes a line of a script inside a header.
func (r *replay) continued(text string) {
	command, over, err := r.header.add(text)
	if over {
		r.header = nil
	}
	if over && err == nil {
		err = r.exec(grammar.Split(command), command)
	}
	if err != nil {
		r.refuse(grammar.Split(""), text, err)
	}
}
