package shell

import "strings"

// A draft is a line that is being typed, in two parts: before the cursor and after.
type draft struct{ before, after string }

// A cycle is where Tab is among several words that fit.
type cycle struct {
	stem  string   // the line before the word
	words []string // that fit
	at    int      // of the one that stands in the line
	made  draft    // what Tab made last; another line begins anew
}

// next returns the line after Tab. complete returns the words that fit the end
// of a text. One that fits alone gets a blank; several come one after the other.
func (c *cycle) next(d draft, complete func(text string) []string) draft {
	if len(c.words) > 1 && d == c.made {
		c.at = (c.at + 1) % len(c.words)
	} else {
		*c = cycle{stem: d.before[:strings.LastIndexByte(d.before, ' ')+1], words: complete(d.before)}
	}
	switch len(c.words) {
	case 0:
		return d
	case 1:
		c.made = draft{c.stem + c.words[0] + " ", strings.TrimLeft(d.after, " ")}
	default:
		c.made = draft{c.stem + c.words[c.at], d.after}
	}
	return c.made
}
