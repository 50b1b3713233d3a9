package main

import (
	"encoding/binary"
	"net"
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// A tty is the terminal that a console's user sits at.
type tty struct {
	in, out int
	shared  bool // the program goes on without it: it sees to signals itself
}

// terminalOf returns the terminal of the streams, nil if input or output is none:
// then the input is a script.
func terminalOf(s streams) *tty {
	in, isFile := s.in.(*os.File)
	out, isFileToo := s.out.(*os.File)
	if !isFile || !isFileToo || !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(out.Fd())) {
		return nil
	}
	return &tty{in: int(in.Fd()), out: int(out.Fd())}
}

// raw hands every key to the gateway, and returns what makes the terminal what it
// was before: at the end, and when a signal ends the program.
func (t *tty) raw() (restore func(), err error) {
	state, err := term.MakeRaw(t.in)
	if err != nil {
		return nil, err
	}
	back := sync.OnceFunc(func() { _ = term.Restore(t.in, state) }) // it has gone if it cannot be restored
	if t.shared {
		return back, nil
	}
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, unix.SIGTERM, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT)
	done := make(chan struct{})
	go func() {
		select {
		case s := <-ends:
			back()
			os.Exit(128 + int(s.(unix.Signal)))
		case <-done:
		}
	}()
	return func() {
		signal.Stop(ends)
		close(done)
		back()
	}, nil
}

// follow tells the gateway the size of the window, now and whenever it changes.
func (t *tty) follow(conn net.Conn) (stop func()) {
	changes := make(chan os.Signal, 1)
	signal.Notify(changes, unix.SIGWINCH)
	t.tell(conn)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-changes:
				t.tell(conn)
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(changes)
		close(done)
	}
}

// tell sends the size of the window, if it has one. A dead connection is noticed
// by who reads from it.
func (t *tty) tell(conn net.Conn) {
	columns, rows, err := term.GetSize(t.out)
	if err != nil {
		return
	}
	size := binary.BigEndian.AppendUint16(nil, uint16(columns))
	_ = writeFrames(conn, frameWindow, binary.BigEndian.AppendUint16(size, uint16(rows)))
}
