package shell

import (
	"regexp"
	"strings"

	"sallyport/commands"
)

// more is the pager's question, and erase what the device sends after the key:
// it is as long as the question.
const (
	more  = "  ---- More ----"
	erase = "\x1b[16D" + "                " + "\x1b[16D"
)

// A pager shows text screen by screen.
type pager struct {
	person *person
	lines  []string // to come, each with its line feed
	room   int      // rows that are left before it asks
}

// page shows text; if it is longer than the screen, in pages. The error is the
// terminal's, or says why the operator went while the pager waited.
func (p *person) page(text string) error {
	g := pager{person: p, lines: strings.SplitAfter(text, "\n")}
	if g.page() == 0 {
		p.screen.print(text)
		return nil
	}
	g.room = g.page()
	for g.trim(); len(g.lines) > 0; g.trim() {
		if g.room <= 0 {
			if goOn, err := g.ask(); !goOn {
				return err
			}
			continue
		}
		g.room -= p.rows(g.lines[0])
		p.screen.print(g.lines[0])
		g.lines = g.lines[1:]
	}
	return nil
}

// trim drops the empty string that SplitAfter leaves at the end.
func (g *pager) trim() {
	if len(g.lines) == 1 && g.lines[0] == "" {
		g.lines = nil
	}
}

// page returns the rows of a page: all of the screen but the one for the
// question. 0: there are no pages.
func (g *pager) page() int {
	screen := g.person.session.Settings().Screen
	if screen <= 0 {
		return 0
	}
	if _, rows, known := g.person.screen.size(); known {
		screen = min(screen, rows)
	}
	return max(screen-1, 1)
}

// rows returns how many rows a line takes.
func (p *person) rows(line string) int {
	columns, _, _ := p.screen.size()
	n := cells([]rune(strings.TrimRight(line, "\r\n")), columns)
	return max(1, (n+columns-1)/columns)
}

// ask asks what to do next, and reports whether to go on.
func (g *pager) ask() (goOn bool, err error) {
	p := g.person
	p.screen.ask(more)
	_, err = p.waiting(func() entry {
		s := p.input.one()
		p.screen.wipe(erase)
		goOn = g.obey(s)
		return entry{key: s.key}
	})
	return goOn && err == nil, err
}

// obey does what a key says, and reports whether to go on.
func (g *pager) obey(s stroke) bool {
	if s.key == keyEnter {
		g.room = 1
		return true
	}
	if s.key != keyText {
		return false
	}
	switch s.text[0] {
	case ' ':
		g.room = g.page()
		return true
	case '/', '+', '-':
		return g.search(s.text)
	}
	return false
}

// search reads a regular expression and leaves out lines as it says. It reports
// whether to go on.
func (g *pager) search(typed string) bool {
	typed, ok := g.read(typed)
	if !ok {
		return false
	}
	wanted := commands.Pattern(typed[1:])
	if wanted == nil {
		g.person.screen.print("Error: The regular expression is wrong.\n")
		return true // and asks again
	}
	g.lines = filter(g.lines, typed[0], wanted)
	g.room = g.page()
	return true
}

// filter returns what is left of lines: from the first that matches on for `/`,
// those that match for `+`, those that do not for `-`.
func filter(lines []string, how byte, wanted *regexp.Regexp) (left []string) {
	for i, line := range lines {
		matches := wanted.MatchString(strings.TrimRight(line, "\r\n"))
		switch {
		case how == '/' && matches:
			return lines[i:]
		case how == '+' && matches, how == '-' && !matches:
			left = append(left, line)
		}
	}
	return left
}

// read reads the rest of a line that begins with text, without an editor. It
// reports false if the operator gave it up.
func (g *pager) read(text string) (string, bool) {
	p := g.person
	p.screen.ask("")
	defer p.screen.wipe("\r\x1b[J")
	for {
		p.screen.draw(text, runes(text))
		switch s := p.input.next(); s.key {
		case keyText, keyHelp:
			if len(text)+len(s.text) <= maxTyped {
				text += s.text
			}
		case keyBackspace:
			r := []rune(text)
			text = string(r[:max(len(r)-1, 1)])
		case keyEnter:
			return text, true
		case keyInterrupt, keyNoMore:
			return "", false
		}
	}
}
