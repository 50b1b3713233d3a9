// Package shell is a terminal session: it prints the prompt, reads a line, has
// the command line run it and prints what came out, for a person at a terminal
// and for a script. What the lines mean is the commands' business.
//
// Start at [Serve]. A person's session is in person.go; what a key does, in
// keys.go, bindings.go, tab.go and pager.go; the editors, in editor.go (go-prompt)
// and fallback.go (x/term); what the window shows, in screen.go.
package shell

import (
	"context"
	"errors"
	"io"

	"sallyport/commands"
)

// A Terminal is where an operator sits, or what a script is read from.
//
// If somebody types, its octets come raw, as the keys send them: Enter is CR,
// Ctrl-C is octet 3. What is written has CR LF for a line's end then, and only
// LF for a script. Whoever called [Serve] closes the terminal afterwards, which
// must end a Read that waits: Serve leaves one behind.
type Terminal interface {
	io.ReadWriter

	// Interactive reports whether somebody types and reads; else it is a script.
	Interactive() bool

	// Size is the window's, in characters; zero if it is not known. Resized tells of
	// changes; nil: there are none.
	Size() (columns, rows int)
	Resized() <-chan struct{}
}

// A Single is a Terminal that may be a script of one line, such as the command that
// an SSH client was given. Its refusal needs no number.
type Single interface{ Single() bool }

// IsSingle reports whether a script is one line alone. A Terminal that wraps another
// passes it on.
func IsSingle(t Terminal) bool {
	s, can := t.(Single)
	return can && s.Single()
}

// A Session runs lines and answers what the keys ask; see *commands.Session for
// its methods but Messages.
type Session interface {
	Prompt() string
	Exec(ctx context.Context, line string) commands.Output
	ExecAll(ctx context.Context, lines []string) []commands.Result
	Finish(ctx context.Context) commands.Output
	Help(text string) string
	Complete(text string) []string
	Settings() commands.Settings
	Hotkey(letter byte) string
	Hidden() bool

	// Remember is told each line that the history takes, as it was entered: none
	// that is empty, that repeats the one before, or that answers a question.
	Remember(line string)

	// Messages are log lines to show whatever is being typed; nil: there are none.
	Messages() <-chan string
}

// ErrIdle is what [Serve] returns when nobody typed for as long as the settings
// allow. The operator has been told.
var ErrIdle = errors.New("the session was idle for too long")

// The longest lines, in octets without the line's end.
const (
	maxTyped  = 1024
	maxScript = 4096
)

// Serve runs the lines of t in s until the input ends, the session ends, or ctx
// does, and returns how many lines were refused.
//
// At a terminal it does as the device: a prompt, the output, the next prompt. Of
// a script it prints only what the commands print, so that displays can be
// piped into other programs; a line that is refused is shown with its number
// and its prompt, under which the caret stands right, and the script goes on.
// An error is the terminal's, [ErrIdle], or a fault of the line editor.
func Serve(ctx context.Context, t Terminal, s Session) (refused int, err error) {
	if !t.Interactive() {
		v := script{terminal: t, session: s, lines: newLines(t, maxScript)}
		err = v.serve(ctx)
		return v.refused, err
	}
	p := newPerson(t, s)
	err = p.serve(ctx)
	return p.refused, err
}
