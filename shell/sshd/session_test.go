package sshd

import (
	"bytes"
	"io"
	"strings"
	"testing"

	gossh "golang.org/x/crypto/ssh"
)

func TestExec(t *testing.T) {
	h := newHouse(t, nil)
	for _, test := range []struct {
		name, command, want string
		status              int
	}{
		{"one line", "who", "anna\n", 0},
		{"a failure", "fail", "", 1},
		{"several lines", "who\nfail\nwho\n", "anna\nanna\n", 1},
		{"nothing", "", "", 0},
		{"not text", "\x00\xff\x1b[2J", "", 0},
		{"a long line", strings.Repeat("x", 100_000), "", 0},
		{"a panic", "who\npanic", "anna\n", -1},
		{"a session that is hung up", "hang up", "", -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := h.session().Output(test.command)
			if string(out) != test.want || status(err) != test.status {
				t.Errorf("%q gives %q, status %d (%v), want %q, %d", test.command, out, status(err), err, test.want, test.status)
			}
		})
	}
	if !strings.Contains(h.log(), "panic of type string in a session") || strings.Contains(h.log(), "by order") {
		t.Errorf("log %q, want the panic without its value", h.log())
	}
}

func TestScriptOnInput(t *testing.T) {
	s := newHouse(t, nil).session()
	var out bytes.Buffer
	s.Stdin, s.Stdout = strings.NewReader("who\nfail\nwho"), &out
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	if code := status(s.Wait()); code != 1 || out.String() != "anna\nanna\n" {
		t.Errorf("script gives %q, status %d, want anna twice and 1", out.String(), code)
	}
}

// interact starts an interactive session and returns its two ends.
func interact(t *testing.T, s *gossh.Session, columns, rows int) (io.WriteCloser, *bytes.Buffer) {
	t.Helper()
	in, err := s.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	s.Stdout = &out
	if err := s.RequestPty("xterm", rows, columns, gossh.TerminalModes{gossh.ECHO: 0}); err != nil {
		t.Fatal(err)
	}
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	return in, &out
}

func TestInteractive(t *testing.T) {
	h := newHouse(t, nil)
	s := h.session()
	in, out := interact(t, s, 100, 30)
	io.WriteString(in, "size\nfail\nquit\n")
	h.event("listens")
	if err := s.WindowChange(50, 5000); err != nil {
		t.Fatal(err)
	}
	if code := status(s.Wait()); code != 1 {
		t.Errorf("status %d, want 1", code)
	}
	if want := "hello anna, 100x30\r\n>1024x50\r\n"; out.String() != want {
		t.Errorf("terminal shows %q, want %q", out, want)
	}
}

func TestCarriageReturns(t *testing.T) {
	for _, test := range []struct{ parts, want string }{
		{"a\nb", "a\r\nb"},
		{"a\r\nb\n", "a\r\nb\r\n"},
		{"a\r|\nb", "a\r\nb"},
		{"\n|\n", "\r\n\r\n"},
		{"", ""},
	} {
		var got []byte
		terminal := newTerminal(nil, nil)
		for part := range strings.SplitSeq(test.parts, "|") {
			got = append(got, terminal.withReturns([]byte(part))...)
		}
		if string(got) != test.want {
			t.Errorf("%q is shown as %q, want %q", test.parts, got, test.want)
		}
	}
}

// Ctrl-C ends a command that was started at a pseudo-terminal; a signal ends any
// command.
func TestInterrupt(t *testing.T) {
	for name, interrupt := range map[string]func(*gossh.Session, io.Writer) error{
		"Ctrl-C": func(_ *gossh.Session, in io.Writer) error { _, err := in.Write([]byte{'x', ctrlC}); return err },
		"signal": func(s *gossh.Session, _ io.Writer) error { return s.Signal(gossh.SIGINT) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			s := h.session()
			in, err := s.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := s.RequestPty("xterm", 24, 80, nil); err != nil {
				t.Fatal(err)
			}
			if err := s.Start("wait"); err != nil {
				t.Fatal(err)
			}
			h.event("waits")
			if err := interrupt(s, in); err != nil {
				t.Fatal(err)
			}
			h.event("cut off")
			if code := status(s.Wait()); code != -1 {
				t.Errorf("status %d, want none", code)
			}
		})
	}
}

