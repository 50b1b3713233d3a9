package grammar

import (
	"errors"
	"strings"
	"testing"
)

// A shed is what is typed to open a bed, whose key is ten times its number. Wet ones
// have a table of their own.
type shed struct {
	Number int
	Wet    bool
}

// shedRow opens beds as sheds.
func shedRow() Row[garden] {
	wet := (&View[bed]{New: func() *bed { return &bed{} }, Tag: func(*bed) string { return "wet" }, Rows: []Row[bed]{
		Setting(Kw[bed]("water", "Water"), Arg(toyNumber(1, 99), "Depth", func(b *bed) *int { return &b.Depth })),
	}}).Compile()
	dry := (&View[bed]{New: func() *bed { return &bed{} }, Tag: func(*bed) string { return "dry" }}).Compile()
	return EnterTyped(Objects[garden, int, bed]{
		View: &View[bed]{New: func() *bed { return &bed{} }},
		Of:   func(g *garden) map[int]*bed { return g.Beds },
		Own: func(g *garden) map[int]*bed {
			g.Open = true
			return g.Beds
		},
		Compare: func(a, b int) int { return a - b },
	}, Typed[garden, int, bed, shed]{
		Key:  func(_ *garden, s shed) int { return s.Number * 10 },
		Name: func(b *bed, s shed) { b.Number, b.Plant = s.Number, strings.Repeat("w", toInt(s.Wet)) },
		Of:   func(k int, b *bed) shed { return shed{k / 10, b.Plant != ""} },
		Table: func(b *bed) *Table {
			if b.Plant != "" {
				return wet
			}
			return dry
		},
		Admit: func(_ any, _ *garden, old *bed, s shed) error {
			if old != nil && s.Wet && old.Plant == "" {
				return errors.New("it is dry")
			}
			return nil
		},
	}, Kw[shed]("shed", "Shed"), Arg(toyNumber(1, 99), "Number", func(s *shed) *int { return &s.Number }),
		Optional(Flag("wet", "Wet", func(s *shed) *bool { return &s.Wet })))
}

func toInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestEnterTyped opens objects by what is not their key.
func TestEnterTyped(t *testing.T) {
	table := (&View[garden]{New: newGarden, Rows: []Row[garden]{shedRow()}}).Compile()
	g := newGarden()
	open := func(line string) (*Entry, error) {
		c, _, err := Parse(Split(line), 3, []*Table{table})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Entry.Create(nil, g); err != nil {
			return nil, err
		}
		if c.Entry.Find(g) == nil {
			c.Entry.Put(g, c.Entry.New())
		}
		return c.Entry.Opened(g), nil
	}
	for _, test := range []struct{ line, tag string }{
		{"shed 1 wet", "wet"}, {"shed 2", "dry"}, {"shed 1", "wet"}, {"shed 2 wet", ""},
	} {
		e, err := open(test.line)
		if (err != nil) != (test.tag == "") {
			t.Errorf("%s: %v", test.line, err)
		}
		if err == nil && e.Table.Tag(e.Find(g)) != test.tag {
			t.Errorf("%s opens the table of %q, want %q", test.line, e.Table.Tag(e.Find(g)), test.tag)
		}
	}
	if g.Beds[10] == nil || g.Beds[20] == nil || len(g.Beds) != 2 || !g.Open {
		t.Errorf("beds %v, owned %v", g.Beds, g.Open)
	}
	e, _ := open("shed 1")
	changed := e.Copy(e.Find(g)).(*bed)
	changed.Depth = 5
	e.Put(g, changed)
	want := "shed 1 wet\n water 5\nshed 2"
	var lines []string
	for _, b := range table.Blocks(g) {
		lines = append(lines, b.Lines...)
	}
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("rendered as\n%s\nwant\n%s", got, want)
	}
	if e.Remove(g); e.Find(g) != nil || len(g.Beds) != 1 {
		t.Error("it was not removed")
	}
}
