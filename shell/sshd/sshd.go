// Package sshd lets operators in over SSH (RFC 4251 to 4254): it takes
// connections, has users prove who they are, and turns a session's channel into
// a shell.Terminal. Who may come in and what a session does is asked of the
// functions of [Config].
//
// It never forwards anything, starts no program, takes no environment variable
// and knows no subsystem. Only algorithms that are current are offered.
//
// Start at [Server.Serve]; a connection is in guest.go, a session in session.go.
package sshd

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/gliderlabs/ssh"
	gossh "golang.org/x/crypto/ssh"

	"sallyport/ipsec/secret"
	"sallyport/shell"
)

// A Verdict says whether a proof of who somebody is suffices.
type Verdict uint8

// The verdicts. Zero is the refusal.
const (
	Refused  Verdict = iota
	Accepted         // the user is in
	Half             // the user is to prove it by the other method too
)

// A Login is a user and where he is.
type Login struct {
	User   string // as the client sent it: to be escaped before it is shown
	Source netip.AddrPort
}

// A Config says what a Server is to do. All functions may be called from several
// goroutines at the same time.
type Config struct {
	HostKeys []gossh.Signer // at least one

	// Limits are asked for when a connection comes in; their zero fields mean the
	// default. Nil: all defaults.
	Limits func() Limits

	// Permit reports whether an address may connect at all. Required.
	Permit func(source netip.Addr) bool

	// Banner is shown before the user proves who he is. Nil: nothing.
	Banner func() string

	// Password and Key judge a proof. Key is asked before the client has shown that
	// it has the private key, KeyProven when it has. Required.
	Password  func(Login, secret.Octets) Verdict
	Key       func(Login, gossh.PublicKey) Verdict
	KeyProven func(Login, gossh.PublicKey) Verdict

	// Serve runs a session and returns its exit status. It must return soon after
	// ctx ends. hangUp ends the session from outside. Required.
	Serve func(ctx context.Context, l Login, t shell.Terminal, hangUp func()) (status int)

	// Log takes a line about what the network did. The text is to be escaped before
	// it is shown. Required.
	Log func(e Event, source netip.AddrPort, text string)
}

// An Event is what a line of the log is about.
type Event uint8

// The events.
const (
	ConnectionRefused Event = iota // before anybody could prove anything
	ConnectionFailed               // in the exchange of keys, or by a broken message
	ListenerTrouble                // the system gives no connection
	Panicked                       // a fault in the program; a line for each line of the trace
)

// Limits are how long the server waits, and for how many.
type Limits struct {
	Handshake       time.Duration // until keys are exchanged
	Authentication  time.Duration // from then until the user is in
	Passwords       int           // tries in one connection
	Connections     int           // in all
	Unauthenticated int           // connections whose user is not in yet, of all addresses…
	PerSource       int           // …and of one
	Sessions        int           // channels of one connection
	Unused          time.Duration // for a connection without a session
	KeepAlive       time.Duration // between questions whether the client is there
	Blocked         time.Duration // for output that the client does not take
}

// defaults are the limits of who says nothing.
var defaults = Limits{
	Handshake:       20 * time.Second,
	Authentication:  60 * time.Second,
	Passwords:       3,
	Connections:     256,
	Unauthenticated: 16,
	PerSource:       4,
	Sessions:        10,
	Unused:          60 * time.Second,
	KeepAlive:       30 * time.Second,
	Blocked:         10 * time.Minute,
}

// missedKeepAlives are how many intervals a client may be silent.
const missedKeepAlives = 3

// keyOffers are how many public keys a client may offer in one connection: they
// cost nobody anything, and agents hold several.
const keyOffers = 16

// withDefaults returns l with its zero fields filled.
func (l Limits) withDefaults() Limits {
	fill(&l.Handshake, defaults.Handshake)
	fill(&l.Authentication, defaults.Authentication)
	fill(&l.Passwords, defaults.Passwords)
	fill(&l.Connections, defaults.Connections)
	fill(&l.Unauthenticated, defaults.Unauthenticated)
	fill(&l.PerSource, defaults.PerSource)
	fill(&l.Sessions, defaults.Sessions)
	fill(&l.Unused, defaults.Unused)
	fill(&l.KeepAlive, defaults.KeepAlive)
	fill(&l.Blocked, defaults.Blocked)
	return l
}

