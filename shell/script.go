package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"sallyport/commands"
)

// A script is one Serve at work on lines that nobody types.
type script struct {
	terminal Terminal
	session  Session
	lines    *lines
	waiting  []scriptLine // read and not run yet
	refused  int
}

// A scriptLine is a line as it was read.
type scriptLine struct {
	text   string
	number int
	unfit  error // why it cannot be a command; nil: it may be one
}

// mostWaiting is how many lines are read ahead: what has come in already.
const mostWaiting = 2048

func (v *script) serve(ctx context.Context) error {
	for ctx.Err() == nil {
		err := v.read()
		if errors.Is(err, io.EOF) {
			_, err := v.close(ctx, v.session.Prompt(), scriptLine{number: v.lines.number})
			return err
		}
		if err != nil {
			return err
		}
		over, err := v.run(ctx)
		if over || err != nil {
			return err
		}
	}
	return nil
}

// read waits for a line, and takes those that have come with it. An error comes
// when no line waits.
func (v *script) read() error {
	for len(v.waiting) == 0 || len(v.waiting) < mostWaiting && v.lines.ready() {
		text, err := v.lines.next()
		if err != nil && !isRefusal(err) {
			if len(v.waiting) > 0 {
				return nil // it comes again
			}
			return err
		}
		v.waiting = append(v.waiting, scriptLine{text, v.lines.number, err})
	}
	return nil
}

// run runs the next lines, as many as go together, and reports whether the session
// is over.
func (v *script) run(ctx context.Context) (over bool, err error) {
	first := v.waiting[0]
	if prompt := v.session.Prompt(); prompt != "" && !commands.IsAnswer(first.text) {
		// What a question was about comes before the line that does not answer it. Without
		// a prompt the line belongs to the one before.
		if over, err := v.close(ctx, prompt, first); over || err != nil {
			return over, err
		}
	}
	if first.unfit != nil {
		v.waiting = v.waiting[1:]
		return v.show(ctx, v.session.Prompt(), first, refusedOutput(first.unfit))
	}
	results := v.session.ExecAll(ctx, v.fit())
	ran := v.waiting[:len(results)]
	v.waiting = v.waiting[len(results):]
	for i, r := range results {
		over, err = v.show(ctx, r.Prompt, ran[i], r.Output)
		if over || err != nil {
			return over, err
		}
	}
	return false, nil
}

// fit returns the lines up to the next that cannot be a command.
func (v *script) fit() []string {
	var texts []string
	for _, l := range v.waiting {
		if l.unfit != nil {
			break
		}
		texts = append(texts, l.text)
	}
	return texts
}

// close answers the question that is open, if one is: prompt is its text then.
func (v *script) close(ctx context.Context, prompt string, line scriptLine) (over bool, err error) {
	return v.show(ctx, prompt, line, v.session.Finish(ctx))
}

// refusedOutput refuses a line that never reaches the commands.
func refusedOutput(why error) commands.Output {
	return commands.Output{Text: "Error: " + why.Error() + "\n", Err: why}
}

// show prints what a line brought about, runs what remains of it, and reports
// whether the session is over.
func (v *script) show(ctx context.Context, prompt string, line scriptLine, out commands.Output) (over bool, err error) {
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

// where shows a refused line as it would stand on a terminal.
func (v *script) where(prompt string, line scriptLine) string {
	number := ""
	if !IsSingle(v.terminal) {
		number = fmt.Sprintf("Line %d:\n", line.number)
	}
	return number + prompt + visible(commands.WithoutSecret(line.text)) + "\n"
}

// visible returns a line without what steers a terminal or is no text.
func visible(line string) string {
	return strings.Map(func(r rune) rune {
		if isControl(r) || r == utf8.RuneError {
			return '?'
		}
		return r
	}, line)
}

// long runs the rest of a command that takes its time.
func (v *script) long(ctx context.Context, prompt string, line scriptLine, out commands.Output) error {
	ctx, stop := context.WithCancel(ctx)
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
	if errors.Is(err, commands.ErrNoReply) {
		return nil
	}
	return v.print(v.where(prompt, line) + err.Error() + "\n")
}

// print writes text, if there is any.
func (v *script) print(text string) error {
	if text == "" {
		return nil
	}
	_, err := io.WriteString(v.terminal, text)
	return err
}
