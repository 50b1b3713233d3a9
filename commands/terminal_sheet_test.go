package commands_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A sheet is what somebody at a terminal sees: a window without edges, in which
// nothing wraps and nothing scrolls away.
type sheet struct {
	lines   [][]rune
	x, y    int
	began   []byte   // of a character or a sequence that is not whole yet
	strange []string // what has no place on a screen
	sent    []byte   // all that came since the last page
}

func newSheet() *sheet { return &sheet{lines: make([][]rune, 1)} }

// sequence is an escape sequence that the shell may send, from the start.
var sequence = regexp.MustCompile(`^\x1b\[([0-9]*)([A-DJK])`)

// write shows octets.
func (s *sheet) write(p []byte) {
	s.began, s.sent = append(s.began, p...), append(s.sent, p...)
	for len(s.began) > 0 {
		n := s.step(s.began)
		if n == 0 {
			return
		}
		s.began = s.began[n:]
	}
}

// step shows the first of p and returns its length; 0: it is not whole.
func (s *sheet) step(p []byte) int {
	if p[0] == 0x1b {
		m := sequence.FindSubmatch(p)
		if m == nil && len(p) < 6 {
			return 0
		} else if m == nil {
			s.strange = append(s.strange, string(p[:6]))
			return 1
		}
		s.obey(string(m[1]), m[2][0])
		return len(m[0])
	}
	if !utf8.FullRune(p) {
		return 0
	}
	r, n := utf8.DecodeRune(p)
	switch {
	case r == '\r':
		s.x = 0
	case r == '\n':
		s.to(s.y + 1)
	case r < ' ' || r >= 0x7F && r < 0xA0 || r == utf8.RuneError:
		s.strange = append(s.strange, strconv.QuoteRune(r))
	default:
		s.put(r)
	}
	return n
}

// obey does what a sequence says.
func (s *sheet) obey(number string, letter byte) {
	n, err := strconv.Atoi(number)
	if err != nil {
		n = 1
	}
	switch letter {
	case 'A':
		s.to(max(s.y-n, 0))
	case 'B':
		s.to(s.y + n)
	case 'C':
		s.x += n
	case 'D':
		s.x = max(s.x-n, 0)
	default:
		line := s.lines[s.y]
		s.lines[s.y] = line[:min(s.x, len(line))]
		if letter == 'J' {
			s.lines = s.lines[:s.y+1]
		}
	}
}

// to goes to a line.
func (s *sheet) to(y int) {
	for s.y = y; len(s.lines) <= y; {
		s.lines = append(s.lines, nil)
	}
}

// put writes a character at the cursor.
func (s *sheet) put(r rune) {
	for len(s.lines[s.y]) <= s.x {
		s.lines[s.y] = append(s.lines[s.y], ' ')
	}
	s.lines[s.y][s.x] = r
	s.x++
}

// text returns what is seen, with the cursor as an underscore and without blanks
// at the ends of the lines.
func (s *sheet) text() string {
	var texts []string
	for y, line := range s.lines {
		if y == s.y {
			line = append(slices.Clone(line), []rune(strings.Repeat(" ", max(s.x-len(line), 0)))...)
			line = slices.Insert(line, s.x, '_')
		}
		texts = append(texts, strings.TrimRight(string(line), " "))
	}
	return strings.Join(texts, "\n")
}

// forget drops the lines above the cursor's.
func (s *sheet) forget() { s.lines, s.y, s.sent = slices.Clone(s.lines[s.y:]), 0, nil }

// withoutBlanks is a text as a sheet shows it.
func withoutBlanks(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}
