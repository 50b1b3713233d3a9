package sshd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
	gossh "golang.org/x/crypto/ssh"
)

// A client is the ssh program of OpenSSH, as carl unless the arguments say
// otherwise.
type client struct {
	*house
	key, known string // files
}

// needs skips the test where something is not installed, which it is where CI runs.
func needs(t testing.TB, cmd string, arguments ...string) {
	t.Helper()
	out, err := exec.Command(cmd, arguments...).CombinedOutput()
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("%s %v: %v: %s", cmd, arguments, err, out)
	default:
		t.Skipf("%s %v: %v: %s", cmd, arguments, err, out)
	}
}

// newClient writes carl's key, and the server's for the comparison.
func newClient(h *house) *client {
	h.t.Helper()
	needs(h.t, "ssh", "-V")
	dir := h.t.TempDir()
	c := &client{house: h, key: filepath.Join(dir, "key"), known: filepath.Join(dir, "known_hosts")}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		h.t.Fatal(err)
	}
	if h.key, err = NewHostKey(private); err != nil {
		h.t.Fatal(err)
	}
	block, err := gossh.MarshalPrivateKey(private, "carl")
	if err != nil {
		h.t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(h.listener.Addr().String())
	known := fmt.Sprintf("[127.0.0.1]:%s %s", port, gossh.MarshalAuthorizedKey(h.host.PublicKey()))
	for name, text := range map[string][]byte{c.key: pem.EncodeToMemory(block), c.known: []byte(known)} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
	return c
}

