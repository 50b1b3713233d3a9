package commands

import (
	"context"
	"errors"
	"strings"

	"sallyport/commands/grammar"
)

// Options are a session's.
type Options struct {
	Level       int  // of the user, 0-3: commands above it do not exist
	Interactive bool // a person is typing: warn of weak choices, insist on an answer

	User   string // who has logged in; empty on the console
	Line   string // con0, vty0 …: the user interface, for its settings
	Source string // address of the user's host; empty on the console

	// Exclusive calls f under the lock of all sessions; it is for an Output.Long that
	// runs lines. If nil, there is but one session.
	Exclusive func(f func())
}

// A Session is one operator's command line: a view, and perhaps an open
// question. It is not safe for concurrent use; all sessions of a Running are to
// be called under one lock.
type Session struct {
	device    Device
	running   *Running
	options   Options
	place     place
	question  *question // nil: none is open
	ended     bool
	changed   bool   // something since the last rollback point
	executing bool   // the line is one of a file that is executed
	granted   int    // level of the user when he came in
	prompt    string // that the line was typed at
	strayed   bool   // what the view was about went without this session's doing
	burst     *burst // that the line is part of; nil: none
	terminal  terminal
}

// An Output is what a line brought about.
type Output struct {
	Text string // to be printed as it is: empty, or lines that each end in a line feed
	Err  error  // why the line was refused; Text says it too

	// Display, if not nil, comes after Text. [Output.Rendered] makes text of it, which
	// takes its time and needs no lock.
	Display Display
	Paged   bool      // Text is for a pager, if there is one
	filters []*filter // of Display

	// Long, if not nil, is the rest of the command. It takes its time and is to
	// be run without the owner's lock; it prints as it goes. Its error is one
	// line that it has not printed, or ErrNoReply.
	Long func(ctx context.Context, print func(text string)) error

	Ended bool // the session is over
}

// NewSession returns a session in user view.
func NewSession(device Device, running *Running, options Options) *Session {
	return &Session{device: device, running: running, options: options, granted: options.Level}
}

// longestLine is the limit in octets. VRP has 510, which a public key of RSA is
// longer than.
const longestLine = 1024

// Prompt returns what to print before reading a line: the view's prompt, or the
// question that the next line answers. It is empty if the next line goes on with
// the one before.
func (s *Session) Prompt() string {
	if s.question != nil {
		return s.question.text
	}
	at := s.place.object
	s.place.settle(s.running.config)
	s.strayed = s.strayed || s.place.object != at
	return s.place.prompt(s.running.config)
}

// Exec runs one line. A line that is refused changes nothing. Nothing in it
// waits, so that the context goes unused: what takes time is Output.Long.
//
// A question that save asks is answered by the next line. In a script it may be
// left unanswered: a line that is neither yes nor no counts as yes and is then
// run itself.
func (s *Session) Exec(_ context.Context, text string) Output {
	if s.ended {
		return Output{Ended: true}
	}
	if s.question == nil {
		return s.exec(text)
	}
	if read := s.question.read; read != nil {
		s.question = nil
		return read(s, text)
	}
	yes, isAnswer := answerOf(text)
	switch {
	case isAnswer:
		return s.answer(yes)
	case s.options.Interactive:
		s.question.text = askAgain
		return Output{}
	}
	first := s.unanswered()
	second := s.exec(text)
	second.Text = first.Text + second.Text
	second.Err = errors.Join(first.Err, second.Err)
	return second
}

// Finish closes a question that is still open, as at the end of the input: in a
// script it is answered with yes, at a terminal it is dropped. A command that wants
// more lines is refused.
func (s *Session) Finish(_ context.Context) Output {
	if s.question == nil || s.ended {
		return Output{}
	}
	if s.options.Interactive && s.question.read == nil {
		return s.answer(false)
	}
	return s.unanswered()
}

// unanswered closes a question that a script has not answered: with yes, if that
// destroys nothing.
func (s *Session) unanswered() Output {
	if why := s.question.unended; why != nil {
		s.question = nil
		return s.refused(why)
	}
	return s.answer(true)
}

// exec runs one line, in our words or in those of another box.
func (s *Session) exec(text string) Output {
	defer s.rest()
	s.prompt = s.Prompt()
	out := s.native(text)
	if instead, ok := s.foreign(text, out.Err); ok {
		out = instead
	}
	if s.strayed {
		s.strayed = false
		out.Text = "Info: What the view was about does not exist any more, the view was left.\n" + out.Text
	}
	if s.level() < managementLevel {
		out.filters = append([]*filter{veil}, out.filters...)
	}
	return out
}

// native runs a line in our words.
func (s *Session) native(text string) Output {
	if len(text) > longestLine {
		return s.refused(refuse("The line is longer than %d characters.", longestLine))
	}
	line := grammar.Split(text)
	if line.Empty() {
		return Output{}
	}
	if out, is := s.filteredLine(line); is {
		return out
	}
	before := s.place
	var warnings strings.Builder
	action, err := s.change(text, line, &warnings)
	if err != nil {
		s.place = before
		return s.refused(err)
	}
	if action == nil {
		return Output{Text: warnings.String()}
	}
	out := s.act(action.(doer))
	if out.Err != nil {
		s.place = before
	}
	return out
}

// change runs a line and puts what it changes in force.
func (s *Session) change(text string, line grammar.Line, warnings *strings.Builder) (action any, err error) {
	e := s.newEdit(warnings)
	action, err = s.place.run(e, line, s.level())
	if err != nil {
		return nil, err
	}
	return action, s.enforce(text, e)
}

// newEdit begins a change of the configuration in force.
func (s *Session) newEdit(warnings *strings.Builder) *edit {
	e := &edit{config: s.running.config, open: s.device.Open, hash: s.device.Hash, port: s.port, objects: s.device.PKIObjects}
	if s.burst != nil {
		e = s.burst.continued(e)
	}
	if s.options.Interactive {
		e.warnings = func(w warning) { warnings.WriteString(w.line()) }
	}
	return e
}

// enforce puts what text has changed in force, if anything. The rows have checked
// that it is without a fault.
func (s *Session) enforce(text string, e *edit) error {
	if !e.touched {
		return nil
	}
	if s.burst != nil {
		s.burst.add(s, text)
		s.warnOfTrial(e)
		return nil
	}
	if err := s.device.Apply(e.config); err != nil {
		return because(err)
	}
	s.running.accept(s, e.config, s.changeOf(text))
	s.warnOfTrial(e)
	return nil
}

func (s *Session) port(name string) error {
	_, err := s.device.Port(name)
	return err
}

// refused says why a line is not accepted.
func (s *Session) refused(err error) Output {
	var bad *grammar.Error
	if errors.As(err, &bad) {
		return Output{Text: bad.Text(s.Prompt()), Err: err}
	}
	return Output{Text: err.Error() + "\n", Err: err}
}

// A doer is the Action of a Do row.
type doer interface{ do(*Session) Output }
