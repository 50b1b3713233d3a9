package commands_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sallyport/commands"
)

// Every transcript once more, typed at a terminal: what TestTranscripts finds to
// be in the files is what is seen there.

// The window of the transcripts: no line of theirs that is typed key by key wraps.
const columns, rows = 500, 24

func TestTranscriptsAtATerminal(t *testing.T) {
	atOnce(t, conversations(t), func(t *testing.T, kind terminal, c commands.Conversation) {
		if c.Script {
			return // see TestScriptOverSSH
		}
		s := kind.start(t, newSession(c.Box()), columns, rows)
		s.sees(c.Turns[0].Prompt + "_")
		for i, turn := range c.Turns {
			next := c.Prompt
			if i+1 < len(c.Turns) {
				next = c.Turns[i+1].Prompt
			}
			s.take(turn, next, i%8 == 0)
		}
		if c.Prompt == "" {
			s.leaves()
		}
	})
}

// atOnce runs a test for each case at each kind of terminal, all at the same time:
// a terminal waits most of the time.
func atOnce[Case any](t *testing.T, cases map[string]Case, test func(t *testing.T, kind terminal, c Case)) {
	var group sync.WaitGroup
	defer group.Wait()
	for _, kind := range terminals(t) {
		for name, c := range cases {
			group.Go(func() {
				t.Run(kind.name+"/"+name, func(t *testing.T) { test(t, kind, c) })
			})
		}
	}
}

// conversations are the transcripts by name.
func conversations(t *testing.T) map[string]commands.Conversation {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "testdata", "cli", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	all := make(map[string]commands.Conversation)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".txt")] = commands.Converse(string(text))
	}
	return all
}

// TestScriptOverSSH has the ssh program read a script: only what the commands print
// comes back, and what was refused with the number of its line. A question that the
// script leaves open is answered with yes.
func TestScriptOverSSH(t *testing.T) {
	const input = "system-view\nsysname H\nike peer b\n ike-proposal many\n#\nsave\ndisplay this\nreturn\nping 127.0.0.1\nsave\n"
	const saved = ` Warning: The current configuration will be written to the device.
  It will take several minutes to save configuration file, please wait...
  Configuration file had been saved successfully
  Note: The configuration file will take effect after being activated
`
	const want = `Enter system view, return user view with Ctrl+Z.
Line 4:
[H-ike-peer-b] ike-proposal many
                            ^
Error: Wrong parameter found at '^' position.
` + saved + `#
ike peer b
#
  PING 127.0.0.1: 56  data bytes, press CTRL_C to break
Line 9:
<H>ping 127.0.0.1
Error: The network is unreachable.
` + saved
	options := commands.Options{Level: 3}
	x := session{Session: commands.NewSession(commands.NewFakeDevice(), commands.NewRunning(commands.New()), options)}
	if !haveSSH(t) {
		t.Skip("no ssh client")
	}
	cmd := newHouse(t).command(x, "-T")
	cmd.Stdin = strings.NewReader(input)
	if got, err := cmd.CombinedOutput(); err != nil || string(got) != want {
		t.Errorf("ssh prints\n%s, %v, want\n%s", got, err, want)
	}
}

// take types a line and compares what is seen then, up to the next prompt. A line
// that comes whole, as when it is pasted, needs no editor; one in two pieces does.
func (s *seat) take(turn commands.Turn, next string, pieces bool) {
	s.t.Helper()
	shown, isHelp := strings.CutSuffix(turn.Typed, "?")
	if isHelp {
		s.press(turn.Typed)
		s.sees(withoutBlanks(turn.Prompt + turn.Typed + "\n" + turn.Answer + turn.Prompt + shown + "_"))
		s.press("\x18") // Ctrl-X, or the line would be entered
		s.sees(turn.Prompt + "_")
		return
	}
	s.secret = ""
	if turn.Hidden {
		shown = ""
	}
	if turn.Hidden && len(turn.Typed) > 1 {
		s.secret = turn.Typed
	}
	if pieces && shown != "" {
		s.press(turn.Typed)
		s.sees(withoutBlanks(turn.Prompt + shown + "_"))
		s.press("\r")
	} else {
		s.press(turn.Typed + "\r")
	}
	s.sees(withoutBlanks(turn.Prompt + shown + "\n" + turn.Answer + next + "_"))
}
