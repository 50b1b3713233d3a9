package commands

import (
	"context"
	"fmt"
	"strings"

	"sallyport/commands/grammar"
)

// execute is `execute FILE`: the lines of a file, as if the user had typed them in
// this view. A line that is refused is named and skipped. The lock is held for one
// line at a time, so that a long file keeps nobody waiting; what other sessions do
// meanwhile happens between its lines.
type execute struct{ File string }

func executeRow() grammar.Row[Config] {
	return grammar.Do[Config](3, execute{}, grammar.Kw[execute]("execute", "Run the commands of a file"),
		grammar.Arg(batchFile(), helpFile, func(a *execute) *string { return &a.File }))
}

func (a *execute) do(s *Session) Output {
	if s.executing {
		return s.refused(refuse("A file that is executed cannot execute another one."))
	}
	text, err := s.device.Read(a.File)
	if err == nil {
		err = CheckScript(text)
	}
	if err != nil {
		return s.refused(refuse("%s cannot be executed: %v.", a.File, err))
	}
	s.point("")
	return Output{Long: (&batch{session: s, text: text}).run}
}

// A batch is a file being executed.
type batch struct {
	session *Session
	text    string
	line    int
	refused int
	over    bool // the file has quit the session: it is over, the session goes on
}

// run runs the lines until the end, a `quit` out of user view, or Ctrl-C.
func (b *batch) run(ctx context.Context, print func(string)) error {
	for text := range strings.Lines(b.text) {
		if ctx.Err() != nil || b.over {
			break
		}
		b.line++
		text = strings.ReplaceAll(strings.TrimRight(text, "\r\n"), "\t", " ")
		b.show(ctx, text, print, func() Output { return b.session.Exec(ctx, text) })
	}
	b.show(ctx, "", print, func() Output { return b.session.Finish(ctx) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if b.refused > 0 {
		return refuse("%d line(s) of the file were refused.", b.refused)
	}
	return nil
}

// show runs a line and prints what comes of it.
func (b *batch) show(ctx context.Context, text string, print func(string), run func() Output) {
	prompt, out := b.locked(run)
	out = out.Rendered()
	if out.Err != nil {
		b.refuse(prompt, text, print)
	}
	if out.Text != "" {
		print(out.Text)
	}
	if out.Long == nil {
		return
	}
	if err := out.Long(ctx, print); err != nil && ctx.Err() == nil {
		b.refuse(prompt, text, print)
		print(err.Error() + "\n")
	}
}

// refuse names a line that is refused.
func (b *batch) refuse(prompt, text string, print func(string)) {
	b.refused++
	print(fmt.Sprintf("Line %d:\n%s%s\n", b.line, prompt, visible(WithoutSecret(text))))
}

// locked runs a line under the owner's lock, as one of a script.
func (b *batch) locked(run func() Output) (prompt string, out Output) {
	s := b.session
	s.exclusive(func() {
		interactive := s.options.Interactive
		s.executing, s.options.Interactive = true, false
		prompt, out = s.Prompt(), run()
		s.executing, s.options.Interactive = false, interactive
		b.over, s.ended = s.ended, false
	})
	return prompt, out
}

// exclusive calls f under the owner's lock.
func (s *Session) exclusive(f func()) {
	if s.options.Exclusive == nil {
		f()
		return
	}
	s.options.Exclusive(f)
}
