package grammar

import (
	"slices"
	"strings"
)

// A Block is a few lines that belong together; the first is the heading if it
// is an object's.
type Block struct {
	Lines  []string
	Object bool
	Sort   string // of the object, as [Table.Sort] of its view
	Tag    string // of the object
}

// Blocks renders an object: the rows in order, lines where a field differs from
// its default.
func (t *Table) Blocks(object any) []Block {
	var blocks []Block
	for _, r := range t.rows {
		if r.blocks == nil || r.hidden {
			continue
		}
		blocks = append(blocks, r.blocks(object, t.fresh)...)
	}
	return blocks
}

// setting renders a Setting, or nothing if it is as by default.
func (r *row) setting(object, fresh any) string {
	same, empty := true, true
	leaves(r.elements, func(e *element) {
		text := e.text(object)
		same = same && text == e.text(fresh)
		empty = empty && text == ""
	})
	switch {
	case same:
		return ""
	case r.negative, empty && r.clears:
		return "undo " + strings.Join(keywords(r.elements), " ")
	case empty:
		return ""
	}
	return render(r.elements, object, fresh)
}

// keywords returns those at the beginning.
func keywords(es []*element) []string {
	var words []string
	for _, e := range es {
		switch {
		case e.shape == sequence && e.fixed():
			words = append(words, keywords(e.parts)...)
		case e.shape == word:
			words = append(words, e.word)
		default:
			return words
		}
	}
	return words
}

func render(es []*element, object, fresh any) string {
	return strings.Join(appendWords(nil, es, object, fresh), " ")
}

func appendWords(line []string, es []*element, object, fresh any) []string {
	for _, e := range es {
		line = e.append(line, object, fresh)
	}
	return line
}

func (e *element) append(line []string, object, fresh any) []string {
	switch e.shape {
	case word:
		return append(line, e.word)
	case arg, some:
		return append(line, e.text(object))
	case optional:
		if !e.differs(object, fresh) {
			return line
		}
	case oneOf:
		for _, p := range e.parts {
			if p.complete(object) {
				return p.append(line, object, fresh)
			}
		}
		return line
	case anyOrder:
		for _, p := range e.parts {
			if p.differs(object, fresh) {
				line = p.append(line, object, fresh)
			}
		}
		return line
	}
	return appendWords(line, e.parts, object, fresh)
}

// differs reports whether a field under e is set, and not to its default.
func (e *element) differs(object, fresh any) bool {
	differs := false
	leaves([]*element{e}, func(l *element) {
		text := l.text(object)
		differs = differs || text != "" && text != l.text(fresh)
	})
	return differs
}

// complete reports whether all fields are set that e cannot be written without.
func (e *element) complete(object any) bool {
	switch {
	case e.shape == optional || e.shape == anyOrder:
		return true
	case e.put != nil:
		return e.text(object) != ""
	case e.shape == oneOf:
		return slices.ContainsFunc(e.parts, func(p *element) bool { return p.complete(object) })
	}
	return !slices.ContainsFunc(e.parts, func(p *element) bool { return !p.complete(object) })
}
