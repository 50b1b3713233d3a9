// Package shell is a terminal session: it prints the prompt, reads a line, has
// the command line run it and prints what came out, for a person at a terminal
// and for a script. What the lines mean is the commands' business.
//
// Start at [Serve].
package shell

import (
	"context"
	"errors"
	"fmt"
	"io"

	"sallyport/commands"
)

// A Terminal is where an operator sits, or what a script is read from.
type Terminal interface {
	io.ReadWriter

	// Interactive reports whether somebody types and reads; else it is a script.
	Interactive() bool

	// Interruptible returns a context that ends with ctx, with Ctrl-C, and with
	// the call of stop, which must be made.
	Interruptible(ctx context.Context) (_ context.Context, stop context.CancelFunc)

	// Size is the window's, in characters; zero if it is not known. Resized tells of
	// changes; nil: there are none.
	Size() (columns, rows int)
	Resized() <-chan struct{}
}

// A Session runs lines and answers what the keys ask; see *commands.Session for
// its methods but Messages.
type Session interface {
	Prompt() string
	Exec(ctx context.Context, line string) commands.Output
	Finish(ctx context.Context) commands.Output
	Help(text string) string
	Complete(text string) []string
	Settings() commands.Settings
	Hotkey(letter byte) string
	Hidden() bool

	// Messages are log lines to show whatever is being typed; nil: there are none.
	Messages() <-chan string
}

// The longest lines, in octets without the line feed.
const (
	maxTyped  = 1024
	maxScript = 4096
)

// Serve runs the lines of t in s until the input ends, the session ends, or ctx
// does, and returns how many lines were refused.
//
// At a terminal it does as the device: a prompt, the output, the next prompt. Of
// a script it prints only what the commands print, so that displays can be
// piped into other programs; a line that is refused is shown with its number
// and its prompt, under which the caret stands right, and the script goes on.
// An error is the terminal's.
func Serve(ctx context.Context, t Terminal, s Session) (refused int, err error) {
	v := server{terminal: t, session: s, lines: newLines(t, maxScript)}
	if t.Interactive() {
		v.lines = newLines(t, maxTyped)
	}
	err = v.serve(ctx)
	return v.refused, err
}

// A server is one Serve at work.
type server struct {
	terminal Terminal
	session  Session
	lines    *lines
	refused  int
}

func (v *server) serve(ctx context.Context) error {
	for ctx.Err() == nil {
		prompt := v.session.Prompt()
		if v.terminal.Interactive() {
			if err := v.print(prompt); err != nil {
				return err
			}
		}
		line, err := v.lines.next()
		if errors.Is(err, io.EOF) {
			return v.finish(ctx)
		}
		if err != nil && !isRefusal(err) {
			return err
		}
		over, err := v.line(ctx, prompt, line, err)
		if over || err != nil {
			return err
		}
	}
	return nil
}

// finish ends the input: a person's terminal gets a line feed after the last
// prompt, and a script's open question its answer.
func (v *server) finish(ctx context.Context) error {
	if v.terminal.Interactive() {
		return v.print("\n")
	}
	_, err := v.close(ctx, v.session.Prompt(), "")
	return err
}

// close answers the question that is open, if one is: prompt is its text then.
func (v *server) close(ctx context.Context, prompt, line string) (over bool, err error) {
	return v.show(ctx, prompt, line, v.session.Finish(ctx))
}

// line runs one line, or refuses it for what the reader found, and reports
// whether the session is over.
func (v *server) line(ctx context.Context, prompt, line string, unfit error) (over bool, err error) {
	if !v.terminal.Interactive() && !commands.IsAnswer(line) {
		// What a question was about comes before the line that does not answer it.
		if over, err := v.close(ctx, prompt, line); over || err != nil {
			return over, err
		}
		prompt = v.session.Prompt()
	}
	if unfit != nil {
		return v.show(ctx, prompt, line, commands.Output{Text: "Error: " + unfit.Error() + "\n", Err: unfit})
	}
	return v.show(ctx, prompt, line, v.session.Exec(ctx, line))
}

// show prints what a line brought about, runs what remains of it, and reports
// whether the session is over.
func (v *server) show(ctx context.Context, prompt, line string, out commands.Output) (over bool, err error) {
	if out.Err != nil {
		v.refused++
		err = v.print(v.where(prompt, line))
	}
	if err == nil {
		err = v.print(out.Text)
	}
	if err == nil && out.Long != nil {
		err = v.long(ctx, prompt, line, out)
	}
	return out.Ended, err
}

// where shows a script's refused line as it would stand on a terminal.
func (v *server) where(prompt, line string) string {
	if v.terminal.Interactive() {
		return ""
	}
	return fmt.Sprintf("Line %d:\n%s%s\n", v.lines.number, prompt, commands.WithoutSecret(line))
}

// long runs the rest of a command that takes its time, until Ctrl-C.
func (v *server) long(ctx context.Context, prompt, line string, out commands.Output) error {
	ctx, stop := v.terminal.Interruptible(ctx)
	defer stop()
	var broken error
	err := out.Long(ctx, func(text string) {
		if broken == nil {
			broken = v.print(text)
		}
		if broken != nil {
			stop() // nobody reads it any more
		}
	})
	if broken != nil || err == nil || errors.Is(err, context.Canceled) {
		return broken
	}
	v.refused++
	return v.print(v.where(prompt, line) + err.Error() + "\n")
}

// print writes text, if there is any.
func (v *server) print(text string) error {
	if text == "" {
		return nil
	}
	_, err := io.WriteString(v.terminal, text)
	return err
}
