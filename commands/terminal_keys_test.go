package commands_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/commands"
)

// Transcripts of keys, testdata/cli/terminal/*.txt: a line that begins with "> "
// says what is pressed, those below it what is seen then, from the line on which the
// cursor stood. The cursor is an underscore. `go test -update` rewrites what is seen.

// A step is keys pressed, and what is seen then.
type step struct{ keys, seen string }

// readKeys returns the steps of a transcript of keys, behind its header.
func readKeys(t *testing.T, name string) (header string, steps []step) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	header, body, _ := strings.Cut(string(text), "\n\n")
	for _, part := range strings.Split("\n"+strings.TrimSuffix(body, "\n"), "\n> ")[1:] {
		keys, seen, _ := strings.Cut(part, "\n")
		steps = append(steps, step{keys, seen})
	}
	return header, steps
}

func TestKeysAtATerminal(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "testdata", "cli", "terminal", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts of keys: %v", err)
	}
	names := make(map[string]string)
	var rewriting sync.WaitGroup
	for _, file := range files {
		names[strings.TrimSuffix(filepath.Base(file), ".txt")] = file
		if *commands.Update {
			rewriting.Go(func() { t.Run("rewrite", func(t *testing.T) { rewriteKeys(t, file) }) })
		}
	}
	rewriting.Wait()
	atOnce(t, names, func(t *testing.T, kind terminal, file string) {
		_, steps := readKeys(t, file)
		x := newSession(&slowDevice{commands.NewFakeDevice()})
		s := kind.start(t, x, 80, 24)
		s.sees("<Sallyport>_")
		for _, step := range steps {
			s.do(x, step.keys)
			s.shows(step)
		}
		s.leaves()
	})
}

// rewriteKeys presses the keys and writes down what is seen. Nobody knows what to
// wait for then.
func rewriteKeys(t *testing.T, file string) {
	header, steps := readKeys(t, file)
	x := newSession(&slowDevice{commands.NewFakeDevice()})
	s := terminals(t)[0].start(t, x, 80, 24)
	s.sees("<Sallyport>_")
	var b strings.Builder
	b.WriteString(header + "\n\n")
	for _, step := range steps {
		s.do(x, step.keys)
		time.Sleep(time.Second / 2)
		s.mu.Lock()
		fmt.Fprintf(&b, "> %s\n%s\n", step.keys, s.sheet.text())
		s.sheet.forget()
		s.mu.Unlock()
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// shows waits for what a step shows.
func (s *seat) shows(step step) {
	s.t.Helper()
	s.wait, s.secret = step.keys, ""
	if strings.Contains(step.keys, "Horse-3") { // where it is not seen, nothing of it is sent
		s.secret = "Horse-3"
	}
	s.sees(step.seen)
}

// braced is a key, or what else may happen.
var braced = regexp.MustCompile(`\{([a-z_]+\]?)(?: ([^}]*))?\}`)

// named are the keys with a name, but Ctrl and a letter.
var named = map[string]string{
	"enter": "\r", "space": " ", "tab": "\t", "esc": "\x1b", "backspace": "\x7f", "delete": "\x1b[3~",
	"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F",
	"ctrl_left": "\x1b[1;5D", "ctrl_right": "\x1b[1;5C", "ctrl_]": "\x1d",
}

// do presses keys, changes the window, or has a log line come.
func (s *seat) do(x session, keys string) {
	s.t.Helper()
	m := braced.FindStringSubmatch(keys)
	switch {
	case m != nil && m[1] == "window":
		s.changeWindow(x, m[2])
	case m != nil && m[1] == "message":
		x.messages <- m[2]
	default:
		s.press(s.octets(keys))
	}
}

// octets are what keys send.
func (s *seat) octets(keys string) string {
	return braced.ReplaceAllStringFunc(keys, func(key string) string {
		name := strings.Trim(key, "{}")
		if letter, is := strings.CutPrefix(name, "ctrl_"); is && len(letter) == 1 {
			return string(letter[0] & 31)
		}
		octets, is := named[name]
		if !is {
			s.t.Fatalf("no key is called %s", key)
		}
		return octets
	})
}

// changeWindow gives the window another size, and waits until the session knows.
func (s *seat) changeWindow(x session, size string) {
	s.t.Helper()
	var want window
	if _, err := fmt.Sscanf(size, "%dx%d", &want.columns, &want.rows); err != nil {
		s.t.Fatalf("window %q: %v", size, err)
	}
	for len(x.windows) > 0 {
		<-x.windows
	}
	s.resize(want.columns, want.rows)
	late := time.After(patience)
	for {
		select {
		case got := <-x.windows:
			if got == want {
				return
			}
		case <-late:
			s.t.Fatalf("the session is not told of a window of %s", size)
		}
	}
}

// A slowDevice never ends a ping by itself after the second answer.
type slowDevice struct{ commands.Device }

// Ping answers twice.
func (d *slowDevice) Ping(ctx context.Context, p commands.Ping, reply func(commands.PingReply)) error {
	p.Count = min(p.Count, 2)
	if err := d.Device.Ping(ctx, p, reply); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}
