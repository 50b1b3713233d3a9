package grammar

import "strings"

// node is a place in a row's graph: what may be typed there, and what may follow.
type node struct {
	word  string // keyword in lower case; or
	arg   *argument
	set   *set
	text  string // the keyword as it is written
	help  string
	value any // what a word that is a value stands for
	put   func(object, v any)
	show  func(object any) string // the field's text
	same  func(a, b any) bool     // compares the field of two objects; nil: by its text
	next  []*node

	accept *form // the line may end here
}

// form is what a complete line does.
type form struct{ build func(found) Command }

// beginning is the first node of a form and the level that the form needs.
type beginning struct {
	*node
	level int
}

// set is a place where clauses may be typed in any order, each at most once.
type set struct {
	clauses [][]*node // the beginnings of each
	after   []*node
	least   int // how many must be typed
}

// compile turns elements into a graph that goes on with after, and returns its
// beginnings.
func compile(es []*element, after []*node) []*node {
	for i := len(es) - 1; i >= 0; i-- {
		after = es[i].compile(after)
	}
	return after
}

func (e *element) compile(after []*node) []*node {
	switch e.shape {
	case word:
		n := &node{word: strings.ToLower(e.word), text: e.word, help: e.help, put: e.put, show: e.text, next: after}
		return []*node{n}
	case arg:
		return e.compileArg(after)
	case some:
		return e.compileSome(after)
	case sequence:
		return compile(e.parts, after)
	case optional, implied:
		return append(compile(e.parts, after), after...)
	case oneOf:
		var begin []*node
		for _, p := range e.parts {
			begin = append(begin, p.compile(after)...)
		}
		return begin
	}
	s := &node{set: &set{after: after}}
	for _, p := range e.parts {
		s.set.clauses = append(s.set.clauses, p.compile([]*node{s}))
	}
	return []*node{s}
}

// compileArg returns a keyword for each of the argument's words and a place for
// its other values.
func (e *element) compileArg(after []*node) []*node {
	begin := e.words(after)
	if e.arg != nil {
		begin = append(begin, &node{arg: e.arg, put: e.put, show: e.text, same: e.same, next: after})
	}
	return begin
}

func (e *element) words(after []*node) []*node {
	var begin []*node
	for _, v := range e.values {
		begin = append(begin, &node{
			word: strings.ToLower(v.text), text: v.text, help: v.help,
			value: v.value, put: e.put, show: e.text, next: after,
		})
	}
	return begin
}

func (e *element) compileSome(after []*node) []*node {
	s := &node{set: &set{after: after, least: 1}}
	for _, n := range e.words([]*node{s}) {
		s.set.clauses = append(s.set.clauses, []*node{n})
	}
	return []*node{s}
}
