package commands_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/commands"
	"sallyport/shell"
)

// patience bounds what a test waits for.
const patience = 20 * time.Second

// A seat is a person's place at a terminal: what is typed there, what is seen.
type seat struct {
	t      *testing.T
	keys   *os.File // the person's end of the pseudo-terminal
	resize func(columns, rows int)
	end    func() error // waits for the end of the session and says how it ended

	mu      sync.Mutex
	changed sync.Cond
	sheet   *sheet
	gone    bool   // the terminal was closed from the other side
	turned  string // what was seen when the page was turned last
	wait    string // what the test does, for its error
	secret  string // what must not be sent
}

// sit watches a terminal until the end of the test.
func sit(t *testing.T, keys *os.File, end func() error) *seat {
	s := &seat{t: t, keys: keys, end: end, sheet: newSheet()}
	s.changed.L = &s.mu
	s.resize = func(columns, rows int) { setSize(t, keys, columns, rows) }
	done := make(chan struct{})
	go func() { defer close(done); s.watch() }()
	t.Cleanup(func() { keys.Close(); <-done })
	return s
}

// watch shows what comes.
func (s *seat) watch() {
	p := make([]byte, 4096)
	for {
		n, err := s.keys.Read(p)
		s.mu.Lock()
		s.sheet.write(p[:n])
		s.gone = err != nil
		s.mu.Unlock()
		s.changed.Broadcast()
		if err != nil {
			return
		}
	}
}

// press types.
func (s *seat) press(keys string) {
	s.t.Helper()
	if _, err := s.keys.WriteString(keys); err != nil {
		s.t.Fatalf("typing %q: %v", keys, err)
	}
}

// until waits until what is seen is so, and reports whether it became so.
func (s *seat) until(so func() bool) bool {
	late := false
	defer time.AfterFunc(patience, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		s.changed.Broadcast()
	}).Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !so() && !s.gone && !late {
		s.changed.Wait()
	}
	return so()
}

// sees waits until text is seen below the lines seen before, with the cursor as an
// underscore.
func (s *seat) sees(text string) {
	s.t.Helper()
	if !s.until(func() bool { s.turnPage(text); return s.sheet.text() == text }) {
		s.t.Fatalf("%s: seen\n%s\nwant\n%s", s.wait, s.sheet.text(), text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.secret != "" && bytes.Contains(s.sheet.sent, []byte(s.secret)) {
		s.t.Errorf("the secret %q is sent to the terminal: %q", s.secret, s.sheet.sent)
	}
	if s.sheet.strange != nil {
		s.t.Fatalf("%q is not fit for a terminal, it comes with\n%s", s.sheet.strange, text)
	}
	s.sheet.forget()
}

// more is the question of the pager.
const more = "  ---- More ----"

// turnPage presses Space where the pager asks and the text goes on.
func (s *seat) turnPage(wanted string) {
	seen := s.sheet.text()
	if !strings.HasSuffix(seen, "\n"+more+"_") || seen == s.turned || seen == wanted {
		return
	}
	s.turned = seen
	_, _ = s.keys.WriteString(" ") // what is not seen then fails the test
}

// leaves waits until the session is over and the other side has closed the terminal.
func (s *seat) leaves() {
	s.t.Helper()
	if !s.until(func() bool { return s.gone }) {
		s.t.Fatalf("the session goes on:\n%s", s.sheet.text())
	}
	if err := s.end(); err != nil {
		s.t.Errorf("the session ends with %v", err)
	}
}

// A terminal is a kind of terminal: it has a session run at a window of a size.
type terminal struct {
	name  string
	start func(t *testing.T, s session, columns, rows int) *seat
}

// terminals are a pseudo-terminal of ours, and that of the ssh program in front of
// an SSH server of ours.
func terminals(t *testing.T) []terminal {
	prepare.Do(func() {
		if err := shell.Prepare(); err != nil {
			t.Fatal(err)
		}
	})
	all := []terminal{{"pty", startPTY}}
	if haveSSH(t) {
		all = append(all, terminal{"ssh", newHouse(t).start})
	}
	return all
}

// haveSSH reports whether OpenSSH's client is installed, which it is where CI runs.
func haveSSH(t *testing.T) bool {
	t.Helper()
	_, err := exec.LookPath("ssh")
	switch {
	case err == nil:
		return true
	case os.Getenv("CI") == "true":
		t.Fatal(err)
	}
	t.Logf("without the ssh client: %v", err)
	return false
}

// prepare gives the tests the line editor, as the program does at its start.
var prepare sync.Once

// A session is a real one at a terminal.
type session struct {
	*commands.Session
	messages chan string
	windows  chan window // that it was told of
}

// A window is the size of one, in characters.
type window struct{ columns, rows int }

// A watched terminal notes what the session is told of its window.
type watched struct {
	shell.Terminal
	session session
}

// Size is the terminal's.
func (w watched) Size() (columns, rows int) {
	columns, rows = w.Terminal.Size()
	select {
	case w.session.windows <- window{columns, rows}:
	default: // nobody looks
	}
	return columns, rows
}

// newSession returns a session of an operator who may do everything.
func newSession(d commands.Device) session {
	options := commands.Options{Level: 3, Interactive: true}
	return session{commands.NewSession(d, commands.NewRunning(commands.New()), options), make(chan string), make(chan window, 100)}
}

// Exec runs a line.
func (s session) Exec(ctx context.Context, line string) commands.Output {
	return s.Session.Exec(ctx, line).Rendered()
}

// ExecAll runs lines.
func (s session) ExecAll(ctx context.Context, lines []string) []commands.Result {
	results := s.Session.ExecAll(ctx, lines)
	for i := range results {
		results[i].Output = results[i].Rendered()
	}
	return results
}

// Messages are the test's.
func (s session) Messages() <-chan string { return s.messages }

// pollable returns f as a file whose Read ends when it is closed.
func pollable(t *testing.T, f *os.File) *os.File {
	t.Helper()
	defer f.Close()
	fd, err := unix.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), f.Name())
}

// setSize gives a pseudo-terminal's window a size.
func setSize(t *testing.T, f *os.File, columns, rows int) {
	t.Helper()
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	size := &unix.Winsize{Col: uint16(columns), Row: uint16(rows)}
	err = raw.Control(func(fd uintptr) { err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, size) })
	if err != nil {
		t.Fatal(err)
	}
}
