package grammar

// Section is a row that opens a view of more commands on the same object, of
// which there is always one: it has no undo. It is rendered as a heading if any
// of its lines is.
func Section[T any](view *View[T], elements ...Element[T]) Row[T] {
	r := &row{level: configureLevel, elements: erase(elements)}
	table := view.Compile()
	r.opens = table
	r.apply = func(found) Command { return Command{Entry: section[T](table, r.elements)} }
	r.blocks = func(object, _ any) []Block {
		if b := sectionBlock(table, r.elements, object); len(b.Lines) > 1 {
			return []Block{b}
		}
		return nil
	}
	return Row[T]{r}
}

// section is an entry whose parent and child are one.
func section[T any](table *Table, heading []*element) *Entry {
	e := &Entry{
		Table:  table,
		Find:   func(parent any) any { return parent },
		New:    func() any { return table.fresh },
		Render: func(_, child any) Block { return sectionBlock(table, heading, child) },
		Copy:   copyOf[T],
		Put:    func(parent, child any) { *parent.(*T) = *child.(*T) },
		Remove: func(any) {},
		Create: func(_, _ any) error { return nil },
		Delete: func(_, _ any) error { return ErrNotConfigured },
	}
	e.Opened = func(any) *Entry { return e }
	return e
}

// sectionBlock renders the heading, and the lines indented.
func sectionBlock(table *Table, heading []*element, object any) Block {
	b := Block{Lines: []string{render(heading, object, object)}, Object: true}
	for _, child := range table.Blocks(object) {
		for _, line := range child.Lines {
			b.Lines = append(b.Lines, " "+line)
		}
	}
	return b
}
