// Package strongswan runs Debian's strongSwan in a network namespace, as the
// peer of the tests and the yardstick of the benchmarks. It is used by tests
// only.
//
// ESP is done by what the run of the tests is told (package testrun). By default
// that is strongSwan itself, with its kernel-libipsec plugin, because the kernels
// of build machines often have none; that plugin always pretends to be behind a
// NAT, so its peers see UDP encapsulation on port 4500. In a run of the kernel's
// dataplane it is the kernel, and the ESP is plain.
//
// Each daemon has a directory of its own (package daemon), with a control socket.
// Whatever [Start] starts ends with the test, failed or not.
//
// Start at [Connection] and [Start], then [Daemon.Initiate] and [Daemon.SAs].
package strongswan

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"sallyport/platform/netns/daemon"
	"sallyport/platform/netns/testrun"
)

// Where Debian's packages put the daemon, its control program and a plugin.
const (
	charon  = "/usr/lib/ipsec/charon"
	swanctl = "/usr/sbin/swanctl"
	xauth   = "/usr/lib/ipsec/plugins/libstrongswan-xauth-generic.so" // of a package of its own
)

// A Namespace is where a daemon runs.
type Namespace = daemon.Namespace

// A Daemon is a charon with its configuration loaded.
type Daemon struct{ *daemon.Daemon }

// Missing says why strongSwan cannot be run, and what to do; empty if it can.
func Missing() string { return daemon.Missing(charon, swanctl, xauth) }

// Require skips or fails the test where strongSwan cannot be run: [daemon.Require].
func Require(t testing.TB) {
	t.Helper()
	daemon.Require(t, "strongSwan", Missing())
}

// Start runs a charon in ns with the connection c. It fails the test if the
// daemon does not come up; when the test fails later, its log is shown.
func Start(t testing.TB, ns Namespace, c Connection) *Daemon {
	t.Helper()
	d := &Daemon{daemon.New(t, ns, "strongSwan", "charon.log")}
	d.Write(t, "strongswan.conf", daemonConf{dir: d.Dir(), kernel: testrun.OnKernel(), c: c}.text())
	d.Write(t, "swanctl.conf", c.conf())
	for name, text := range c.Files {
		d.Write(t, name, string(text))
	}
	d.up(t)
	return d
}

// up runs the daemon and returns when it has its configuration.
func (d *Daemon) up(t testing.TB) {
	t.Helper()
	d.Start(t, daemon.Program{Path: charon, Env: []string{d.settings()}})
	if err := d.Await(d.answers); err != nil {
		t.Fatalf("strongswan: %v", err)
	}
	if out, err := d.control("--load-all", "--noprompt"); err != nil {
		t.Fatalf("strongswan: load: %v\n%s", err, out)
	}
}

// settings is the variable that names the daemon's settings.
func (d *Daemon) settings() string { return "STRONGSWAN_CONF=" + d.Path("strongswan.conf") }

// answers asks on the control socket.
func (d *Daemon) answers(context.Context) error {
	_, err := d.control("--version", "--daemon")
	return err
}

// Restart starts a daemon that was stopped or has crashed again, with the same
// configuration and nothing of what it knew.
func (d *Daemon) Restart(t testing.TB) {
	t.Helper()
	d.Stop()
	d.up(t)
}

// Resolver returns the file of name servers, as the daemon has it from mode config;
// empty if there was none.
func (d *Daemon) Resolver() string {
	text, _ := os.ReadFile(d.Path(resolver))
	return string(text)
}

// control runs swanctl with the command and arguments.
func (d *Daemon) control(args ...string) (string, error) {
	cmd := exec.Command(swanctl, append([]string{args[0], "--uri", "unix://" + d.Path("vici")}, args[1:]...)...)
	cmd.Env = append(os.Environ(), d.settings(), "SWANCTL_DIR="+d.Dir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("swanctl %s: %w: %s", args[0], err, lastLine(out))
	}
	return string(out), nil
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}
