package commands

import "strings"

// A Display is what a display command shows. Its exported fields are its JSON.
type Display interface {
	text() string // as VRP lays it out
}

// Rendered returns o with its Display made text, which the line's filters then
// go over. An error is left as it is.
func (o Output) Rendered() Output {
	if o.Display == nil {
		return o
	}
	text, paged, err := filtered(o.Display, o.filters)
	o.Display, o.filters, o.Paged = nil, nil, paged
	if err != nil {
		o.Err, text = err, err.Error()+"\n"
	}
	o.Text += text
	return o
}

// linesDisplay is a display that is text by nature, such as a configuration.
type linesDisplay struct {
	Lines []string `json:"lines"`
}

// linesOf returns a text of whole lines as a display.
func linesOf(text string) linesDisplay {
	if text == "" {
		return linesDisplay{[]string{}}
	}
	return linesDisplay{strings.Split(strings.TrimSuffix(text, "\n"), "\n")}
}

func (d linesDisplay) text() string {
	if len(d.Lines) == 0 {
		return ""
	}
	return strings.Join(d.Lines, "\n") + "\n"
}

// A layout is a display of lines whose text is made when it is wanted. The
// function reads nothing that changes.
type layout func() string

func (l layout) text() string { return l() }

func (l layout) value() any { return linesOf(l()) }

// A valued Display is a form of another value, which is its JSON.
type valued interface{ value() any }

// valueOf returns what the JSON of d is made of.
func valueOf(d Display) any {
	if v, is := d.(valued); is {
		return v.value()
	}
	return d
}

// A briefer is a Display that has a short form. Its JSON is the same.
type briefer interface{ brief() string }

// inBrief is the short form of a display.
type inBrief struct{ full briefer }

func (d inBrief) text() string { return d.full.brief() }

func (d inBrief) value() any { return d.full }
