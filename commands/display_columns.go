package commands

import (
	"fmt"
	"strings"
)

// A display is what a display command shows: a typed value, built from the
// rooms' types by its constructor, and one printer. Its fields carry the names
// that a second printer (JSON) uses; these names do not change.
//
// A text ends with a line feed, or is empty when there is nothing to say.
type display interface{ text() string }

// columns are the offsets at which the cells of a table's row begin.
type columns []int

// row lays out one cell per column. A cell too long for its column pushes the
// rest to the right, one space apart. Nothing trails the last cell that has text.
func (c columns) row(cells ...string) string {
	var line []byte
	for i, cell := range cells {
		pad := c[i] - len(line)
		if i > 0 && pad < 1 {
			pad = 1
		}
		line = append(line, strings.Repeat(" ", pad)...)
		line = append(line, cell...)
	}
	return strings.TrimRight(string(line), " ")
}

// A form lays out lines of a label and a value: indent spaces, the label padded
// to width, a colon.
type form struct{ indent, width int }

// line returns one line; one with an empty value ends with the colon.
func (f form) line(label, value string) string {
	line := fmt.Sprintf("%*s%-*s: %s", f.indent, "", f.width, label, value)
	return strings.TrimRight(line, " ")
}

// value returns the offset at which the values begin.
func (f form) value() int { return f.indent + f.width + len(": ") }

// A page collects the lines of a display.
type page struct{ b strings.Builder }

// add appends one line as it is.
func (p *page) add(line string) {
	p.b.WriteString(line)
	p.b.WriteByte('\n')
}

// addf appends one formatted line.
func (p *page) addf(format string, args ...any) { p.add(fmt.Sprintf(format, args...)) }

// text returns the lines so far.
func (p *page) text() string { return p.b.String() }

// dashes returns a rule of n dashes.
func dashes(n int) string { return strings.Repeat("-", n) }

// Limits of foreign text in a display, in octets.
const (
	peerTextLimit = 128 // an identity: a peer may send up to 64 KiB
	reasonLimit   = 512 // a reason names both sides' values, of which a peer's can be long

	mismatchLimit = 6144 // of a negotiation: both sides' proposals, up to 2 KiB each, and behind them the lines to change
)

// printable makes text of a peer's safe for a terminal: octets outside printable
// ASCII become \xNN, and what does not fit into limit octets is cut and ends
// with three dots. An escape is never split.
func printable(s string, limit int) string {
	const more = "..."
	var out []byte
	fits := 0 // length of out up to which the dots still fit
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 0x20 && c <= 0x7e {
			out = append(out, c)
		} else {
			out = fmt.Appendf(out, "\\x%02x", c)
		}
		if len(out) > limit {
			return string(out[:fits]) + more
		}
		if len(out) <= limit-len(more) {
			fits = len(out)
		}
	}
	return string(out)
}
