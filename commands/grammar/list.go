package grammar

// Items are a list inside an object.
type Items[T, E any] struct {
	All func(*T) []E // in the order in which they are rendered
	New func() E     // what is left off

	// Old returns the element that a line is about, and false if there is none:
	// then what is typed replaces its fields and the others stay. nil: every
	// line states an element whole.
	Old func(*T, E) (E, bool)

	// Put adds an element, or replaces the one with its key. The list may be
	// shared: it must not be changed in place.
	Put func(x any, object *T, e E) error

	// Remove removes what the arguments of undo name. nil: there is no undo.
	Remove func(x any, object *T, e E) error

	Undo []Element[E] // the form of undo, without the word; nil: as it is set
	Bare bool         // undo may go without arguments, and is given the element of New

	Skip func(E) bool // elements that this row does not render; nil: none
}

// List is a row that adds an element to a list inside the view's object.
func List[T, E any](items Items[T, E], elements ...Element[E]) Row[T] {
	r := &row{level: configureLevel, elements: erase(elements)}
	r.apply = func(f found) Command {
		return Command{Edit: func(x, object any) error { return items.put(x, object.(*T), f) }}
	}
	if items.Remove != nil {
		r.undo = r.elements
		if items.Undo != nil {
			r.undo = erase(items.Undo)
		}
		if items.Bare {
			r.undo = afterKeywords(r.undo)
		}
		r.revert = func(f found) Command {
			return Command{Edit: func(x, object any) error { return items.remove(x, object.(*T), f) }}
		}
	}
	r.blocks = func(object, _ any) []Block { return items.blocks(object.(*T), r.elements) }
	return Row[T]{r}
}

func (l *Items[T, E]) put(x any, object *T, f found) error {
	e := l.New()
	f.put(&e)
	if l.Old != nil {
		if old, ok := l.Old(object, e); ok {
			e = old
			f.put(&e)
		}
	}
	return l.Put(x, object, e)
}

func (l *Items[T, E]) remove(x any, object *T, f found) error {
	e := l.New()
	f.put(&e)
	return l.Remove(x, object, e)
}

func (l *Items[T, E]) blocks(object *T, elements []*element) []Block {
	var b Block
	fresh := l.New()
	for _, e := range l.All(object) {
		if l.Skip == nil || !l.Skip(e) {
			b.Lines = append(b.Lines, render(elements, &e, &fresh))
		}
	}
	if b.Lines == nil {
		return nil
	}
	return []Block{b}
}
