package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	defaultState  = "/var/lib/sallyport"
	consoleSocket = "console.sock"
)

// runConsole attaches to the gateway that uses a state folder, until it or the
// input ends.
func runConsole(s streams, args []string) error {
	flags := flag.NewFlagSet("console", flag.ContinueOnError)
	state := flags.String("state", defaultState, "`DIR` that the gateway was given")
	if err := parse(flags, s, args, 0); err != nil {
		return err
	}
	return attachTo(*state, s, terminalOf(s))
}

// attachTo attaches to the gateway that uses a state folder.
func attachTo(state string, s streams, terminal *tty) error {
	conn, err := net.Dial("unix", filepath.Join(state, consoleSocket))
	if err != nil {
		return fmt.Errorf("%w%s", err, consoleAdvice(err))
	}
	defer conn.Close()
	return attach(conn, s, terminal)
}

// consoleAdvice says what to do when the gateway's socket does not open.
func consoleAdvice(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED):
		return ": no gateway runs there; start it with `sallyport run`, or say where it is with --state"
	case errors.Is(err, fs.ErrPermission):
		return ": be the user that the gateway runs as"
	}
	return ""
}

// attach copies input and output until the gateway says that it is over. What
// cannot be sent is no error yet: a gateway that has no place for another console
// says so and hangs up at once, and that is still to be shown.
func attach(conn net.Conn, s streams, terminal *tty) error {
	hello := helloScript
	if terminal != nil {
		hello = helloTerminal
		restore, err := terminal.raw()
		if err != nil {
			return err
		}
		defer restore()
	}
	err := writeFrames(conn, frameHello, []byte(hello))
	if err == nil && terminal != nil {
		defer terminal.follow(conn)()
	}
	if err == nil {
		go sendInput(conn, s.in) // ends with the program: nothing can interrupt a read from a terminal
	}
	return showOutput(conn, s.out)
}

// sendInput sends what is read until the input ends.
func sendInput(conn net.Conn, in io.Reader) {
	buffer := make([]byte, frameMax)
	for {
		n, err := in.Read(buffer)
		if n > 0 && writeFrames(conn, frameInput, buffer[:n]) != nil {
			return
		}
		if err != nil {
			_ = writeFrames(conn, frameEnd, nil) // if it does not arrive, showOutput hears why
			return
		}
	}
}

// showOutput writes what the gateway sends until the exit code.
func showOutput(conn net.Conn, out io.Writer) error {
	for {
		kind, p, err := readFrame(conn)
		switch {
		case err != nil:
			return fmt.Errorf("the gateway ended: %w", err)
		case kind == frameOutput:
			if _, err := out.Write(p); err != nil {
				return err
			}
		case kind == frameExit && len(p) == 1 && p[0] == 0:
			return nil
		case kind == frameExit:
			return errSilent
		}
	}
}
