package sshd

import (
	"fmt"
	"net"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// guestKey is under what a connection's context holds its guest.
type guestKey struct{}

// A guest is a connection. One clock at a time runs against it: for the key
// exchange, the authentication, and as long as nothing has been started in a
// session; when it runs out, the connection is closed.
type guest struct {
	net.Conn
	source netip.AddrPort
	limits Limits
	once   sync.Once // starts the keep-alive

	mu       sync.Mutex
	clock    *time.Timer
	in       bool // the user has proved who he is
	closed   bool
	tries    int // wrong passwords
	sessions int // channels that are open
	started  int // those in which something was started
}

func newGuest(conn net.Conn, source netip.AddrPort, limits Limits) *guest {
	g := &guest{Conn: conn, source: source, limits: limits}
	g.clock = time.AfterFunc(limits.Handshake, func() { conn.Close() })
	return g
}

// SetDeadline does nothing: the library clears deadlines at each read.
func (g *guest) SetDeadline(time.Time) error { return nil }

// Close ends the connection.
func (g *guest) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.clock.Stop()
	return g.Conn.Close()
}

// restart starts the next clock. The caller holds the lock.
func (g *guest) restart(d time.Duration) {
	if !g.closed {
		g.clock.Reset(d)
	}
}

// greeted starts the clock of the authentication: keys are exchanged.
func (g *guest) greeted() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.restart(g.limits.Authentication)
}

// entered starts the clock of the first session: the user is in.
func (g *guest) entered() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.in = true
	g.restart(g.limits.Unused)
}

// isStranger reports whether the user of a connection that is there is not in yet.
func (g *guest) isStranger() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.in && !g.closed
}

// isUnused reports whether nothing runs in a connection whose user is in.
func (g *guest) isUnused() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.in && g.started == 0 && !g.closed
}

// mistaken counts a wrong password and ends the connection after the last that
// is allowed.
func (g *guest) mistaken() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.tries++; g.tries >= g.limits.Passwords {
		g.Conn.Close()
	}
}

// begin counts a session, if one more may be.
func (g *guest) begin() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sessions >= g.limits.Sessions {
		return false
	}
	g.sessions++
	return true
}

// start counts a session in which something is started. No clock runs any more: a
// channel alone would be a place for good that costs nobody anything.
func (g *guest) start() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.started++
	g.clock.Stop()
}

// end gives a session's place back. Without one that was started, the connection
// does not stay.
func (g *guest) end(started bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sessions--
	if !started {
		return
	}
	if g.started--; g.started == 0 {
		g.restart(g.limits.Unused)
	}
}

// keepAlive asks the client now and then whether it is there, until the
// connection ends, which it does if there is no answer.
func (g *guest) keepAlive(conn gossh.Conn, done <-chan struct{}) {
	ticker := time.NewTicker(g.limits.KeepAlive)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-done:
			return
		}
		late := time.AfterFunc(missedKeepAlives*g.limits.KeepAlive, func() { g.Close() })
		_, _, err := conn.SendRequest("keepalive@openssh.com", true, nil) // any answer is one
		late.Stop()
		if err != nil {
			return
		}
	}
}

// recovered keeps a panic to the connection it happened in.
func (s *Server) recovered(where string) {
	v := recover()
	if v == nil {
		return
	}
	s.config.Log(Panicked, netip.AddrPort{}, fmt.Sprintf("panic of type %T in a %s, which is ended", v, where))
	for line := range strings.Lines(string(debug.Stack())) {
		s.config.Log(Panicked, netip.AddrPort{}, strings.TrimSpace(line))
	}
}
