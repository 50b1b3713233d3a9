package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"sallyport/commands"
	"sallyport/shell"
	"sallyport/shell/sshd"
)

// An sshService is the SSH server as the configuration wants it: off, or on a
// port. Sessions go on when the port changes or the server is disabled, so that
// no line cuts off who typed it.
type sshService struct {
	state    string // folder of the host keys
	accounts *accounts
	open     opener
	log      func(entry)
	listen   func(port int) (net.Listener, error)

	mu       sync.Mutex // over what follows
	closed   bool
	server   *sshd.Server // nil: it never ran
	listener net.Listener // nil: it does not run
	port     int          // of the listener
	group    sync.WaitGroup
}

// newSSHService returns a service that is off until Configure says otherwise.
func newSSHService(state string, a *accounts, open opener, log func(entry)) *sshService {
	return &sshService{state: state, accounts: a, open: open, log: log, listen: listenSSH}
}

// listenSSH listens on all addresses of the box, which are IPv4.
func listenSSH(port int) (net.Listener, error) { return net.Listen("tcp4", fmt.Sprintf(":%d", port)) }

// Configure puts a configuration in force, also for who comes in later. It works
// only if something changed. An error, one line, changes nothing; what was tried in
// vain before is tried again, but is no error of another change.
func (s *sshService) Configure(c *commands.Config) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	want, known := c.Management.SSH, s.accounts.config.Load().Management.SSH
	before := s.listener
	if want.Enabled && !s.closed && (before == nil || s.port != want.Port) {
		if err := s.start(want.Port); err != nil && want != known {
			return err
		}
	}
	s.accounts.config.Store(c)
	if !want.Enabled {
		s.listener = nil
	}
	if before != nil && before != s.listener {
		before.Close()
	}
	return nil
}

// Begin is Configure for the configuration that the box starts with, which is in
// force whether its port is free or not.
func (s *sshService) Begin(c *commands.Config) error {
	err := s.Configure(c)
	if err != nil {
		s.accounts.config.Store(c)
	}
	return err
}

// start serves a port beside the one that is served already. The caller holds
// the lock.
func (s *sshService) start(port int) error {
	if err := s.prepare(); err != nil {
		return err
	}
	l, err := s.listen(port)
	if err != nil {
		return fmt.Errorf("ssh server port %d: %w", port, reasonOf(err))
	}
	s.listener, s.port = l, port
	s.group.Go(func() { s.server.Serve(l) })
	s.log(entry{kind: systemNotice, own: true, text: fmt.Sprintf("ssh: listening on %v", l.Addr())})
	return nil
}

// prepare makes the server when it is wanted for the first time.
func (s *sshService) prepare() error {
	if s.server != nil {
		return nil
	}
	keys, err := openHostKeys(s.state)
	if err != nil {
		return err
	}
	s.server, err = sshd.New(sshd.Config{
		HostKeys:  keys,
		Limits:    s.limits,
		Permit:    s.permit,
		Banner:    func() string { return wholeLines(s.management().LoginHeader) },
		Password:  s.accounts.password,
		Key:       s.accounts.key,
		KeyProven: s.accounts.key,
		Serve:     s.serve,
		Log:       s.event,
	})
	return err
}

// event puts into words what the network did.
func (s *sshService) event(e sshd.Event, source netip.AddrPort, text string) {
	switch e {
	case sshd.ConnectionRefused, sshd.ConnectionFailed:
		s.log(sshRefusal(source.String(), text))
	case sshd.Panicked:
		s.log(entry{kind: systemPanic, own: true, text: "ssh: " + text})
	default:
		s.log(entry{kind: shellTrouble, reason: "ssh", text: "ssh: " + text})
	}
}

// close ends the listener and all sessions, and waits for them. It does not hold
// the lock meanwhile: a session may be about to configure.
func (s *sshService) close() error {
	s.mu.Lock()
	s.closed = true
	server, listener := s.server, s.listener
	s.listener = nil
	s.mu.Unlock()
	if listener != nil {
		listener.Close()
	}
	if server != nil {
		server.Close()
	}
	s.group.Wait()
	return nil
}

// management is what is configured about users and terminals.
func (s *sshService) management() *commands.Management { return &s.accounts.config.Load().Management }

func (s *sshService) limits() sshd.Limits {
	c := s.management().SSH
	return sshd.Limits{Authentication: c.Timeout, Passwords: c.Retries}
}

// permit reports whether an address may connect: there is a line that it may come in
// by. One that has guessed may too, as its users may have keys.
func (s *sshService) permit(source netip.Addr) bool {
	return len(vtys(s.accounts.config.Load(), source)) > 0
}

// allUsed is what who finds no line is told.
const allUsed = "Error: All user interfaces are used, please try later!\n"

// serve runs a session of somebody who has logged in.
func (s *sshService) serve(ctx context.Context, l sshd.Login, t shell.Terminal, hangUp func()) (status int) {
	a, who := s.accounts, visitorOf(l)
	seat, ok := a.take(vtys(a.config.Load(), l.Source.Addr()), occupant{
		user: l.User, source: who.source, hangUp: hangUp,
		level: func(line string) int { return a.level(l.User, line) },
	})
	if !ok {
		s.log(who.sshFailure("all user interfaces are used"))
		_, _ = io.WriteString(t, allUsed) // the exit status says it too
		return 1
	}
	defer seat.leave()
	who.line = seat.status.Line
	s.log(who.login())
	why := "a fault in the program"
	defer func() { s.log(who.logout(why)) }()
	status, err := s.converse(ctx, seat, t)
	why = reasonToLeave(ctx, err)
	return status
}

// reasonToLeave says how a session ended.
func reasonToLeave(ctx context.Context, err error) string {
	switch {
	case ctx.Err() != nil:
		return "the connection was cut"
	case err != nil:
		return err.Error()
	}
	return "the user has left"
}

// converse runs the session of a seat. The error is that of [shell.Serve].
func (s *sshService) converse(ctx context.Context, seat *seat, t shell.Terminal) (status int, err error) {
	interactive := t.Interactive()
	if interactive {
		if _, err := io.WriteString(t, s.greeting()); err != nil {
			return 1, err
		}
	}
	session, leave := s.open(commands.Options{
		Level: seat.status.Level, Interactive: interactive,
		User: seat.status.User, Line: seat.status.Line, Source: seat.status.Source,
	})
	defer leave()
	t = seat.attend(t)
	if !interactive { // else the shell itself waits only so long
		t = patient{t, func() time.Duration { return s.accounts.config.Load().Line(seat.status.Line).Idle }, seat.hangUp}
	}
	refused, err := shell.Serve(ctx, t, session)
	if err != nil {
		return 1, err
	}
	return int(exitCode(refused, interactive)), nil
}

// greeting is what a person sees first.
func (s *sshService) greeting() string {
	c := s.accounts.config.Load()
	m := &c.Management
	return wholeLines(m.ShellHeader) + fmt.Sprintf(`Info: The max number of VTY users is %d, and the number
      of current VTY users on line is %d.
      The current login time is %s.
`, m.MaxVTY, s.accounts.network(), s.accounts.now().In(c.Zone.Location()).Format(time.DateTime))
}

// wholeLines ends a text that does not end with a line feed, if there is one.
func wholeLines(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}
