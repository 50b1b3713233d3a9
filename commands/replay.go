package commands

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/ipsec/secret"
)

// A Script is a configuration file to be replayed.
type Script struct {
	File string // for the errors
	Text string

	// Open turns the stored form of a secret into the secret, as Device.Open.
	// If nil, stored secrets are taken as they are: enough to check a file, not
	// to run it.
	Open func(string) (secret.Octets, error)

	// Hash turns a password in clear into its stored form, as Device.Hash. If nil,
	// passwords in clear are checked and not kept: they fit nobody.
	Hash func(secret.Octets) (string, error)

	// Warn is told of each line that is a weak choice, in their order, once the script is at
	// its end: not of what a later line mends. If nil, nobody is.
	Warn func(LineWarning)

	// Port returns the Linux device of an interface, as Device.Port. If nil,
	// interfaces are taken to exist.
	Port func(name string) (string, error)
}

// A LineError is a line of a script that was refused.
type LineError struct {
	File         string
	Line, Column int    // from 1; Line 0: about the whole
	Text         string // the line, without a secret
	Err          error
}

// Error returns the error in the form FILE:LINE:COLUMN: why.
func (e *LineError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d:%d: %v", e.File, e.Line, e.Column, e.Err)
}

// Unwrap returns the reason.
func (e *LineError) Unwrap() error { return e.Err }

// A LineWarning is what there is to say of a line of a script that was accepted.
type LineWarning struct {
	File         string
	Line, Column int    // from 1
	Text         string // a sentence
}

// String returns the warning in the form FILE:LINE:COLUMN: warning: what.
func (w LineWarning) String() string {
	return fmt.Sprintf("%s:%d:%d: warning: %s", w.File, w.Line, w.Column, w.Text)
}

// everything is the level of whoever may do all there is.
const everything = 3

// Replay runs a whole script in system view on top of from and returns what
// came out, with every line that was refused. It applies nothing; from is not
// changed. Lines that are indented under a heading that was refused are refused
// with it, so that they do not end up in another view.
func Replay(from *Config, script Script) (*Config, []*LineError) {
	r := newReplay(from, script)
	return r.all()
}

// newReplay returns one at the beginning of its script.
func newReplay(from *Config, script Script) *replay {
	r := &replay{script: &script, place: place{system: true}}
	r.edit = &edit{config: from.Clone(), owned: true, script: true, open: script.Open, hash: script.Hash}
	r.edit.indexPeers()
	if script.Warn != nil {
		r.edit.warnings = func(w warning) {
			r.warnings = append(r.warnings, lineWarning{LineWarning{script.File, r.line, r.column, w.text}, w.still})
		}
	}
	if script.Port != nil {
		r.edit.port = func(name string) error {
			_, err := script.Port(name)
			return err
		}
	}
	return r
}

// all runs the script.
func (r *replay) all() (*Config, []*LineError) {
	r.some(strings.Lines(r.script.Text))
	r.validate()
	r.warn()
	return r.edit.config, r.errors
}

// some runs lines that follow each other.
func (r *replay) some(lines iter.Seq[string]) {
	for text := range lines {
		r.line++
		r.run(strings.TrimRight(text, "\r\n"))
	}
}

// validate looks for what only the whole shows.
func (r *replay) validate() {
	if r.header != nil {
		r.refuse(grammar.Split(""), "", r.header.unended())
	}
	for _, fault := range r.edit.config.Validate() {
		r.errors = append(r.errors, &LineError{File: r.script.File, Err: fault})
	}
}

// warn tells of the lines that are weak choices still.
func (r *replay) warn() {
	for _, w := range r.warnings {
		if w.still == nil || w.still(r.edit.config) {
			r.script.Warn(w.LineWarning)
		}
	}
}

// A lineWarning is a warning of a line, until the end shows whether it holds.
type lineWarning struct {
	LineWarning
	still func(*Config) bool
}

// replay is a script being run.
type replay struct {
	script *Script
	edit   *edit
	place  place
	line   int
	column int // where the line begins
	orphan int // the heading that was refused, while its lines go by; 0: none
	errors []*LineError

	warnings []lineWarning

	header  *openHeader              // whose text goes on; nil: none
	foreign func(name string) string // of an interface, if lines of IOS are taken; else nil
}

func (r *replay) run(text string) {
	if r.header != nil {
		r.continued(text)
		return
	}
	line := grammar.Split(text)
	if line.Empty() {
		return
	}
	if line.Begin() == 0 {
		r.orphan = 0
	}
	r.column = line.Begin() + 1
	told := len(r.warnings)
	err := r.exec(line, text)
	if err == nil {
		return
	}
	r.warnings = r.warnings[:told]
	if line.Begin() == 0 {
		r.orphan = r.line
	}
	r.refuse(line, text, err)
}

func (r *replay) exec(line grammar.Line, text string) error {
	if r.orphan > 0 {
		return refuse("The line belongs to line %d, which was refused.", r.orphan)
	}
	before := r.place
	action, err := r.place.run(r.edit, line, everything)
	if err != nil && r.foreign != nil {
		return r.translate(text, err)
	}
	if err != nil || action == nil {
		return err
	}
	switch a := action.(type) {
	case mover:
		a.move(&r.place)
		return nil
	case *openHeader:
		r.header = a
		return nil
	}
	r.place = before
	return refuse("The command is not a configuration command.")
}

func (r *replay) refuse(line grammar.Line, text string, err error) {
	column := line.Begin() + 1
	var bad *grammar.Error
	if errors.As(err, &bad) {
		column = bad.Column()
	}
	r.errors = append(r.errors, &LineError{r.script.File, r.line, column, WithoutSecret(text), err})
}
