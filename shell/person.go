package shell

import (
	"context"
	"errors"
	"io"
	"sync"

	"sallyport/commands"
)

// A person is one Serve at work for somebody who types.
type person struct {
	terminal Terminal
	session  Session
	input    *input
	screen   *screen
	editor   editor // nil until a key needs it
	history  history
	cycle    cycle
	refused  int
}

// An editor lets the operator edit the line that is open.
type editor interface {
	// edit returns how the line ended, and the line. The cursor is below it then.
	edit(prompt string) entry
}

// An entry is how a line ended: with keyEnter, keyReturn, keyInterrupt,
// keyDisconnect, keyTooMuch, or with keyNoMore before its end.
type entry struct {
	key    key
	line   string // of keyEnter
	secret bool   // line was typed without being shown
}

func newPerson(t Terminal, s Session) *person {
	in := newInput(t)
	return &person{terminal: t, session: s, input: in, screen: newScreen(t, in.cut)}
}

func (p *person) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { p.input.cut(ctx.Err()) })()
	defer p.attend(ctx, cancel)()
	go p.input.pump() // ends with the terminal: see Terminal
	defer p.input.close()
	for ctx.Err() == nil {
		if over, err := p.turn(ctx); over || err != nil {
			if broken := p.screen.flush(); err == nil {
				err = broken
			}
			return err
		}
	}
	return p.screen.flush()
}

// attend shows messages and follows the window's size while the session lasts.
func (p *person) attend(ctx context.Context, cancel func()) (stop func()) {
	var group sync.WaitGroup
	group.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				p.gaveUp(v) // in a goroutine of ours: nobody else would keep it to the session
			}
		}()
		messages, resized := p.session.Messages(), p.terminal.Resized()
		for {
			select {
			case text, more := <-messages:
				if !more {
					messages = nil
					continue
				}
				p.screen.message(text)
			case _, more := <-resized:
				if !more {
					resized = nil
				}
				p.screen.resized()
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		group.Wait()
	}
}

// turn takes one line and does what it says. It reports whether the session is over.
func (p *person) turn(ctx context.Context) (over bool, err error) {
	prompt := p.session.Prompt()
	e, err := p.ask(prompt)
	if err != nil {
		return true, err
	}
	switch e.key {
	case keyEnter:
		return p.entered(ctx, prompt, e)
	case keyReturn:
		return p.show(ctx, p.session.Exec(ctx, "return"))
	case keyInterrupt:
		return p.show(ctx, p.session.Finish(ctx))
	case keyTooMuch:
		return p.show(ctx, refusedOutput(tooLong(maxTyped)))
	case keyNoMore:
		return true, p.ended(ctx)
	}
	return true, nil
}

// entered runs a line.
func (p *person) entered(ctx context.Context, prompt string, e entry) (over bool, err error) {
	if !e.secret && !isQuestion(prompt) && p.history.add(e.line, p.session.Settings().History) {
		p.session.Remember(e.line)
	}
	if !p.input.waiting() { // of a paste, more is sent at once
		if err := p.screen.flush(); err != nil {
			return true, err
		}
	}
	return p.show(ctx, p.session.Exec(ctx, e.line))
}

// timeOut is what VRP says to who was silent for too long.
const timeOut = "\n  Please check whether system data has been changed, and save data in time\n" +
	"\n  Configuration console time out, please retry to log on\n"

// ended returns what Serve returns when the input has ended.
func (p *person) ended(ctx context.Context) error {
	err := p.input.ended()
	switch {
	case errors.Is(err, ErrIdle):
		p.screen.print(timeOut)
	case errors.Is(err, io.EOF), ctx.Err() != nil:
		return nil
	}
	return err
}

// isQuestion reports whether a prompt is no view's: <...> or [...].
func isQuestion(prompt string) bool {
	if prompt == "" {
		return true
	}
	ends := prompt[:1] + prompt[len(prompt)-1:]
	return ends != "<>" && ends != "[]"
}

// ask prints the prompt and waits until the operator has ended a line. Whole
// lines that wait need no editor.
func (p *person) ask(prompt string) (entry, error) {
	p.screen.ask(prompt)
	if p.session.Hidden() {
		return p.waiting(p.secret)
	}
	if line, ok := p.input.line(); ok {
		p.screen.echo(line)
		return entry{key: keyEnter, line: line}, nil
	}
	return p.waiting(func() entry { return p.edited(prompt) })
}

// waiting runs a step in which the operator types. The error is the terminal's.
func (p *person) waiting(step func() entry) (entry, error) {
	defer p.input.watch(p.session.Settings().Idle)()
	if err := p.screen.flush(); err != nil {
		return entry{}, err
	}
	e := step()
	return e, p.screen.flush()
}

// edited waits for a line to be typed. The editor is not asked before there is
// something to edit: it does not sleep while it has nothing to do.
func (p *person) edited(prompt string) entry {
	p.input.wait()
	if line, ok := p.input.line(); ok {
		p.screen.echo(line)
		return entry{key: keyEnter, line: line}
	}
	if !p.input.waiting() {
		p.screen.end()
		return entry{key: keyNoMore}
	}
	if p.input.beyond() {
		return p.tooMuch()
	}
	if p.editor == nil {
		p.editor = newEditor(p)
	}
	p.cycle = cycle{}
	e := p.editor.edit(prompt)
	if e.key == keyTooMuch {
		return p.tooMuch()
	}
	return e
}

// tooMuch drops the rest of a line that is too long.
func (p *person) tooMuch() entry {
	p.screen.end()
	p.input.swallow()
	return entry{key: keyTooMuch}
}

// secret reads a line without showing it.
func (p *person) secret() entry {
	defer p.screen.end()
	var line []rune
	for {
		s := p.input.next()
		switch s.key {
		case keyText, keyHelp:
			line = append(line, []rune(s.text)...)
		case keyBackspace:
			line = line[:max(len(line)-1, 0)]
		case keyDeleteToStart:
			line = nil
		case keyEnter:
			return entry{key: keyEnter, line: string(line), secret: true}
		case keyInterrupt, keyDisconnect, keyNoMore:
			return entry{key: s.key}
		}
		if len(string(line)) > maxTyped {
			p.input.swallow()
			return entry{key: keyTooMuch}
		}
	}
}

// show prints what a line brought about, runs what remains of it, and reports
// whether the session is over.
func (p *person) show(ctx context.Context, out commands.Output) (over bool, err error) {
	if out.Err != nil {
		p.refused++
	}
	if out.Paged {
		err = p.page(out.Text)
	} else {
		p.screen.print(out.Text)
	}
	if err == nil && out.Long != nil {
		err = p.long(ctx, out)
	}
	return out.Ended, err
}

// long runs the rest of a command that takes its time, until Ctrl-C.
func (p *person) long(ctx context.Context, out commands.Output) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if err := p.screen.flush(); err != nil {
		return err
	}
	done := p.input.while(stop)
	err := out.Long(ctx, func(text string) {
		p.screen.print(text)
		if p.screen.flush() != nil {
			stop() // nobody reads it any more
		}
	})
	done()
	if broken := p.screen.flush(); broken != nil {
		return broken
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		p.refused++
		if !errors.Is(err, commands.ErrNoReply) {
			p.screen.print(err.Error() + "\n")
		}
	}
	return nil
}
