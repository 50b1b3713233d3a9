package main

import (
	"testing"
	"time"

	"sallyport/shell"
)

// A word is a terminal that is one command.
type word struct{ shell.Terminal }

func (word) Single() bool { return true }

// TestSingleIsPassedOn wraps terminals as the SSH server does.
func TestSingleIsPassedOn(t *testing.T) {
	s := &seat{lines: newLines(time.Now)}
	if !shell.IsSingle(patient{Terminal: s.attend(word{})}) {
		t.Error("a command is not known for one any more")
	}
	if shell.IsSingle(patient{Terminal: s.attend(struct{ shell.Terminal }{})}) {
		t.Error("a script is taken for a command")
	}
}
