// Package daemon runs a program of Debian's, such as a peer or a server that the
// appliance asks, in a network namespace, with a directory of its own for all
// that it reads and writes and a private mount namespace with an empty /run, so
// that any number of them run side by side. It is used by tests only.
//
// Start at [New] and [Daemon.Start]. Whatever runs ends with the test, failed or
// not.
package daemon

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"sallyport/platform/netns/testrun"
)

// Patience bounds every wait for something that takes a fraction of it.
var Patience = testrun.Patience(15 * time.Second)

// A Namespace is where a daemon runs.
type Namespace interface {
	// Start starts the command inside the namespace and returns at once.
	Start(*exec.Cmd) error
}

// A Program is what a daemon runs.
type Program struct {
	Path string
	Args []string
	Env  []string // NAME=VALUE, beside what the test has
}

// A Daemon is a program that runs, or will.
type Daemon struct {
	name, log string
	dir       string
	ns        Namespace
	patience  time.Duration   // for Await and Stop
	output    bytes.Buffer    // of the process, beside its log
	process   *exec.Cmd       // nil: it has never begun
	running   context.Context // ends when the process has been waited for
}

// Missing says why programs cannot be run in namespaces, and what to do; empty
// if they can. files are what they consist of.
func Missing(files ...string) string {
	for _, file := range files {
		if _, err := os.Stat(file); err != nil {
			return file + " is missing: run .ci/install-peers"
		}
	}
	if os.Geteuid() != 0 {
		return "needs root, for network namespaces"
	}
	return ""
}

// Require skips the test, with the reason, in a short run and where the program of
// that name cannot be run, for the reason that missing is; the latter is a failure
// on a build machine, which says so with CI=true.
func Require(t testing.TB, name, missing string) {
	t.Helper()
	switch {
	case testing.Short():
		t.Skipf("runs %s, which a short run leaves out", name)
	case missing == "":
	case os.Getenv("CI") == "true":
		t.Fatal(missing)
	default:
		t.Skip(missing)
	}
}

// New makes the directory of a daemon that does not run yet. name is for people,
// log is what its log is called in the directory. When the test fails, what the
// daemon has said is shown.
func New(t testing.TB, ns Namespace, name, log string) *Daemon {
	t.Helper()
	// A short path of plain letters: that of a control socket may have no more than
	// 107 octets, and configurations name it. t.TempDir has the test's name in it.
	dir, err := os.MkdirTemp("", "kit")
	if err != nil {
		t.Fatal(err)
	}
	d := &Daemon{name: name, log: log, dir: dir, ns: ns, patience: Patience}
	t.Cleanup(func() {
		d.Stop()
		if t.Failed() {
			t.Logf("%s's output:\n%s\nand log:\n%s", name, d.output.String(), d.Log())
		}
		os.RemoveAll(dir)
	})
	return d
}

// Dir returns the daemon's directory.
func (d *Daemon) Dir() string { return d.dir }

// Path returns where a file of the daemon's is.
func (d *Daemon) Path(name string) string { return filepath.Join(d.dir, name) }

// Write writes a file of the daemon's; name may have folders.
func (d *Daemon) Write(t testing.TB, name, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(d.Path(name)), 0o700)
	if err == nil {
		err = os.WriteFile(d.Path(name), []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Start starts the program. Programs have fixed places in /run for what they keep
// there, hence the mount namespace.
func (d *Daemon) Start(t testing.TB, p Program) {
	t.Helper()
	const script = `mount -t tmpfs none /run && exec "$0" "$@"`
	process := exec.Command("/bin/sh", append([]string{"-c", script, p.Path}, p.Args...)...)
	process.Env = append(os.Environ(), p.Env...)
	process.SysProcAttr = &syscall.SysProcAttr{
		Unshareflags: syscall.CLONE_NEWNS,
		Pdeathsig:    syscall.SIGKILL, // if the test is killed, and cannot clean up
	}
	process.Stdout, process.Stderr = &d.output, &d.output
	if err := d.ns.Start(process); err != nil {
		t.Fatalf("%s: %v", d.name, err)
	}
	running, end := context.WithCancel(context.Background())
	go func() {
		process.Wait()
		end()
	}()
	d.process, d.running = process, running
}

// pause is between two questions whether a daemon is ready.
const pause = 20 * time.Millisecond

// Await returns when ready does without an error. The context that ready gets ends
// with the program, or when patience does; the error says which.
func (d *Daemon) Await(ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(d.running, d.patience)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			if d.running.Err() != nil {
				return fmt.Errorf("%s ended at once: %v", d.name, d.process.ProcessState)
			}
			return fmt.Errorf("%s is not ready after %v: %w", d.name, d.patience, err)
		case <-time.After(pause):
		}
	}
}

// Stop ends the program. It does not matter if it has ended before, or never begun.
func (d *Daemon) Stop() {
	if d.process == nil {
		return
	}
	d.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.running.Done():
	case <-time.After(d.patience):
		d.Crash()
	}
}

// Crash ends the program without giving it time for anything.
func (d *Daemon) Crash() {
	d.process.Process.Kill()
	<-d.running.Done()
}

// PID returns the program's process id.
func (d *Daemon) PID() int { return d.process.Process.Pid }

// Log returns what the program has logged so far.
func (d *Daemon) Log() string {
	text, err := os.ReadFile(d.Path(d.log))
	if err != nil {
		return err.Error()
	}
	return string(text)
}
