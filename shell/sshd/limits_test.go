package sshd

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"sallyport/ipsec/secret"
)

// knock opens a connection that says nothing.
func (h *house) knock() net.Conn {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.listener.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	return conn
}

// greeting reads the server's version, which shows that it took the connection.
func greeting(t testing.TB, conn net.Conn) bool {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, len("SSH-2.0-Sallyport"))
	_, err := io.ReadFull(conn, first)
	return err == nil && string(first) == "SSH-2.0-Sallyport"
}

// within returns a configuration's change that sets limits.
func within(l Limits) func(*Config) {
	return func(c *Config) { c.Limits = func() Limits { return l } }
}

func TestStrangersOfOneAddress(t *testing.T) {
	h := newHouse(t, within(Limits{Wait: brief}))
	h.enter() // who is in does not count
	for i := range defaults.PerSource {
		if !greeting(t, h.knock()) {
			t.Errorf("connection %d is refused", i+1)
		}
	}
	last := h.knock()
	if greeting(t, last) {
		t.Error("one connection more is taken")
	}
	if !strings.Contains(h.log(), "too many connections that have not logged in") {
		t.Errorf("log %q, want the refusal", h.log())
	}
}

// knockFrom is knock from 127.0.0.last.
func (h *house) knockFrom(last int) net.Conn {
	h.t.Helper()
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(last))}}
	conn, err := from.Dial("tcp", h.listener.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	return conn
}

// One connection each from more addresses than there are places.
func TestStrangersOfAllAddresses(t *testing.T) {
	h := newHouse(t, within(Limits{Wait: brief}))
	taken := 0
	for i := range defaults.Unauthenticated + 4 {
		if greeting(t, h.knockFrom(1+i)) {
			taken++
		}
	}
	if taken != defaults.Unauthenticated {
		t.Errorf("%d connections are taken, want %d", taken, defaults.Unauthenticated)
	}
}

// Four addresses hold all the places: somebody else comes in nevertheless, for the
// oldest connection of theirs, and none of the four comes in for another.
func TestStrangersKeepNobodyOut(t *testing.T) {
	h := newHouse(t, within(Limits{Unauthenticated: 8, PerSource: 3, Wait: brief}))
	var held [8]net.Conn
	for i := range held {
		if held[i] = h.knockFrom(1 + i/2); !greeting(t, held[i]) {
			t.Fatalf("connection %d is refused", i+1)
		}
	}
	if greeting(t, h.knockFrom(1)) {
		t.Error("who holds two places already comes in for another")
	}
	if !greeting(t, h.knockFrom(9)) {
		t.Fatal("somebody else is refused")
	}
	closes(t, held[0])
}

// Connections in which nothing runs give way; those with a session do not.
func TestConnectionsInAll(t *testing.T) {
	h := newHouse(t, within(Limits{Connections: 2}))
	working := h.session()
	if err := working.Start("wait"); err != nil {
		t.Fatal(err)
	}
	h.event("waits")
	idle := h.enter()
	next := h.enter()
	if err := idle.Wait(); err == nil {
		t.Error("the idle connection ends without an error")
	}
	s, err := next.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start("wait"); err != nil {
		t.Fatal(err)
	}
	h.event("waits")
	if greeting(t, h.knock()) || !strings.Contains(h.log(), "too many connections") {
		t.Errorf("a third connection is taken beside two with sessions, log %q", h.log())
	}
}

// Channels in which nothing is started do not keep a connection.
func TestUnusedChannels(t *testing.T) {
	client := newHouse(t, within(Limits{Unused: time.Second})).enter()
	if _, _, err := client.OpenChannel("session", nil); err != nil {
		t.Fatal(err)
	}
	if err := client.Wait(); err == nil {
		t.Error("the connection ends without an error")
	}
}

func TestNotPermitted(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.Permit = func(a netip.Addr) bool { return a != netip.MustParseAddr("127.0.0.1") } })
	if greeting(t, h.knock()) {
		t.Error("an address that is not permitted is taken")
	}
	if !strings.Contains(h.log(), "not permitted") {
		t.Errorf("log %q, want the refusal", h.log())
	}
}

// brief is a time that has passed when a test looks.
const brief = 20 * time.Millisecond

func TestHandshakeTakesTooLong(t *testing.T) {
	closes(t, newHouse(t, within(Limits{Handshake: brief})).knock())
}

func TestAuthenticationTakesTooLong(t *testing.T) {
	h := newHouse(t, within(Limits{Authentication: brief}))
	conn := h.knock()
	asked := make(chan struct{})
	_, _, _, err := gossh.NewClientConn(conn, "", &gossh.ClientConfig{
		User: "anna", HostKeyCallback: gossh.InsecureIgnoreHostKey(),
		Auth: []gossh.AuthMethod{gossh.PasswordCallback(func() (string, error) {
			close(asked)
			closes(t, conn)
			return "right", nil
		})},
	})
	<-asked
	if err == nil {
		t.Error("anna is in though she took too long")
	}
}

