package shell

import (
	"runtime"
	"sync"
	"syscall"

	"github.com/c-bata/go-prompt"
)

// A parser is go-prompt's input: keys in the one form that go-prompt has for
// each, one at a time. It hands out a key only when what the one before did is on
// the screen; what is typed ahead of a line's end is thus left for the next line.
type parser struct {
	input *input

	mu     sync.Mutex
	busy   bool   // a key has been handed out
	last   stroke // that key
	length int    // of the line, in octets
	dead   bool   // go-prompt panicked
}

var _ prompt.ConsoleParser = (*parser)(nil)

// Setup is called before the first key of a line.
func (r *parser) Setup() error {
	r.ready()
	return nil
}

// TearDown has nothing to undo.
func (r *parser) TearDown() error { return nil }

// GetWinSize is that of a window in which no line wraps: the screen wraps it.
func (r *parser) GetWinSize() *prompt.WinSize { return &prompt.WinSize{Row: 1 << 15, Col: 1<<16 - 1} }

// Read returns the next key. It may wait for one: go-prompt ends a line only
// because of a key, and until it has dealt with that, Read answers at once.
func (r *parser) Read() ([]byte, error) {
	busy, dead := r.state()
	if dead {
		runtime.Goexit() // nobody else ends the goroutine that asks
	}
	if busy {
		return nil, syscall.EAGAIN
	}
	code := r.handOut(r.input.next())
	if code == nil {
		return nil, syscall.EAGAIN
	}
	return code, nil
}

func (r *parser) state() (busy, dead bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.busy, r.dead
}

// handOut returns what go-prompt reads as the key; nil: it does nothing.
func (r *parser) handOut(s stroke) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.key == keyText && r.length+len(s.text) > maxTyped {
		s = stroke{key: keyTooMuch}
	}
	code := octets(s)
	if code != nil {
		r.busy, r.last = true, s
	}
	return code
}

// ready lets the next key be handed out.
func (r *parser) ready() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy = false
}

// measured is told the line's length.
func (r *parser) measured(length int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.length = length
}

// pressed returns the key that was handed out last.
func (r *parser) pressed() stroke {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// kill ends the goroutine that asks.
func (r *parser) kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dead = true
}

// leaving is the key of go-prompt's that stands for all that end a line but
// Enter. No key of a keyboard becomes it.
const leaving = prompt.F24

// promptKeys are our keys in go-prompt's words.
var promptKeys = map[key]prompt.Key{
	keyEnter: prompt.Enter, keyTab: prompt.Tab, keyLeft: prompt.Left, keyRight: prompt.Right, keyHome: prompt.Home, keyEnd: prompt.End,
	keyOlder: prompt.Up, keyNewer: prompt.Down, keyBackspace: prompt.Backspace, keyDelete: prompt.Delete,
	keyWordLeft: prompt.ControlLeft, keyWordRight: prompt.ControlRight,
	keyDeleteWord: prompt.ControlW, keyDeleteToStart: prompt.ControlX, keyDeleteToEnd: prompt.ControlY, keyRedraw: prompt.ControlR,
	keyInterrupt: leaving, keyReturn: leaving, keyDisconnect: leaving, keyHot: leaving, keyTooMuch: leaving, keyNoMore: leaving,
}

// codes are the octets that go-prompt reads as its keys.
var codes = func() map[prompt.Key][]byte {
	codes := make(map[prompt.Key][]byte)
	for _, s := range prompt.ASCIISequences {
		if codes[s.Key] == nil && prompt.GetKey(s.ASCIICode) == s.Key {
			codes[s.Key] = s.ASCIICode
		}
	}
	return codes
}()

// octets returns what go-prompt reads as the key; nil: it does nothing.
func octets(s stroke) []byte {
	switch s.key {
	case keyText, keyHelp:
		return []byte(s.text)
	}
	return codes[promptKeys[s.key]]
}
