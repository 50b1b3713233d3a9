package shell

import (
	"errors"
	"io"
	"strings"

	"golang.org/x/term"
)

// A fallback is the editor where go-prompt cannot be had: x/term's.
type fallback struct {
	person *person
	prompt string
	term   *term.Terminal
	rest   []byte // of a key's octets that x/term has no room for
	left   entry
	ended  bool
}

// The keys that x/term leaves to us, as characters that nobody can type.
const (
	askHelp      = '\uE001'
	askTab       = '\uE002'
	askAgain     = '\uE003'
	askWordLeft  = '\uE004'
	askWordRight = '\uE005'
)

// termKeys are our keys in x/term's octets.
var termKeys = map[key]string{
	keyEnter: "\r", keyLeft: "\x02", keyRight: "\x06", keyHome: "\x01", keyEnd: "\x05", keyOlder: "\x10", keyNewer: "\x0e",
	keyBackspace: "\x7f", keyDelete: "\x1b[3~",
	keyDeleteWord: "\x17", keyDeleteToStart: "\x15", keyDeleteToEnd: "\x0b",
	keyHelp: string(askHelp), keyTab: string(askTab), keyRedraw: string(askAgain),
	keyWordLeft: string(askWordLeft), keyWordRight: string(askWordRight),
}

// errLeft ends x/term's reading when a key ended the line.
var errLeft = errors.New("the line was left")

// edit has x/term edit a line.
func (f *fallback) edit(prompt string) (done entry) {
	defer func() {
		f.person.screen.hand(nil)
		if v := recover(); v != nil {
			done = f.person.gaveUp(v)
		}
	}()
	f.prompt, f.rest, f.left, f.ended = prompt, nil, entry{}, false
	f.term = term.NewTerminal(f, lastLine(prompt))
	f.term.AutoCompleteCallback = f.key
	f.term.History = past{f.person.past(prompt)}
	f.person.screen.hand(f)
	f.fit()
	line, err := f.term.ReadLine()
	if err == nil {
		return entry{key: keyEnter, line: line}
	}
	_, _ = f.Write([]byte("\r\n")) // the screen keeps the terminal's error
	return f.left
}

// fit tells x/term the window's size.
func (f *fallback) fit() {
	columns, rows, _ := f.person.screen.size()
	_ = f.term.SetSize(columns, rows) // the screen keeps the terminal's error
}

// message shows text above the line.
func (f *fallback) message(text string) { _, _ = io.WriteString(f.term, text) } // as fit

// Read returns the octets of the next key.
func (f *fallback) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		if f.ended {
			return 0, errLeft
		}
		f.rest = f.octets(f.person.input.next())
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// octets returns what x/term reads as the key. One that leaves the line makes it
// go to the line's end, one that stands for a command makes it type that.
func (f *fallback) octets(s stroke) []byte {
	left, ok := f.person.leaves(f.prompt, s)
	switch {
	case ok && left.key == keyEnter:
		return []byte(termKeys[keyEnd] + termKeys[keyDeleteToStart] + left.line + termKeys[keyEnter])
	case ok:
		f.left, f.ended = left, true
		return []byte(termKeys[keyEnd])
	case s.key == keyText:
		return []byte(s.text)
	}
	return []byte(termKeys[s.key])
}

// Write shows what x/term draws.
func (f *fallback) Write(p []byte) (int, error) { return f.person.screen.Write(p) }

// key is x/term's callback for keys that it does not know, and for characters. A
// panic must not leave it: x/term would unlock twice, which ends the process.
func (f *fallback) key(line string, at int, pressed rune) (made string, pos int, done bool) {
	d := draft{line[:at], line[at:]}
	defer func() {
		if v := recover(); v != nil {
			f.left, f.ended, f.rest = f.person.gaveUp(v), true, nil
			made, pos, done = line, at, true
		}
	}()
	switch pressed {
	case askHelp:
		return f.help(d)
	case askTab:
		d = f.person.tab(f.prompt, d)
	case askWordLeft:
		d = wordLeft(d)
	case askWordRight:
		d = wordRight(d)
	case askAgain:
		_, _ = f.term.Write(nil) // it draws the line after what it writes
	default:
		if len(line)+len(string(pressed)) <= maxTyped {
			return "", 0, false
		}
		f.left, f.ended, f.rest = entry{key: keyTooMuch}, true, nil
	}
	return d.before + d.after, len(d.before), true
}

// help answers `?`.
func (f *fallback) help(d draft) (string, int, bool) {
	text, ok := f.person.help(f.prompt, d)
	if !ok {
		d.before += "?"
		return d.before + d.after, len(d.before), true
	}
	_, _ = io.WriteString(f.term, lastLine(f.prompt)+d.before+"?\n"+text)
	return d.before + d.after, len(d.before), true
}

// past is a history in x/term's words: the newest first.
type past struct{ lines []string }

// Add does nothing: the session keeps the lines.
func (past) Add(string) {}

// Len returns how many there are.
func (h past) Len() int { return len(h.lines) }

// At returns the line entered i lines before the last.
func (h past) At(i int) string { return h.lines[len(h.lines)-1-i] }

// lastLine returns what of a prompt stands on the input line.
func lastLine(prompt string) string { return prompt[strings.LastIndexByte(prompt, '\n')+1:] }
