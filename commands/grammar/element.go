package grammar

import "strings"

// An Element is a part of a row, bound to fields of T.
type Element[T any] struct{ e *element }

// A shape says how an element is read.
type shape uint8

const (
	word     shape = iota
	arg            // one value
	some           // values of Words, each at most once, in any order, at least one
	sequence       // parts in order
	optional       // parts in order or nothing; written if they differ from the default
	implied        // parts in order or nothing; always written
	oneOf          // one of the parts
	anyOrder       // any of the parts, each at most once
)

// element is an Element whose type is forgotten.
type element struct {
	shape      shape
	word, help string
	values     []value // an argument's words
	arg        *argument
	parts      []*element

	// Of those that are bound to a field; nil for others.
	put   func(object, v any)
	text  func(object any) string
	same  func(a, b any) bool // of two objects; nil: their texts are compared
	reset func(object, fresh any)
	zero  func(object any)
}

// value is a Word whose type is forgotten.
type value struct {
	text, help string
	value      any
}

// Kw is a keyword with its help.
func Kw[T any](text, help string) Element[T] {
	return Element[T]{&element{shape: word, word: text, help: help}}
}

// Path is several keywords: text, help, text, help …
func Path[T any](texts ...string) Element[T] {
	e := &element{shape: sequence}
	for i := 0; i < len(texts); i += 2 {
		e.parts = append(e.parts, &element{shape: word, word: texts[i], help: texts[i+1]})
	}
	return Element[T]{e}
}

// Flag is a keyword that sets a field.
func Flag[T any](text, help string, field func(*T) *bool) Element[T] {
	return Element[T]{&element{
		shape: word, word: text, help: help,
		put: func(object, _ any) { *field(object.(*T)) = true },
		text: func(object any) string {
			if *field(object.(*T)) {
				return text
			}
			return ""
		},
		reset: func(object, fresh any) { *field(object.(*T)) = *field(fresh.(*T)) },
		zero:  func(object any) { *field(object.(*T)) = false },
	}}
}

// Arg is an argument that is stored in a field.
func Arg[T, F any](k Kind[F], help string, field func(*T) *F) Element[T] {
	e := &element{
		shape: arg, arg: k.argument(help), values: forget(k.Words),
		put:   func(object, v any) { *field(object.(*T)) = v.(F) },
		text:  func(object any) string { return k.write(*field(object.(*T))) },
		reset: func(object, fresh any) { *field(object.(*T)) = *field(fresh.(*T)) },
		zero:  func(object any) { clearOf(field(object.(*T))) },
	}
	if k.Same != nil {
		e.same = func(a, b any) bool { return k.Same(*field(a.(*T)), *field(b.(*T))) }
	}
	return Element[T]{e}
}

// Some is one or more of a kind's words, in any order, stored in a list. The
// kind has nothing but words.
func Some[T, F any](k Kind[F], field func(*T) *[]F) Element[T] {
	return Element[T]{&element{
		shape: some, values: forget(k.Words),
		put: func(object, v any) { *field(object.(*T)) = append(*field(object.(*T)), v.(F)) },
		text: func(object any) string {
			var texts []string
			for _, v := range *field(object.(*T)) {
				texts = append(texts, k.write(v))
			}
			return strings.Join(texts, " ")
		},
		reset: func(object, fresh any) { *field(object.(*T)) = *field(fresh.(*T)) },
		zero:  func(object any) { *field(object.(*T)) = nil },
	}}
}

func clearOf[F any](f *F) {
	var zero F
	*f = zero
}

func forget[F any](words []Word[F]) []value {
	values := make([]value, len(words))
	for i, w := range words {
		values[i] = value{w.Text, w.Help, w.Value}
	}
	return values
}

// Optional may be left off. It is written when its fields differ from the
// defaults.
func Optional[T any](parts ...Element[T]) Element[T] { return group(optional, parts) }

// Implied may be left off, but is always written.
func Implied[T any](parts ...Element[T]) Element[T] { return group(implied, parts) }

// Sequence is its parts in order: an alternative, or a clause, of several words.
func Sequence[T any](parts ...Element[T]) Element[T] { return group(sequence, parts) }

// OneOf is one of its parts. Written is the first whose fields are all set.
func OneOf[T any](parts ...Element[T]) Element[T] { return group(oneOf, parts) }

// AnyOrder is any of its clauses, each at most once. A clause is written when
// its fields differ from the defaults.
func AnyOrder[T any](clauses ...Element[T]) Element[T] { return group(anyOrder, clauses) }

func group[T any](s shape, parts []Element[T]) Element[T] {
	return Element[T]{&element{shape: s, parts: erase(parts)}}
}

func erase[T any](elements []Element[T]) []*element {
	erased := make([]*element, len(elements))
	for i, e := range elements {
		erased[i] = e.e
	}
	return erased
}

// leaves calls f with every element under es that is bound to a field.
func leaves(es []*element, f func(*element)) {
	for _, e := range es {
		if e.put != nil {
			f(e)
		}
		leaves(e.parts, f)
	}
}
