package shell

import (
	"fmt"

	"github.com/c-bata/go-prompt"
)

// A prompter is the editor that go-prompt is: one for each session. Only its
// Input is used, never Run, which has the signals of the process.
type prompter struct {
	person *person
	parser *parser
	prompt *prompt.Prompt

	text  string // the prompt
	line  draft  // as go-prompt has it
	left  entry  // how the line ended, if not with Enter
	ended bool
}

// newEditor returns go-prompt, or x/term where go-prompt cannot be had.
func newEditor(p *person) editor {
	e := &prompter{person: p, parser: &parser{input: p.input}}
	made, err := newPrompt(e.watch, e.options())
	if err != nil {
		return &fallback{person: p}
	}
	e.prompt = made
	return e
}

// options have go-prompt do nothing but edit.
func (e *prompter) options() []prompt.Option {
	return []prompt.Option{
		prompt.OptionParser(e.parser),
		prompt.OptionWriter(&writer{draw: e.draw, brk: e.person.screen.end}),
		prompt.OptionLivePrefix(func() (string, bool) { return e.text, true }),
		prompt.OptionSwitchKeyBindMode(prompt.CommonKeyBind),
		prompt.OptionMaxSuggestion(0),
		prompt.OptionShowCompletionAtStart(),
		prompt.OptionSetExitCheckerOnInput(func(string, bool) bool { return e.ended }),
		prompt.OptionAddASCIICodeBind(prompt.ASCIICodeBind{ASCIICode: []byte("?"), Fn: e.help}),
		prompt.OptionAddKeyBind(
			prompt.KeyBind{Key: prompt.Tab, Fn: e.edits(func(d draft) draft { return e.person.tab(e.text, d) })},
			prompt.KeyBind{Key: prompt.ControlLeft, Fn: e.edits(wordLeft)},
			prompt.KeyBind{Key: prompt.ControlRight, Fn: e.edits(wordRight)},
			prompt.KeyBind{Key: prompt.ControlW, Fn: e.edits(deleteWord)},
			prompt.KeyBind{Key: prompt.ControlX, Fn: e.edits(deleteToStart)},
			prompt.KeyBind{Key: prompt.ControlY, Fn: e.edits(deleteToEnd)},
			prompt.KeyBind{Key: prompt.ControlR, Fn: func(*prompt.Buffer) { e.person.screen.again() }},
			prompt.KeyBind{Key: leaving, Fn: e.leave},
		),
	}
}

// edit has go-prompt edit a line. A panic of the library ends the session with
// an error, and no other.
func (e *prompter) edit(text string) (done entry) {
	defer func() {
		if v := recover(); v != nil {
			e.parser.kill()
			done = e.person.gaveUp(v)
		}
	}()
	e.text, e.left, e.ended = text, entry{}, false
	if err := prompt.OptionHistory(e.person.past(text))(e.prompt); err != nil {
		return entry{key: keyNoMore} // it never is
	}
	line := e.prompt.Input()
	if e.ended {
		return e.left
	}
	return entry{key: keyEnter, line: line}
}

// gaveUp ends the session after a panic in an editor. It says of what type: the
// value may hold what was typed.
func (p *person) gaveUp(panicked any) entry {
	p.input.cut(fmt.Errorf("the line editor: panic of type %T", panicked))
	return entry{key: keyNoMore}
}

// watch is go-prompt's completer. It offers nothing; it is told the line.
func (e *prompter) watch(d prompt.Document) []prompt.Suggest {
	before := d.TextBeforeCursor()
	e.line = draft{before, d.Text[len(before):]}
	return nil
}

// draw shows the line and lets the next key in.
func (e *prompter) draw() {
	e.show(e.line)
	e.parser.measured(len(e.line.before) + len(e.line.after))
	e.parser.ready()
}

func (e *prompter) show(d draft) {
	e.person.screen.draw(lastLine(e.text)+d.before+d.after, runes(lastLine(e.text))+runes(d.before))
}

// help answers `?`.
func (e *prompter) help(b *prompt.Buffer) {
	d := draftOf(b)
	text, ok := e.person.help(e.text, d)
	if !ok {
		b.InsertText("?", false, true)
		return
	}
	e.show(draft{before: d.before + "?"})
	e.person.screen.end()
	e.person.screen.print(text)
	e.person.screen.ask(lastLine(e.text))
}

// leave ends the line.
func (e *prompter) leave(b *prompt.Buffer) {
	left, ok := e.person.leaves(e.text, e.parser.pressed())
	if !ok {
		return
	}
	if left.key == keyEnter {
		e.show(draft{before: left.line}) // a hot key's command, instead of what was typed
	}
	e.left, e.ended = left, true
	replace(b, draft{}) // the buffer survives the end of Input
}

// edits makes a binding of what changes a line.
func (e *prompter) edits(change func(draft) draft) prompt.KeyBindFunc {
	return func(b *prompt.Buffer) { replace(b, change(draftOf(b))) }
}

func draftOf(b *prompt.Buffer) draft {
	d := b.Document()
	return draft{d.TextBeforeCursor(), d.TextAfterCursor()}
}

// replace puts d in the place of what b holds.
func replace(b *prompt.Buffer, d draft) {
	prompt.GoLineEnd(b)
	b.DeleteBeforeCursor(runes(b.Text()))
	b.InsertText(d.before, false, true)
	b.InsertText(d.after, false, false)
}
