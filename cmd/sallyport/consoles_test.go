package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	"sallyport/commands"
	"sallyport/shell"
)

// An echoing session shows each line, refuses "bad", waits at "wait" until it is
// interrupted, and panics at "panic".
type echoing struct {
	waiting chan struct{} // told when a wait has begun
	asking  bool
}

var _ shell.Session = (*echoing)(nil)

func (e *echoing) Help(string) string          { return "" }
func (e *echoing) Complete(string) []string    { return nil }
func (e *echoing) Settings() commands.Settings { return commands.Settings{} }
func (e *echoing) Hotkey(byte) string          { return "" }
func (e *echoing) Hidden() bool                { return false }
func (e *echoing) Remember(string)             {}
func (e *echoing) Messages() <-chan string     { return nil }

func (e *echoing) Prompt() string { return "<H>" }

func (e *echoing) ExecAll(ctx context.Context, lines []string) []commands.Result {
	return []commands.Result{{Prompt: e.Prompt(), Output: e.Exec(ctx, lines[0])}}
}

func (e *echoing) Exec(_ context.Context, line string) commands.Output {
	switch line {
	case "ask":
		e.asking = true
		return commands.Output{}
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

// Finish answers what was asked.
func (e *echoing) Finish(context.Context) commands.Output {
	if !e.asking {
		return commands.Output{}
	}
	e.asking = false
	return commands.Output{Text: "answered\n"}
}

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
	server, err := listenConsoles(state, func(commands.Options) (shell.Session, func()) {
		return &echoing{waiting: c.waiting}, func() {}
	}, makeAccounts(time.Now, func(entry) {}), log)
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
		{"a question at the end", "a\nask\n", "ran a\nanswered\n", ""},
		{"a question at the end without a line end", "ask", "answered\n", ""},
		{"a question before a refused line", "ask\nbad", "answered\nLine 2:\n<H>bad\nrefused\n", errSilent.Error()},
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

// A person is somebody at a pseudo-terminal.
type person struct {
	t       *testing.T
	keys    *os.File // where he types and reads
	tty     *os.File // what the program has
	reading *bufio.Reader
}

func newPerson(t *testing.T) *person {
	t.Helper()
	keys, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		keys.Close()
		tty.Close()
	})
	return &person{t, keys, tty, bufio.NewReader(keys)}
}

func (p *person) types(keys string) {
	p.t.Helper()
	if _, err := io.WriteString(p.keys, keys); err != nil {
		p.t.Fatal(err)
	}
}

// sees reads until want has been shown.
func (p *person) sees(want string) {
	p.t.Helper()
	var got strings.Builder
	for !strings.HasSuffix(got.String(), want) {
		c, err := p.reading.ReadByte()
		if err != nil {
			p.t.Fatalf("shown %q and then %v, want %q", &got, err, want)
		}
		got.WriteByte(c)
	}
}

// sits runs a console at the person's terminal while do goes on, and returns how it ended. It must
// leave the terminal as it was.
func (p *person) sits(state string, do func()) error {
	p.t.Helper()
	before, err := term.GetState(int(p.tty.Fd()))
	if err != nil {
		p.t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		ended <- runConsole(streams{in: p.tty, out: p.tty, err: io.Discard}, []string{"--state", state})
	}()
	do()
	how := <-ended
	if after, err := term.GetState(int(p.tty.Fd())); err != nil || !reflect.DeepEqual(before, after) {
		p.t.Errorf("the terminal is %+v, %v, and was %+v", after, err, before)
	}
	return how
}

func TestConsoleOfAPerson(t *testing.T) {
	c, p := openCounter(t), newPerson(t)
	err := p.sits(c.state, func() {
		p.sees("<H>")
		p.types("a\r")
		p.sees("ran a\r\n<H>")
		p.types("wait\r")
		<-c.waiting
		p.types("\x03")
		p.sees("interrupted\r\n<H>")
		p.types("bad\r")
		p.sees("refused\r\n<H>")
		p.types("quit\r")
	})
	if err != nil {
		t.Errorf("runConsole() = %v, want nil: a person has seen what was refused", err)
	}
}

func TestTheTerminalIsRestoredAfterACrashOfTheSession(t *testing.T) {
	c, p := openCounter(t), newPerson(t)
	err := p.sits(c.state, func() {
		p.sees("<H>")
		p.types("panic\r")
	})
	if !says(err, "the gateway ended") {
		t.Errorf("runConsole() = %v, want that the gateway went", err)
	}
}

func TestTheGatewayKnowsTheWindow(t *testing.T) {
	r := newRemote(t.Context(), nil, true)
	for _, p := range [][]byte{{0, 100, 0, 40}, {0, 100}, nil, {0, 1, 0, 2, 0}} {
		r.window(p)
	}
	if columns, rows := r.Size(); columns != 100 || rows != 40 {
		t.Errorf("size %d, %d, want 100, 40", columns, rows)
	}
	<-r.Resized()
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

// TestACutLineIsNotRun has a console go in the middle of a line, whose rest is
// missing.
func TestACutLineIsNotRun(t *testing.T) {
	c := openCounter(t)
	conn := c.dial(t)
	if err := errors.Join(writeFrames(conn, frameHello, []byte(helloScript)), writeFrames(conn, frameInput, []byte("wait"))); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if got, err := c.run("a\n"); err != nil || got != "ran a\n" {
		t.Errorf("another console shows %q, %v", got, err)
	}
	c.stop()
	if len(c.waiting) > 0 {
		t.Error("the line was run")
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

// TestARefusalIsReadThoughNothingCanBeSent has a gateway that refuses and hangs up
// before the console has said a word.
func TestARefusalIsReadThoughNothingCanBeSent(t *testing.T) {
	tests := []struct {
		name      string
		said      []byte
		want, err string
	}{
		{"refused", []byte{byte(frameOutput), 0, 5, 'f', 'u', 'l', 'l', '\n', byte(frameExit), 0, 1, 1}, "full\n", errSilent.Error()},
		{"gone", nil, "", "the gateway ended"},
	}
	for _, test := range tests {
		console, gateway := connected(t)
		if _, err := gateway.Write(test.said); err != nil {
			t.Fatal(err)
		}
		gateway.Close()
		var out strings.Builder
		err := attach(console, streams{in: strings.NewReader("a\n"), out: &out}, nil)
		if out.String() != test.want || !says(err, test.err) {
			t.Errorf("%s: shown %q, %v, want %q, error %q", test.name, &out, err, test.want, test.err)
		}
	}
}

// connected returns both ends of a Unix connection.
func connected(t *testing.T) (console, gateway net.Conn) {
	t.Helper()
	listener, err := net.Listen("unix", "") // a name of the kernel's choice, without a file
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if console, err = net.Dial("unix", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { console.Close() })
	if gateway, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	return console, gateway
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
	server, err := listenConsoles(state, nil, nil, nil)
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
