package commands

import (
	"encoding/json"
	"strings"
)

// A Display is what a display command shows. Its exported fields are its JSON.
type Display interface {
	text() string // as VRP lays it out
}

// Rendered returns o with its Display made text.
func (o Output) Rendered() Output {
	if o.Display != nil {
		o.Text += o.Display.text()
		o.Display, o.Paged = nil, true
	}
	return o
}

// linesDisplay is a display that is text by nature, such as a configuration.
type linesDisplay struct {
	Lines []string `json:"lines"`
}

// linesOf returns a text of whole lines as a display.
func linesOf(text string) linesDisplay {
	return linesDisplay{strings.Split(strings.TrimSuffix(text, "\n"), "\n")}
}

func (d linesDisplay) text() string { return strings.Join(d.Lines, "\n") + "\n" }

// A briefer is a Display that has a short form. Its JSON is the same.
type briefer interface{ brief() string }

// inBrief is the short form of a display.
type inBrief struct{ full briefer }

func (d inBrief) text() string { return d.full.brief() }

// MarshalJSON returns the JSON of the full form.
func (d inBrief) MarshalJSON() ([]byte, error) { return json.Marshal(d.full) }
