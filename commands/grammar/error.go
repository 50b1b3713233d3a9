package grammar

import (
	"strings"
	"unicode/utf8"
)

// A Problem is what is wrong with a line.
type Problem uint8

// The problems.
const (
	Unrecognized Problem = iota // a keyword is not known here
	Incomplete                  // more words are needed
	Ambiguous                   // several commands match
	Wrong                       // a value is bad or out of range
	TooMany                     // the command is over before the line is
)

// problems are VRP 5's words, the blank after the colon missing where it is
// missing there.
var problems = [...]string{
	Unrecognized: "Error: Unrecognized command found at '^' position.",
	Incomplete:   "Error:Incomplete command found at '^' position.",
	Ambiguous:    "Error:Ambiguous command found at '^' position.",
	Wrong:        "Error: Wrong parameter found at '^' position.",
	TooMany:      "Error:Too many parameters found at '^' position.",
}

// String returns VRP5's words, with its missing space after "Error:" in three of them.
func (p Problem) String() string { return problems[p] }

// An Error is a line that was not understood.
type Error struct {
	Problem Problem
	Offset  int // of the caret in the line, in octets; beyond the end if Incomplete
	line    string
}

// Error returns the words without the caret's line.
func (e *Error) Error() string { return e.Problem.String() }

// Column returns the caret's place in the line, in characters from 1.
func (e *Error) Column() int {
	if e.Offset >= len(e.line) {
		return utf8.RuneCountInString(e.line) + e.Offset - len(e.line) + 1
	}
	return utf8.RuneCountInString(e.line[:e.Offset]) + 1
}

// Text returns the two lines of the error for a line typed after prompt.
func (e *Error) Text(prompt string) string {
	indent := utf8.RuneCountInString(prompt) + e.Column() - 1
	return strings.Repeat(" ", indent) + "^\n" + e.Error() + "\n"
}

// A Refusal is a line that was understood and is not accepted.
type Refusal struct{ Reason string } // a sentence

// Error returns VRP's line for a refusal, which has no caret.
func (e *Refusal) Error() string { return "Error: " + e.Reason }
