package authority

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// openssl is where Debian's package puts the program.
const openssl = "/usr/bin/openssl"

// A Namespace is where a responder listens.
type Namespace interface {
	// Do runs the function inside the namespace.
	Do(func() error) error
}

// Here is the namespace of the test itself.
type Here struct{}

// Do calls f.
func (Here) Do(f func() error) error { return f() }

// A Responder answers questions about certificates over HTTP (RFC 6960), with a
// certificate of its own for signing. Each answer is made by a run of `openssl
// ocsp`: its own server takes no notice of a change until the question after the
// next, and ends when it is asked nonsense.
type Responder struct {
	ca     *CA
	signer *Credential
	dir    string
	port   uint16
	server http.Server
	ended  chan struct{} // closed when the server has ended
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

// ServeOCSP runs a responder in ns, on a port that it chooses, at all IPv4
// addresses. It knows what c has issued and revoked whenever it is asked, and ends
// with the test.
func (c *CA) ServeOCSP(ns Namespace) *Responder {
	c.t.Helper()
	r := &Responder{ca: c, dir: c.t.TempDir(), ended: make(chan struct{})}
	r.signer = c.ocspSigner()
	c.responders = append(c.responders, r)
	c.publish()
	var listener net.Listener
	err := errors.Join(
		Write(r.dir, map[string][]byte{"ca.pem": c.credential.PEM(), "signer.pem": r.signer.PEM(), "signer.key": r.signer.KeyPEM()}),
		ns.Do(func() (err error) {
			listener, err = net.Listen("tcp4", ":0")
			return err
		}))
	if err != nil {
		c.t.Fatal(err)
	}
	r.port = listener.Addr().(*net.TCPAddr).AddrPort().Port()
	r.server.Handler = r
	go func() {
		r.server.Serve(listener)
		close(r.ended)
	}()
	c.t.Cleanup(r.Stop)
	return r
}

// ocspSigner returns the certificate of c's responders: openssl reads no database that
// has one subject twice.
func (c *CA) ocspSigner() *Credential {
	if len(c.responders) > 0 {
		return c.responders[0].signer
	}
	return c.Issue(Request{Name: "ocsp." + c.credential.Name, Extended: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}})
}

// Signer returns the certificate that answers are signed with.
func (r *Responder) Signer() *Credential { return r.signer }

// URL returns where the responder is asked, at one of its namespace's addresses.
func (r *Responder) URL(at netip.Addr) string {
	return "http://" + netip.AddrPortFrom(at, r.port).String()
}

// Stop ends the responder. It does not matter if it has ended before.
func (r *Responder) Stop() {
	r.server.Close()
	<-r.ended
}

// ServeHTTP answers a question: RFC 6960 appendix A.
func (r *Responder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	request, err := question(q)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer, err := r.answer(request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/ocsp-response")
	w.Write(answer)
}

// question returns the OCSP request in a POST or a GET.
func question(q *http.Request) ([]byte, error) {
	switch q.Method {
	case http.MethodPost:
		return io.ReadAll(q.Body)
	case http.MethodGet:
		return base64.StdEncoding.DecodeString(strings.TrimPrefix(q.URL.Path, "/"))
	}
	return nil, fmt.Errorf("method %s, want POST or GET", q.Method)
}

// answer has openssl answer a request, DER.
func (r *Responder) answer(request []byte) ([]byte, error) {
	dir, err := os.MkdirTemp(r.dir, "question")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "request"), filepath.Join(dir, "response")
	if err := os.WriteFile(in, request, 0o600); err != nil {
		return nil, err
	}
	c := exec.Command(openssl, "ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "signer.pem", "-rkey", "signer.key",
		"-nmin", "10", "-reqin", in, "-respout", out)
	c.Dir = r.dir
	if text, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("openssl ocsp: %w: %s", err, bytes.TrimSpace(text))
	}
	return os.ReadFile(out)
}

// publish tells the responders what has been issued and revoked.
func (c *CA) publish() {
	c.t.Helper()
	for _, r := range c.responders {
		if err := r.index(); err != nil {
			c.t.Fatal(err)
		}
	}
}

// index writes the database that openssl reads, whole or not at all.
func (r *Responder) index() error {
	var b strings.Builder
	for _, issued := range r.ca.issued {
		b.WriteString(r.ca.entry(issued))
	}
	fresh := filepath.Join(r.dir, "index.new")
	if err := os.WriteFile(fresh, []byte(b.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, filepath.Join(r.dir, "index.txt"))
}

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
