package grammar

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A garden is what the toy tables of these tests configure.
type garden struct {
	Name   string
	Size   int
	Wild   bool
	Open   bool
	Tools  []string
	Soil   string
	Gate   string
	Beds   map[int]*bed
	Visits []visit
}

type bed struct {
	Number int
	Plant  string
	Depth  int
}

// A visit is in a list: who and when, and how long.
type visit struct {
	Who   string
	Hour  int
	Long  int
	Brief bool
}

func newGarden() *garden {
	return &garden{Name: "eden", Size: 10, Tools: []string{"rake"}, Beds: map[int]*bed{}}
}

func toyNumber(low, high int) Kind[int] {
	return Kind[int]{
		Hints: []Hint{{Text: "INTEGER<" + strconv.Itoa(low) + "-" + strconv.Itoa(high) + ">"}},
		Read: func(words []string) (int, int, bool) {
			n, err := strconv.Atoi(words[0])
			if err != nil || n < low || n > high {
				return 0, 0, false
			}
			return n, 1, true
		},
		Write: func(n int) string {
			if n < low || n > high {
				return ""
			}
			return strconv.Itoa(n)
		},
	}
}

// toyName takes anything of up to eight octets.
func toyName(of string) Kind[string] {
	return Kind[string]{
		Hints: []Hint{{Text: "STRING<1-8>"}},
		Read: func(words []string) (string, int, bool) {
			if len(words[0]) > 8 {
				return "", 0, false
			}
			return words[0], 1, true
		},
		Write: func(s string) string {
			if s == "" {
				return ""
			}
			return Quote(s)
		},
		Of: of,
	}
}

// toyPair takes two words, X of N.
func toyPair() Kind[string] {
	return Kind[string]{
		Hints: []Hint{{Text: "COLOUR", Help: "Colour"}, {Text: "SHADE", Help: "Shade"}},
		Read: func(words []string) (string, int, bool) {
			if words[0] != "red" && words[0] != "blue" {
				return "", 0, false
			}
			if len(words) == 1 {
				return "", 2, true
			}
			return words[0] + " " + words[1], 1 + len(words[1])%2, len(words[1])%2 == 1
		},
		Write: func(s string) string { return s },
	}
}

func toyText() Kind[string] {
	return Kind[string]{
		Hints: []Hint{{Text: "TEXT"}}, Rest: true,
		Read:  func(words []string) (string, int, bool) { return words[0], 1, true },
		Write: func(s string) string { return s },
	}
}

func toyTools() Kind[string] {
	return Kind[string]{Words: []Word[string]{
		{"rake", "To rake", "rake"}, {"spade", "To dig", "spade"}, {"saw", "To saw", "saw"},
	}}
}

func gardenView() *View[garden] {
	kw := Kw[garden]
	return &View[garden]{
		Tag: func(g *garden) string { return "garden-" + g.Name },
		New: newGarden,
		Rows: []Row[garden]{
			Setting(kw("name", "Name of the garden"), Arg(toyName(""), "Name", func(g *garden) *string { return &g.Name })),
			Setting(kw("size", "Size"), Implied(kw("metres", "In metres")),
				Arg(toyNumber(1, 100), "Number", func(g *garden) *int { return &g.Size }),
				Optional(Flag("wild", "Left alone", func(g *garden) *bool { return &g.Wild }))),
			Setting(kw("gate", "Gate"), Flag("closed", "Closed to all", func(g *garden) *bool { return &g.Open })).Negative(),
			Setting(kw("tools", "Tools"), Some(toyTools(), func(g *garden) *[]string { return &g.Tools })).Clears(),
			Setting(kw("gate-colour", "Colour of the gate"), Arg(toyPair(), "", func(g *garden) *string { return &g.Gate })),
			Setting(kw("soil", "Soil"), Arg(toyText(), "Text", func(g *garden) *string { return &g.Soil })).
				Check(func(x any, g *garden) error {
					if g.Soil == "rock" {
						return &Refusal{"Nothing grows on rock."}
					}
					return nil
				}),
			Enter(bedObjects(), Kw[int]("bed", "Bed"), Arg(toyNumber(1, 99), "Number", func(n *int) *int { return n })),
			visitRow(),
			Do[garden](1, water{Litres: 5}, Path[water]("water", "Water it", "now", "At once"),
				Optional(Arg(toyNumber(1, 50), "Litres", func(w *water) *int { return &w.Litres }))),
			Do[garden](3, burn{}, Kw[burn]("burn", "Burn it")),
			Edit(func(_ any, g *garden, _ *struct{}) error {
				g.Tools = nil
				return nil
			}, Path[struct{}]("undo", "Cancel the current setting", "everything", "All of it")),
		},
	}
}

