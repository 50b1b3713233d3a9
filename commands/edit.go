package commands

import (
	"fmt"
	"strings"

	"sallyport/acl"
	"sallyport/commands/grammar"
	"sallyport/ipsec/secret"
)

// An edit is a change of the configuration under way: one line's, or a whole
// script's. The rows' checks are given it.
type edit struct {
	config  *Config
	owned   bool // config is a clone that may be changed
	touched bool // the line has changed it
	script  bool // a whole script is run: who may log in is judged at its end
	before  any  // the object that a line changes, as it was

	open     func(string) (secret.Octets, error) // of a stored secret; nil: leave it as it is
	hash     func(secret.Octets) (string, error) // of a password; nil: it is not kept
	port     func(name string) error             // whether an interface exists; nil: not known
	warnings func(warning)                       // nil: nobody reads them

	objects func() []*PKIObject // what the box keeps of its PKI; nil: not known

	remotes map[remotePlace]string // peers by where they are; nil: it does not pay for one line
	spis    map[spiName]PolicyKey  // manual policies by their SPIs; nil: not asked for yet
	rules   *acl.Rule              // the first of a list that the edit may append to; nil: of none
}

// own makes the configuration one that may be changed.
func (e *edit) own() {
	e.touched = true
	if !e.owned {
		e.config, e.owned = e.config.Clone(), true
	}
}

// A warning is what a person is told of a weak choice.
type warning struct {
	text  string             // a sentence
	still func(*Config) bool // whether it holds of a whole script, too; nil: it does
}

// line is a warning as it is printed at a terminal.
func (w warning) line() string { return "Warning: " + w.text + "\n" }

// warn tells a person of a weak choice.
func (e *edit) warn(format string, args ...any) { e.warnWhile(nil, format, args...) }

// warnWhile tells a person of a weak choice that another line can mend: of a script it is told if
// still holds at its end.
func (e *edit) warnWhile(still func(*Config) bool, format string, args ...any) {
	if e.warnings != nil {
		e.warnings(warning{fmt.Sprintf(format, args...), still})
	}
}

// refuse says why a line is not accepted, in a sentence.
func refuse(format string, args ...any) error {
	return &grammar.Refusal{Reason: fmt.Sprintf(format, args...)}
}

// because says why something did not work, in a sentence.
func because(err error) error {
	text := err.Error()
	first, _, more := strings.Cut(text, " ")
	if more && !strings.ContainsFunc(first, func(r rune) bool { return r < 'a' || r > 'z' }) { // a word, and not the name of a file
		text = strings.ToUpper(first[:1]) + text[1:]
	}
	return refuse("%s.", text)
}

// checks makes a row's check of one that wants the edit.
func checks[T any](f func(*edit, *T) error) func(any, *T) error {
	return func(x any, object *T) error { return f(x.(*edit), object) }
}

// refuses makes an Edit row's function that always refuses.
func refuses[T any](reason string) func(any, *T, *struct{}) error {
	return func(any, *T, *struct{}) error { return refuse("%s", reason) }
}

// allows makes a check of whether an object may be made or removed.
func allows[K any](f func(*edit, K) error) func(any, *Config, K) error {
	return func(x any, _ *Config, k K) error { return f(x.(*edit), k) }
}
