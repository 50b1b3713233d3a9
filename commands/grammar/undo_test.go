package grammar

import (
	"errors"
	"testing"
)

// TestUndo sets something, undoes it, and shows what is left.
func TestUndo(t *testing.T) {
	for _, test := range []struct{ name, set, undo, want string }{
		{"without arguments", "name x", "undo name", ""},
		{"with arguments", "name x", "undo name x", ""},
		{"abbreviated", "name x", "un n", ""},
		{"several arguments", "size 5 wild", "undo size", ""},
		{"the first of several", "size 5 wild", "undo size 5", ""},
		{"what is as by default", "name eden", "undo name", ""},
		{"negative is set by undo", "gate closed", "undo gate closed", "undo gate closed"},
		{"and cleared without", "undo gate closed", "gate closed", ""},
		{"undo that clears", "tools saw", "undo tools", "undo tools"},
		{"undo that clears, with arguments", "tools saw rake", "undo tools saw rake", "undo tools"},
		{"undo that clears, in another order", "tools saw rake", "undo tools rake saw", "undo tools"},
		{"a rest of the line", "soil sand", "undo soil", ""},
		{"an object", "bed 3", "undo bed 3", ""},
		{"one of a list", "visit adam at 9", "undo visit adam", ""},
		{"all of a list", "visit adam at 9", "undo visit", ""},
		{"a row of its own", "tools saw", "undo everything", "undo tools"},
	} {
		g := newGarden()
		run(t, g, test.set, test.undo)
		if got := text(g); got != test.want {
			t.Errorf("%s: %q, %q leaves %q, want %q", test.name, test.set, test.undo, got, test.want)
		}
	}
}

func TestUndoOfAnotherValue(t *testing.T) {
	for _, test := range []struct{ set, undo string }{
		{"name x", "undo name y"}, {"size 5 wild", "undo size 6"}, {"tools saw", "undo tools rake"},
		{"tools saw rake", "undo tools saw"}, {"soil sand", "undo soil clay"},
	} {
		g := newGarden()
		run(t, g, test.set)
		before := text(g)
		if err := exec(g, gardenView().Compile(), test.undo); err != ErrNotConfigured {
			t.Errorf("%q, %q: %v", test.set, test.undo, err)
		}
		if text(g) != before {
			t.Errorf("%q, %q leaves %q", test.set, test.undo, text(g))
		}
	}
}

func TestSettingReplacesWhatIsLeftOff(t *testing.T) {
	g := newGarden()
	run(t, g, "size 5 wild", "size 6", "tools saw spade", "tools rake spade")
	if want := "size metres 6\ntools rake spade"; text(g) != want {
		t.Errorf("%q, want %q", text(g), want)
	}
}

func TestListKeepsWhatIsLeftOff(t *testing.T) {
	g := newGarden()
	run(t, g, "visit adam at 9 for 3", "visit eve whenever", "visit adam at 10")
	if want := "visit eve whenever brief\nvisit adam at 10 for 3"; text(g) != want {
		t.Errorf("%q, want %q", text(g), want)
	}
}

func TestCheck(t *testing.T) {
	g := newGarden()
	err := exec(g, gardenView().Compile(), "soil rock")
	var refusal *Refusal
	if !errors.As(err, &refusal) || err.Error() != "Error: Nothing grows on rock." {
		t.Errorf("soil rock: %v", err)
	}
	if text(g) != "" {
		t.Errorf("soil rock leaves %q", text(g))
	}
}

func TestEntry(t *testing.T) {
	g := newGarden()
	c, _, err := Parse(Split("bed 3"), 3, []*Table{gardenView().Compile()})
	if err != nil {
		t.Fatal(err)
	}
	e := c.Entry
	if e.Find(g) != nil {
		t.Error("found before it was made")
	}
	if err := e.Create(nil, g); err != nil {
		t.Errorf("bed 3: %v", err)
	}
	e.Put(g, e.New())
	b := e.Find(g).(*bed)
	if b.Number != 3 || b.Depth != 30 || e.Table.Tag(b) != "bed-3" {
		t.Errorf("made %+v, tag %q", b, e.Table.Tag(b))
	}
	copied := e.Copy(b).(*bed)
	if copied.Plant = "rose"; b.Plant != "" {
		t.Error("a copy is not one")
	}
	if got := e.Render(g, copied); !got.Object || len(got.Lines) != 2 || got.Lines[1] != " plant rose" {
		t.Errorf("rendered as %q", got.Lines)
	}
	if err := e.Delete(nil, g); err != nil {
		t.Errorf("delete: %v", err)
	}
	if e.Remove(g); e.Find(g) != nil {
		t.Error("found after it was removed")
	}
}

func TestCreateRefused(t *testing.T) {
	c, _, err := Parse(Split("bed 33"), 3, []*Table{gardenView().Compile()})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Entry.Create(nil, newGarden()); err == nil {
		t.Error("bed 33 was made")
	}
}

func TestBlocks(t *testing.T) {
	g := newGarden()
	run(t, g, "bed 2", "bed 1", "name x", "undo gate closed", "visit adam at 9", "visit eve at 8")
	g.Beds[1].Depth, g.Beds[2].Plant = 5, "two roses"
	var got []string
	for _, b := range gardenView().Compile().Blocks(g) {
		got = append(got, b.Lines...)
	}
	want := []string{
		"name x", "undo gate closed", "bed 1", " depth 5", "bed 2", ` plant "two roses"`, "visit adam at 9", "visit eve at 8",
	}
	if len(got) != len(want) {
		t.Fatalf("%q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d: %q, want %q", i, got[i], want[i])
		}
	}
}

func TestCompileRefusesBadRows(t *testing.T) {
	for name, row := range map[string]func() Row[garden]{
		"an argument first": func() Row[garden] {
			return Setting(Arg(toyNumber(1, 2), "", func(g *garden) *int { return &g.Size }))
		},
		"a kind without a hint": func() Row[garden] {
			k := toyNumber(1, 2)
			k.Hints = nil
			return Setting(Kw[garden]("x", ""), Arg(k, "", func(g *garden) *int { return &g.Size }))
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it was accepted")
				}
			}()
			(&View[garden]{New: newGarden, Rows: []Row[garden]{row()}}).Compile()
		})
	}
}
