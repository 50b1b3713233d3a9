package commands_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/creack/pty"
	gossh "golang.org/x/crypto/ssh"

	"sallyport/ipsec/secret"
	"sallyport/shell"
	"sallyport/shell/sshd"
)

// A house is an SSH server on the loopback interface. Each session has a user of
// its own; all have the same key.
type house struct {
	t          *testing.T
	key, known string // files of the ssh program
	port       string

	mu       sync.Mutex
	sessions map[string]session // by user
}

// newHouse opens a house until the end of the test.
func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, sessions: make(map[string]session)}
	host, _ := newKey(t)
	guest, private := newKey(t)
	server, err := sshd.New(sshd.Config{
		HostKeys: []gossh.Signer{host},
		Limits:   func() sshd.Limits { return sshd.Limits{Unauthenticated: 100, PerSource: 100} },
		Permit:   func(netip.Addr) bool { return true },
		Password: func(sshd.Login, secret.Octets) sshd.Verdict { return sshd.Refused },
		Key:      knows(guest), KeyProven: knows(guest),
		Serve: h.serve,
		Log:   func(_ sshd.Event, _ netip.AddrPort, text string) { t.Error(text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); server.Serve(l) }()
	t.Cleanup(func() { l.Close(); server.Close(); <-done })
	h.port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	h.equip(private, host.PublicKey())
	return h
}

func newKey(t *testing.T) (gossh.Signer, ed25519.PrivateKey) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := sshd.NewHostKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, private
}

// knows accepts one key.
func knows(guest gossh.Signer) func(sshd.Login, gossh.PublicKey) sshd.Verdict {
	return func(_ sshd.Login, key gossh.PublicKey) sshd.Verdict {
		if bytes.Equal(key.Marshal(), guest.PublicKey().Marshal()) {
			return sshd.Accepted
		}
		return sshd.Refused
	}
}

// equip writes the files of the ssh program.
func (h *house) equip(private ed25519.PrivateKey, host gossh.PublicKey) {
	dir := h.t.TempDir()
	h.key, h.known = filepath.Join(dir, "key"), filepath.Join(dir, "known_hosts")
	block, err := gossh.MarshalPrivateKey(private, "")
	if err != nil {
		h.t.Fatal(err)
	}
	line := fmt.Sprintf("[127.0.0.1]:%s %s", h.port, gossh.MarshalAuthorizedKey(host))
	for name, text := range map[string][]byte{h.key: pem.EncodeToMemory(block), h.known: []byte(line)} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
}

// serve runs the session of a user. Its status is 1 if the shell ends with an error.
func (h *house) serve(ctx context.Context, l sshd.Login, t shell.Terminal, _ func()) (status int) {
	h.mu.Lock()
	x := h.sessions[l.User]
	h.mu.Unlock()
	if _, err := shell.Serve(ctx, watched{t, x}, x); err != nil {
		return 1
	}
	return 0
}

// invite makes a user for a session.
func (h *house) invite(x session) (user string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	user = fmt.Sprintf("user%d", len(h.sessions))
	h.sessions[user] = x
	return user
}

// command returns the ssh program of the user of a session.
func (h *house) command(x session, arguments ...string) *exec.Cmd {
	all := append(strings.Fields("-F none -e none -o LogLevel=ERROR -o IdentitiesOnly=yes -o IdentityAgent=none -o StrictHostKeyChecking=yes"),
		"-p", h.port, "-i", h.key, "-o", "UserKnownHostsFile="+h.known, "-o", "GlobalKnownHostsFile=none", "-l", h.invite(x))
	cmd := exec.Command("ssh", append(append(all, arguments...), "127.0.0.1")...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(h.key), "TERM=xterm"}
	return cmd
}

// start has the ssh program open a session at a pseudo-terminal.
func (h *house) start(t *testing.T, x session, columns, rows int) *seat {
	t.Helper()
	cmd := h.command(x, "-tt")
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)})
	if err != nil {
		t.Fatal(err)
	}
	ended := sync.OnceValue(cmd.Wait)
	t.Cleanup(func() { _ = ended() }) // its terminal has been closed: SIGHUP
	return sit(t, pollable(t, master), ended)
}
