package commands_test

import (
	"os"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/term"

	"sallyport/shell"
)

// A slave is a pseudo-terminal as the session has it: raw, as `sallyport console`
// makes the terminal that it runs on.
type slave struct {
	*os.File
	resized chan struct{}
}

func (slave) Interactive() bool { return true }

func (s slave) Resized() <-chan struct{} { return s.resized }

func (s slave) Size() (columns, rows int) {
	raw, err := s.SyscallConn()
	if err != nil {
		return 0, 0
	}
	_ = raw.Control(func(fd uintptr) { columns, rows, _ = term.GetSize(int(fd)) }) // zero: not known
	return columns, rows
}

// startPTY has a session run on a pseudo-terminal. When it is over, the terminal
// is closed.
func startPTY(t *testing.T, x session, columns, rows int) *seat {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	keys, end := pollable(t, master), slave{pollable(t, tty), make(chan struct{}, 1)}
	makeRaw(t, end.File)
	setSize(t, keys, columns, rows)
	var failed error
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer end.Close()
		_, failed = shell.Serve(t.Context(), watched{end, x}, x)
	}()
	t.Cleanup(func() { <-done })
	s := sit(t, keys, func() error { <-done; return failed })
	s.resize = func(columns, rows int) {
		setSize(t, keys, columns, rows)
		end.resized <- struct{}{} // SIGWINCH, for a program whose terminal it is
	}
	return s
}

func makeRaw(t *testing.T, f *os.File) {
	t.Helper()
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	failed := raw.Control(func(fd uintptr) { _, err = term.MakeRaw(int(fd)) })
	if failed != nil || err != nil {
		t.Fatal(failed, err)
	}
}
