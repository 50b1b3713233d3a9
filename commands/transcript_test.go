package commands

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A transcript is a conversation as an operator sees it. Lines that begin with a
// prompt are what was typed, or what a script says; all others are what the box
// answers. `go test -update` rewrites the answers.

var typed = regexp.MustCompile(`^(.*\[Y/N\]:|Please (?:enter|confirm) password:|Password:|<[^> ]+>|\[[^\] ]+\])(.*)$`)

func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "testdata", "cli", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Base(file), repeatTranscript(string(text)))
		})
	}
}

// repeatTranscript types the lines of a transcript and returns what comes of it.
func repeatTranscript(text string) string {
	c := converse(text)
	b := strings.Builder{}
	b.WriteString(c.header)
	for _, turn := range c.turns {
		b.WriteString(turn.prompt + turn.typed + "\n" + turn.answer)
	}
	return b.String() + c.ending
}

// A conversation is what comes of a transcript.
type conversation struct {
	header string // the comment, with the empty line below it
	script bool   // nobody types it
	busy   bool   // the box has SAs
	turns  []turn
	prompt string // after the last line; empty: the session is over
	ending string // what is printed at the end of the input
}

// A turn is a prompt, the line typed at it, and what that line brings about.
type turn struct {
	prompt, typed, answer string

	view   string // where the session stands
	hidden bool   // what is typed is not shown
	over   bool   // the session was over before
}

// box returns the device that the conversation is about.
func (c *conversation) box() Device {
	if c.busy {
		return &busyDevice{}
	}
	return &fakeDevice{}
}

// converse types the lines of a transcript. With "(a script)" in its header the
// session is one that is not typed by a person, with "(a busy box)" there are SAs.
func converse(text string) conversation {
	var c conversation
	if header, body, has := strings.Cut(text, "\n\n"); has && strings.HasPrefix(header, "//") {
		c.header, text = header+"\n\n", body
		c.script, c.busy = strings.Contains(header, "(a script)"), strings.Contains(header, "(a busy box)")
	}
	session := NewSession(c.box(), NewRunning(New()), Options{Level: everything, Interactive: !c.script})
	for line := range strings.Lines(text) {
		if m := typed.FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil {
			t := turn{prompt: session.Prompt(), typed: m[2], view: session.place.title(), hidden: session.Hidden(), over: session.ended}
			if session.question == nil && !strings.HasSuffix(t.typed, "?") {
				session.Remember(t.typed)
			}
			t.answer = say(session, t.typed)
			c.turns = append(c.turns, t)
		}
	}
	if !session.ended {
		c.prompt = session.Prompt()
	}
	c.ending = session.Finish(context.Background()).Text
	return c
}

// say runs a line to its end and returns what it printed. A line that ends in a
// question mark asks for help.
func say(s *Session, line string) string {
	if text, ok := strings.CutSuffix(line, "?"); ok {
		return s.Help(text)
	}
	out := s.Exec(context.Background(), line).Rendered()
	var b strings.Builder
	b.WriteString(out.Text)
	if out.Long != nil {
		if err := out.Long(context.Background(), func(text string) { b.WriteString(text) }); err != nil && !errors.Is(err, ErrNoReply) {
			b.WriteString(err.Error() + "\n")
		}
	}
	return b.String()
}
