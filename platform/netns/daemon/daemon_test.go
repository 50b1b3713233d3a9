package daemon

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/platform/netns/netnstest"
)

// script is a program of the shell's.
func script(text string, args ...string) Program {
	return Program{Path: "/bin/sh", Args: append([]string{"-c", text, "sh"}, args...)}
}

// newDaemon returns a daemon in a namespace of its own.
func newDaemon(t *testing.T) *Daemon {
	t.Helper()
	if missing := Missing("/bin/sh"); missing != "" {
		t.Skip(missing)
	}
	return New(t, netnstest.New(t), "kit", "log")
}

// logs returns when the log has a line.
func (d *Daemon) logs(line string) func(context.Context) error {
	return func(context.Context) error {
		if !strings.Contains(d.Log(), line+"\n") {
			return errors.New("the log is " + d.Log())
		}
		return nil
	}
}

// start starts a program and waits until it has logged a line.
func (d *Daemon) start(t *testing.T, p Program, line string) {
	t.Helper()
	d.Start(t, p)
	if err := d.Await(d.logs(line)); err != nil {
		t.Fatal(err)
	}
}

// alive reports whether the program is a process, reaped or not.
func (d *Daemon) alive() bool { return syscall.Kill(d.PID(), 0) == nil }

func TestProgramIsByItself(t *testing.T) {
	d := newDaemon(t)
	d.Write(t, "folder/file", "hello")
	p := script(`exec >>"$1/log"; cat "$1/folder/file"; echo " $WORD"; ls -A /run | wc -l; cd /proc/self/ns; readlink net; readlink mnt; echo ready; exec sleep 1000`, d.Dir())
	p.Env = []string{"WORD=world"}
	d.start(t, p, "ready")
	lines := strings.Split(d.Log(), "\n")
	if len(lines) != 6 || lines[0] != "hello world" || lines[1] != "0" || lines[2] == home(t, "net") || lines[3] == home(t, "mnt") {
		t.Errorf("the log is %q, want the file and the word, nothing in /run, and namespaces other than %s and %s", lines, home(t, "net"), home(t, "mnt"))
	}
	if !d.alive() {
		t.Error("the program has ended by itself")
	}
	d.Stop()
	d.Stop() // it does not matter
	if d.alive() {
		t.Error("the program is still there after Stop")
	}
}

// home names the test's own namespace of a kind.
func home(t *testing.T, kind string) string {
	t.Helper()
	name, err := os.Readlink("/proc/self/ns/" + kind)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func TestProgramIsKilled(t *testing.T) {
	deaf := `trap "" TERM; echo ready >>"$1/log"; exec sleep 1000` // which leaves TERM ignored, too
	for name, end := range map[string]func(*Daemon){"stopped": (*Daemon).Stop, "crashed": (*Daemon).Crash} {
		t.Run(name, func(t *testing.T) {
			d := newDaemon(t)
			d.start(t, script(deaf, d.Dir()), "ready")
			d.patience = 10 * time.Millisecond
			end(d)
			if d.alive() || !strings.Contains(d.process.ProcessState.String(), "killed") {
				t.Errorf("the program is %v, want it killed", d.process.ProcessState)
			}
		})
	}
}

func TestProgramStartsAgain(t *testing.T) {
	d := newDaemon(t)
	for _, line := range []string{"first", "second"} {
		d.start(t, script(`echo "$2" >>"$1/log"; exec sleep 1000`, d.Dir(), line), line)
		d.Crash()
	}
}

func TestAwaitSaysWhy(t *testing.T) {
	never := func(ctx context.Context) error { return errors.New("nobody answers") }
	d := newDaemon(t)
	d.patience = 50 * time.Millisecond
	d.start(t, script(`echo ready >>"$1/log"; exec sleep 1000`, d.Dir()), "ready")
	if err := d.Await(never); err == nil || err.Error() != "kit is not ready after 50ms: nobody answers" {
		t.Errorf("of one that runs: %v", err)
	}
	d.Stop()
	d.patience = Patience
	d.Start(t, script("exit 3"))
	if err := d.Await(never); err == nil || err.Error() != "kit ended at once: exit status 3" {
		t.Errorf("of one that ends: %v", err)
	}
}

func TestMissing(t *testing.T) {
	if got, want := Missing("/bin/sh", "/no/such/program"), "/no/such/program is missing: run .ci/install-peers"; got != want {
		t.Errorf("Missing = %q, want %q", got, want)
	}
}
