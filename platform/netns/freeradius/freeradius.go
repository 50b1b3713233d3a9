// Package freeradius runs Debian's FreeRADIUS in a network namespace, as the
// server that the appliance asks in the tests. It is used by tests only.
//
// A server reads nothing of /etc/freeradius: the kit writes the whole
// configuration into a directory of its own. It lives in a private mount
// namespace with an empty /run and ends with the test, failed or not.
//
// Start at [Start].
package freeradius

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"sallyport/ipsec/secret"
	"sallyport/platform/netns/testrun"
	"sallyport/platform/radius"
)

// program is where Debian's package puts the server.
const program = "/usr/sbin/freeradius"

// patience bounds every wait for something that takes a fraction of it.
var patience = testrun.Patience(15 * time.Second)

// A Namespace is where a server runs.
type Namespace interface {
	// Start starts the command inside the namespace and returns at once.
	Start(*exec.Cmd) error
	// Do runs the function inside the namespace.
	Do(func() error) error
}

// A Server is a running FreeRADIUS that answers.
type Server struct {
	dir     string
	conf    Config
	process *exec.Cmd
	ended   chan struct{} // closed when the process has been waited for
}

// Missing says why FreeRADIUS cannot be run, and what to do; empty if it can.
func Missing() string {
	if _, err := os.Stat(program); err != nil {
		return program + " is missing: run .ci/install-peers"
	}
	if os.Geteuid() != 0 {
		return "needs root, for network namespaces"
	}
	return ""
}

// Require skips the test, with the reason, in a short run and where FreeRADIUS
// cannot be run; the latter is a failure on a build machine, which says so with
// CI=true.
func Require(t testing.TB) {
	t.Helper()
	missing := Missing()
	switch {
	case testing.Short():
		t.Skip("runs FreeRADIUS, which a short run leaves out")
	case missing == "":
	case os.Getenv("CI") == "true":
		t.Fatal(missing)
	default:
		t.Skip(missing)
	}
}

// Start runs a server in ns. It fails the test if the server does not answer a
// request; when the test fails later, its log is shown.
func Start(t testing.TB, ns Namespace, c Config) *Server {
	t.Helper()
	s := &Server{dir: plainDir(t), conf: c, ended: make(chan struct{})}
	for name, text := range map[string]string{"radiusd.conf": c.conf(s.dir), "users": c.users()} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.run(t, ns)
	if err := ns.Do(s.await); err != nil {
		t.Fatalf("freeradius: %v\n%s", err, s.Log())
	}
	return s
}

// plainDir makes a directory whose path the server's configuration can name: t.TempDir
// puts the test's name into it, which may have a comma.
func plainDir(t testing.TB) string {
	dir, err := os.MkdirTemp("", "radius")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (s *Server) run(t testing.TB, ns Namespace) {
	const script = `mount -t tmpfs none /run && exec "$0" -f -xx -d "$1" -l "$1/radius.log"`
	s.process = exec.Command("/bin/sh", "-c", script, program, s.dir)
	s.process.SysProcAttr = &syscall.SysProcAttr{
		Unshareflags: syscall.CLONE_NEWNS,
		Pdeathsig:    syscall.SIGKILL, // if the test is killed, and cannot clean up
	}
	var output bytes.Buffer
	s.process.Stdout, s.process.Stderr = &output, &output
	if err := ns.Start(s.process); err != nil {
		t.Fatalf("freeradius: %v", err)
	}
	go func() {
		s.process.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() {
		s.Stop()
		if t.Failed() {
			t.Logf("FreeRADIUS's output:\n%s\nand log:\n%s", output.String(), s.Log())
		}
	})
}

// await asks for a user that there is not until the server refuses it. It must be
// run inside the server's namespace.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	go func() {
		select {
		case <-s.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	probe := radius.Client{
		Servers:       []radius.Server{{Address: s.conf.Address, Secret: secret.Octets(s.conf.Secret)}},
		NASIdentifier: "readiness", Timeout: 20 * time.Millisecond, Tries: 1,
	}
	for {
		_, err := probe.Ask(ctx, radius.Request{User: nobody})
		if no := (*radius.Rejection)(nil); errors.As(err, &no) {
			return nil
		}
		select {
		case <-s.ended:
			return errors.New("the server ended at once")
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Address returns where the server listens.
func (s *Server) Address() netip.AddrPort { return s.conf.Address }

// Stop ends the server. It does not matter if it has ended before.
func (s *Server) Stop() {
	s.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.process.Process.Kill()
		<-s.ended
	}
}

// Log returns what the server has logged so far.
func (s *Server) Log() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "radius.log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}
