package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"sallyport/commands"
)

// A paper is a terminal on paper: it reads from text and keeps what is shown.
type paper struct {
	io.Reader
	shown  strings.Builder
	person bool
	room   int // octets that can be shown before it breaks; 0: no bound
}

var errBroken = errors.New("the terminal broke")

func (p *paper) Write(b []byte) (int, error) {
	if p.room > 0 && p.shown.Len()+len(b) > p.room {
		return 0, errBroken
	}
	return p.shown.Write(b)
}

func (p *paper) Interactive() bool { return p.person }

func (p *paper) Size() (columns, rows int) { return 0, 0 }
func (p *paper) Resized() <-chan struct{}  { return nil }

var errRefused = errors.New("refused")

// An actor is a session that knows a few lines.
type actor struct {
	asking, hidden bool
	vain           bool               // what is asked about goes wrong
	end            context.CancelFunc // of everything
	settings       commands.Settings
	messages       chan string
	remembered     []string
	helpless       bool   // Help panics
	text           string // what "text" shows, for a pager
}

func (a *actor) Prompt() string {
	switch {
	case a.hidden:
		return "Password:"
	case a.asking:
		return "Sure? [Y/N]:"
	}
	return "<H>"
}

func (a *actor) ExecAll(ctx context.Context, lines []string) []commands.Result {
	return []commands.Result{{Prompt: a.Prompt(), Output: a.Exec(ctx, lines[0])}}
}

func (a *actor) Exec(ctx context.Context, line string) commands.Output {
	asked := a.asking || a.hidden
	a.asking, a.hidden = false, false
	switch {
	case asked:
		return commands.Output{Text: "answered " + line + "\n"}
	case line == "super":
		a.hidden = true
		return commands.Output{}
	case line == "text":
		return commands.Output{Text: a.text, Paged: true}
	case line == "return":
		return commands.Output{Text: "returned\n"}
	case line == "show":
		return commands.Output{Text: "shown\n"}
	case line == "ask", line == "ask in vain":
		a.asking, a.vain = true, line != "ask"
		return commands.Output{}
	case line == "quit":
		return commands.Output{Text: "bye\n", Ended: true}
	case line == "long":
		return commands.Output{Text: "begins\n", Long: func(_ context.Context, print func(string)) error {
			print("goes on\n")
			return nil
		}}
	case line == "long failure":
		return commands.Output{Long: func(context.Context, func(string)) error { return errors.New("Error: no route.") }}
	case line == "ping":
		return commands.Output{Long: func(_ context.Context, print func(string)) error {
			print("100.00% packet loss\n")
			return commands.ErrNoReply
		}}
	case line == "until Ctrl-C":
		return commands.Output{Long: func(ctx context.Context, print func(string)) error {
			<-ctx.Done()
			print("stopped\n")
			return ctx.Err()
		}}
	case line == "dots":
		return commands.Output{Long: func(ctx context.Context, print func(string)) error {
			print("...")
			<-ctx.Done()
			return ctx.Err()
		}}
	case line == "end everything":
		a.end()
		return commands.Output{}
	case line == "":
		return commands.Output{}
	}
	return commands.Output{Text: "   ^\nError\n", Err: errRefused}
}

func (a *actor) Settings() commands.Settings { return a.settings }
func (a *actor) Hidden() bool                { return a.hidden }
func (a *actor) Messages() <-chan string     { return a.messages }
func (a *actor) Remember(line string)        { a.remembered = append(a.remembered, line) }

func (a *actor) Help(text string) string {
	if a.helpless {
		panic("no help")
	}
	return "  help for " + text + "\n"
}

func (a *actor) Complete(text string) (fit []string) {
	last := text[strings.LastIndex(text, " ")+1:]
	for _, word := range []string{"logbuffer", "logfile", "loghost", "show"} {
		if strings.HasPrefix(word, last) {
			fit = append(fit, word)
		}
	}
	return fit
}

func (a *actor) Hotkey(letter byte) string {
	if letter == 'G' {
		return "show"
	}
	return ""
}

