package commands

import (
	"strconv"
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ipsec/secret"
)

// A change is a line that changed the configuration: who did what, when, from
// where.
type change struct {
	Time   time.Time `json:"time"`
	User   string    `json:"user"`   // empty on the console, and of what the box did itself
	Line   string    `json:"line"`   // con0, vty0 …; empty of what the box did itself
	Source string    `json:"source"` // address of the user's host
	View   string    `json:"view"`   // the prompt that the line was typed at
	Text   string    `json:"command"`

	typed secret.Octets // the line as it was typed, while Text is not made of it
}

// journalSize is how many changes are remembered. They are gone with the process:
// what outlives it are the rollback points, and the log.
const journalSize = 1000

// A journal is the latest changes.
type journal struct {
	changes []change // a ring once it is full
	next    int      // where the next one goes then
}

func (j *journal) add(c change) {
	if len(j.changes) < journalSize {
		j.changes = append(j.changes, c)
		return
	}
	j.changes[j.next] = c
	j.next = (j.next + 1) % journalSize
}

// latest returns the last n changes, oldest first, without secrets: to hide them
// takes longer than many a line, so that it is not done before somebody looks.
func (j *journal) latest(n int) []change {
	all := append(append([]change{}, j.changes[j.next:]...), j.changes[:j.next]...)
	all = all[max(0, len(all)-n):]
	for i, c := range all {
		if c.typed != nil {
			all[i].Text, all[i].typed = WithoutSecret(string(c.typed)), nil
		}
	}
	return all
}

// changeOf is what the journal says of a line of the session.
func (s *Session) changeOf(text string) change {
	return change{
		Time: s.now(), User: s.options.User, Line: s.options.Line, Source: s.options.Source,
		View: s.prompt, typed: secret.Octets(text),
	}
}

// displayChanges is `display configuration changes [last N]`.
type displayChanges struct{ Last int }

func displayChangesRow() grammar.Row[Config] {
	kw := grammar.Kw[displayChanges]
	path := grammar.Path[displayChanges]("display", helpDisplay, "configuration", helpConfiguration, "changes", "Who changed what, when, from where")
	return grammar.Do[Config](1, displayChanges{journalSize}, path, grammar.Optional(kw("last", helpLast),
		grammar.Arg(kind.Integer(1, journalSize), "Number of changes", func(d *displayChanges) *int { return &d.Last })))
}

func (d *displayChanges) do(s *Session) Output {
	return Output{Display: changesDisplay{inZone(s, s.running.journal.latest(d.Last), func(c *change) *time.Time { return &c.Time })}}
}

// A changesDisplay is `display configuration changes`.
type changesDisplay struct {
	Changes []change `json:"changes"`
}

// changeColumns are those of text: No., time, user, line, source, view and command.
var changeColumns = columns{0, 5, 26, 38, 44, 61}

func (d changesDisplay) text() string {
	var p page
	p.add(changeColumns.row("No.", "Time", "User", "Line", "Source", "Command"))
	p.add(dashes(79))
	for i, c := range d.Changes {
		command := printable(c.View+c.Text, longestLine)
		p.add(changeColumns.row(strconv.Itoa(i+1), c.Time.Format(timeLayout), dash(c.User), dash(c.Line), dash(c.Source), command))
	}
	return p.text()
}

// timeLayout is how VRP writes a time in these displays.
const timeLayout = "2006-01-02 15:04:05"

// dash stands for what is not there. What is there may come from outside.
func dash(text string) string {
	if text == "" {
		return "-"
	}
	return printable(text, 64)
}