type water struct{ Litres int }
type burn struct{}

func bedObjects() Objects[garden, int, bed] {
	return Objects[garden, int, bed]{
		View: &View[bed]{
			Tag: func(b *bed) string { return "bed-" + strconv.Itoa(b.Number) },
			New: func() *bed { return &bed{Depth: 30} },
			Rows: []Row[bed]{
				Setting(Kw[bed]("plant", "Plant"), Arg(toyName("plant"), "Name", func(b *bed) *string { return &b.Plant })),
				Setting(Kw[bed]("depth", "Depth"), Arg(toyNumber(1, 200), "Centimetres", func(b *bed) *int { return &b.Depth })),
				Setting(Kw[bed]("sa", "Same letters as save"), Kw[bed]("me", "More"), Arg(toyNumber(1, 2), "N", func(b *bed) *int { return &b.Depth })).Hidden(),
			},
		},
		Of:      func(g *garden) map[int]*bed { return g.Beds },
		Name:    func(b *bed, n int) { b.Number = n },
		Compare: cmp.Compare[int],
		Create: func(_ any, g *garden, n int) error {
			if n > g.Size {
				return &Refusal{"The garden is too small."}
			}
			return nil
		},
	}
}

func visitRow() Row[garden] {
	kw := Kw[visit]
	return List(Items[garden, visit]{
		All: func(g *garden) []visit { return g.Visits },
		New: func() visit { return visit{Long: 1} },
		Old: func(g *garden, v visit) (visit, bool) {
			i := slices.IndexFunc(g.Visits, func(w visit) bool { return w.Who == v.Who })
			if i < 0 {
				return visit{}, false
			}
			return g.Visits[i], true
		},
		Put: func(_ any, g *garden, v visit) error {
			g.Visits = append(slices.DeleteFunc(slices.Clone(g.Visits), func(w visit) bool { return w.Who == v.Who }), v)
			return nil
		},
		Remove: func(_ any, g *garden, v visit) error {
			g.Visits = slices.DeleteFunc(slices.Clone(g.Visits), func(w visit) bool { return v.Who == "" || w.Who == v.Who })
			return nil
		},
		Undo: []Element[visit]{kw("visit", "Visit"), Arg(toyName("person"), "Who", func(v *visit) *string { return &v.Who })},
		Bare: true,
	}, kw("visit", "Visit"), Arg(toyName("person"), "Who", func(v *visit) *string { return &v.Who }),
		OneOf(
			Sequence(kw("at", "At an hour"), Arg(toyNumber(1, 23), "Hour", func(v *visit) *int { return &v.Hour })),
			Flag("whenever", "At any time", func(v *visit) *bool { return &v.Brief }),
		),
		AnyOrder(
			Sequence(kw("for", "Duration"), Arg(toyNumber(1, 9), "Hours", func(v *visit) *int { return &v.Long })),
			Flag("brief", "In a hurry", func(v *visit) *bool { return &v.Brief }),
		))
}

// outside is a table around the garden's.
func outside() *Table {
	type street struct{ Save, Gate int }
	kw := Kw[street]
	return (&View[street]{New: func() *street { return &street{} }, Rows: []Row[street]{
		Setting(kw("save", "Save"), Arg(toyNumber(1, 9), "N", func(s *street) *int { return &s.Save })),
		Setting(kw("size", "Another size"), kw("of", "Of"), kw("street", "The street"), Arg(toyNumber(1, 9), "N", func(s *street) *int { return &s.Gate })),
		Setting(kw("gatekeeper", "Gatekeeper"), Arg(toyNumber(1, 9), "N", func(s *street) *int { return &s.Gate })).Hidden(),
	}}).Compile()
}

// run types lines into a garden, which must be accepted.
func run(t *testing.T, g *garden, lines ...string) {
	t.Helper()
	table := gardenView().Compile()
	for _, line := range lines {
		if err := exec(g, table, line); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
}

func exec(g *garden, table *Table, line string) error {
	c, _, err := Parse(Split(line), 3, []*Table{table})
	switch {
	case err != nil:
		return err
	case c.Edit != nil:
		changed := *g
		if err := c.Edit(nil, &changed); err != nil {
			return err
		}
		*g = changed
	case c.Entry != nil && c.Undo:
		c.Entry.Remove(g)
	case c.Entry != nil:
		c.Entry.Put(g, c.Entry.New())
	}
	return nil
}

// text renders a garden.
func text(g *garden) string {
	var lines []string
	for _, b := range gardenView().Compile().Blocks(g) {
		lines = append(lines, b.Lines...)
	}
	return strings.Join(lines, "\n")
}