func fill[T time.Duration | int](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// A Server serves the connections of any number of listeners.
type Server struct {
	config Config
	ssh    *ssh.Server
	ctx    context.Context // of all sessions
	cancel context.CancelFunc
	group  sync.WaitGroup // a connection or a session each

	mu     sync.Mutex
	closed bool
	guests map[*guest]uint64 // each with how many came before it
	came   uint64            // guests, so far
}

// New returns a server that waits for Serve. The error is a field that is missing.
func New(c Config) (*Server, error) {
	if len(c.HostKeys) == 0 || c.Permit == nil || c.Password == nil || c.Key == nil ||
		c.KeyProven == nil || c.Serve == nil || c.Log == nil {
		return nil, errors.New("sshd: a required field is missing")
	}
	s := &Server{config: c, guests: make(map[*guest]uint64)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.ssh = &ssh.Server{
		ConnCallback:         func(ctx ssh.Context, c net.Conn) net.Conn { ctx.SetValue(guestKey{}, c); return c },
		ServerConfigCallback: s.serverConfig,
		ChannelHandlers:      map[string]ssh.ChannelHandler{"session": s.channel},
		RequestHandlers:      map[string]ssh.RequestHandler{}, // none: no forwarding
		SubsystemHandlers:    map[string]ssh.SubsystemHandler{},

		ConnectionFailedCallback: s.failed,
	}
	for _, key := range c.HostKeys {
		s.ssh.AddHostKey(key)
	}
	return s, nil
}

// acceptPause is how long Serve waits when the system has no descriptor left.
const acceptPause = time.Second

// Serve takes the connections of l until it is closed; what is connected by then
// goes on. Several listeners may be served at the same time.
func (s *Server) Serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			s.welcome(conn)
		case errors.Is(err, net.ErrClosed) || s.ctx.Err() != nil:
			return
		default:
			s.config.Log(ListenerTrouble, netip.AddrPort{}, err.Error())
			select {
			case <-time.After(acceptPause):
			case <-s.ctx.Done():
			}
		}
	}
}

// welcome serves a connection, if there is a place for it.
func (s *Server) welcome(conn net.Conn) {
	g, reason := s.admit(conn)
	if g == nil {
		s.config.Log(ConnectionRefused, sourceOf(conn), reason)
		conn.Close()
		return
	}
	go func() {
		defer s.group.Done()
		defer s.leave(g)
		defer s.recovered("connection")
		s.ssh.HandleConn(g)
	}()
}

// admit makes a guest of a connection, or says why not. The guest counts in the
// group.
func (s *Server) admit(conn net.Conn) (_ *guest, reason string) {
	source := sourceOf(conn)
	if !s.config.Permit(source.Addr()) {
		return nil, "not permitted"
	}
	limits := s.limits()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, "the server ends"
	}
	if reason := s.makeRoom(source.Addr(), limits); reason != "" {
		return nil, reason
	}
	g := newGuest(conn, source, limits)
	s.guests[g] = s.came
	s.came++
	s.group.Add(1)
	return g, ""
}

// failed tells of a connection that ended before its user was in, unless the
// client just went or has been told of each attempt.
func (s *Server) failed(conn net.Conn, err error) {
	var attempts *gossh.ServerAuthError
	if errors.As(err, &attempts) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
		return
	}
	s.config.Log(ConnectionFailed, sourceOf(conn), err.Error())
}

func (s *Server) limits() Limits {
	if s.config.Limits == nil {
		return defaults
	}
	return s.config.Limits().withDefaults()
}

// leave forgets a connection that is over.
func (s *Server) leave(g *guest) {
	g.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.guests, g)
}

// Close ends all connections and waits until their sessions are over. The
// listeners are the caller's to close before.
func (s *Server) Close() {
	s.cancel()
	s.mu.Lock()
	s.closed = true
	for g := range s.guests {
		g.Close()
	}
	s.mu.Unlock()
	s.group.Wait()
}

// sourceOf returns the client's address; zero if it has none, as in tests.
func sourceOf(conn net.Conn) netip.AddrPort {
	tcp, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	at := tcp.AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}
