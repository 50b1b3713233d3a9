package grammar

import (
	"strings"
	"testing"
)

// A box is what the rows of this file are about: two places where a value can be
// kept, and a few switches.
type box struct {
	Left, Right, Motto string
	Height, Width      int
	Lid, Lock          bool
}

func newBox() *box { return &box{Height: 3, Motto: "open"} }

func boxKw(text string) Element[box] { return Kw[box](text, "Help of "+text) }

func left() Element[box]  { return Arg(toyName(""), "Left", func(b *box) *string { return &b.Left }) }
func right() Element[box] { return Arg(toyName(""), "Right", func(b *box) *string { return &b.Right }) }

func height() Element[box] {
	return Arg(toyNumber(1, 9), "Height", func(b *box) *int { return &b.Height })
}

func width() Element[box] {
	return Arg(toyNumber(1, 9), "Width", func(b *box) *int { return &b.Width })
}

func lid() Element[box] { return Flag("lid", "Lid", func(b *box) *bool { return &b.Lid }) }

// TestShapes renders rows of every shape for objects in several states, and
// replays what comes.
func TestShapes(t *testing.T) {
	for _, test := range []struct {
		name string
		row  Row[box]
		box  box
		want string
	}{
		{"keyword and value", Setting(boxKw("left"), left()), box{Left: "x"}, "left x"},
		{"nothing set", Setting(boxKw("left"), left()), box{}, ""},
		{"as by default", Setting(boxKw("height"), height()), box{Height: 3}, ""},
		{"a path of keywords", Setting(Path[box]("a", "A", "b", "B"), left()), box{Left: "x"}, "a b x"},
		{"optional, set", Setting(boxKw("left"), left(), Optional(boxKw("high"), height())), box{Left: "x", Height: 5}, "left x high 5"},
		{"optional, as by default", Setting(boxKw("left"), left(), Optional(boxKw("high"), height())), box{Left: "x", Height: 3}, "left x"},
		{"optional keyword alone", Setting(boxKw("left"), Optional(boxKw("really")), left()), box{Left: "x"}, "left x"},
		{"implied keyword", Setting(boxKw("left"), Implied(boxKw("side")), left()), box{Left: "x"}, "left side x"},
		{"flag", Setting(boxKw("has"), lid()), box{Lid: true}, "has lid"},
		{"flag not set", Setting(boxKw("has"), lid()), box{}, ""},
		{"option that is a flag", Setting(boxKw("left"), left(), Optional(lid())), box{Left: "x", Lid: true}, "left x lid"},
		{"first alternative", Setting(boxKw("put"), OneOf(Sequence(boxKw("left"), left()), Sequence(boxKw("right"), right()))),
			box{Left: "x"}, "put left x"},
		{"second alternative", Setting(boxKw("put"), OneOf(Sequence(boxKw("left"), left()), Sequence(boxKw("right"), right()))),
			box{Right: "x"}, "put right x"},
		{"alternative with an option", Setting(boxKw("put"), OneOf(Sequence(boxKw("left"), left(), Optional(width())), right())),
			box{Left: "x", Width: 2}, "put left x 2"},
		{"alternative in an alternative", Setting(boxKw("put"), OneOf(Sequence(boxKw("both"), left(), OneOf(lid(), width())), right())),
			box{Left: "x", Width: 2}, "put both x 2"},
		{"the inner alternative is not set", Setting(boxKw("put"), OneOf(Sequence(boxKw("both"), left(), OneOf(lid(), width())), Sequence(boxKw("just"), left()))),
			box{Left: "x"}, "put just x"},
		{"alternative with clauses", Setting(boxKw("put"), OneOf(Sequence(boxKw("left"), left(), AnyOrder(lid(), Sequence(boxKw("wide"), width()))))),
			box{Left: "x", Width: 2, Lid: true}, "put left x lid wide 2"},
		{"cleared", Setting(boxKw("motto"), Arg(toyName(""), "Motto", func(b *box) *string { return &b.Motto })).Clears(), box{}, "undo motto"},
		{"empty, but not cleared", Setting(boxKw("motto"), Arg(toyName(""), "Motto", func(b *box) *string { return &b.Motto })), box{}, ""},
		{"cleared, under a path", Setting(Path[box]("the", "The", "motto", "Motto"), Arg(toyName(""), "Motto", func(b *box) *string { return &b.Motto })).Clears(),
			box{}, "undo the motto"},
		{"negative", Setting(boxKw("has"), lid()).Negative(), box{Lid: true}, "undo has lid"},
		{"hidden", Setting(boxKw("left"), left()).Hidden(), box{Left: "x"}, ""},
	} {
		table := (&View[box]{New: newBox, Rows: []Row[box]{test.row}}).Compile()
		var lines []string
		for _, b := range table.Blocks(&test.box) {
			lines = append(lines, b.Lines...)
		}
		if got := strings.Join(lines, "\n"); got != test.want {
			t.Errorf("%s: rendered as %q, want %q", test.name, got, test.want)
			continue
		}
		if test.want != "" {
			checkShapeReplays(t, test.name, table, test.want)
		}
	}
}

