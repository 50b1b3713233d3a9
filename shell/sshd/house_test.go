package sshd

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"sallyport/ipsec/secret"
	"sallyport/shell"
)

// patience bounds what a test waits for.
const patience = 10 * time.Second

// A house is a server on the loopback interface with a few users: anna has the
// password "right", carl the key, bert needs both.
type house struct {
	t        testing.TB
	server   *Server
	listener net.Listener
	key      gossh.Signer  // carl's and bert's
	host     gossh.Signer  // the server's
	events   chan string   // what the sessions tell
	release  chan struct{} // lets the sessions that wait go on

	mu     sync.Mutex
	logged []string
}

// newHouse opens a house whose configuration change may alter.
func newHouse(t testing.TB, change func(*Config)) *house {
	t.Helper()
	h := &house{t: t, key: newKey(t), host: newKey(t), events: make(chan string, 100), release: make(chan struct{})}
	c := Config{
		HostKeys: []gossh.Signer{h.host},
		Permit:   func(netip.Addr) bool { return true },
		Banner:   func() string { return "Keep out.\n" },
		Password: h.password, Key: h.knows, KeyProven: h.proven,
		Serve: h.serve,
		Log: func(_ Event, _ netip.AddrPort, text string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.logged = append(h.logged, text)
		},
	}
	if change != nil {
		change(&c)
	}
	var err error
	if h.server, err = New(c); err != nil {
		t.Fatal(err)
	}
	h.open()
	return h
}

// open listens, until the end of the test.
func (h *house) open() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	h.listener = l
	done := make(chan struct{})
	go func() { defer close(done); h.server.Serve(l) }()
	h.t.Cleanup(func() { l.Close(); h.server.Close(); <-done })
}

func newKey(t testing.TB) gossh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := NewHostKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func (h *house) password(l Login, p secret.Octets) Verdict {
	switch {
	case !p.Equal(secret.Octets("right")):
		return Refused
	case l.User == "anna":
		return Accepted
	case l.User == "bert":
		return Half
	}
	return Refused
}

func (h *house) knows(l Login, key gossh.PublicKey) Verdict {
	switch {
	case string(key.Marshal()) != string(h.key.PublicKey().Marshal()):
		return Refused
	case l.User == "carl":
		return Accepted
	case l.User == "bert":
		return Half
	}
	return Refused
}

func (h *house) proven(l Login, key gossh.PublicKey) Verdict { return h.knows(l, key) }

// serve is a session that obeys a few words.
func (h *house) serve(ctx context.Context, l Login, t shell.Terminal, hangUp func()) (status int) {
	columns, rows := t.Size()
	if t.Interactive() {
		fmt.Fprintf(t, "hello %s, %dx%d\n>", l.User, columns, rows)
	}
	for lines := bufio.NewScanner(t); lines.Scan(); {
		switch word := strings.TrimSpace(lines.Text()); word {
		case "who":
			fmt.Fprintln(t, l.User)
		case "fail":
			status = 1
		case "panic":
			panic("by order")
		case "size":
			h.events <- "listens"
			<-t.Resized()
			columns, rows := t.Size()
			fmt.Fprintf(t, "%dx%d\n", columns, rows)
		case "wait":
			h.events <- "waits"
			<-ctx.Done()
			h.events <- "cut off"
		case "drain":
			_, err := io.Copy(io.Discard, t)
			h.events <- fmt.Sprint("ended: ", err)
		case "hang up":
			hangUp()
			<-ctx.Done()
		case "pour":
			for err := error(nil); err == nil; {
				_, err = t.Write(make([]byte, 1<<16))
			}
			h.events <- "poured"
		case "quit":
			return status
		}
	}
	return status
}

// event waits for what a session tells.
func (h *house) event(want string) {
	h.t.Helper()
	select {
	case got := <-h.events:
		if got != want {
			h.t.Fatalf("a session tells %q, want %q", got, want)
		}
	case <-time.After(patience):
		h.t.Fatalf("no session tells %q", want)
	}
}

// log returns the lines that were logged.
func (h *house) log() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.logged, "\n")
}

// dial connects as user.
func (h *house) dial(user string, auth ...gossh.AuthMethod) (*gossh.Client, error) {
	return h.dialWith(&gossh.ClientConfig{User: user, Auth: auth})
}

// dialWith connects with a configuration of the test's.
func (h *house) dialWith(c *gossh.ClientConfig) (*gossh.Client, error) {
	c.HostKeyCallback = gossh.FixedHostKey(h.host.PublicKey())
	c.Timeout = patience
	return gossh.Dial("tcp", h.listener.Addr().String(), c)
}

// enter connects anna, until the end of the test.
func (h *house) enter() *gossh.Client {
	h.t.Helper()
	client, err := h.dial("anna", gossh.Password("right"))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { client.Close() })
	return client
}

// session opens a session of anna's.
func (h *house) session() *gossh.Session {
	h.t.Helper()
	s, err := h.enter().NewSession()
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// status returns the exit status of a session, -1 if it had none.
func status(err error) int {
	var exit *gossh.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitStatus()
	}
	return -1
}

// closes waits until the other side closes a connection.
func closes(t testing.TB, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	var late net.Error
	if _, err := io.Copy(io.Discard, conn); errors.As(err, &late) && late.Timeout() {
		t.Fatal("the connection stays open")
	}
}
