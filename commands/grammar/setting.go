package grammar

import (
	"slices"
	"strings"
)

// configureLevel is what a user needs to configure.
const configureLevel = 2

// ErrNotConfigured is the answer to an undo of what was not configured so.
var ErrNotConfigured = &Refusal{"The delete configuration does not exist."}

// Setting is a row that sets fields of the view's object. What is left off gets
// its default. Its undo gives the fields their defaults; the arguments may be
// left off, and must be the ones configured if they are not.
func Setting[T any](elements ...Element[T]) Row[T] {
	r := &row{level: configureLevel, bound: true, elements: erase(elements)}
	r.undo = afterKeywords(r.elements)
	r.apply = func(f found) Command { return Command{Edit: r.set(f)} }
	r.revert = func(f found) Command { return Command{Edit: r.unset(f, copyOf[T])} }
	r.blocks = func(object, fresh any) []Block {
		if line := r.setting(object, fresh); line != "" {
			return []Block{{Lines: []string{line}}}
		}
		return nil
	}
	return Row[T]{r}
}

func copyOf[T any](object any) any {
	c := *object.(*T)
	return &c
}

// afterKeywords returns the form of undo: the keywords at the beginning, and the
// rest if one likes.
func afterKeywords(es []*element) []*element {
	n := slices.IndexFunc(es, func(e *element) bool { return !e.fixed() })
	if n < 0 {
		return es
	}
	return append(slices.Clone(es[:n]), &element{shape: optional, parts: es[n:]})
}

// fixed reports whether the element has keywords alone.
func (e *element) fixed() bool {
	switch e.shape {
	case word:
		return true
	case sequence:
		return !slices.ContainsFunc(e.parts, func(p *element) bool { return !p.fixed() })
	}
	return false
}

func (r *row) set(f found) func(x, object any) error {
	return func(x, object any) error {
		leaves(r.elements, func(e *element) {
			if e.shape == some || r.negative {
				e.zero(object)
				return
			}
			e.reset(object, r.table.fresh)
		})
		if !r.negative {
			f.put(object)
		}
		return r.checked(x, object)
	}
}

func (r *row) unset(f found, duplicate func(any) any) func(x, object any) error {
	return func(x, object any) error {
		switch {
		case r.negative:
			f.put(object)
		case !r.holds(f, object, duplicate):
			return ErrNotConfigured
		default:
			leaves(r.elements, func(e *element) { r.remove(e, object) })
		}
		return r.checked(x, object)
	}
}

func (r *row) remove(e *element, object any) {
	if r.clears {
		e.zero(object)
		return
	}
	e.reset(object, r.table.fresh)
}

// holds reports whether the object has the values that were typed.
func (r *row) holds(f found, object any, duplicate func(any) any) bool {
	typed := duplicate(object)
	leaves(r.elements, func(e *element) {
		if e.shape == some {
			e.zero(typed)
		}
	})
	f.put(typed)
	for _, b := range f {
		if b.value != nil && b.node.put != nil && !sameField(b.node, typed, object) {
			return false
		}
	}
	return true
}

// sameField compares the field of a node in two objects. Words that may be typed
// in any order may be so here.
func sameField(n *node, a, b any) bool {
	if n.same != nil {
		return n.same(a, b)
	}
	x, y := n.show(a), n.show(b)
	if n.word == "" || x == y {
		return x == y
	}
	xs, ys := strings.Fields(x), strings.Fields(y)
	slices.Sort(xs)
	slices.Sort(ys)
	return slices.Equal(xs, ys)
}

func (r *row) checked(x, object any) error {
	if r.check == nil {
		return nil
	}
	return r.check(x, object)
}

// Edit is a row that changes the view's object in a way of its own: do is given
// a copy of A with the arguments. It is never rendered and has no undo; words
// that begin with undo can be such a row.
func Edit[T, A any](do func(x any, object *T, args *A) error, elements ...Element[A]) Row[T] {
	r := &row{level: configureLevel, elements: erase(elements)}
	r.apply = func(f found) Command {
		args := new(A)
		f.put(args)
		return Command{Edit: func(x, object any) error { return do(x, object.(*T), args) }}
	}
	return Row[T]{r}
}

// Do is a row that acts or displays, for users of that level, 0 to 3. The Command's Action is a pointer to a copy
// of prototype with the arguments filled in.
func Do[T, A any](level int, prototype A, elements ...Element[A]) Row[T] {
	r := &row{level: level, elements: erase(elements)}
	r.apply = func(f found) Command {
		action := prototype
		f.put(&action)
		return Command{Action: &action}
	}
	return Row[T]{r}
}
