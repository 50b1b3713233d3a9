package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"sallyport/commands"
	"sallyport/ipsec/secret"
	"sallyport/shell"
)

const (
	maxConsoles   = 16
	helloPatience = 5 * time.Second  // for a console to say what it is
	showPatience  = 30 * time.Second // for a console to take output; one that is stopped is given up
)

// A consoles serves the consoles that attach to the Unix socket, each in a
// session of its own. Whatever a console does costs at most that console.
type consoles struct {
	listener *net.UnixListener
	open     opener
	accounts *accounts
	log      *logbook
	places   chan struct{} // one for each console that is attached
	group    sync.WaitGroup
}

// listenConsoles opens the socket in the state folder, which is ours by lock, so
// that a socket that is there was left by a crash. The folder is the owner's
// alone, and so is the socket: harden has set the umask.
func listenConsoles(state string, open opener, accounts *accounts, log *logbook) (*consoles, error) {
	path := filepath.Join(state, consoleSocket)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("console socket (its path may have 107 characters): %w", err)
	}
	return &consoles{listener: listener, open: open, accounts: accounts, log: log, places: make(chan struct{}, maxConsoles)}, nil
}

// serve takes consoles until ctx ends, and waits for all of them.
func (c *consoles) serve(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { c.listener.Close() })
	defer stop()
	defer c.group.Wait()
	for {
		conn, err := c.listener.AcceptUnix()
		switch {
		case err == nil:
			c.admit(ctx, conn)
		case errors.Is(err, net.ErrClosed):
			return
		case !c.pause(ctx, err):
			return
		}
	}
}

// pause reports an error and waits a moment: file descriptors may come free.
func (c *consoles) pause(ctx context.Context, err error) bool {
	c.log.add(time.Now(), entry{kind: shellTrouble, reason: "console", text: "console: " + err.Error()})
	select {
	case <-time.After(time.Second):
		return true
	case <-ctx.Done():
		return false
	}
}

// admit starts a console's session if there is a place for it.
func (c *consoles) admit(ctx context.Context, conn *net.UnixConn) {
	select {
	case c.places <- struct{}{}:
	default:
		_ = writeFrames(conn, frameOutput, []byte("Error: The number of consoles has reached its limit.\n"))
		_ = writeFrames(conn, frameExit, []byte{1}) // it fits the socket's buffer, or the console is broken anyway
		conn.Close()
		return
	}
	c.group.Go(func() {
		defer func() { <-c.places }()
		defer conn.Close()
		c.attend(ctx, conn)
	})
}

// attend serves one console. A panic costs the session.
func (c *consoles) attend(ctx context.Context, conn *net.UnixConn) {
	defer func() {
		if v := recover(); v != nil {
			c.log.note(systemPanic, "console: panic of type %T, session ended", v)
			for line := range strings.Lines(string(debug.Stack())) {
				c.log.note(systemPanic, "%s", strings.TrimSpace(line))
			}
		}
	}()
	interactive, err := greet(conn)
	if err != nil {
		return // not a console of ours
	}
	terminal := newRemote(ctx, conn, interactive)
	defer terminal.hangUp()
	defer context.AfterFunc(terminal.ctx, func() { conn.Close() })()
	c.group.Go(terminal.receive)
	refused, err := c.converse(terminal)
	if (err == nil || errors.Is(err, shell.ErrIdle)) && terminal.ctx.Err() == nil { // else the input was not run to its end
		_ = conn.SetWriteDeadline(time.Now().Add(showPatience))
		_ = writeFrames(conn, frameExit, []byte{exitCode(refused, interactive)}) // the session is over either way
	}
}

// managementLevel is the level of who can open the console's socket: the user
// that the gateway runs as.
const managementLevel = 3

// converse runs the session of a console on a line of its own. There are as many
// lines as places.
func (c *consoles) converse(terminal *remote) (refused int, err error) {
	seat, ok := c.accounts.take(numbered(consoleName, maxConsoles), occupant{
		level: func(string) int { return managementLevel }, hangUp: terminal.hangUp,
	})
	if !ok {
		return 0, errors.New("no line is free")
	}
	defer seat.leave()
	if terminal.interactive && c.accounts.proof(seat) != "none" {
		return c.afterLogin(terminal, seat)
	}
	session, leave := c.enter(terminal, seat)
	refused, err = shell.Serve(terminal.ctx, seat.attend(terminal), session)
	leave(reasonToLeave(terminal.ctx, err))
	return refused, err
}

// enter opens the session of who sits on a seat. leave ends it and says why.
func (c *consoles) enter(terminal *remote, seat *seat) (session shell.Session, leave func(reason string)) {
	who := visitor{line: seat.status.Line}
	if seat.status.User != "" {
		who.user = escaped(seat.status.User)
	}
	if terminal.interactive {
		c.log.add(time.Now(), who.login())
	}
	session, end := c.open(commands.Options{
		Level: seat.status.Level, Interactive: terminal.interactive, User: seat.status.User, Line: seat.status.Line,
	})
	return session, func(reason string) {
		end()
		if terminal.interactive {
			c.log.add(time.Now(), who.logout(reason))
		}
	}
}

// afterLogin runs the session of somebody who is asked who he is.
func (c *consoles) afterLogin(terminal *remote, seat *seat) (refused int, err error) {
	leave := func(string) {}
	told := make(chan string)
	gate := &login{
		mode: c.accounts.proof(seat), told: told,
		judge: func(user string, password secret.Octets) bool { return c.accounts.console(seat, user, password) },
	}
	gate.admit = func(user string) shell.Session {
		seat.become(user, c.accounts.level(user, seat.status.Line))
		var session shell.Session
		session, leave = c.enter(terminal, seat)
		c.group.Go(func() { relay(terminal.ctx, session.Messages(), told) })
		return session
	}
	refused, err = shell.Serve(terminal.ctx, seat.attend(terminal), gate)
	leave(reasonToLeave(terminal.ctx, err))
	return refused, err
}

// relay hands messages on until ctx ends.
func relay(ctx context.Context, from <-chan string, to chan<- string) {
	for {
		select {
		case text := <-from:
			select {
			case to <- text:
			case <-ctx.Done():
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// exitCode is what the console program ends with: a script is told whether any
// of its lines was refused, a person has seen it.
func exitCode(refused int, interactive bool) byte {
	if refused > 0 && !interactive {
		return 1
	}
	return 0
}

// greet reads what kind of console this is.
func greet(conn net.Conn) (interactive bool, err error) {
	if err := conn.SetReadDeadline(time.Now().Add(helloPatience)); err != nil {
		return false, err
	}
	kind, p, err := readFrame(conn)
	if err != nil {
		return false, err
	}
	if kind != frameHello {
		return false, fmt.Errorf("frame %q, want %q", kind, frameHello)
	}
	return string(p) == helloTerminal, conn.SetReadDeadline(time.Time{})
}
