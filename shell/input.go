package shell

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// maxPaste bounds what may be typed ahead, in octets; what is beyond it is read
// later, up to one chunk.
const (
	maxPaste = 64 << 10
	maxChunk = 4 << 10
)

// An input is what an operator types, kept until somebody asks for it.
type input struct {
	reader io.Reader

	mu      sync.Mutex
	changed sync.Cond // pending, err or closed
	pending []byte
	err     error // why there will be no more
	closed  bool  // nobody asks any more
	afterCR bool  // the octet taken last ended a line, and LF or NUL belong to it

	interrupt func()      // stops the command that runs; nil: none does
	patience  *time.Timer // with who is silent; nil: there is no end to it
	idle      time.Duration
	watches   int // how often somebody was waited for
}

func newInput(r io.Reader) *input {
	in := &input{reader: r}
	in.changed.L = &in.mu
	return in
}

// pump reads until the terminal ends, or the session does.
func (in *input) pump() {
	chunk := make([]byte, maxChunk)
	for in.room() {
		n, err := in.reader.Read(chunk)
		in.arrived(chunk[:n])
		if err != nil {
			in.fail(err)
			return
		}
	}
}

// room waits until more may be read, and reports false if nobody wants it.
func (in *input) room() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(in.pending) >= maxPaste && !in.closed && in.err == nil {
		in.changed.Wait()
	}
	return !in.closed && in.err == nil
}

// arrived keeps what was typed.
func (in *input) arrived(p []byte) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.err != nil || in.closed {
		return
	}
	in.pending = append(in.pending, p...)
	in.obeyInterrupt(len(in.pending) - len(p))
	if in.patience != nil && len(p) > 0 {
		in.patience.Reset(in.idle)
	}
	in.changed.Broadcast()
}

// obeyInterrupt stops the command that runs if Ctrl-C is in what was typed since
// an octet, and drops what stands before it.
func (in *input) obeyInterrupt(since int) {
	if in.interrupt == nil {
		return
	}
	if at := bytes.LastIndexByte(in.pending[since:], 'C'&31); at >= 0 {
		in.drop(since + at + 1)
		in.interrupt()
	}
}

// fail ends the input: what is complete can still be taken. The first reason
// counts. A terminal that has gone stops the command that runs.
func (in *input) fail(err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.err == nil {
		in.err = err
	}
	if in.interrupt != nil {
		in.interrupt()
	}
	in.changed.Broadcast()
}

// cut ends the input, and what is typed ahead is dropped.
func (in *input) cut(err error) {
	in.mu.Lock()
	in.pending = nil
	in.mu.Unlock()
	in.fail(err)
}

// close tells the pump that nobody asks any more.
func (in *input) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed, in.pending = true, nil
	in.changed.Broadcast()
}

// while has Ctrl-C, and the end of the input, call interrupt until done is called.
func (in *input) while(interrupt func()) (done func()) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.interrupt = interrupt
	in.obeyInterrupt(0)
	if in.err != nil {
		interrupt()
	}
	return func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.interrupt = nil
	}
}

// watch ends the input when nothing is typed for so long; 0: never. It holds
// until unwatch is called.
func (in *input) watch(idle time.Duration) (unwatch func()) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if idle <= 0 {
		return func() {}
	}
	in.watches++
	mine := in.watches
	in.patience, in.idle = time.AfterFunc(idle, func() { in.expired(mine) }), idle
	return func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.patience.Stop()
		in.patience = nil
	}
}

// expired ends the input if it is still watched for the same wait.
func (in *input) expired(watch int) {
	in.mu.Lock()
	counts := in.patience != nil && in.watches == watch
	in.mu.Unlock()
	if counts {
		in.cut(ErrIdle)
	}
}

// next waits for the next key; keyNoMore comes after the last.
func (in *input) next() stroke {
	in.mu.Lock()
	defer in.mu.Unlock()
	for {
		if s, ok := in.take(); ok {
			return s
		}
		in.changed.Wait()
	}
}

// take takes the next key. It reports false if there is none yet.
func (in *input) take() (stroke, bool) {
	in.skipLineEnd()
	s, n := nextStroke(in.pending)
	if n == 0 {
		return stroke{key: keyNoMore}, in.err != nil
	}
	in.drop(n)
	return s, true
}

// drop takes n octets away.
func (in *input) drop(n int) {
	in.afterCR = in.pending[n-1] == '\r'
	in.pending = in.pending[n:]
	if len(in.pending) == 0 {
		in.pending = nil // not to hold what was pasted
	}
	in.changed.Broadcast()
}

// skipLineEnd drops the second octet of CR LF and CR NUL.
func (in *input) skipLineEnd() {
	if in.afterCR && len(in.pending) > 0 {
		in.afterCR = false
		if c := in.pending[0]; c == '\n' || c == 0 {
			in.drop(1)
		}
	}
}

// one waits for the next key where a single one counts: of a run of characters
// the first, and an Esc that nothing follows.
func (in *input) one() stroke {
	in.wait()
	in.mu.Lock()
	alone := len(in.pending) == 1 && in.pending[0] == escape
	if alone || len(in.pending) > 0 && in.pending[0] >= ' ' && in.pending[0] < deletion {
		defer in.mu.Unlock()
		s, _ := nextStroke(in.pending[:1])
		in.drop(1)
		return s
	}
	in.mu.Unlock()
	return in.next()
}

// wait waits for input. It returns at once if some is there.
func (in *input) wait() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.skipLineEnd()
	for len(in.pending) == 0 && in.err == nil {
		in.changed.Wait()
		in.skipLineEnd()
	}
}

// waiting reports whether there is input to take.
func (in *input) waiting() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.skipLineEnd()
	return len(in.pending) > 0
}

// ended returns why the input has ended, nil if it has not.
func (in *input) ended() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.err
}

// line takes the line that waits, if it is complete and holds no key that edits.
func (in *input) line() (text string, ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.skipLineEnd()
	text, n := plainLine(in.pending)
	if n == 0 {
		return "", false
	}
	in.drop(n)
	return text, true
}

// plainLine returns the first line of p if it is whole and plain, and its length
// with its end. Up to one run of characters more than a line may have is looked at.
func plainLine(p []byte) (text string, n int) {
	for n <= maxTyped {
		s, size := nextStroke(p[n:])
		if size == 0 {
			return "", 0
		}
		n += size
		switch {
		case s.key == keyEnter:
			return text, n
		case s.key == keyText, s.key == keyHelp && isLiteral(text):
			text += s.text
		default:
			return "", 0
		}
	}
	return "", 0
}

// beyond reports whether more is waiting than a line may have, and none of it
// ends or edits one: no editor needs to look at it.
func (in *input) beyond() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	for n := 0; n <= maxTyped; {
		s, size := nextStroke(in.pending[n:])
		if size == 0 || s.key != keyText {
			return false
		}
		n += size
	}
	return true
}

// swallow drops the rest of a line, up to its end or Ctrl-C.
func (in *input) swallow() {
	for {
		switch s := in.next(); s.key {
		case keyEnter, keyInterrupt, keyNoMore:
			return
		}
	}
}