// command returns the ssh program with arguments before the host's name and
// words behind it.
func (c *client) command(ctx context.Context, arguments []string, words ...string) *exec.Cmd {
	_, port, _ := net.SplitHostPort(c.listener.Addr().String())
	all := append([]string{"-F", "none", "-p", port, "-i", c.key,
		"-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "StrictHostKeyChecking=yes", "-o", "UserKnownHostsFile=" + c.known,
		"-o", "GlobalKnownHostsFile=none", "-o", "ConnectTimeout=10"}, arguments...)
	if !strings.Contains(strings.Join(arguments, " "), "-l ") {
		all = append(all, "-l", "carl")
	}
	cmd := exec.CommandContext(ctx, "ssh", append(append(all, "127.0.0.1"), words...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(c.key)}
	return cmd
}

// run runs the ssh program and returns what it printed and its exit code.
func (c *client) run(input string, arguments []string, words ...string) (out, errs string, code int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := c.command(ctx, arguments, words...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		c.t.Fatal(err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

func TestOpenSSH(t *testing.T) {
	c := newClient(newHouse(t, nil))
	for _, test := range []struct {
		name, input string
		arguments   []string
		words       []string
		out         string
		code        int
	}{
		{"a command", "", nil, []string{"who"}, "carl\n", 0},
		{"a command that fails", "", nil, []string{"fail"}, "", 1},
		{"a command of several words", "", nil, []string{"hang", "up"}, "", 255},
		{"a script in the argument", "", nil, []string{"who\nwho"}, "carl\ncarl\n", 0},
		{"a script on the input", "who\nfail\nwho\n", []string{"-T"}, nil, "carl\ncarl\n", 1},
		{"a terminal", "who\nquit\n", []string{"-tt"}, nil, "hello carl, 0x0\r\n>carl\r\n", 0},
		{"a command at a terminal", "", []string{"-tt"}, []string{"who"}, "carl\r\n", 0},
		{"without a session", "", []string{"-W", "127.0.0.1:22"}, nil, "", 255},
		{"a file transfer", "", []string{"-s"}, []string{"sftp"}, "", 255},
		{"variables, agent, X11", "", []string{"-A", "-X", "-o", "SetEnv=LANG=C"}, []string{"who"}, "carl\n", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, errs, code := c.run(test.input, test.arguments, test.words...)
			if out != test.out || code != test.code {
				t.Errorf("ssh prints %q and ends with %d, want %q and %d; it says\n%s", out, code, test.out, test.code, errs)
			}
		})
	}
}

func TestOpenSSHForwarding(t *testing.T) {
	c := newClient(newHouse(t, nil))
	_, errs, code := c.run("", []string{"-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:22"}, "who")
	if code != 255 || !strings.Contains(errs, "remote port forwarding failed") {
		t.Errorf("ssh -R ends with %d: %s", code, errs)
	}
	if _, errs, _ := c.run("", []string{"-W", "127.0.0.1:22"}); !strings.Contains(errs, "unsupported channel type") {
		t.Errorf("ssh -W says %q", errs)
	}
}

// askPass writes a program that prints a password, and returns what makes ssh
// use it.
func (c *client) askPass(password string) []string {
	c.t.Helper()
	name := filepath.Join(c.t.TempDir(), "askpass")
	if err := os.WriteFile(name, []byte("#!/bin/sh\necho '"+password+"'\n"), 0o700); err != nil {
		c.t.Fatal(err)
	}
	return []string{"SSH_ASKPASS=" + name, "SSH_ASKPASS_REQUIRE=force"}
}

func TestOpenSSHPassword(t *testing.T) {
	c := newClient(newHouse(t, nil))
	for password, want := range map[string]int{"right": 0, "wrong": 255} {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		cmd := c.command(ctx, []string{"-l", "anna", "-o", "PreferredAuthentications=password"}, "who")
		cmd.Env = append(cmd.Env, c.askPass(password)...)
		out, _ := cmd.CombinedOutput()
		cancel()
		if code := cmd.ProcessState.ExitCode(); code != want || !strings.HasPrefix(string(out), "Keep out.") {
			t.Errorf("with the password %s ssh ends with %d, want %d: %s", password, code, want, out)
		}
	}
}

// Each algorithm of the server's is one that OpenSSH can use, and the weak ones
// that OpenSSH still has find no match.
func TestOpenSSHAlgorithms(t *testing.T) {
	c := newClient(newHouse(t, nil))
	ours := algorithms()
	for _, test := range []struct {
		option string
		names  []string
		code   int
	}{
		{"KexAlgorithms", ours.KeyExchanges[1:], 0}, // Debian 12's has no ML-KEM yet
		{"Ciphers", ours.Ciphers, 0},
		{"Ciphers=aes256-ctr -o MACs", ours.MACs, 0},
		{"KexAlgorithms", []string{"diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1", "diffie-hellman-group-exchange-sha1"}, 255},
		{"Ciphers", []string{"aes128-cbc", "aes256-cbc", "3des-cbc"}, 255},
		{"Ciphers=aes256-ctr -o MACs", []string{"hmac-sha1", "hmac-md5", "hmac-sha2-256", "umac-64@openssh.com"}, 255},
		{"HostKeyAlgorithms", []string{"ssh-rsa", "ssh-dss"}, 255},
	} {
		for _, name := range test.names {
			arguments := strings.Fields("-o " + test.option + "=" + name)
			if _, errs, code := c.run("", arguments, "who"); code != test.code {
				t.Errorf("ssh %v ends with %d, want %d: %s", arguments, code, test.code, errs)
			}
		}
	}
}

// TestParamiko has a client that changes the user's name between attempts: who
// proves to be somebody is that one, and nobody before.
func TestParamiko(t *testing.T) {
	needs(t, "/usr/bin/python3", "-c", "import paramiko")
	h := newHouse(t, nil)
	c := newClient(h)
	_, port, _ := net.SplitHostPort(h.listener.Addr().String())
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "/usr/bin/python3", "testdata/paramiko_users.py", port, c.key).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := `carl by password refused
anna by carl's key refused
anna by password in
is anna status 0
left: ['password']
bert by key in
anna after bert's half: refused
`
	if string(out) != want {
		t.Errorf("paramiko says\n%s, want\n%s", out, want)
	}
}

// The session of an ssh program that is killed ends.
func TestOpenSSHKilled(t *testing.T) {
	h := newHouse(t, nil)
	c := newClient(h)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := c.command(ctx, nil, "wait")
	cmd.Stdout = io.Discard
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h.event("waits")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	h.event("cut off")
}

// A window that changes is told by the real client: its pseudo-terminal's size is
// the session's, and so is the new one.
func TestOpenSSHWindow(t *testing.T) {
	c := newClient(newHouse(t, nil))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := c.command(ctx, nil)
	screen, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 90, Rows: 33})
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	shown := bufio.NewReader(screen)
	seek(t, shown, "hello carl, 90x33\r\n>")
	if err := pty.Setsize(screen, &pty.Winsize{Cols: 120, Rows: 40}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(screen, "size\nquit\n"); err != nil {
		t.Fatal(err)
	}
	seek(t, shown, "120x40\r\n")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// seek reads until what is awaited has come.
func seek(t *testing.T, r *bufio.Reader, want string) {
	t.Helper()
	var got strings.Builder
	for !strings.HasSuffix(got.String(), want) {
		b, err := r.ReadByte()
		if err != nil {
			t.Fatalf("%v after %q, want %q", err, got.String(), want)
		}
		got.WriteByte(b)
	}
}
