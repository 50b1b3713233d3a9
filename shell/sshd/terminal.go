package sshd

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"sallyport/shell"
)

// maxWindow is what a window's size is cut to, in characters.
const maxWindow = 1024

// ctrlC is what a terminal sends to interrupt.
const ctrlC = 3

// A terminal is a session's channel as the shell sees it. With a pseudo-terminal
// and without a command somebody sits at it; else it is a script, from the
// channel or from the command's text.
type terminal struct {
	channel gossh.Channel
	guest   *guest
	input   io.Reader
	resized chan struct{}
	last    byte // that was written

	mu            sync.Mutex
	pty, scripted bool
	single        bool // the script is one line
	columns, rows int
}

var (
	_ shell.Terminal = (*terminal)(nil)
	_ shell.Single   = (*terminal)(nil)
)

func newTerminal(channel gossh.Channel, g *guest) *terminal {
	return &terminal{channel: channel, guest: g, input: channel, resized: make(chan struct{}, 1)}
}

// open makes it a pseudo-terminal.
func (t *terminal) open(columns, rows uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pty, t.columns, t.rows = true, clamp(columns), clamp(rows)
}

// clamp makes a window's size one that can be worked with; zero: not known.
func clamp(n uint32) int { return int(min(n, maxWindow)) }

func (t *terminal) isPTY() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.pty
}

// resize notes the window's new size and tells of it.
func (t *terminal) resize(columns, rows uint32) {
	t.open(columns, rows)
	select {
	case t.resized <- struct{}{}:
	default: // it has not been told of the last change yet
	}
}

// script makes a command's text the input.
func (t *terminal) script(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.scripted, t.input = true, strings.NewReader(text)
	t.single = !strings.Contains(strings.TrimRight(text, "\r\n"), "\n")
}

// Single reports whether it is a command of one line.
func (t *terminal) Single() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.single
}

// listen returns a function that waits for Ctrl-C where a command was started at
// a pseudo-terminal; elsewhere it does nothing.
func (t *terminal) listen(interrupt func()) func() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.pty || !t.scripted {
		return func() {}
	}
	return func() {
		typed := make([]byte, 256)
		for {
			n, err := t.channel.Read(typed)
			if bytes.IndexByte(typed[:n], ctrlC) >= 0 {
				interrupt()
			}
			if err != nil {
				return
			}
		}
	}
}

// Interactive reports whether somebody sits there.
func (t *terminal) Interactive() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.pty && !t.scripted
}

// Size returns the window's size, or zeros.
func (t *terminal) Size() (columns, rows int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.columns, t.rows
}

// Resized tells that the size has changed.
func (t *terminal) Resized() <-chan struct{} { return t.resized }

// Read returns what was typed, as it was typed. The error is io.EOF after the end of
// input, and io.ErrUnexpectedEOF if the client went without ending it: a line that
// it has begun to send is not whole then.
func (t *terminal) Read(p []byte) (int, error) {
	n, err := t.input.Read(p)
	if err == io.EOF && t.input == io.Reader(t.channel) && !t.attended() {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// attended reports whether the client is still there: it answers, if only that it
// does not know what it was asked. The library does not tell the end of input from
// that of the channel.
func (t *terminal) attended() bool {
	_, err := t.channel.SendRequest("keepalive@openssh.com", true, nil)
	return err == nil
}

// Write shows p; at a pseudo-terminal a line feed also returns to the first
// column. A client that takes nothing for long is given up.
func (t *terminal) Write(p []byte) (int, error) {
	late := time.AfterFunc(t.guest.limits.Blocked, func() { t.guest.Close() })
	defer late.Stop()
	if !t.isPTY() {
		return t.channel.Write(p)
	}
	if _, err := t.channel.Write(t.withReturns(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// withReturns puts a carriage return before each line feed that has none.
func (t *terminal) withReturns(p []byte) []byte {
	out := make([]byte, 0, len(p)+bytes.Count(p, []byte{'\n'}))
	for _, b := range p {
		if b == '\n' && t.last != '\r' {
			out = append(out, '\r')
		}
		out = append(out, b)
		t.last = b
	}
	return out
}
