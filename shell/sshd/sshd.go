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
	"slices"
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
	Waiting         int           // connections beyond, which wait for a place…
	Wait            time.Duration // …and no longer than this
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
	Waiting:         128,
	Wait:            20 * time.Second,
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
	fill(&l.Waiting, defaults.Waiting)
	fill(&l.Wait, defaults.Wait)
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

	mu      sync.Mutex
	closed  bool
	guests  map[*guest]uint64 // each with how many came before it
	came    uint64            // guests, so far
	waiting []*newcomer       // who came first, first
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

// welcome serves a connection as soon as there is a place for it, or refuses it.
func (s *Server) welcome(conn net.Conn) {
	n := &newcomer{conn: conn, source: sourceOf(conn), limits: s.limits()}
	if !s.config.Permit(n.addr()) {
		s.refuse(n, "not permitted")
		return
	}
	if away, reason := s.receive(n); away != nil {
		s.refuse(away, reason)
	}
}

// receive makes a guest of a newcomer or has him wait. It returns who is to be
// refused, if somebody is: he or one who waited, and why.
func (s *Server) receive(n *newcomer) (away *newcomer, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return n, "the server ends"
	case !s.hasPlace(n.addr(), n.limits):
		return s.wait(n), noPlace
	case !s.hasRoom(n.limits) && !s.closeUnused():
		return n, "too many connections"
	}
	s.admit(n)
	return nil, ""
}

// admit serves a newcomer. The caller holds the lock.
func (s *Server) admit(n *newcomer) {
	g := newGuest(n.conn, n.source, n.limits)
	s.guests[g] = s.came
	s.came++
	s.group.Go(func() {
		defer s.leave(g)
		defer s.recovered("connection")
		s.ssh.HandleConn(g)
	})
}

// refuse closes a connection that nobody could prove anything in.
func (s *Server) refuse(n *newcomer, reason string) {
	s.config.Log(ConnectionRefused, n.source, reason)
	n.conn.Close()
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

// entered notes that the user of a connection is in: his place among those who are
// not is free.
func (s *Server) entered(g *guest) {
	g.entered()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callIn()
}

// leave forgets a connection that is over.
func (s *Server) leave(g *guest) {
	g.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.guests, g)
	s.callIn()
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
	for _, n := range slices.Clone(s.waiting) {
		s.stopWaiting(n)
		n.conn.Close()
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
