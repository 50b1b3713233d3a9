package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// childVariable makes the test program serve one session on its standard streams,
// and then wait for ever. What it stands for says how the program begins.
const (
	childVariable = "SALLYPORT_SHELL_CHILD"
	atTerminal    = "at a terminal"
	prepared      = "prepared"
	unprepared    = "unprepared"
)

// A console is the terminal that a process has.
type console struct{ io.ReadWriter }

func (console) Interactive() bool         { return true }
func (console) Size() (columns, rows int) { columns, rows, _ = term.GetSize(0); return columns, rows }
func (console) Resized() <-chan struct{}  { return nil }

func child(as string) {
	var err error
	switch as {
	case atTerminal:
		_, err = term.MakeRaw(0)
	case prepared:
		err = Prepare()
	}
	if err != nil {
		panic(err)
	}
	p := newPerson(console{struct {
		io.Reader
		io.Writer
	}{os.Stdin, os.Stdout}}, &actor{})
	err = p.serve(context.Background())
	fmt.Printf("ended: %v %T\r\n", err, p.editor)
	select {}
}

// until reads from r until it has shown text.
func until(r io.Reader, text string) (shown string, err error) {
	p := make([]byte, 256)
	for !strings.Contains(shown, text) {
		n, err := r.Read(p)
		shown += string(p[:n])
		if err != nil {
			return shown, err
		}
	}
	return shown, nil
}

// TestSignalsAreLeftAlone has a process with a real terminal killed by SIGTERM,
// while go-prompt has the line and after its session: the library takes no signal.
func TestSignalsAreLeftAlone(t *testing.T) {
	for typed, last := range map[string]string{"show\x1b[D?": "<H>show\x1b[D", "show\x02?\rquit\r": "ended: <nil> *shell.prompter"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childVariable+"="+atTerminal)
		terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 80, Rows: 24})
		if err != nil {
			t.Fatal(err)
		}
		_, err = until(terminal, "<H>")
		if err == nil {
			_, err = io.WriteString(terminal, typed)
		}
		shown := ""
		if err == nil {
			shown, err = until(terminal, last)
		}
		if !strings.Contains(shown, "?\r\n  help for sho\r\n") {
			t.Errorf("%q: shown %q, %v, want help", typed, shown, err)
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
			t.Errorf("%q: the process ended with %v, want by SIGTERM", typed, err)
		}
		terminal.Close()
	}
}

// TestAProcessWithoutTerminal has the simple editor until it takes one.
func TestAProcessWithoutTerminal(t *testing.T) {
	for as, editor := range map[string]string{prepared: "*shell.prompter", unprepared: "*shell.fallback"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childVariable+"="+as)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		cmd.Stdin = strings.NewReader("sh?ow\rquit\r")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		shown, err := until(out, "ended: <nil> "+editor+"\r\n")
		if err != nil || !strings.Contains(shown, "shown\r\n") {
			t.Errorf("%s: shown %q, %v, want editor %s", as, shown, err, editor)
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // it says that a signal ended it
	}
}

// TestPrepare may be called again: there is a controlling terminal then.
func TestPrepare(t *testing.T) {
	if err := Prepare(); err != nil || !hasTerminal() {
		t.Errorf("Prepare() = %v, a terminal is there: %v", err, hasTerminal())
	}
}
