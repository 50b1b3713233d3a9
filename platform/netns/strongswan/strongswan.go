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
// Each daemon has a directory of its own, a private mount namespace with an
// empty /run, and a control socket, so that any number of them run side by
// side. Whatever [Start] starts ends with the test, failed or not.
//
// Start at [Connection] and [Start], then [Daemon.Initiate] and [Daemon.SAs].
package strongswan

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/platform/netns/testrun"
)

// Where Debian's packages put the daemon, its control program and a plugin.
const (
	charon  = "/usr/lib/ipsec/charon"
	swanctl = "/usr/sbin/swanctl"
	xauth   = "/usr/lib/ipsec/plugins/libstrongswan-xauth-generic.so" // of a package of its own
)

// patience bounds every wait for something that takes a fraction of it.
var patience = testrun.Patience(15 * time.Second)

// A Namespace is where a daemon runs.
type Namespace interface {
	// Start starts the command inside the namespace and returns at once.
	Start(*exec.Cmd) error
}

// A Daemon is a charon with its configuration loaded.
type Daemon struct {
	dir     string
	ns      Namespace
	output  bytes.Buffer // of the process, beside its log
	process *exec.Cmd
	ended   chan struct{} // closed when the process has been waited for
}

// Missing says why strongSwan cannot be run, and what to do; empty if it can.
func Missing() string {
	for _, file := range []string{charon, swanctl, xauth} {
		if _, err := os.Stat(file); err != nil {
			return file + " is missing: run .ci/install-peers"
		}
	}
	if os.Geteuid() != 0 {
		return "needs root, for network namespaces"
	}
	return ""
}

// Require skips the test, with the reason, in a short run and where strongSwan
// cannot be run; the latter is a failure on a build machine, which says so with
// CI=true.
func Require(t testing.TB) {
	t.Helper()
	missing := Missing()
	switch {
	case testing.Short():
		t.Skip("runs strongSwan, which a short run leaves out")
	case missing == "":
	case os.Getenv("CI") == "true":
		t.Fatal(missing)
	default:
		t.Skip(missing)
	}
}

// Start runs a charon in ns with the connection c. It fails the test if the
// daemon does not come up; when the test fails later, its log is shown.
func Start(t testing.TB, ns Namespace, c Connection) *Daemon {
	t.Helper()
	d := &Daemon{dir: shortDir(t), ns: ns}
	d.write(t, "strongswan.conf", daemonConf{dir: d.dir, kernel: testrun.OnKernel(), c: c}.text())
	d.write(t, "swanctl.conf", c.conf())
	for name, text := range c.Files {
		d.write(t, name, string(text))
	}
	t.Cleanup(func() {
		d.Stop()
		if t.Failed() {
			t.Logf("strongSwan's output:\n%s\nand log:\n%s", d.output.String(), d.Log())
		}
	})
	d.up(t)
	return d
}

// up runs the daemon and returns when it has its configuration.
func (d *Daemon) up(t testing.TB) {
	t.Helper()
	d.run(t)
	d.await(t)
	if out, err := d.control("--load-all", "--noprompt"); err != nil {
		t.Fatalf("strongswan: load: %v\n%s", err, out)
	}
}

// shortDir makes a directory for a control socket, whose whole path may have
// no more than 107 octets: t.TempDir would put the test's name into it.
func shortDir(t testing.TB) string {
	dir, err := os.MkdirTemp("", "swan")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (d *Daemon) path(name string) string { return filepath.Join(d.dir, name) }

func (d *Daemon) write(t testing.TB, name, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(d.path(name)), 0o700)
	if err == nil {
		err = os.WriteFile(d.path(name), []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// run starts charon. Its pid file and its other sockets have fixed places in
// /run, hence the mount namespace.
func (d *Daemon) run(t testing.TB) {
	const script = `mount -t tmpfs none /run && exec "$0"`
	process := exec.Command("/bin/sh", "-c", script, charon)
	process.Env = append(os.Environ(), "STRONGSWAN_CONF="+d.path("strongswan.conf"))
	process.SysProcAttr = &syscall.SysProcAttr{
		Unshareflags: syscall.CLONE_NEWNS,
		Pdeathsig:    syscall.SIGKILL, // if the test is killed, and cannot clean up
	}
	process.Stdout, process.Stderr = &d.output, &d.output
	if err := d.ns.Start(process); err != nil {
		t.Fatalf("strongswan: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		process.Wait()
		close(ended)
	}()
	d.process, d.ended = process, ended
}

// await waits until the control socket answers.
func (d *Daemon) await(t testing.TB) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		select {
		case <-d.ended:
			t.Fatalf("strongswan: charon ended at once: %v", d.process.ProcessState)
		default:
		}
		if _, err := d.control("--version", "--daemon"); err == nil {
			return
		}
	}
	t.Fatalf("strongswan: charon does not answer on %s", d.path("vici"))
}

// Stop ends the daemon. It does not matter if it has ended before.
func (d *Daemon) Stop() {
	if d.process == nil {
		return // it has never begun
	}
	d.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.ended:
	case <-time.After(patience):
		d.Crash()
	}
}

// Crash ends the daemon without a word to its peers.
func (d *Daemon) Crash() {
	d.process.Process.Kill()
	<-d.ended
}

// Restart starts a daemon that was stopped or has crashed again, with the same
// configuration and nothing of what it knew.
func (d *Daemon) Restart(t testing.TB) {
	t.Helper()
	d.Stop()
	d.up(t)
}

// PID returns the daemon's process id.
func (d *Daemon) PID() int { return d.process.Process.Pid }

// Resolver returns the file of name servers, as the daemon has it from mode config;
// empty if there was none.
func (d *Daemon) Resolver() string {
	text, _ := os.ReadFile(d.path(resolver))
	return string(text)
}

// Log returns what the daemon has logged so far.
func (d *Daemon) Log() string {
	text, err := os.ReadFile(d.path("charon.log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// control runs swanctl with the command and arguments.
func (d *Daemon) control(args ...string) (string, error) {
	cmd := exec.Command(swanctl, append([]string{args[0], "--uri", "unix://" + d.path("vici")}, args[1:]...)...)
	cmd.Env = append(os.Environ(), "STRONGSWAN_CONF="+d.path("strongswan.conf"), "SWANCTL_DIR="+d.dir)
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
