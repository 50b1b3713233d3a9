package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sallyport/platform/netns"
	"sallyport/platform/netns/testrun"
	"sallyport/platform/systemd/systemdtest"
)

// An appliance is a running sallyport.
type appliance struct {
	t     testing.TB
	name  string // for messages
	space *netns.Namespace
	plane string // its dataplane
	file  string // its configuration
	state string // its directory
	log   *transcript
	ended chan struct{} // closed when the process has been waited for
	run   *exec.Cmd

	flags   []string             // beside those that all have
	manager *systemdtest.Manager // that starts it; nil: the test itself does
}

// A transcript is what a process writes; it may be read meanwhile.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *transcript) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// startAppliance runs sallyport in n, whose devices lan and wan are the ports
// 0/0/1 and 0/0/2, and waits until its console answers. When the test fails,
// the log and the main displays are shown.
func startAppliance(t testing.TB, n *netns.Namespace, name, config string) *appliance {
	t.Helper()
	return startOn(t, testrun.Dataplane(), n, name, config)
}

// startOn is startAppliance with a dataplane of its own.
func startOn(t testing.TB, plane string, n *netns.Namespace, name, config string) *appliance {
	t.Helper()
	dir, err := os.MkdirTemp("", "sp") // t.TempDir may be too long for a socket's path
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	a := &appliance{t: t, name: name, space: n, plane: plane, state: filepath.Join(dir, "s"), log: &transcript{}}
	a.file = filepath.Join(dir, "startup.cfg")
	must(t, os.WriteFile(a.file, []byte(config), 0o600))
	t.Cleanup(func() { a.finish() })
	a.launch()
	return a
}

// launch starts the process and waits until the console answers.
func (a *appliance) launch() {
	a.t.Helper()
	path, err := program()
	must(a.t, err)
	a.run = exec.Command(path, append([]string{"run", "--trace", "--config", a.file, "--state", a.state, "--dataplane", a.plane,
		"--port", "GigabitEthernet0/0/1=lan", "--port", "GigabitEthernet0/0/2=wan"}, a.flags...)...)
	a.run.Stdout, a.run.Stderr = a.log, a.log
	a.run.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // if the test is killed
	if a.manager != nil {
		must(a.t, a.manager.Start(a.run, a.space.Start))
	} else {
		must(a.t, a.space.Start(a.run))
	}
	process, ended := a.run, make(chan struct{})
	a.ended = ended
	go func() {
		process.Wait()
		close(ended)
	}()
	a.await()
}

// await waits until the console answers.
func (a *appliance) await() {
	a.t.Helper()
	eventually(a.t, a.name+" answers on its console", func() bool {
		select {
		case <-a.ended:
			a.t.Fatalf("%s ended at once: %v", a.name, a.run.ProcessState)
		default:
		}
		_, err := a.try("display version")
		return err == nil
	})
}

// finish shows what helps to find out why a test failed, and ends the process.
func (a *appliance) finish() {
	if a.t.Failed() {
		out, err := a.try("display ike sa", "display ipsec sa", "display ike error-info verbose")
		a.t.Logf("%s: log:\n%s\ndisplays (%v):\n%s", a.name, a.log, err, out)
	}
	if a.run != nil && a.run.Process != nil {
		a.stop(syscall.SIGTERM)
	}
}

// stop sends the process a signal and waits for its end.
func (a *appliance) stop(signal syscall.Signal) {
	a.t.Helper()
	a.run.Process.Signal(signal)
	select {
	case <-a.ended:
	case <-time.After(patience):
		a.t.Errorf("%s did not end within %v of %v", a.name, patience, signal)
		a.run.Process.Kill()
		<-a.ended
	}
}

// try types lines into the console, in user view, and returns what it prints.
func (a *appliance) try(lines ...string) (string, error) {
	path, err := program()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(path, "console", "--state", a.state)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// console is try for lines that must be accepted.
func (a *appliance) console(lines ...string) string {
	a.t.Helper()
	out, err := a.try(lines...)
	if err != nil {
		a.t.Fatalf("%s: console %q: %v\n%s", a.name, lines, err, out)
	}
	return out
}

// An ikeRow is a line of `display ike sa`.
type ikeRow struct {
	id    int
	phase string // v1:1 or v1:2
	flags []string
}

func (r ikeRow) has(flag string) bool { return slices.Contains(r.flags, flag) }

// ikeSAs reads `display ike sa`.
func (a *appliance) ikeSAs() []ikeRow {
	a.t.Helper()
	var rows []ikeRow
	for line := range strings.Lines(a.console("display ike sa")) {
		words := strings.Fields(line)
		phase := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "v1:") })
		if phase < 1 {
			continue
		}
		id, err := strconv.Atoi(words[0])
		if err != nil {
			a.t.Fatalf("%s: no connection id in %q", a.name, line)
		}
		rows = append(rows, ikeRow{id, words[phase], strings.Split(words[phase-1], "|")})
	}
	return rows
}

// phase counts the SAs of one phase that are ready.
func (a *appliance) phase(phase string) int {
	a.t.Helper()
	n := 0
	for _, row := range a.ikeSAs() {
		if row.phase == phase && row.has("RD") {
			n++
		}
	}
	return n
}

// awaitTunnel waits until both phases are ready.
func (a *appliance) awaitTunnel() {
	a.t.Helper()
	eventually(a.t, a.name+" has SAs of both phases", func() bool {
		return a.phase("v1:1") > 0 && a.phase("v1:2") > 0
	})
}
