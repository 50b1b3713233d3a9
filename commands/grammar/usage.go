package grammar

import (
	"slices"
	"strings"
)

// A Usage is a row as a manual describes it. Syntax and Undo are in VRP's
// notation: { a | b } is one of them, [ x ] may be left off, and a * means several
// of them in any order.
type Usage struct {
	Syntax  string
	Undo    string // empty: there is none
	Default string // the line that says what is in force without the command; empty: nothing is
	Level   int
	Words   []Hint // keywords and arguments with their help, each once, as they come
	Hidden  bool   // it is another way to type a different row

	Alone *Table // a table of this row and no other
	Opens *Table // the table of the view that it opens; nil: none
}

// Usages describes the rows in order.
func (t *Table) Usages() []Usage {
	usages := make([]Usage, len(t.rows))
	for i, r := range t.rows {
		usages[i] = Usage{
			Syntax: syntaxOf(r.elements), Default: r.standard(t.fresh),
			Level: r.level, Hidden: r.hidden,
			Words: wordHints(r.elements, r.undo),
			Alone: t.alone(r), Opens: r.opens,
		}
		if r.undo != nil {
			usages[i].Undo = "undo " + syntaxOf(r.undo)
		}
	}
	return usages
}

// alone returns a table like t with that row only.
func (t *Table) alone(r *row) *Table {
	one := &Table{tag: t.tag, sort: t.sort, fresh: t.fresh, forms: map[string][]beginning{}}
	copied := *r
	one.add(&copied)
	return one
}

// Sort returns what the objects of the view are called, such as ike-peer.
func (t *Table) Sort() string {
	if t.sort != "" {
		return t.sort
	}
	return strings.TrimRight(t.Tag(t.fresh), "-0123456789")
}

// standard returns the line that says what a Setting is by default.
func (r *row) standard(fresh any) string {
	if !r.bound {
		return ""
	}
	set, whole := false, true
	leaves(r.elements, func(e *element) { set = set || e.text(fresh) != "" })
	for _, e := range r.elements {
		whole = whole && e.complete(fresh)
	}
	switch {
	case set && r.negative:
		return "undo " + strings.Join(keywords(r.elements), " ")
	case set && whole, r.negative:
		return render(r.elements, fresh, fresh)
	}
	return ""
}

// syntaxOf writes elements in VRP's notation.
func syntaxOf(es []*element) string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = e.syntax()
	}
	return strings.Join(parts, " ")
}

func (e *element) syntax() string {
	switch e.shape {
	case word:
		return e.word
	case arg:
		return braced(e.choices())
	case some:
		return "{ " + strings.Join(e.choices(), " | ") + " } *"
	case optional, implied:
		return "[ " + e.inside() + " ]"
	case oneOf:
		return braced(e.choices())
	case anyOrder:
		return "[ " + strings.Join(e.choices(), " | ") + " ] *"
	}
	return syntaxOf(e.parts)
}

// inside is what stands between the brackets of what may be left off.
func (e *element) inside() string {
	if len(e.parts) == 1 {
		switch only := e.parts[0]; only.shape {
		case oneOf, arg:
			return strings.Join(only.choices(), " | ")
		}
	}
	return syntaxOf(e.parts)
}

// choices are the alternatives: of an argument its words and its own hint.
func (e *element) choices() []string {
	var all []string
	for _, v := range e.values {
		all = append(all, v.text)
	}
	if e.arg != nil {
		var hints []string
		for _, h := range e.arg.hints {
			hints = append(hints, h.Text)
		}
		all = append(all, strings.Join(hints, " "))
	}
	for _, p := range e.parts {
		all = append(all, p.syntax())
	}
	return all
}

// braced is one of several, or the only one.
func braced(choices []string) string {
	if len(choices) == 1 {
		return choices[0]
	}
	return "{ " + strings.Join(choices, " | ") + " }"
}

// wordHints returns the keywords and arguments of forms with their help, each
// once.
func wordHints(forms ...[]*element) []Hint {
	var all []Hint
	for _, es := range forms {
		for _, e := range es {
			all = append(all, e.ownHints()...)
			all = append(all, wordHints(e.parts)...)
		}
	}
	seen := map[Hint]bool{}
	return slices.DeleteFunc(all, func(h Hint) bool {
		again := seen[h]
		seen[h] = true
		return again
	})
}

// ownHints returns the help of what may be typed for the element, without its parts.
func (e *element) ownHints() []Hint {
	var own []Hint
	if e.shape == word {
		own = append(own, Hint{e.word, e.help})
	}
	for _, v := range e.values {
		own = append(own, Hint{v.text, v.help})
	}
	if e.arg != nil {
		own = append(own, e.arg.hints...)
	}
	return own
}
