package authority

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/platform/netns/testrun"
)

// openssl is where Debian's package puts the program.
const openssl = "/usr/bin/openssl"

// patience bounds every wait for something that takes a fraction of it.
var patience = testrun.Patience(15 * time.Second)

// A Namespace is where a responder runs.
type Namespace interface {
	// Start starts the command inside the namespace and returns at once.
	Start(*exec.Cmd) error
	// Do runs the function inside the namespace.
	Do(func() error) error
}

// Here is the namespace of the test itself.
type Here struct{}

// Start starts c.
func (Here) Start(c *exec.Cmd) error { return c.Start() }

// Do calls f.
func (Here) Do(f func() error) error { return f() }

// A Responder is a running `openssl ocsp` (RFC 6960), with a certificate of its
// own for signing answers.
type Responder struct {
	ca      *CA
	signer  *Credential
	ns      Namespace
	dir     string
	port    uint16 // 0: not known yet
	indexes int    // databases written
	process *exec.Cmd
	ended   chan struct{} // closed when the process has been waited for
}

// RequireOCSP skips the test where there is no openssl, which is a failure on a
// build machine.
func RequireOCSP(t testing.TB) {
	t.Helper()
	switch _, err := os.Stat(openssl); {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("%s is missing: run .ci/install-peers", openssl)
	default:
		t.Skipf("%s is missing: run .ci/install-peers", openssl)
	}
}

// ServeOCSP runs a responder in ns, on a port that it chooses, at all addresses.
// It knows what c has issued and revoked whenever it is asked, and ends with the
// test.
func (c *CA) ServeOCSP(ns Namespace) *Responder {
	c.t.Helper()
	r := &Responder{ca: c, ns: ns, dir: c.t.TempDir(), ended: make(chan struct{})}
	r.signer = c.Issue(Request{Name: "ocsp." + c.credential.Name, Extended: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}})
	c.responders = append(c.responders, r)
	c.publish()
	if err := Write(r.dir, map[string][]byte{
		"ca.pem": c.credential.PEM(), "signer.pem": r.signer.PEM(), "signer.key": r.signer.KeyPEM(),
	}); err != nil {
		c.t.Fatal(err)
	}
	r.run()
	return r
}

// Signer returns the certificate that answers are signed with.
func (r *Responder) Signer() *Credential { return r.signer }

// URL returns where the responder is asked, at one of its namespace's addresses.
func (r *Responder) URL(at netip.Addr) string {
	return "http://" + netip.AddrPortFrom(at, r.port).String()
}

// run starts openssl and returns when it listens.
func (r *Responder) run() {
	t := r.ca.t
	t.Helper()
	r.process = exec.Command(openssl, "ocsp", "-port", "0", "-index", "index.txt", "-CA", "ca.pem",
		"-rsigner", "signer.pem", "-rkey", "signer.key", "-nmin", "10")
	r.process.Dir = r.dir
	r.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var log bytes.Buffer
	r.process.Stderr = &log
	out, err := r.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.ns.Start(r.process); err != nil {
		t.Fatalf("openssl ocsp: %v", err)
	}
	first := make(chan string, 1)
	go r.read(out, first)
	t.Cleanup(func() {
		r.Stop()
		if t.Failed() {
			t.Logf("openssl ocsp's output:\n%s", log.String())
		}
	})
	if err := r.await(first); err != nil {
		t.Fatalf("openssl ocsp: %v", err)
	}
}

// read passes the first line on, takes the others, and waits for the process.
func (r *Responder) read(out io.Reader, first chan<- string) {
	defer close(r.ended)
	lines := bufio.NewScanner(out)
	if lines.Scan() {
		first <- lines.Text()
	}
	io.Copy(io.Discard, out)
	r.process.Wait()
}

// await takes the port from the first line, which is written when the responder
// listens.
func (r *Responder) await(first <-chan string) (err error) {
	select {
	case line := <-first:
		r.port, err = acceptPort(line)
		return err
	case <-r.ended:
		return fmt.Errorf("it ended at once: %v", r.process.ProcessState)
	case <-time.After(patience):
		return errors.New("it does not say where it listens")
	}
}

// acceptPort reads a line such as "ACCEPT [::]:35157 PID=20412".
func acceptPort(line string) (uint16, error) {
	words := strings.Fields(line)
	if len(words) < 2 || words[0] != "ACCEPT" {
		return 0, fmt.Errorf("it says %q, want ACCEPT and an address", line)
	}
	at, err := netip.ParseAddrPort(words[1])
	if err != nil {
		return 0, fmt.Errorf("it says %q: %w", line, err)
	}
	return at.Port(), nil
}

// Stop ends the responder. It does not matter if it has ended before.
func (r *Responder) Stop() {
	r.process.Process.Kill()
	<-r.ended
	r.ca.responders = slices.DeleteFunc(r.ca.responders, func(other *Responder) bool { return other == r })
}

// publish tells the responders what has been issued and revoked.
func (c *CA) publish() {
	c.t.Helper()
	for _, r := range c.responders {
		if err := errors.Join(r.index(), r.wake()); err != nil {
			c.t.Fatal(err)
		}
	}
}

// index writes the database that openssl reads, whole or not at all. That it has
// changed is seen by its time, which has whole seconds.
func (r *Responder) index() error {
	var b strings.Builder
	for _, issued := range r.ca.issued {
		b.WriteString(r.ca.entry(issued))
	}
	fresh := filepath.Join(r.dir, "index.new")
	if err := os.WriteFile(fresh, []byte(b.String()), 0o600); err != nil {
		return err
	}
	r.indexes++
	changed := time.Unix(int64(r.indexes), 0)
	if err := os.Chtimes(fresh, changed, changed); err != nil {
		return err
	}
	return os.Rename(fresh, filepath.Join(r.dir, "index.txt"))
}

// wake has a running responder read its database again, which it does before it
// waits for a connection: whoever asked next would have an old answer. So that is
// ours, to a question that means nothing.
func (r *Responder) wake() error {
	if r.port == 0 {
		return nil
	}
	return r.ns.Do(func() error {
		c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(netip.AddrPortFrom(loopback, r.port)))
		if err != nil {
			return err
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(patience))
		if _, err := io.WriteString(c, "GET / HTTP/1.0\r\n\r\n"); err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, c)
		return err
	})
}

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// entry returns a certificate's line: status, end of validity, revocation, serial
// number, file, subject.
func (c *CA) entry(issued *Credential) string {
	const form = "060102150405Z"
	status, since := "V", ""
	if at := c.revocation(issued); !at.IsZero() {
		status, since = "R", at.UTC().Format(form)+",keyCompromise"
	}
	return fmt.Sprintf("%s\t%s\t%s\t%04X\tunknown\t/C=%s/O=%s/CN=%s\n", status,
		issued.Certificate.NotAfter.UTC().Format(form), since, issued.Certificate.SerialNumber, country, organization, issued.Name)
}
