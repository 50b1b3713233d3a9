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
	refused  int
}

func (v *script) serve(ctx context.Context) error {
	for ctx.Err() == nil {
		prompt := v.session.Prompt()
		line, err := v.lines.next()
		if errors.Is(err, io.EOF) {
			_, err := v.close(ctx, v.session.Prompt(), "")
			return err
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

// close answers the question that is open, if one is: prompt is its text then.
func (v *script) close(ctx context.Context, prompt, line string) (over bool, err error) {
	return v.show(ctx, prompt, line, v.session.Finish(ctx))
}

// line runs one line, or refuses it for what the reader found, and reports
// whether the session is over.
func (v *script) line(ctx context.Context, prompt, line string, unfit error) (over bool, err error) {
	if !commands.IsAnswer(line) {
		// What a question was about comes before the line that does not answer it.
		if over, err := v.close(ctx, prompt, line); over || err != nil {
			return over, err
		}
		prompt = v.session.Prompt()
	}
	if unfit != nil {
		return v.show(ctx, prompt, line, refusedOutput(unfit))
	}
	return v.show(ctx, prompt, line, v.session.Exec(ctx, line))
}

// refusedOutput refuses a line that never reaches the commands.
func refusedOutput(why error) commands.Output {
	return commands.Output{Text: "Error: " + why.Error() + "\n", Err: why}
}

// show prints what a line brought about, runs what remains of it, and reports
// whether the session is over.
func (v *script) show(ctx context.Context, prompt, line string, out commands.Output) (over bool, err error) {
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
func (v *script) where(prompt, line string) string {
	return fmt.Sprintf("Line %d:\n%s%s\n", v.lines.number, prompt, visible(commands.WithoutSecret(line)))
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
func (v *script) long(ctx context.Context, prompt, line string, out commands.Output) error {
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
