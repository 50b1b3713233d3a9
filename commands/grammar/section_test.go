package grammar

import (
	"slices"
	"testing"
)

// gardenShed is a view of the garden itself, and two rows that share its beds.
func gardenShed() *Table {
	kw := Kw[garden]
	shed := &View[garden]{
		Tag:  func(*garden) string { return "shed" },
		New:  newGarden,
		Rows: []Row[garden]{Setting(kw("soil", "Soil"), Arg(toyName(""), "Soil", func(g *garden) *string { return &g.Soil })).Level(3)},
	}
	return (&View[garden]{New: newGarden, Rows: []Row[garden]{Section(shed, kw("shed", "Shed")).Level(3)}}).Compile()
}

func TestSection(t *testing.T) {
	table, g := gardenShed(), newGarden()
	if got := table.Blocks(g); len(got) != 0 {
		t.Errorf("a section of nothing is rendered as %v", got)
	}
	command, _, err := Parse(Split("shed"), 3, []*Table{table})
	if err != nil {
		t.Fatal(err)
	}
	e := command.Entry.Opened(g)
	if e.Find(g) != any(g) || e.Create(nil, g) != nil || e.Table.Tag(g) != "shed" || e.New() == nil {
		t.Error("the section is not the garden")
	}
	changed := e.Copy(g).(*garden)
	changed.Soil = "clay"
	if g.Soil != "" {
		t.Error("the copy is the garden")
	}
	e.Put(g, changed)
	want := Block{Lines: []string{"shed", " soil clay"}, Object: true}
	for _, got := range []Block{e.Render(g, g), table.Blocks(g)[0]} {
		if !slices.Equal(got.Lines, want.Lines) || !got.Object {
			t.Errorf("rendered as %v, want %v", got, want)
		}
	}
	if e.Remove(g); g.Soil != "clay" || e.Delete(nil, g) == nil {
		t.Error("a section can be removed")
	}
	if _, _, err := Parse(Split("undo shed"), 3, []*Table{table}); err == nil {
		t.Error("a section has an undo")
	}
}

func TestLevelOfARow(t *testing.T) {
	table := gardenShed()
	for level := range 4 {
		_, _, err := Parse(Split("shed"), level, []*Table{table})
		if offered := len(Help("", level, []*Table{table})) > 0; (err == nil) != (level == 3) || offered != (level == 3) {
			t.Errorf("at level %d: %v, offered %v", level, err, offered)
		}
	}
}

// TestMine has two rows that open the same beds, and each render their own.
func TestMine(t *testing.T) {
	row := func(word string, mine func(*bed) bool) Row[garden] {
		return Enter(Objects[garden, int, bed]{
			View:    &View[bed]{New: func() *bed { return &bed{} }},
			Of:      func(g *garden) map[int]*bed { return g.Beds },
			Name:    func(b *bed, n int) { b.Number = n },
			Compare: func(a, b int) int { return a - b },
			Mine:    mine,
		}, Kw[int](word, "Bed"), Arg(toyNumber(1, 9), "Number", func(n *int) *int { return n }))
	}
	deep := func(b *bed) bool { return b.Depth > 0 }
	table := (&View[garden]{New: newGarden, Rows: []Row[garden]{
		row("deep", deep), row("flat", func(b *bed) bool { return !deep(b) }),
	}}).Compile()
	g := newGarden()
	g.Beds[1], g.Beds[2], g.Beds[3] = &bed{Number: 1}, &bed{Number: 2, Depth: 9}, &bed{Number: 3}
	var got []string
	for _, b := range table.Blocks(g) {
		got = append(got, b.Lines...)
	}
	if want := []string{"deep 2", "flat 1", "flat 3"}; !slices.Equal(got, want) {
		t.Errorf("rendered as %q, want %q", got, want)
	}
}
