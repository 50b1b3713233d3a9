package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	bootPatience   = 20 * time.Second
	killPatience   = 5 * time.Second // for an orderly end, which takes 3 s at most
	settlePatience = 2 * time.Second
	keptLines      = 100 // of a gateway's log, to be shown if something fails
)

// A boxProcess is a gateway of the demo: this program once more, in a namespace.
type boxProcess struct {
	name  string
	state string
	run   *exec.Cmd
	up    milestone     // it says that it is up
	sa    milestone     // it says that it has an IPsec SA
	ended chan struct{} // closed when it has ended and its log is read

	mu  sync.Mutex
	log []string // its latest lines but for IKE messages
}

// A milestone is reached when a line of the log has its words, for the first time.
type milestone struct {
	words   string
	reached chan struct{}
	once    sync.Once
}

func (m *milestone) look(line string) {
	if strings.Contains(line, m.words) {
		m.once.Do(func() { close(m.reached) })
	}
}

// start starts a site's gateway. Its IKE messages go to the lab's output.
func (s *site) start(l *lab) (*boxProcess, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(l.folder, "fw_"+s.letter+".cfg")
	if err := os.WriteFile(file, []byte(s.config), 0o600); err != nil {
		return nil, err
	}
	b := &boxProcess{name: "FW_" + strings.ToUpper(s.letter), state: s.statedir, ended: make(chan struct{})}
	b.up.words, b.up.reached = upWords, make(chan struct{})
	b.sa.words, b.sa.reached = saWords, make(chan struct{})
	b.run = exec.Command(program, "run", "--config", file, "--state", s.statedir, "--dataplane", "user", "--trace",
		"--port", s.inside.Name+"="+insideDevice, "--port", s.outside.Name+"="+outsideDevice)
	// A group of its own, so that Ctrl-C ends the demo and the demo ends the
	// gateway; and never a gateway without its demo.
	b.run.SysProcAttr = &unix.SysProcAttr{Setsid: true, Pdeathsig: unix.SIGTERM}
	log, err := b.run.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.fw.Start(b.run); err != nil {
		return nil, err
	}
	go b.follow(log, l)
	return b, nil
}

// follow reads the gateway's log until it ends, and then waits for the process.
func (b *boxProcess) follow(log io.Reader, l *lab) {
	defer close(b.ended)
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if text, ok := overheard(b.name, lines.Text()); ok {
			l.out.hold(text)
			if l.kept.Load() {
				l.out.printf("")
			}
			continue
		}
		b.keep(lines.Text())
	}
	_ = b.run.Wait() // how it ended is in run.ProcessState
}

// keep keeps a line of the log, and notices what it says.
func (b *boxProcess) keep(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.log = append(b.log, line)
	if len(b.log) > keptLines {
		b.log = b.log[1:]
	}
	b.up.look(line)
	b.sa.look(line)
}

// lines returns the latest lines of the log.
func (b *boxProcess) lines() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.log, "\n")
}

// await waits until the gateway is up.
func (b *boxProcess) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, bootPatience)
	defer cancel()
	select {
	case <-b.up.reached:
		return nil
	case <-b.ended:
		return fmt.Errorf("%s ended at once (%v):\n%s", b.name, b.run.ProcessState, b.lines())
	case <-ctx.Done():
		return fmt.Errorf("%s does not come up (%w):\n%s", b.name, ctx.Err(), b.lines())
	}
}

// settle waits until the log has told of the negotiation that made an SA: the
// lines about its messages come before.
func (b *boxProcess) settle() {
	select {
	case <-b.sa.reached:
	case <-b.ended:
	case <-time.After(settlePatience):
	}
}

// end ends the gateway in good order, or kills it. It must be ended by us: what
// ended by itself before is an error.
func (b *boxProcess) end() error {
	select {
	case <-b.ended:
		return fmt.Errorf("%s ended by itself: %v", b.name, b.run.ProcessState)
	default:
	}
	if err := b.run.Process.Signal(unix.SIGTERM); err != nil {
		return fmt.Errorf("end %s: %w", b.name, err)
	}
	select {
	case <-b.ended:
		return nil
	case <-time.After(killPatience):
	}
	err := errors.Join(fmt.Errorf("%s did not end within %v", b.name, killPatience), b.run.Process.Kill())
	<-b.ended
	return err
}

// ask runs lines on the gateway's console and returns what it prints.
func (b *boxProcess) ask(lines ...string) (string, error) {
	conn, err := net.Dial("unix", filepath.Join(b.state, consoleSocket))
	if err != nil {
		return "", err
	}
	defer conn.Close()
	var out strings.Builder
	in := strings.NewReader(strings.Join(lines, "\n") + "\n")
	err = attach(conn, streams{in: in, out: &out}, nil)
	return out.String(), err
}
