package sshd

import (
	"context"
	"sync"
	"time"

	"github.com/gliderlabs/ssh"
	gossh "golang.org/x/crypto/ssh"
)

// hangUpPatience is how long a client may take to close a session that is over.
const hangUpPatience = 5 * time.Second

// channel serves one session channel: RFC 4254 §6. A connection may have several.
//
// The library's session is not used: it takes agents and variables, and a
// length that overflows ends the program.
func (s *Server) channel(_ *ssh.Server, conn *gossh.ServerConn, opening gossh.NewChannel, ctx ssh.Context) {
	g := ctx.Value(guestKey{}).(*guest)
	if !s.enter() {
		_ = opening.Reject(gossh.ResourceShortage, "the server ends") // the connection ends too
		return
	}
	defer s.group.Done()
	defer s.recovered("session")
	if !g.begin() {
		_ = opening.Reject(gossh.ResourceShortage, "too many sessions in this connection")
		return
	}
	channel, requests, err := opening.Accept()
	if err != nil {
		g.end(false)
		return // the connection is gone
	}
	g.once.Do(func() { s.group.Add(1); go s.attend(ctx, g, conn) })
	x := newSession(s, g, Login{conn.User(), g.source}, channel)
	defer func() { g.end(x.started) }()
	x.serve(ctx, requests)
}

// enter counts a session in the group, unless the server is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.group.Add(1)
	return true
}

// attend keeps an eye on a connection as long as it is there.
func (s *Server) attend(ctx context.Context, g *guest, conn gossh.Conn) {
	defer s.group.Done()
	g.keepAlive(conn, ctx.Done())
}

// A session is one session channel. What is asked of it comes in requests; the
// first that starts something decides what it is.
type session struct {
	server   *Server
	guest    *guest
	login    Login
	channel  gossh.Channel
	ctx      context.Context
	hangUp   context.CancelFunc
	terminal *terminal
	started  bool           // by a request
	group    sync.WaitGroup // what was started
	done     chan struct{}  // closed when all is over
}

func newSession(s *Server, g *guest, login Login, channel gossh.Channel) *session {
	x := &session{server: s, guest: g, login: login, channel: channel, done: make(chan struct{})}
	x.ctx, x.hangUp = context.WithCancel(s.ctx)
	x.terminal = newTerminal(channel, g)
	return x
}

// serve answers requests until the client closes the channel or goes, and waits
// for the end of what was started.
func (x *session) serve(ctx context.Context, requests <-chan *gossh.Request) {
	defer close(x.done)
	defer context.AfterFunc(ctx, x.hangUp)()
	context.AfterFunc(x.ctx, x.part)
	for request := range requests {
		before := x.started
		ok := x.answer(request)
		_ = request.Reply(ok, nil) // a client that is gone needs no answer
		if x.started && !before {
			x.guest.start()
			x.group.Go(x.run)
			x.group.Go(x.terminal.listen(x.hangUp))
		}
	}
	x.hangUp()
	x.group.Wait()
}

// part closes the channel of a session that hangs up, and if the client does not
// do so too, the connection.
func (x *session) part() {
	x.channel.Close()
	select {
	case <-x.done:
	case <-time.After(hangUpPatience):
		x.guest.Close()
	}
}

// run has the session served and tells the client how it ended.
func (x *session) run() {
	defer x.hangUp()
	defer x.server.recovered("session")
	status := x.server.config.Serve(x.ctx, x.login, x.terminal, x.hangUp)
	if x.ctx.Err() != nil {
		return // it was cut off: no status is a failure
	}
	_ = x.channel.CloseWrite() // as the status below: if the client is gone, so be it
	_, _ = x.channel.SendRequest("exit-status", false, gossh.Marshal(exitStatus{uint32(status)}))
}

// The requests of RFC 4254 §6.2, 6.5, 6.7, 6.9, 6.10.
type (
	ptyRequest struct {
		Term          string
		Columns, Rows uint32
		Width, Height uint32
		Modes         string
	}
	windowChange struct{ Columns, Rows, Width, Height uint32 }
	execRequest  struct{ Command string }
	signal       struct{ Name string }
	exitStatus   struct{ Status uint32 }
)

// answer does what a request asks for and reports whether it may. Variables,
// agents, X11, breaks and subsystems are refused like what nobody knows.
func (x *session) answer(r *gossh.Request) bool {
	switch r.Type {
	case "pty-req":
		var p ptyRequest
		if x.started || x.terminal.isPTY() || gossh.Unmarshal(r.Payload, &p) != nil {
			return false
		}
		x.terminal.open(p.Columns, p.Rows)
		return true
	case "window-change":
		var w windowChange
		if !x.terminal.isPTY() || gossh.Unmarshal(r.Payload, &w) != nil {
			return false
		}
		x.terminal.resize(w.Columns, w.Rows)
		return true
	case "shell", "exec":
		return x.start(r)
	case "signal":
		return x.signal(r.Payload)
	}
	return false
}

// start takes the request that says what the session is.
func (x *session) start(r *gossh.Request) bool {
	if x.started {
		return false
	}
	if r.Type == "exec" {
		var e execRequest
		if gossh.Unmarshal(r.Payload, &e) != nil {
			return false
		}
		x.terminal.script(e.Command)
	}
	x.started = true
	return true
}

// signal ends a script; somebody who types has keys for it.
func (x *session) signal(payload []byte) bool {
	var s signal
	if !x.started || x.terminal.Interactive() || gossh.Unmarshal(payload, &s) != nil {
		return false
	}
	switch s.Name {
	case "HUP", "INT", "TERM", "QUIT", "KILL":
		x.hangUp()
		return true
	}
	return false
}
