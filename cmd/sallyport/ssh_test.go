package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"sallyport/commands"
	"sallyport/shell"
)

// An sshBox is an SSH service with a porter's accounts, on ports of the loopback
// interface, whose sessions say who they are.
type sshBox struct {
	*porter
	service *sshService

	mu     sync.Mutex
	opened map[int]net.Listener // by the port that the configuration names
}

// newSSHBox opens a box on port 22, and closes it when the test ends.
func newSSHBox(t testing.TB) *sshBox {
	b := &sshBox{porter: newPorter(t), opened: make(map[int]net.Listener)}
	b.service = newSSHService(t.TempDir(), b.accounts, saying, b.write)
	b.service.listen = b.listen
	b.config.Management.SSH.Enabled = true
	b.apply(nil)
	t.Cleanup(func() {
		if err := b.service.close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// listen takes a free port for each that is configured; port 1 is never free.
func (b *sshBox) listen(port int) (net.Listener, error) {
	if port == 1 {
		return nil, &net.OpError{Op: "listen", Err: errors.New("address already in use")}
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opened[port] = l
	return l, err
}

// apply changes the configuration and puts it in force.
func (b *sshBox) apply(change func(*commands.Config)) {
	b.t.Helper()
	b.config = b.config.Clone()
	if change != nil {
		change(b.config)
	}
	if err := b.service.Configure(b.config); err != nil {
		b.t.Fatal(err)
	}
}

// dial connects to the port that the configuration names so.
func (b *sshBox) dial(port int, user, password string) (*gossh.Client, error) {
	b.mu.Lock()
	address := b.opened[port].Addr().String()
	b.mu.Unlock()
	return gossh.Dial("tcp", address, &gossh.ClientConfig{
		User: user, Auth: []gossh.AuthMethod{gossh.Password(password)},
		HostKeyCallback: gossh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second,
	})
}

// enter opens a session of anna's, until the test ends.
func (b *sshBox) enter() *gossh.Session {
	b.t.Helper()
	client, err := b.dial(22, "anna", "right")
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { client.Close() })
	s, err := client.NewSession()
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// A sayer is a session that says who it is, refuses "bad" and ends with "quit".
type sayer struct {
	shell.Session
	options commands.Options
}

func saying(o commands.Options) (shell.Session, func()) { return &sayer{options: o}, func() {} }

func (s *sayer) Prompt() string                         { return "<H>" }
func (s *sayer) Finish(context.Context) commands.Output { return commands.Output{} }
func (s *sayer) Settings() commands.Settings            { return commands.Settings{} }
func (s *sayer) Hidden() bool                           { return false }
func (s *sayer) Help(string) string                     { return "" }
func (s *sayer) Complete(string) []string               { return nil }
func (s *sayer) Hotkey(byte) string                     { return "" }
func (s *sayer) Remember(string)                        {}
func (s *sayer) Messages() <-chan string                { return nil }

func (s *sayer) ExecAll(ctx context.Context, lines []string) []commands.Result {
	return []commands.Result{{Prompt: s.Prompt(), Output: s.Exec(ctx, lines[0])}}
}

func (s *sayer) Exec(_ context.Context, line string) commands.Output {
	o := s.options
	switch line {
	case "who":
		return commands.Output{Text: fmt.Sprintf("%s %s %s %d %v\n", o.User, o.Line, o.Source, o.Level, o.Interactive)}
	case "bad":
		return commands.Output{Text: "Error: refused.\n", Err: errors.New("refused")}
	case "quit":
		return commands.Output{Ended: true}
	}
	return commands.Output{}
}

func TestSSHSession(t *testing.T) {
	b := newSSHBox(t)
	out, err := b.enter().Output("who")
	if want := "anna vty0 127.0.0.1 3 false\n"; string(out) != want || err != nil {
		t.Errorf("who says %q, %v, want %q", out, err, want)
	}
	if _, err := b.enter().Output("who\nbad"); err == nil {
		t.Error("a script with a refused line succeeds")
	}
	await(t, "the lines are free", func() bool { return len(b.Lines()) == 0 })
	log := b.log()
	for _, want := range []string{"user anna from 127.0.0.1 on vty0 has logged in", "has logged out"} {
		if !strings.Contains(log, want) {
			t.Errorf("log\n%s, want %q", log, want)
		}
	}
}

func TestSSHGreeting(t *testing.T) {
	b := newSSHBox(t)
	b.apply(func(c *commands.Config) { c.Management.ShellHeader, c.Management.LoginHeader = "Welcome.", "Keep out." })
	want := "Welcome.\nInfo: The max number of VTY users is 5, and the number\n" +
		"      of current VTY users on line is 0.\n      The current login time is 2026-05-07 11:40:02.\n"
	if got := b.service.greeting(); got != want {
		t.Errorf("greeting\n%s, want\n%s", got, want)
	}
	var banner string
	_, err := gossh.Dial("tcp", b.opened[22].Addr().String(), &gossh.ClientConfig{
		User: "anna", HostKeyCallback: gossh.InsecureIgnoreHostKey(),
		BannerCallback: func(text string) error { banner = text; return nil },
	})
	if err == nil || banner != "Keep out.\n" {
		t.Errorf("banner %q, %v, want the login header", banner, err)
	}
}

// With a terminal the greeting comes first, and line ends are a terminal's.
func TestSSHInteractive(t *testing.T) {
	b := newSSHBox(t)
	s := b.enter()
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := s.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RequestPty("xterm", 24, 80, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, "quit\r"); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(out)
	if want := "Info: The max number of VTY users is 5, and the number\r\n      of current VTY users on line is 1.\r\n"; err != nil || !strings.HasPrefix(string(text), want) {
		t.Errorf("terminal shows %q, %v, want %q first", text, err, want)
	}
	if err := s.Wait(); err != nil {
		t.Errorf("the session ends with %v", err)
	}
}

func TestSSHLinesAreUsed(t *testing.T) {
	b := newSSHBox(t)
	b.apply(func(c *commands.Config) { c.Management.MaxVTY = 1 })
	first := b.enter()
	in, err := first.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Shell(); err != nil {
		t.Fatal(err)
	}
	await(t, "anna sits on vty0", func() bool { return len(b.Lines()) == 1 })
	out, err := b.enter().Output("who")
	if string(out) != allUsed || err == nil {
		t.Errorf("a second session says %q, %v, want %q and a failure", out, err, allUsed)
	}
	in.Close()
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.enter().Output("who"); err != nil {
		t.Errorf("a session when the line is free again: %v", err)
	}
}

func TestSSHHangup(t *testing.T) {
	b := newSSHBox(t)
	s := b.enter()
	if _, err := s.StdinPipe(); err != nil { // stays open
		t.Fatal(err)
	}
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	await(t, "anna sits on vty0", func() bool { return len(b.Lines()) == 1 })
	if !b.Hangup("vty0") {
		t.Fatal("nobody is on vty0")
	}
	if err := s.Wait(); err == nil {
		t.Error("a session that was hung up succeeds")
	}
	await(t, "vty0 is free", func() bool { return len(b.Lines()) == 0 })
	if log := b.log(); !strings.Contains(log, "the connection was cut") {
		t.Errorf("log\n%s, want the reason", log)
	}
}

// await asks again and again until ok, since nothing tells when a session that
// is over has left.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain until " + what)
		}
	}
}
