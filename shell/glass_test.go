package shell

import (
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/commands"
)

// TestMain gives the tests the line editor, as the program does at its start.
func TestMain(m *testing.M) {
	if as := os.Getenv(childVariable); as != "" {
		child(as)
	}
	if err := Prepare(); err != nil {
		panic(err) // the tests would try the other editor only
	}
	os.Exit(m.Run())
}

// A glass is a terminal with a window: what is typed comes through a pipe, what
// is shown is drawn.
type glass struct {
	*io.PipeReader
	keys    *io.PipeWriter
	changes chan struct{}

	mu            sync.Mutex
	vt            *vt
	raw           strings.Builder
	columns, rows int
	blind         bool // it takes no more
}

func newGlass(columns, rows int) *glass {
	g := &glass{vt: newVT(max(columns, 1), min(max(rows, 1), maxWindow)), changes: make(chan struct{}, 1), columns: columns, rows: rows}
	g.PipeReader, g.keys = io.Pipe()
	return g
}

func (g *glass) Interactive() bool        { return true }
func (g *glass) Resized() <-chan struct{} { return g.changes }

func (g *glass) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.blind {
		return 0, errBroken
	}
	g.raw.Write(p)
	g.vt.write(string(p))
	return len(p), nil
}

func (g *glass) Size() (columns, rows int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.columns, g.rows
}

// seen returns what is on the screen, and what is not fit for one.
func (g *glass) seen() (text string, odd []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.vt.text(), g.vt.odd
}

// sent returns the octets that were written since the last call.
func (g *glass) sent() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.raw.Reset()
	return g.raw.String()
}

// A sitting is a session at a glass, in a bubble with a clock of its own.
type sitting struct {
	*glass
	t      *testing.T
	actor  *actor
	cancel context.CancelFunc
	person *person
	err    error
	done   chan struct{}
}

// The editors that a session may have.
var editors = []string{"go-prompt", "x/term"}

// sit runs f at a session's terminal, once with each editor. The session is as
// setup makes it.
func sit(t *testing.T, columns, rows int, f func(s *sitting), setup ...func(*actor)) {
	for _, name := range editors {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { sitWith(t, name, newGlass(columns, rows), f, setup...) })
		})
	}
}

func sitWith(t *testing.T, editor string, g *glass, f func(s *sitting), setup ...func(*actor)) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &sitting{glass: g, t: t, cancel: cancel, done: make(chan struct{})}
	s.actor = &actor{end: cancel, settings: commands.Settings{History: 10}, messages: make(chan string)}
	for _, f := range setup {
		f(s.actor)
	}
	s.person = newPerson(g, s.actor)
	if editor == "x/term" {
		s.person.editor = &fallback{person: s.person}
	}
	go func() {
		defer close(s.done)
		s.err = s.person.serve(ctx)
		g.PipeReader.Close()
	}()
	s.settle()
	f(s)
	cancel()
	<-s.done
}

// settle waits until all that was typed has been dealt with.
func (s *sitting) settle() { time.Sleep(10 * time.Second) }

// typed types, in one go for each text, and waits for what it does.
func (s *sitting) typed(texts ...string) {
	for _, text := range texts {
		_, _ = s.keys.Write([]byte(text)) // a session that is over takes no more
		s.settle()
	}
}

// want compares what is seen; the cursor is an underscore.
func (s *sitting) want(text string) {
	s.t.Helper()
	got, odd := s.seen()
	if got != text || len(odd) > 0 {
		s.t.Errorf("seen\n%s\nwant\n%s\nnot fit for a terminal: %v\nsent %q", got, text, odd, s.sent())
	}
}

// over reports how the session ended, if it did.
func (s *sitting) over() (err error, over bool) {
	select {
	case <-s.done:
		return s.err, true
	default:
		return nil, false
	}
}