// checkShapeReplays types a line into a new object, which then renders as it,
// and undoes it, by its keywords and whole.
func checkShapeReplays(t *testing.T, name string, table *Table, line string) {
	t.Helper()
	b := newBox()
	if err := typeInto(table, b, line); err != nil {
		t.Errorf("%s: %q: %v", name, line, err)
		return
	}
	blocks := table.Blocks(b)
	if len(blocks) != 1 || blocks[0].Lines[0] != line {
		t.Errorf("%s: %q is rendered as %v", name, line, blocks)
	}
	if strings.HasPrefix(line, "undo ") {
		return
	}
	if err := typeInto(table, b, "undo "+line); err != nil {
		t.Errorf("%s: undo %s: %v", name, line, err)
	}
	if blocks := table.Blocks(b); len(blocks) != 0 {
		t.Errorf("%s: undo %s leaves %v", name, line, blocks)
	}
}

func typeInto(table *Table, b *box, line string) error {
	c, _, err := Parse(Split(line), 3, []*Table{table})
	if err != nil {
		return err
	}
	return c.Edit(nil, b)
}

func TestNoUndo(t *testing.T) {
	table := (&View[box]{New: newBox, Rows: []Row[box]{Setting(boxKw("left"), left()).NoUndo()}}).Compile()
	b := newBox()
	if err := typeInto(table, b, "left x"); err != nil || b.Left != "x" {
		t.Errorf("left x: %v, %q", err, b.Left)
	}
	if err := typeInto(table, b, "undo left"); err == nil {
		t.Error("undo left is known")
	}
}

// TestSomeIsNotShared sets a list twice; the first list stays as it was.
func TestSomeIsNotShared(t *testing.T) {
	g := newGarden()
	run(t, g, "tools saw rake")
	first := g.Tools
	run(t, g, "tools spade")
	if strings.Join(first, " ") != "saw rake" || strings.Join(g.Tools, " ") != "spade" {
		t.Errorf("%q, %q", first, g.Tools)
	}
	if fresh := newGarden(); strings.Join(fresh.Tools, " ") != "rake" {
		t.Errorf("the default became %q", fresh.Tools)
	}
}

func TestTag(t *testing.T) {
	g := newGarden()
	if got := gardenView().Compile().Tag(g); got != "garden-eden" {
		t.Errorf("tag %q", got)
	}
	if got := outside().Tag(nil); got != "" {
		t.Errorf("tag of a view without one: %q", got)
	}
}

func TestKindWithoutWrite(t *testing.T) {
	k := toyTools()
	if k.write("saw") != "saw" || k.write("axe") != "" {
		t.Errorf("saw is written as %q, axe as %q", k.write("saw"), k.write("axe"))
	}
}
