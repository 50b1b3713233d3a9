package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"sallyport/commands"
)

// FuzzTerminal types any octets in chunks of any size, and hangs up: the session
// ends, keeps little and sends nothing that is not fit for a terminal.
func FuzzTerminal(f *testing.F) {
	f.Add([]byte("sh?\tow\x1b[A\x01x\r\x03ask\ry\r"), 3, 20)
	f.Add([]byte("text\r /1\r\x1b[16Dq\xff\xc3\xa4\x1a\x1d"), 1, 1)
	f.Add([]byte("\xe6\xbc\xa2\xcc\x81\x02\x7f\x19\x17"), 2, 3)
	f.Add(bytes.Repeat([]byte("x\t"), 30), 512, 7)
	f.Fuzz(func(t *testing.T, octets []byte, chunk, columns int) {
		if chunk < 1 || columns < 0 || len(octets) > 1<<10 {
			return
		}
		for _, editor := range editors {
			synctest.Test(t, func(t *testing.T) { abuse(t, editor, octets, chunk, columns) })
		}
	})
}

func abuse(t *testing.T, editor string, octets []byte, chunk, columns int) {
	g := newGlass(columns, 5)
	g.vt = newVT(max(columns%500, 1), 5)
	sitWith(t, editor, g, func(s *sitting) {
		for len(octets) > 0 {
			n := min(chunk, len(octets))
			if _, err := s.keys.Write(octets[:n]); err != nil {
				break
			}
			octets = octets[n:]
		}
		s.keys.Close()
		for range 100 {
			if _, over := s.over(); over {
				break
			}
			time.Sleep(10 * time.Second)
		}
		if err, over := s.over(); !over || err != nil {
			t.Errorf("over %v, %v after the end of the input", over, err)
		}
		if _, odd := s.seen(); len(odd) > 0 {
			t.Errorf("sent what is not fit for a terminal: %v", odd)
		}
		if n := len(s.person.history.lines); n > 10 {
			t.Errorf("%d lines of history", n)
		}
	}, func(a *actor) { a.settings.Screen, a.text = 3, numbered(9) })
}

// TestOctetByOctet is what arrives over a slow line.
func TestOctetByOctet(t *testing.T) {
	p := &paper{person: true, Reader: iotest.OneByteReader(strings.NewReader("show\r\nask\r\ny\r\n"))}
	if _, err := Serve(t.Context(), p, &actor{}); err != nil || strings.Count(p.shown.String(), "shown\r\n") != 1 || strings.Count(p.shown.String(), "answered y\r\n") != 1 {
		t.Errorf("shown %q, %v", p.shown.String(), err)
	}
}

// TestPasteIsBounded pastes while a command runs: what is not taken stays outside.
func TestPasteIsBounded(t *testing.T) {
	sit(t, 80, 24, func(s *sitting) {
		s.typed("until Ctrl-C\r")
		var taken atomic.Int64
		go func() {
			for {
				n, err := s.keys.Write([]byte("show\r"))
				if taken.Add(int64(n)); err != nil {
					return
				}
			}
		}()
		s.settle()
		if n := taken.Load(); n < maxPaste || n > maxPaste+2*maxChunk {
			t.Errorf("%d octets were taken, want about %d", n, maxPaste)
		}
		s.cancel()
		<-s.done
		s.settle()
	})
}

// TestPanicCostsTheSession has a key's answer panic.
func TestPanicCostsTheSession(t *testing.T) {
	for _, editor := range editors {
		synctest.Test(t, func(t *testing.T) {
			sitWith(t, editor, newGlass(80, 24), func(s *sitting) {
				s.typed("x?")
				if err, over := s.over(); !over || err == nil || !strings.Contains(err.Error(), "panic") {
					t.Errorf("%s: over %v, %v, want the panic as an error", editor, over, err)
				}
			}, func(a *actor) { a.helpless = true })
		})
	}
}

// A wire is a terminal of which one is seen and typed to from several places.
type wire struct {
	io.Reader
	mu    sync.Mutex
	shown bytes.Buffer
	wait  string // until it is shown, write is not told
	told  chan struct{}
}

func (w *wire) Interactive() bool         { return true }
func (w *wire) Size() (columns, rows int) { return 80, 24 }
func (w *wire) Resized() <-chan struct{}  { return nil }

func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shown.Write(p)
	if w.wait != "" && strings.Contains(w.shown.String(), w.wait) {
		w.wait = ""
		close(w.told)
	}
	return len(p), nil
}

// TestManySessions runs forty at a time, each with its editor, and looks for
// what one shows of another, and for descriptors left open. Goroutines that were
// left would keep the bubble from ending.
func TestManySessions(t *testing.T) {
	before, err := leadingToTerminal()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var group sync.WaitGroup
		for i := range 40 {
			group.Go(func() {
				if err := oneOfMany(t.Context(), fmt.Sprintf("number%d.", i)); err != nil {
					t.Errorf("session %d: %v", i, err)
				}
			})
		}
		group.Wait()
	})
	if after, err := leadingToTerminal(); err != nil || len(after) != len(before) {
		t.Errorf("descriptors %v lead to the terminal, before %v, %v", after, before, err)
	}
}

func oneOfMany(ctx context.Context, name string) error {
	keys, in := io.Pipe()
	w := &wire{Reader: keys, wait: "help for " + name, told: make(chan struct{})}
	done := make(chan error)
	a := &actor{settings: commands.Settings{History: 5}}
	go func() {
		_, err := Serve(ctx, w, a)
		keys.Close()
		done <- err
	}()
	_, _ = in.Write([]byte(name + "?")) // the pipe stays open until Serve ends
	<-w.told
	_, _ = in.Write([]byte("\x08\x08\x18show\r\x10\rquit\r"))
	err := <-done
	shown := w.shown.String()
	if strings.Count(shown, "shown\r\n") != 2 || strings.Count(shown, "number") != strings.Count(shown, name) {
		return errors.Join(err, fmt.Errorf("shown %q", shown))
	}
	return err
}

func BenchmarkPastedLines(b *testing.B) {
	p := &paper{person: true, Reader: strings.NewReader(strings.Repeat("show this\r", b.N))}
	if _, err := Serve(b.Context(), p, &actor{}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// A bomb is a terminal that panics when it shows a certain word for the first time.
type bomb struct {
	*io.PipeReader
	fired atomic.Bool
}

func (*bomb) Interactive() bool        { return true }
func (*bomb) Size() (int, int)         { return 80, 24 }
func (*bomb) Resized() <-chan struct{} { return nil }

func (b *bomb) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("boom")) && !b.fired.Swap(true) {
		panic("by order")
	}
	return len(p), nil
}

// TestPanicOfAMessage has a log line panic, which no key has caused.
func TestPanicOfAMessage(t *testing.T) {
	read, _ := io.Pipe()
	defer read.Close()
	a := &actor{messages: make(chan string, 1)}
	a.messages <- "boom"
	if _, err := Serve(t.Context(), &bomb{PipeReader: read}, a); err == nil || !strings.Contains(err.Error(), "panic") {
		t.Errorf("Serve() = %v, want the panic as an error", err)
	}
}