func (a *actor) Finish(context.Context) commands.Output {
	asked := a.asking || a.hidden
	a.asking, a.hidden = false, false
	switch {
	case asked && a.vain:
		return commands.Output{Text: "Error: in vain.\n", Err: errRefused}
	case asked:
		return commands.Output{Text: "answered by the end\n"}
	}
	return commands.Output{}
}

// perform serves text to an actor and returns what was shown.
func perform(p *paper, text string) (shown string, refused int, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p.Reader = strings.NewReader(text)
	refused, err = Serve(ctx, p, &actor{end: cancel})
	return p.shown.String(), refused, err
}

func TestServeAPerson(t *testing.T) {
	tests := []struct{ name, typed, want string }{
		{"nothing", "", "<H>\n"},
		{"a display", "show\n", "<H>show\nshown\n<H>\n"},
		{"the last line without an end", "show\nsho", "<H>show\nshown\n<H>sho\n"},
		{"CR LF", "show\r\nshow\r\n", "<H>show\nshown\n<H>show\nshown\n<H>\n"},
		{"CR, as a keyboard sends it", "show\rshow\r", "<H>show\nshown\n<H>show\nshown\n<H>\n"},
		{"CR NUL", "show\r\x00show\r\x00", "<H>show\nshown\n<H>show\nshown\n<H>\n"},
		{"empty lines", "\r\r\n\n", "<H>\n<H>\n<H>\n<H>\n"},
		{"a refused line", "x\nshow\n", "<H>x\n   ^\nError\n<H>show\nshown\n<H>\n"},
		{"a question", "ask\ny\n", "<H>ask\nSure? [Y/N]:y\nanswered y\n<H>\n"},
		{"a question without an answer", "ask\n", "<H>ask\nSure? [Y/N]:\n"},
		{"a password", "super\nhunter2\n", "<H>super\nPassword:\nanswered hunter2\n<H>\n"},
		{"the end of the session", "quit\nshow\n", "<H>quit\nbye\n"},
		{"a long command", "long\nshow\n", "<H>long\nbegins\ngoes on\n<H>show\nshown\n<H>\n"},
		{"a long command that is stopped", "until Ctrl-C\nnothing\n\x03show\n", "<H>until Ctrl-C\nstopped\n<H>show\nshown\n<H>\n"},
		{"a long command whose operator goes", "until Ctrl-C\n", "<H>until Ctrl-C\nstopped\n<H>\n"},
		{"a long command that fails", "long failure\n", "<H>long failure\nError: no route.\n<H>\n"},
		{"a long command that has said why", "ping\n", "<H>ping\n100.00% packet loss\n<H>\n"},
		{"the end of everything", "end everything\nshow\n", "<H>end everything\n"},
		{"a question mark in quotation marks", "x \"?\"\n", "<H>x \"?\"\n   ^\nError\n<H>\n"},
		{"the longest line", strings.Repeat("x", maxTyped) + "\n", "<H>" + strings.Repeat("x", maxTyped) + "\n   ^\nError\n<H>\n"},
		{"a line too long", strings.Repeat("x", maxTyped+1) + "\nshow\n",
			"<H>\nError: The line is longer than 1024 characters.\n<H>show\nshown\n<H>\n"},
		{"a password too long", "super\n" + strings.Repeat("x", maxTyped+1) + "\n",
			"<H>super\nPassword:\nError: The line is longer than 1024 characters.\nPassword:\n"},
		{"a line of a megabyte", strings.Repeat("x", 1<<20) + "\nshow\n",
			"<H>\nError: The line is longer than 1024 characters.\n<H>show\nshown\n<H>\n"},
		{"an escape sequence", "\x1b[2Jshow\nshow\n", "<H>show\nshown\n<H>show\nshown\n<H>\n"},
		{"what is no text", "sh\xffow\n", "<H>show\nshown\n<H>\n"},
	}
	if _, refused, _ := perform(&paper{person: true}, "ping\nlong\n"); refused != 1 {
		t.Errorf("%d of a ping without a reply and another line count as refused", refused)
	}
	for _, test := range tests {
		got, _, err := perform(&paper{person: true}, test.typed)
		if want := strings.ReplaceAll(test.want, "\n", "\r\n"); err != nil || got != want {
			t.Errorf("%s: shown %q, %v, want %q", test.name, got, err, want)
		}
	}
}

