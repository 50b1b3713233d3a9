package shell

import (
	"context"
	"strings"
	"testing"

	"sallyport/commands"
	"sallyport/ipsec/secret"
)

// A smallDevice is as much of a box as the transcript needs.
type smallDevice struct{ commands.Device }

func (smallDevice) Apply(*commands.Config) error       { return nil }
func (smallDevice) Seal(secret.Octets) string          { return "%^%#sealed%^%#" }
func (smallDevice) About() commands.About              { return commands.About{} }
func (smallDevice) Keep(commands.Point, func() string) {}
func (smallDevice) Points() ([]commands.Point, error)  { return nil, nil }
func (smallDevice) Port(name string) (string, error)   { return name, nil }

// aSession is a real session that gets no messages.
type aSession struct{ *commands.Session }

func (s aSession) Exec(ctx context.Context, line string) commands.Output {
	return s.Session.Exec(ctx, line).Rendered()
}

func (s aSession) ExecAll(ctx context.Context, lines []string) []commands.Result {
	results := s.Session.ExecAll(ctx, lines)
	for i := range results {
		results[i].Output = results[i].Rendered()
	}
	return results
}

func (aSession) Messages() <-chan string { return nil }
func (aSession) Remember(string)         {}

// newSession returns a real session of a box that was never configured.
func newSession(interactive bool) aSession {
	options := commands.Options{Level: 3, Interactive: interactive}
	return aSession{commands.NewSession(smallDevice{}, commands.NewRunning(commands.New()), options)}
}

// TestTranscript is what somebody sees who pastes lines into a terminal.
func TestTranscript(t *testing.T) {
	const typed = "system-view\nsysname H\nike peer b\npre-shared-key Key@2026-and-longer\nfrobnicate\ndisplay this\nquit\nquit\nquit\n"
	const want = `<Sallyport>system-view
Enter system view, return user view with Ctrl+Z.
[Sallyport]sysname H
[H]ike peer b
[H-ike-peer-b]pre-shared-key Key@2026-and-longer
[H-ike-peer-b]frobnicate
              ^
Error: Unrecognized command found at '^' position.
[H-ike-peer-b]display this
#
ike peer b
 pre-shared-key %^%#sealed%^%#
#
[H-ike-peer-b]quit
[H]quit
<H>quit
Info:Configuration console exit, please retry to log on
`
	p := &paper{Reader: strings.NewReader(typed), person: true}
	refused, err := Serve(context.Background(), p, newSession(true))
	if got := strings.ReplaceAll(p.shown.String(), "\r\n", "\n"); got != want || refused != 1 || err != nil {
		t.Errorf("shown\n%s\nrefused %d, %v, want\n%s", got, refused, err, want)
	}
}

// TestTheCaretStandsRight compares where a refused line of a script shows its
// fault: under the word that is wrong.
func TestTheCaretStandsRight(t *testing.T) {
	p := &paper{Reader: strings.NewReader("system-view\nike peer b\n ike-proposal many\n")}
	refused, err := Serve(context.Background(), p, newSession(false))
	if refused != 1 || err != nil {
		t.Fatalf("refused %d, %v, want 1", refused, err)
	}
	lines := strings.Split(p.shown.String(), "\n")
	for i, line := range lines {
		if line == "Line 3:" && strings.Index(lines[i+1], "many") != strings.Index(lines[i+2], "^") {
			t.Errorf("shown\n%s\n%s\nwant the caret under the wrong word", lines[i+1], lines[i+2])
		}
	}
	if !strings.Contains(p.shown.String(), "Line 3:\n[Sallyport-ike-peer-b] ike-proposal many\n") {
		t.Errorf("shown\n%s\nwant the line under its number", &p.shown)
	}
}
