package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sallyport/commands/grammar"
)

// execute is `execute FILE`: the lines of a file, as if the user had typed them in
// this view. A line that is refused is named and skipped. The lock is held for some
// lines at a time, so that a long file keeps nobody waiting; what other sessions do
// meanwhile happens between them.
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
	lines := strings.Split(strings.TrimSuffix(b.text, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.ReplaceAll(strings.TrimRight(lines[i], "\r"), "\t", " ")
	}
	for len(lines) > 0 && ctx.Err() == nil && !b.over {
		if !IsAnswer(lines[0]) {
			b.finish(ctx, print)
		}
		results := b.locked(func() []Result { return b.session.ExecAll(ctx, lines) })
		for i, r := range results {
			b.line++
			b.show(ctx, lines[i], r, print)
		}
		lines = lines[len(results):]
	}
	b.finish(ctx, print)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if b.refused > 0 {
		return refuse("%d line(s) of the file were refused.", b.refused)
	}
	return nil
}

// finish closes the question of the line before, if it has asked one.
func (b *batch) finish(ctx context.Context, print func(string)) {
	if !b.session.Asking() {
		return
	}
	finish := func() []Result { return []Result{{b.session.Prompt(), b.session.Finish(ctx)}} }
	for _, r := range b.locked(finish) {
		b.show(ctx, "", r, print)
	}
}

// show prints what came of a line.
func (b *batch) show(ctx context.Context, text string, r Result, print func(string)) {
	out := r.Rendered()
	if out.Err != nil {
		b.refuse(r.Prompt, text, print)
	}
	if out.Text != "" {
		print(out.Text)
	}
	if out.Long == nil {
		return
	}
	switch err := out.Long(ctx, print); {
	case err == nil, ctx.Err() != nil:
	case errors.Is(err, ErrNoReply): // what it printed says so
		b.refused++
	default:
		b.refuse(r.Prompt, text, print)
		print(err.Error() + "\n")
	}
}

// refuse names a line that is refused.
func (b *batch) refuse(prompt, text string, print func(string)) {
	b.refused++
	print(fmt.Sprintf("Line %d:\n%s%s\n", b.line, prompt, visible(WithoutSecret(text))))
}

// locked runs lines under the owner's lock, as those of a script.
func (b *batch) locked(run func() []Result) (results []Result) {
	s := b.session
	s.exclusive(func() {
		interactive := s.options.Interactive
		s.executing, s.options.Interactive = true, false
		results = run()
		s.executing, s.options.Interactive = false, interactive
		b.over, s.ended = s.ended, false
	})
	return results
}

// exclusive calls f under the owner's lock.
func (s *Session) exclusive(f func()) {
	if s.options.Exclusive == nil {
		f()
		return
	}
	s.options.Exclusive(f)
}
