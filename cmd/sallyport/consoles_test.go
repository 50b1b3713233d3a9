package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sallyport/commands"
	"sallyport/shell"
)

// An echoing session shows each line, refuses "bad", waits at "wait" until it is
// interrupted, and panics at "panic".
type echoing struct {
	interactive bool
	waiting     chan struct{} // told when a wait has begun
}

func (e *echoing) Prompt() string { return "<H>" }

func (e *echoing) Exec(_ context.Context, line string) commands.Output {
	switch line {
	case "bad":
		return commands.Output{Text: "refused\n", Err: errors.New("refused")}
	case "quit":
		return commands.Output{Ended: true}
	case "panic":
		panic("a session's panic")
	case "wait":
		return commands.Output{Long: func(ctx context.Context, print func(string)) error {
			e.waiting <- struct{}{}
			<-ctx.Done()
			print("interrupted\n")
			return ctx.Err()
		}}
	case "":
		return commands.Output{}
	}
	return commands.Output{Text: "ran " + line + "\n"}
}

func (e *echoing) Finish(context.Context) commands.Output { return commands.Output{} }

// A counter is the consoles of a gateway that has nothing else.
type counter struct {
	state   string
	waiting chan struct{}
	stop    func() (log string) // ends it and returns what was logged
}

// openCounter serves consoles until the test ends, and then checks that the
// server ends too.
func openCounter(t *testing.T) *counter {
	t.Helper()
	state, err := os.MkdirTemp("", "sp") // t.TempDir may be too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{state: state, waiting: make(chan struct{}, maxConsoles)}
	var text strings.Builder
	log := newLogbook(&text, false)
	server, err := listenConsoles(state, func(interactive bool) shell.Session {
		return &echoing{interactive, c.waiting}
	}, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.serve(ctx)
	}()
	c.stop = sync.OnceValue(func() string {
		cancel()
		<-ended
		log.close()
		return text.String()
	})
	t.Cleanup(func() {
		c.stop()
		os.RemoveAll(state)
	})
	return c
}

// dial opens a connection that is no console yet.
func (c *counter) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", filepath.Join(c.state, consoleSocket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// run is `sallyport console` with text for its input.
func (c *counter) run(text string) (shown string, err error) {
	var out strings.Builder
	err = runConsole(streams{in: strings.NewReader(text), out: &out, err: io.Discard}, []string{"--state", c.state})
	return out.String(), err
}

func TestConsoleRunsAScript(t *testing.T) {
	c := openCounter(t)
	long := strings.Repeat("show everything\n", 1000)
	tests := []struct{ name, script, want, err string }{
		{"nothing", "", "", ""},
		{"two lines", "a\nb", "ran a\nran b\n", ""},
		{"a refused line", "a\nbad\nb\n", "ran a\nLine 2:\n<H>bad\nrefused\nran b\n", errSilent.Error()},
		{"the end before the input's", "a\nquit\nb\n", "ran a\n", ""},
		{"much", long, strings.ReplaceAll(long, "show", "ran show"), ""},
		{"much behind the end", "quit\n" + long, "", ""},
	}
	for _, test := range tests {
		got, err := c.run(test.script)
		if got != test.want || !says(err, test.err) {
			t.Errorf("%s: shown %q, %v, want %q, error %q", test.name, got, err, test.want, test.err)
		}
	}
}

func TestConsoleOfAPerson(t *testing.T) {
	c := openCounter(t)
	conn := c.dial(t)
	in, typing := io.Pipe()
	out := make(chan string, 100)
	ended := make(chan error)
	go func() { ended <- attach(conn, streams{in: in, out: chanWriter(out)}, true) }()
	expect := func(want string) {
		t.Helper()
		var got string
		for len(got) < len(want) {
			got += <-out
		}
		if got != want {
			t.Errorf("shown %q, want %q", got, want)
		}
	}
	expect("<H>")
	io.WriteString(typing, "a\n")
	expect("ran a\n<H>")
	io.WriteString(typing, "wait\n")
	<-c.waiting
	if err := writeFrames(conn, frameInterrupt, nil); err != nil {
		t.Fatal(err)
	}
	expect("interrupted\n<H>")
	if err := writeFrames(conn, frameInterrupt, nil); err != nil { // at the prompt
		t.Fatal(err)
	}
	expect("<H>")
	io.WriteString(typing, "bad\n")
	expect("refused\n<H>")
	typing.Close() // Ctrl-D
	expect("\n")
	if err := <-ended; err != nil {
		t.Errorf("attach() = %v, want nil: a person has seen what was refused", err)
	}
}