func TestServeAScript(t *testing.T) {
	tests := []struct {
		name, script, want string
		refused            int
	}{
		{"nothing", "", "", 0},
		{"displays only", "show\n\nshow\n", "shown\nshown\n", 0},
		{"a refused line", "show\nx y\nshow\n", "shown\nLine 2:\n<H>x y\n   ^\nError\nshown\n", 1},
		{"a ping without a reply", "ping\nshow\n", "100.00% packet loss\nshown\n", 1},
		{"two refused lines", "x\nx", "Line 1:\n<H>x\n   ^\nError\nLine 2:\n<H>x\n   ^\nError\n", 2},
		{"a question with its answer", "ask\ny\n", "answered y\n", 0},
		{"a question at the end", "ask\n", "answered by the end\n", 0},
		{"a question before another line", "ask\nshow\n", "answered by the end\nshown\n", 0},
		{"a question before a refused line", "ask\nx\n", "answered by the end\nLine 2:\n<H>x\n   ^\nError\n", 1},
		{"a question before a line too long", "ask\n" + strings.Repeat("x", 10*maxScript),
			"answered by the end\nLine 2:\n<H>\nError: The line is longer than 4096 characters.\n", 1},
		{"a question whose answer fails", "ask in vain\nshow\n", "Line 2:\nSure? [Y/N]:show\nError: in vain.\nshown\n", 1},
		{"a secret in a strange place", "ike peer b pre-shared-key hunter2\n", "Line 1:\n<H>ike peer b pre-shared-key ******\n   ^\nError\n", 1},
		{"a long command that fails", "show\nlong failure", "shown\nLine 2:\n<H>long failure\nError: no route.\n", 1},
		{"a line that only a script may have", strings.Repeat(" ", maxTyped) + "\nquit", "Line 1:\n<H>" +
			strings.Repeat(" ", maxTyped) + "\n   ^\nError\nbye\n", 1},
		{"a line too long", strings.Repeat("x", 10*maxScript), "Line 1:\n<H>\nError: The line is longer than 4096 characters.\n", 1},
		{"a secret", "pre-shared-key hunter2\n", "Line 1:\n<H>pre-shared-key ******\n   ^\nError\n", 1},
		{"an abbreviated secret", "  PRE hunter2 x\n", "Line 1:\n<H>  PRE ******\n   ^\nError\n", 1},
	}
	for _, test := range tests {
		got, refused, err := perform(&paper{}, test.script)
		if err != nil || got != test.want || refused != test.refused {
			t.Errorf("%s: shown %q, refused %d, %v, want %q, refused %d", test.name, got, refused, err, test.want, test.refused)
		}
	}
}

func TestServeEndsWhenTheTerminalBreaks(t *testing.T) {
	for _, line := range []string{"show", "long", "x"} {
		for room := range 80 {
			p := &paper{person: room%2 == 0, room: room + 1}
			_, _, err := perform(p, strings.Repeat(line+"\n", 20))
			if !errors.Is(err, errBroken) {
				t.Errorf("Serve(%q…) with room for %d octets = %v, want the terminal's error", line, room+1, err)
			}
		}
	}
}

// A torn reader fails after its text.
type torn struct{ text io.Reader }

func (r torn) Read(b []byte) (int, error) {
	if n, err := r.text.Read(b); err == nil {
		return n, nil
	}
	return 0, errBroken
}

func TestServeReportsTheReadersError(t *testing.T) {
	for person, want := range map[bool]string{false: "shown\n", true: "<H>show\r\nshown\r\n<H>sho\r\n"} {
		p := &paper{Reader: torn{strings.NewReader("show\nsho")}, person: person}
		_, err := Serve(context.Background(), p, &actor{})
		if !errors.Is(err, errBroken) || p.shown.String() != want {
			t.Errorf("Serve() = %v after %q, want the reader's error after the whole line", err, p.shown.String())
		}
	}
}

func ExampleServe() {
	p := &paper{person: true}
	shown, _, _ := perform(p, "show\nquit\n")
	fmt.Print(strings.ReplaceAll(shown, "\r", ""))
	// Output:
	// <H>show
	// shown
	// <H>quit
	// bye
}