func TestPasswordsOfOneConnection(t *testing.T) {
	var tries atomic.Int32
	h := newHouse(t, func(c *Config) {
		c.Limits = func() Limits { return Limits{Passwords: 2} }
		c.Password = func(Login, secret.Octets) Verdict { tries.Add(1); return Refused }
	})
	_, err := h.dial("anna", gossh.RetryableAuthMethod(gossh.Password("wrong"), 10))
	if got := tries.Load(); err == nil || got != 2 {
		t.Errorf("%d passwords were looked at (%v), want 2", got, err)
	}
}

// A connection that nobody uses ends: without any session, and after the last.
func TestUnusedConnection(t *testing.T) {
	if err := newHouse(t, within(Limits{Unused: brief})).enter().Wait(); err == nil {
		t.Error("the connection ends without an error")
	}
	client := newHouse(t, within(Limits{Unused: time.Second})).enter()
	s, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run("who"); err != nil {
		t.Fatal(err)
	}
	if err := client.Wait(); err == nil {
		t.Error("the connection ends without an error")
	}
}

func TestSessionsOfOneConnection(t *testing.T) {
	h := newHouse(t, within(Limits{Sessions: 2}))
	client := h.enter()
	first, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.NewSession(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.NewSession(); err == nil {
		t.Error("a third session is opened")
	}
	first.Close()
	for end := time.Now().Add(patience); ; {
		if _, err := client.NewSession(); err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal("no place comes free")
		}
	}
}

// A client that does not answer is given up, one that does is not.
func TestKeepAlive(t *testing.T) {
	h := newHouse(t, within(Limits{KeepAlive: 100 * time.Millisecond}))
	awake := h.enter()
	s, err := awake.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	silent, channels, _, err := gossh.NewClientConn(h.knock(), "", &gossh.ClientConfig{
		User: "anna", Auth: []gossh.AuthMethod{gossh.Password("right")}, HostKeyCallback: gossh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for c := range channels {
			_ = c.Reject(gossh.UnknownChannelType, "")
		}
	}()
	if _, _, err := silent.OpenChannel("session", nil); err != nil {
		t.Fatal(err)
	}
	if err := silent.Wait(); err == nil {
		t.Error("the connection ends without an error")
	}
	if out, err := s.Output("who"); string(out) != "anna\n" || err != nil {
		t.Errorf("the other client's who gives %q, %v", out, err)
	}
}

func TestBlockedOutput(t *testing.T) {
	h := newHouse(t, within(Limits{Blocked: brief}))
	s := h.session()
	if _, err := s.StdoutPipe(); err != nil { // and nobody reads it
		t.Fatal(err)
	}
	if err := s.Start("pour"); err != nil {
		t.Fatal(err)
	}
	h.event("poured")
}

// Close ends sessions and waits for them.
func TestClose(t *testing.T) {
	h := newHouse(t, nil)
	s := h.session()
	if err := s.Start("wait"); err != nil {
		t.Fatal(err)
	}
	h.event("waits")
	h.listener.Close()
	h.server.Close()
	select {
	case got := <-h.events:
		if got != "cut off" {
			t.Errorf("the session tells %q", got)
		}
	default:
		t.Error("the session is not over when Close returns")
	}
	if code := status(s.Wait()); code != -1 {
		t.Errorf("status %d, want none", code)
	}
}

// A listener may close without harm to who is connected.
func TestListenerCloses(t *testing.T) {
	h := newHouse(t, nil)
	client := h.enter()
	h.listener.Close()
	s, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := s.Output("who"); string(out) != "anna\n" || err != nil {
		t.Errorf("who gives %q, %v", out, err)
	}
	h.open()
	h.enter()
}

// A panic in a function of the configuration costs the connection.
func TestPanicWhileJudging(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.Key = func(Login, gossh.PublicKey) Verdict { panic("by order") } })
	if _, err := h.dial("carl", gossh.PublicKeys(h.key)); err == nil {
		t.Error("carl is in")
	}
	h.enter()
	if !strings.Contains(h.log(), "panic of type string in a connection") {
		t.Errorf("log %q, want the panic", h.log())
	}
}

// BenchmarkSSHSessions has a hundred clients of one address log in at once, be there
// at the same time, run a command and leave.
func BenchmarkSSHSessions(b *testing.B) {
	const clients = 100
	h := newHouse(b, nil)
	for b.Loop() {
		errs := make(chan error, clients)
		var all sync.WaitGroup
		all.Add(clients)
		for range clients {
			go func() { errs <- h.visit(&all) }()
		}
		for range clients {
			if err := <-errs; err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*clients), "µs/session")
}

// visit logs in, waits until all others are in, and runs a command.
func (h *house) visit(all *sync.WaitGroup) error {
	in := sync.OnceFunc(all.Done)
	defer in()
	client, err := h.dial("anna", gossh.Password("right"))
	if err != nil {
		return err
	}
	defer client.Close()
	s, err := client.NewSession()
	if err != nil {
		return err
	}
	in()
	all.Wait()
	if out, err := s.Output("who"); string(out) != "anna\n" {
		return fmt.Errorf("who gives %q, %w", out, err)
	}
	return nil
}
