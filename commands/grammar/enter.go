package grammar

import (
	"maps"
	"slices"
)

// Objects are the objects of one sort inside an object.
type Objects[T any, K comparable, C any] struct {
	View    *View[C] // its New makes an object
	Of      func(*T) map[K]*C
	Name    func(*C, K)      // tells a new object its key
	Compare func(a, b K) int // the order in which they are rendered
	Skip    func(K) bool     // objects that a different row opens; nil: none
	Heading []Element[K]     // how the row is rendered; nil: as it is typed

	Create func(x any, parent *T, k K) error // whether one may be made; nil: yes
	Delete func(x any, parent *T, k K) error // whether one may be removed; nil: yes
}

// Enter is a row that opens an object and its view, and makes the object if
// there is none. Its undo deletes the object.
func Enter[T any, K comparable, C any](o Objects[T, K, C], elements ...Element[K]) Row[T] {
	r := &row{level: configureLevel, elements: erase(elements)}
	r.undo = r.elements
	table := o.View.Compile()
	heading := r.elements
	if o.Heading != nil {
		heading = erase(o.Heading)
	}
	entry := func(f found, undo bool) Command {
		var k K
		f.put(&k)
		return Command{Entry: o.entry(table, heading, k), Undo: undo}
	}
	r.apply = func(f found) Command { return entry(f, false) }
	r.revert = func(f found) Command { return entry(f, true) }
	r.blocks = func(object, _ any) []Block { return o.blocks(object.(*T), heading, table) }
	return Row[T]{r}
}

func (o *Objects[T, K, C]) entry(table *Table, heading []*element, k K) *Entry {
	return &Entry{
		Table: table, Key: k,
		Find: func(parent any) any {
			if c := o.Of(parent.(*T))[k]; c != nil {
				return c
			}
			return nil
		},
		New: func() any {
			c := o.View.New()
			o.Name(c, k)
			return c
		},
		Render: func(child any) Block { return block(heading, k, table, child) },
		Copy:   copyOf[C],
		Put:    func(parent, child any) { o.Of(parent.(*T))[k] = child.(*C) },
		Remove: func(parent any) { delete(o.Of(parent.(*T)), k) },
		Create: allow(o.Create, k),
		Delete: allow(o.Delete, k),
	}
}

func allow[T, K any](f func(x any, parent *T, k K) error, k K) func(x, parent any) error {
	return func(x, parent any) error {
		if f == nil {
			return nil
		}
		return f(x, parent.(*T), k)
	}
}

func (o *Objects[T, K, C]) blocks(parent *T, heading []*element, table *Table) []Block {
	all := o.Of(parent)
	var blocks []Block
	for _, k := range slices.SortedFunc(maps.Keys(all), o.Compare) {
		if o.Skip == nil || !o.Skip(k) {
			blocks = append(blocks, block(heading, k, table, all[k]))
		}
	}
	return blocks
}

// block renders an object: its heading, and its own lines indented.
func block[K any](heading []*element, k K, table *Table, object any) Block {
	var none K
	b := Block{Lines: []string{render(heading, &k, &none)}, Object: true}
	for _, child := range table.Blocks(object) {
		for _, line := range child.Lines {
			b.Lines = append(b.Lines, " "+line)
		}
	}
	return b
}