// A chanWriter hands on what is written.
type chanWriter chan<- string

func (w chanWriter) Write(p []byte) (int, error) {
	w <- string(p)
	return len(p), nil
}

func TestBrokenConsolesHurtNobody(t *testing.T) {
	c := openCounter(t)
	hello := append([]byte{byte(frameHello), 0, 6}, helloScript...)
	input := func(text string) []byte {
		return append([]byte{byte(frameInput), 0, byte(len(text))}, text...)
	}
	tests := []struct {
		name string
		sent []byte
	}{
		{"nothing", nil},
		{"half a frame", []byte{byte(frameHello), 0}},
		{"a frame that claims much", []byte{byte(frameHello), 0xFF, 0xFF, 'x'}},
		{"no hello", input("a\n")},
		{"noise", []byte("GET / HTTP/1.1\r\n\r\n")},
		{"gone after hello", hello},
		{"gone in a line", append(hello[:len(hello):len(hello)], input("a")...)},
		{"gone with output under way", append(hello[:len(hello):len(hello)], input("a\na\na\n")...)},
		{"gone while a command waits", append(hello[:len(hello):len(hello)], input("wait\n")...)},
		{"unknown frames", append(hello[:len(hello):len(hello)], '?', 0, 0, '!', 0, 1, 'x')},
		{"a panic", append(hello[:len(hello):len(hello)], input("panic\n")...)},
	}
	for _, test := range tests {
		conn := c.dial(t)
		if _, err := conn.Write(test.sent); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		conn.Close()
		if got, err := c.run("a\n"); err != nil || got != "ran a\n" {
			t.Errorf("after %s: another console shows %q, %v", test.name, got, err)
		}
	}
}

func TestAPanicEndsOneSessionAndIsLogged(t *testing.T) {
	c := openCounter(t)
	if _, err := c.run("panic\n"); !says(err, "the gateway ended") {
		t.Errorf("console of the panic ended with %v, want that the gateway went", err)
	}
	if got, err := c.run("a\n"); err != nil || got != "ran a\n" {
		t.Errorf("another console shows %q, %v", got, err)
	}
	if got := c.stop(); !strings.Contains(got, "panic of type string") || strings.Contains(got, "a session's panic") {
		t.Errorf("log %q, want the panic without its text", got)
	}
}

func TestTheNumberOfConsolesIsBounded(t *testing.T) {
	c := openCounter(t)
	var open []net.Conn
	for range maxConsoles {
		conn := c.dial(t)
		if err := errors.Join(writeFrames(conn, frameHello, []byte(helloScript)), writeFrames(conn, frameInput, []byte("wait\n"))); err != nil {
			t.Fatal(err)
		}
		<-c.waiting
		open = append(open, conn)
	}
	got, err := c.run("a\n")
	if !strings.Contains(got, "has reached its limit") || !errors.Is(err, errSilent) {
		t.Errorf("one console too many is shown %q, %v", got, err)
	}
	open[0].Close()
	for { // the server notices when it reads
		if got, err := c.run("a\n"); err == nil && got == "ran a\n" {
			return
		}
	}
}

func TestTheEndOfTheGatewayEndsItsConsoles(t *testing.T) {
	c := openCounter(t)
	ended := make(chan error)
	go func() {
		_, err := c.run("wait\n")
		ended <- err
	}()
	<-c.waiting
	c.stop()
	if err := <-ended; !says(err, "the gateway ended") {
		t.Errorf("console ended with %v, want that the gateway ended", err)
	}
}

func TestTheSocketIsTheOwnersAlone(t *testing.T) {
	t.Cleanup(setUmask(0o077))
	c := openCounter(t)
	mode, err := os.Stat(filepath.Join(c.state, consoleSocket))
	if err != nil || mode.Mode().Perm()&0o077 != 0 {
		t.Errorf("socket %v, %v, want nothing for others", mode, err)
	}
}

func TestASocketThatACrashLeftIsReplaced(t *testing.T) {
	state := t.TempDir()
	if err := os.WriteFile(filepath.Join(state, consoleSocket), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	server, err := listenConsoles(state, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	server.listener.Close()
}

func TestConsoleWithoutAGateway(t *testing.T) {
	err := runConsole(streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard}, []string{"--state", t.TempDir()})
	if !says(err, "no gateway runs there") {
		t.Errorf("runConsole() = %v, want that no gateway runs there", err)
	}
}
