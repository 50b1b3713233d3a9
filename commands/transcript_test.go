package commands

import (
	"context"
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
// A first line "script" makes the session one that is not typed by a person.
func repeatTranscript(text string) string {
	header, body, hasHeader := strings.Cut(text, "\n\n")
	if !hasHeader || !strings.HasPrefix(header, "//") {
		header, body = "", text
	}
	var b strings.Builder
	if header != "" {
		b.WriteString(header + "\n\n")
	}
	device := &fakeDevice{}
	options := Options{Level: everything, Interactive: !strings.Contains(header, "(a script)")}
	session := NewSession(device, NewRunning(New()), options)
	for line := range strings.Lines(body) {
		if m := typed.FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil {
			b.WriteString(session.Prompt() + m[2] + "\n")
			b.WriteString(say(session, m[2]))
		}
	}
	b.WriteString(session.Finish(context.Background()).Text)
	return b.String()
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
		if err := out.Long(context.Background(), func(text string) { b.WriteString(text) }); err != nil {
			b.WriteString(err.Error() + "\n")
		}
	}
	return b.String()
}
