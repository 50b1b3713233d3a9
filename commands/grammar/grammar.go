// Package grammar says what a row of a command table means. A row binds words to
// the fields of an object; parsing with abbreviation over the whole line, the
// caret of an error, help, completion, undo and rendering are all read from it.
// The package knows no command and keeps no state.
//
// Start at [View] and the four kinds of row: [Setting], [List], [Enter] and [Do].
// element.go has the words a row is made of; match.go understands a line.
package grammar

// A View is the table of commands that work on one object.
type View[T any] struct {
	Tag  func(*T) string // what the prompt says of the object; nil: nothing
	Sort string          // what the objects are called; empty: what their tags begin with
	New  func() *T       // an object with the defaults
	Rows []Row[T]
}

// A Row is one command. It is made by [Setting], [List], [Enter], [Do] or [Edit].
type Row[T any] struct{ row *row }

// row is a Row whose type is forgotten: objects are *T in an any.
type row struct {
	level    int
	elements []*element
	undo     []*element // form of undo, without the word; nil: there is none
	negative bool       // the field is true when undone
	clears   bool       // undo means nothing at all, rather than the default
	hidden   bool       // never rendered
	bound    bool       // its fields are the view's object's
	check    func(x, object any) error
	table    *Table
	opens    *Table // of the view that an Enter row opens

	apply  func(found) Command // what the line does
	revert func(found) Command // what it does with undo
	blocks func(object, fresh any) []Block
}

// found is what the words of a line were bound to.
type found []binding

// put stores the values in an object.
func (f found) put(object any) {
	for _, b := range f {
		if b.node.put != nil {
			b.node.put(object, b.value)
		}
	}
}

// Check has f look at the object, or complete it, after the row has changed it
// and before that counts. x is what the caller of Command.Edit handed in.
func (r Row[T]) Check(f func(x any, object *T) error) Row[T] {
	r.row.check = func(x, object any) error { return f(x, object.(*T)) }
	return r
}

// Hidden makes the row another way to type what a different row renders.
func (r Row[T]) Hidden() Row[T] {
	r.row.hidden = true
	return r
}

// NoUndo makes the row one that only sets.
func (r Row[T]) NoUndo() Row[T] {
	r.row.undo = nil
	return r
}

// Level makes the row one for users of that level, 0 to 3.
func (r Row[T]) Level(level int) Row[T] {
	r.row.level = level
	return r
}

// Clears makes undo set the row's fields to zero, not to the default. Fields
// that are zero are rendered as the undo.
func (r Row[T]) Clears() Row[T] {
	r.row.clears = true
	return r
}

// Negative turns the row's Flag around: it is set by undo, and rendered so.
func (r Row[T]) Negative() Row[T] {
	r.row.negative = true
	return r
}

// A Table is a view ready for use.
type Table struct {
	tag   func(object any) string
	sort  string
	fresh any // an object with the defaults; never changed
	rows  []*row
	forms map[string][]beginning // by first keyword
	first []string               // the first keywords, in the order of the rows
}

// Compile makes the view ready for use.
func (v *View[T]) Compile() *Table {
	t := &Table{sort: v.Sort, forms: map[string][]beginning{}}
	if v.New != nil {
		t.fresh = v.New()
	}
	if v.Tag != nil {
		t.tag = func(object any) string { return v.Tag(object.(*T)) }
	}
	for _, r := range v.Rows {
		t.add(r.row)
	}
	return t
}

func (t *Table) add(r *row) {
	r.table = t
	t.rows = append(t.rows, r)
	t.index(r.level, compile(r.elements, []*node{{accept: &form{r.apply}}}))
	if r.undo != nil {
		undo := append([]*element{{shape: word, word: "undo", help: undoHelp}}, r.undo...)
		t.index(r.level, compile(undo, []*node{{accept: &form{r.revert}}}))
	}
}

// undoHelp is the help of the one keyword that no row has.
const undoHelp = "Cancel the current setting"

// index enters the beginnings of a form. Every form begins with a keyword.
func (t *Table) index(level int, begin []*node) {
	for _, n := range begin {
		if n.word == "" {
			panic("grammar: a row begins with something else than a keyword")
		}
		if t.forms[n.word] == nil {
			t.first = append(t.first, n.word)
		}
		t.forms[n.word] = append(t.forms[n.word], beginning{n, level})
	}
}

// Tag returns what the prompt says of the object.
func (t *Table) Tag(object any) string {
	if t.tag == nil {
		return ""
	}
	return t.tag(object)
}

// A Command is a line that was understood. One of Edit, Entry and Action is set.
type Command struct {
	First string // the line's first keyword, in full and in lower case

	// Edit changes the view's object in place. If it returns an error, the
	// object is spoilt: edit a copy. x is handed to the row's Check.
	Edit func(x, object any) error

	Entry *Entry // open an object, or with Undo delete it
	Undo  bool

	Action any // a copy of the Do row's prototype with the arguments filled in
}

// An Entry is an object that a line opens. Parents and children are pointers.
type Entry struct {
	Table  *Table
	Find   func(parent any) any // nil if there is none
	New    func() any
	Opened func(parent any) *Entry // what a view holds of an object that exists: its own table and key
	Render func(parent, child any) Block
	Copy   func(child any) any // one level deep
	Put    func(parent, child any)
	Remove func(parent any)
	Create func(x, parent any) error // whether it may be opened as typed, or made if there is none
	Delete func(x, parent any) error // whether it may be removed
}