// An input that is cut off is told from one that ends: its last line may be the
// beginning of another.
func TestInputThatIsCutOff(t *testing.T) {
	for _, test := range []struct {
		leave func(*gossh.Client, *gossh.Session, io.Closer) error
		want  string
	}{
		{func(_ *gossh.Client, _ *gossh.Session, in io.Closer) error { return in.Close() }, "ended: <nil>"},
		{func(c *gossh.Client, _ *gossh.Session, _ io.Closer) error { return c.Close() }, "ended: unexpected EOF"},
		{func(_ *gossh.Client, s *gossh.Session, _ io.Closer) error { return s.Close() }, "ended: unexpected EOF"},
	} {
		h := newHouse(t, nil)
		client := h.enter()
		s, err := client.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		in, err := s.StdinPipe()
		if err == nil {
			err = s.Shell()
		}
		if err == nil {
			_, err = io.WriteString(in, "drain\nrule permit ip source 10.1.0.0")
		}
		if err == nil {
			err = test.leave(client, s, in)
		}
		if err != nil {
			t.Fatal(err)
		}
		h.event(test.want)
	}
}

// A client that goes in the middle of a command ends the command.
func TestClientGoes(t *testing.T) {
	for name, leave := range map[string]func(*gossh.Client, *gossh.Session) error{
		"the connection": func(c *gossh.Client, _ *gossh.Session) error { return c.Close() },
		"the channel":    func(_ *gossh.Client, s *gossh.Session) error { return s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			client := h.enter()
			s, err := client.NewSession()
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Start("wait"); err != nil {
				t.Fatal(err)
			}
			h.event("waits")
			if err := leave(client, s); err != nil {
				t.Fatal(err)
			}
			h.event("cut off")
		})
	}
}

// What a session may not have is refused, and the session goes on.
func TestRefusedRequests(t *testing.T) {
	h := newHouse(t, nil)
	client := h.enter()
	s, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Setenv("LANG", "C"); err == nil {
		t.Error("a variable is taken")
	}
	if err := s.RequestSubsystem("sftp"); err == nil {
		t.Error("sftp is taken")
	}
	for _, name := range []string{"x11-req", "auth-agent-req@openssh.com", "break", "window-change", "signal", "nonsense"} {
		if ok, err := s.SendRequest(name, true, []byte{0, 0, 0, 1, 'x'}); ok || err != nil {
			t.Errorf("%s: %v, %v, want it refused", name, ok, err)
		}
	}
	if out, err := s.Output("who"); string(out) != "anna\n" || err != nil {
		t.Errorf("then who gives %q, %v", out, err)
	}
	if ok, _, err := client.SendRequest("tcpip-forward", true, nil); ok || err != nil {
		t.Errorf("tcpip-forward: %v, %v, want it refused", ok, err)
	}
	for _, kind := range []string{"direct-tcpip", "forwarded-tcpip", "x11", "auth-agent@openssh.com", "direct-streamlocal@openssh.com", "tun@openssh.com"} {
		if _, _, err := client.OpenChannel(kind, nil); err == nil {
			t.Errorf("a channel %s is opened", kind)
		}
	}
}

// A second command, a second terminal, and a payload that lies about its length
// are refused.
func TestOddRequests(t *testing.T) {
	h := newHouse(t, nil)
	s := h.session()
	lying := []byte{0xff, 0xff, 0xff, 0xff, 'x', 0, 0}
	for _, name := range []string{"pty-req", "exec", "window-change"} {
		if ok, err := s.SendRequest(name, true, lying); ok || err != nil {
			t.Errorf("%s that lies: %v, %v, want it refused", name, ok, err)
		}
	}
	in, _ := interact(t, s, 80, 24)
	for _, name := range []string{"pty-req", "shell", "exec"} {
		if ok, err := s.SendRequest(name, true, nil); ok || err != nil {
			t.Errorf("a second %s: %v, %v, want it refused", name, ok, err)
		}
	}
	in.Close()
	if code := status(s.Wait()); code != 0 {
		t.Errorf("status %d, want 0", code)
	}
}
