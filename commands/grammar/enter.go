package grammar

import (
	"maps"
	"slices"
)

// Objects are the objects of one sort inside an object.
type Objects[T any, K comparable, C any] struct {
	View    *View[C] // its New makes an object
	Of      func(*T) map[K]*C
	Own     func(*T) map[K]*C // the same, to be changed; nil: as Of
	Name    func(*C, K)       // tells a new object its key
	Compare func(a, b K) int  // the order in which they are rendered
	Skip    func(K) bool      // objects that a different row opens; nil: none
	Mine    func(*C) bool     // whether this row renders an object; nil: yes

	Create func(x any, parent *T, k K) error // whether one may be made; nil: yes
	Delete func(x any, parent *T, k K) error // whether one may be removed; nil: yes
}

// Typed says how objects are named by more than their key, or by something else:
// A is what is typed.
type Typed[T any, K comparable, C, A any] struct {
	Key   func(parent *T, a A) K // of the object that is meant
	Name  func(*C, A)            // tells a new object what was typed
	Of    func(K, *C) A          // what is typed to open an object
	Table func(*C) *Table        // the table of an object's view; nil: the View's

	Heading func(*C) []Element[A] // how an object is rendered; nil: as it is typed

	// Admit says whether an object may be opened so, or made if old is nil; nil: yes.
	Admit func(x any, parent *T, old *C, a A) error
}

// Enter is a row that opens an object and its view, and makes the object if
// there is none. Its undo deletes the object.
func Enter[T any, K comparable, C any](o Objects[T, K, C], elements ...Element[K]) Row[T] {
	return EnterTyped(o, Typed[T, K, C, K]{
		Key:  func(_ *T, k K) K { return k },
		Name: o.Name,
		Of:   func(k K, _ *C) K { return k },
	}, elements...)
}

// EnterTyped is Enter for objects that are named by more than their key.
func EnterTyped[T any, K comparable, C, A any](o Objects[T, K, C], typed Typed[T, K, C, A], elements ...Element[A]) Row[T] {
	r := &row{level: configureLevel, elements: erase(elements)}
	r.undo = r.elements
	e := entries[T, K, C, A]{Objects: o, typed: typed, table: o.View.Compile(), heading: r.elements}
	r.opens = e.table
	r.apply = func(f found) Command { return Command{Entry: e.of(f)} }
	r.revert = func(f found) Command { return Command{Entry: e.of(f), Undo: true} }
	r.blocks = func(object, _ any) []Block { return e.blocks(object.(*T)) }
	return Row[T]{r}
}

// entries are an Enter row at work.
type entries[T any, K comparable, C, A any] struct {
	Objects[T, K, C]
	typed   Typed[T, K, C, A]
	table   *Table
	heading []*element
}

// of returns the object that a line means.
func (o *entries[T, K, C, A]) of(f found) *Entry {
	var a A
	f.put(&a)
	entry := o.entry(func(parent *T) K { return o.typed.Key(parent, a) })
	entry.New = func() any {
		c := o.View.New()
		o.typed.Name(c, a)
		return c
	}
	entry.Create = func(x, parent any) error { return o.admit(x, parent.(*T), a) }
	return entry
}

// admit says whether an object may be opened, or made.
func (o *entries[T, K, C, A]) admit(x any, parent *T, a A) error {
	k := o.typed.Key(parent, a)
	old := o.Of(parent)[k]
	if o.typed.Admit != nil {
		if err := o.typed.Admit(x, parent, old, a); err != nil {
			return err
		}
	}
	if old != nil || o.Create == nil {
		return nil
	}
	return o.Create(x, parent, k)
}

// entry returns what can be done with an object that exists, whose key is key of
// its parent.
func (o *entries[T, K, C, A]) entry(key func(*T) K) *Entry {
	find := func(parent any) *C { return o.Of(parent.(*T))[key(parent.(*T))] }
	return &Entry{
		Table: o.table,
		Find: func(parent any) any {
			if c := find(parent); c != nil {
				return c
			}
			return nil
		},
		Opened: func(parent any) *Entry {
			k := key(parent.(*T))
			opened := o.entry(func(*T) K { return k })
			opened.Table = o.tableOf(find(parent))
			return opened
		},
		Render: func(parent, child any) Block { return o.block(key(parent.(*T)), child.(*C)) },
		Copy:   copyOf[C],
		Put:    func(parent, child any) { o.own(parent.(*T))[key(parent.(*T))] = child.(*C) },
		Remove: func(parent any) { delete(o.own(parent.(*T)), key(parent.(*T))) },
		Delete: func(x, parent any) error {
			if o.Delete == nil {
				return nil
			}
			return o.Delete(x, parent.(*T), key(parent.(*T)))
		},
	}
}

// own returns the objects, to be changed.
func (o *entries[T, K, C, A]) own(parent *T) map[K]*C {
	if o.Own != nil {
		return o.Own(parent)
	}
	return o.Of(parent)
}

func (o *entries[T, K, C, A]) tableOf(c *C) *Table {
	if o.typed.Table != nil {
		return o.typed.Table(c)
	}
	return o.table
}

func (o *entries[T, K, C, A]) blocks(parent *T) []Block {
	all := o.Of(parent)
	var blocks []Block
	for _, k := range slices.SortedFunc(maps.Keys(all), o.Compare) {
		if (o.Skip == nil || !o.Skip(k)) && (o.Mine == nil || o.Mine(all[k])) {
			blocks = append(blocks, o.block(k, all[k]))
		}
	}
	return blocks
}

// block renders an object: its heading, and its own lines indented.
func (o *entries[T, K, C, A]) block(k K, c *C) Block {
	var none A
	a := o.typed.Of(k, c)
	table, heading := o.tableOf(c), o.heading
	if o.typed.Heading != nil {
		heading = erase(o.typed.Heading(c))
	}
	b := Block{Lines: []string{render(heading, &a, &none)}, Object: true, Sort: table.Sort(), Tag: table.Tag(c)}
	for _, child := range table.Blocks(c) {
		for _, line := range child.Lines {
			b.Lines = append(b.Lines, " "+line)
		}
	}
	return b
}
