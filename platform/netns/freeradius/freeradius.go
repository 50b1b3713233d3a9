// Package freeradius runs Debian's FreeRADIUS in a network namespace, as the
// server that the appliance asks in the tests. It is used by tests only.
//
// A server reads nothing of /etc/freeradius: the kit writes the whole
// configuration into a directory of its own (package daemon). It ends with the
// test, failed or not.
//
// Start at [Start].
package freeradius

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"sallyport/ipsec/secret"
	"sallyport/platform/netns/daemon"
	"sallyport/platform/radius"
)

// program is where Debian's package puts the server.
const program = "/usr/sbin/freeradius"

// A Namespace is where a server runs.
type Namespace interface {
	daemon.Namespace
	// Do runs the function inside the namespace.
	Do(func() error) error
}

// A Server is a running FreeRADIUS that answers.
type Server struct {
	*daemon.Daemon
	conf Config
}

// Missing says why FreeRADIUS cannot be run, and what to do; empty if it can.
func Missing() string { return daemon.Missing(program) }

// Require skips or fails the test where FreeRADIUS cannot be run: [daemon.Require].
func Require(t testing.TB) {
	t.Helper()
	daemon.Require(t, "FreeRADIUS", Missing())
}

// Start runs a server in ns. It fails the test if the server does not answer a
// request; when the test fails later, its log is shown.
func Start(t testing.TB, ns Namespace, c Config) *Server {
	t.Helper()
	s := &Server{Daemon: daemon.New(t, ns, "FreeRADIUS", "radius.log"), conf: c}
	s.Write(t, "radiusd.conf", c.conf(s.Dir()))
	s.Write(t, "users", c.users())
	s.Daemon.Start(t, daemon.Program{Path: program, Args: []string{"-f", "-xx", "-d", s.Dir(), "-l", s.Path("radius.log")}})
	if err := ns.Do(func() error { return s.Await(s.answers) }); err != nil {
		t.Fatalf("freeradius: %v\n%s", err, s.Log())
	}
	return s
}

// answers asks for a user that there is not: nil is the server's refusal. It must
// be run inside the server's namespace.
func (s *Server) answers(ctx context.Context) error {
	probe := radius.Client{
		Servers:       []radius.Server{{Address: s.conf.Address, Secret: secret.Octets(s.conf.Secret)}},
		NASIdentifier: "readiness", Timeout: 20 * time.Millisecond, Tries: 1,
	}
	answer, err := probe.Ask(ctx, radius.Request{User: nobody})
	if no := (*radius.Rejection)(nil); errors.As(err, &no) {
		return nil
	}
	return fmt.Errorf("the answer to %q is %+v, %v, want a rejection", nobody, answer, err)
}

// Address returns where the server listens.
func (s *Server) Address() netip.AddrPort { return s.conf.Address }
