package commands

// What the tests from outside need, which sit at a terminal: see terminal_seat_test.go.

// Update reports whether the golden files are to be written.
var Update = update

// NewFakeDevice returns the box of the transcripts.
func NewFakeDevice() Device { return &fakeDevice{} }

// A Turn is a prompt, the line typed at it, and what that line brings about. A
// line that ends in a question mark is not entered.
type Turn struct {
	Prompt, Typed, Answer string
	Hidden                bool // what is typed is not shown
}

// A Conversation is a transcript as it should be seen.
type Conversation struct {
	Script bool          // nobody types it
	Box    func() Device // a new one, as it was at the beginning
	Turns  []Turn
	Prompt string // after the last line; empty: the session is over
}

// Converse repeats a transcript without a terminal, up to the end of its session.
func Converse(text string) Conversation {
	c := converse(text)
	seen := Conversation{Script: c.script, Box: c.box, Prompt: c.prompt}
	for _, t := range c.turns {
		if !t.over {
			seen.Turns = append(seen.Turns, Turn{t.prompt, t.typed, t.answer, t.hidden})
		}
	}
	return seen
}
