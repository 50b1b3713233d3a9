package shell

import (
	"bufio"
	"strconv"
	"strings"
	"sync"
)

// A window of unknown size is taken for the usual one; one that is absurd is cut.
const (
	usualColumns, usualRows = 80, 24
	maxWindow               = 512
)

// A screen is what an operator sees: output that scrolls by, and below it the
// input line, if it is open. It may be used from several goroutines.
//
// The input line is drawn by difference: what stands there already is not sent
// again. Who types at its end sees plain characters and no escape sequence, and
// so does a program that sends whole lines.
type screen struct {
	terminal Terminal
	broken   func(error) // is told when the terminal takes no more

	mu            sync.Mutex
	out           *bufio.Writer
	err           error // of the terminal; nothing is written after it
	columns, rows int
	known         bool // the size was told
	midline       bool // output stands before the cursor

	open   bool // the input line is there
	shown  []rune
	cursor int    // in shown
	over   drawer // who draws the input line instead; nil: nobody
}

// A drawer is an editor that draws the input line by itself.
type drawer interface {
	message(text string) // shows text above the line
	fit()                // to the window's size
}

func newScreen(t Terminal, broken func(error)) *screen {
	s := &screen{terminal: t, broken: broken, out: bufio.NewWriterSize(t, 4<<10)}
	s.measure()
	return s
}

// measure asks for the window's size.
func (s *screen) measure() {
	columns, rows := s.terminal.Size()
	s.known = columns > 0 && rows > 0
	if !s.known {
		columns, rows = usualColumns, usualRows
	}
	s.columns, s.rows = min(columns, maxWindow), min(rows, maxWindow)
}

// size returns the window's, and whether it was told.
func (s *screen) size() (columns, rows int, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.columns, s.rows, s.known
}

// Write sends octets as they are, for an editor that draws by itself.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(string(p))
	s.flushLocked()
	return len(p), s.err
}

// send writes text; the error is kept.
func (s *screen) send(text string) {
	if s.err == nil {
		_, err := s.out.WriteString(text)
		s.keep(err)
	}
}

// keep keeps the terminal's error and tells of it.
func (s *screen) keep(err error) {
	if s.err = err; err != nil {
		s.broken(err)
	}
}

// flush brings to the terminal what was printed, and returns the terminal's error.
func (s *screen) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flushLocked()
	return s.err
}

func (s *screen) flushLocked() {
	if s.err == nil {
		s.keep(s.out.Flush())
	}
}

// print shows output. The input line must not be open.
func (s *screen) print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.output(text)
}

func (s *screen) output(text string) {
	if text == "" {
		return
	}
	s.send(lineEnds.Replace(text))
	s.midline = !strings.HasSuffix(text, "\n")
}

// lineEnds makes a terminal's line ends.
var lineEnds = strings.NewReplacer("\r\n", "\r\n", "\n", "\r\n")

// message shows a line at once: above the input line, which stays as it is, or
// between two lines of output.
func (s *screen) message(text string) {
	text = strings.TrimRight(text, "\r\n") + "\n"
	s.mu.Lock()
	if over := s.over; over != nil {
		s.mu.Unlock()
		over.message(text)
		return
	}
	defer s.mu.Unlock()
	if s.midline {
		s.output("\n")
	}
	s.above(func() { s.output(text) })
	s.flushLocked()
}

// above removes the input line, if it is open, prints, and brings it back.
func (s *screen) above(print func()) {
	if !s.open {
		print()
		return
	}
	shown, cursor := s.shown, s.cursor
	s.home()
	s.send("\x1b[J")
	print()
	s.shown, s.cursor = nil, 0
	s.redraw(shown, cursor)
}

// resized fits the input line to the window's new size. One that takes a part of
// a row stands right already.
func (s *screen) resized() {
	s.mu.Lock()
	before := s.columns
	s.measure()
	if over := s.over; over != nil {
		s.mu.Unlock()
		over.fit()
		return
	}
	defer s.mu.Unlock()
	if cells(s.shown, maxWindow) < min(before, s.columns) {
		return
	}
	s.above(func() {})
	s.flushLocked()
}

// ask opens the input line with a prompt in it, in plain characters.
func (s *screen) ask(prompt string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := strings.SplitAfter(prompt, "\n")
	last := len(lines) - 1 // a question may have lines above it
	if s.midline {
		s.output("\n")
	}
	s.output(strings.Join(lines[:last], ""))
	s.midline, s.open, s.shown, s.cursor = false, true, nil, 0
	s.redraw([]rune(lines[last]), len([]rune(lines[last])))
}

// echo shows a line that waited, as it was typed, and closes the input line.
func (s *screen) echo(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(line + "\r\n")
	s.closed()
}

// draw makes the input line be text, with the cursor before its rune at cursor.
func (s *screen) draw(text string, cursor int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = true
	s.redraw([]rune(text), cursor)
	s.flushLocked()
}

// again draws the input line once more.
func (s *screen) again() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.above(func() {})
	s.flushLocked()
}

// end leaves the input line as it is and goes below it.
func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		return
	}
	s.move(len(s.shown))
	s.send("\r\n")
	s.closed()
}

// wipe sends what removes the input line.
func (s *screen) wipe(sequence string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(sequence)
	s.closed()
}

// hand lets d draw the input line, over what is there, until it is taken back
// with nil; then the cursor is at the start of a line.
func (s *screen) hand(d drawer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open {
		s.home()
		s.closed()
	}
	s.over = d
	s.flushLocked()
}

func (s *screen) closed() { s.open, s.shown, s.cursor = false, nil, 0 }

// redraw changes the input line to text with as little as does it.
func (s *screen) redraw(text []rune, cursor int) {
	same := 0
	for same < min(len(text), len(s.shown)) && text[same] == s.shown[same] {
		same++
	}
	for same > 0 && (isMark(text, same) || isMark(s.shown, same)) {
		same-- // what it stands on changes
	}
	if same < len(text) || same < len(s.shown) {
		s.move(same)
		s.send(string(text[same:]))
		before := s.shown
		s.shown, s.cursor = text, len(text)
		if cells(text, s.columns) < cells(before, s.columns) {
			s.settle() // off the last column, which would be erased
			s.send("\x1b[J")
		}
	}
	s.move(cursor)
}

// home goes to the first column of the input line.
func (s *screen) home() { s.move(0) }

// move brings the cursor before the rune at to.
func (s *screen) move(to int) {
	if to == s.cursor {
		return
	}
	s.settle()
	from, at := cells(s.shown[:s.cursor], s.columns), cells(s.shown[:to], s.columns)
	s.send(moves(at/s.columns-from/s.columns, 'B', 'A') + moves(at%s.columns-from%s.columns, 'C', 'D'))
	s.cursor = to
}

// settle takes the cursor from behind a row that is full to the next row, as the
// device does: a terminal goes there only with the next character.
func (s *screen) settle() {
	n := cells(s.shown[:s.cursor], s.columns)
	if s.cursor == len(s.shown) && n > 0 && n%s.columns == 0 {
		s.send(" \x1b[D")
	}
}

// moves returns the sequence that moves the cursor by n, or back by -n.
func moves(n int, on, back byte) string {
	switch {
	case n == 0:
		return ""
	case n < 0:
		n, on = -n, back
	}
	if n == 1 {
		return "\x1b[" + string(on)
	}
	return "\x1b[" + strconv.Itoa(n) + string(on)
}
