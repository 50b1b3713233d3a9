package grammar

import (
	"errors"
	"reflect"
	"testing"
)

// TestParse shows what a line means, by what it makes of a new garden.
func TestParse(t *testing.T) {
	for _, test := range []struct {
		name, line, want string
	}{
		{"whole words", "name paradise", `name paradise`},
		{"another case", "NAME Paradise", `name Paradise`},
		{"abbreviated", "n paradise", `name paradise`},
		{"quoted", `name "a b"`, `name "a b"`},
		{"with the word that may be left off", "size metres 20", "size metres 20"},
		{"without it", "size 20", "size metres 20"},
		{"abbreviated over the whole line", "si m 20 w", "size metres 20 wild"},
		{"a number of the default", "size 10", ""},
		{"option alone differs", "size 10 wild", "size metres 10 wild"},
		{"exact beats longer", "gate closed", ""},
		{"negative", "undo gate closed", "undo gate closed"},
		{"one of some", "tools spade", "tools spade"},
		{"some in any order", "tools saw rake", "tools saw rake"},
		{"some abbreviated", "to sp sa", "tools spade saw"},
		{"two words in one value", "gate-colour red x", "gate-colour red x"},
		{"rest of the line", "soil  clay  and sand // wet", "soil clay  and sand"},
		{"rest of the line with quotes", `soil "clay" and sand`, `soil "clay" and sand`},
		{"an object", "bed 3", "bed 3"},
		{"a list", "visit adam at 9", "visit adam at 9"},
		{"the other alternative", "visit adam whenever", "visit adam whenever brief"},
		{"clauses", "visit adam at 9 for 3", "visit adam at 9 for 3"},
		{"clauses in another order", "visit adam at 9 brief for 3", "visit adam at 9 for 3 brief"},
		{"clauses abbreviated", "v adam a 9 b f 3", "visit adam at 9 for 3 brief"},
		{"a clause of the default", "visit adam at 9 for 1", "visit adam at 9"},
	} {
		g := newGarden()
		if err := exec(g, gardenView().Compile(), test.line); err != nil {
			t.Errorf("%s: %q: %v", test.name, test.line, err)
			continue
		}
		if got := text(g); got != test.want {
			t.Errorf("%s: %q makes\n%s\nwant\n%s", test.name, test.line, got, test.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, test := range []struct {
		name, line string
		want       Problem
		column     int
	}{
		{"unknown word", "garage", Unrecognized, 1},
		{"unknown second word", "gate ajar", Unrecognized, 6},
		{"quoted keyword", `"name" x`, Unrecognized, 1},
		{"unknown word after others", "visit adam on 9", Unrecognized, 12},
		{"nothing after a keyword", "name", Incomplete, 6},
		{"blanks after it do not count", "name   ", Incomplete, 6},
		{"nor does a comment", "name // of it", Incomplete, 6},
		{"abbreviated", "n", Incomplete, 3},
		{"within a value of two words", "gate-colour red", Incomplete, 17},
		{"none of some", "tools", Incomplete, 7},
		{"in a clause", "visit adam at 9 for", Incomplete, 21},
		{"two keywords", "s", Ambiguous, 1},
		{"two keywords and more", "ga x y", Ambiguous, 1},
		{"two words of some", "tools s", Ambiguous, 7},
		{"two words of some, later", "tools rake s", Ambiguous, 12},
		{"value out of range", "size 101", Wrong, 6},
		{"value after a word", "size metres x", Wrong, 13},
		{"value too long", "name 123456789", Wrong, 6},
		{"first word of two", "gate-colour green x", Wrong, 13},
		{"second word of two", "gate-colour red xx", Wrong, 17},
		{"word or value, a letter", "size x", Unrecognized, 6},
		{"word or value, a digit", "size 0", Wrong, 6},
		{"after the end", "name x y", TooMany, 8},
		{"after some", "tools rake saw spade rake", TooMany, 22},
		{"after an option", "size 5 wild 6", TooMany, 13},
		{"twice the same of some", "tools rake rake", Unrecognized, 12},
		{"twice the same clause", "visit adam at 9 brief brief", Unrecognized, 23},
		{"characters, not octets", "name ü ü", TooMany, 8},
		{"undo alone", "undo", Incomplete, 6},
		{"undo of what has none", "undo water now", Unrecognized, 6},
		{"undo with too much", "undo name eden x", TooMany, 16},
	} {
		_, _, err := Parse(Split(test.line), 3, []*Table{gardenView().Compile()})
		var bad *Error
		if !errors.As(err, &bad) || bad.Problem != test.want || bad.Column() != test.column {
			t.Errorf("%s: %q: %+v, want %v column %d", test.name, test.line, err, test.want, test.column)
		}
	}
}

func TestErrorText(t *testing.T) {
	for _, test := range []struct{ prompt, line, want string }{
		{"<H>", "garage", "   ^\nError: Unrecognized command found at '^' position.\n"},
		{"[H]", "name", "        ^\nError:Incomplete command found at '^' position.\n"},
		{"[H]", "tools s", "         ^\nError:Ambiguous command found at '^' position.\n"},
		{"[Hü]", "size 0", "         ^\nError: Wrong parameter found at '^' position.\n"},
		{"[H]", "name x y", "          ^\nError:Too many parameters found at '^' position.\n"},
	} {
		_, _, err := Parse(Split(test.line), 3, []*Table{gardenView().Compile()})
		if got := err.(*Error).Text(test.prompt); got != test.want {
			t.Errorf("%s%s\n%s\nwant\n%s", test.prompt, test.line, got, test.want)
		}
	}
}

// TestFallThrough has a table around another.
func TestFallThrough(t *testing.T) {
	inner, outer := gardenView().Compile(), outside()
	for _, test := range []struct {
		name, line string
		group      int
		ok         bool
	}{
		{"only here", "name x", 0, true},
		{"only there", "save 3", 1, true},
		{"complete here", "size 5", 0, true},
		{"begins here, complete there", "size of street 5", 1, true},
		{"abbreviated here, complete there", "gat 5", 1, true},
		{"complete nowhere", "size of", 0, false},
	} {
		_, group, err := Parse(Split(test.line), 3, []*Table{inner}, []*Table{outer})
		if group != test.group || (err == nil) != test.ok {
			t.Errorf("%s: %q: group %d, %v, want %d, %v", test.name, test.line, group, err, test.group, test.ok)
		}
	}
}

// TestErrorOfTheGroupThatGetsFurthest looks where the caret is.
func TestErrorOfTheGroupThatGetsFurthest(t *testing.T) {
	for line, column := range map[string]int{"size of road": 9, "size 0": 6, "garage": 1, "save": 6, "save x": 6} {
		_, _, err := Parse(Split(line), 3, []*Table{gardenView().Compile()}, []*Table{outside()})
		if bad, ok := err.(*Error); !ok || bad.Column() != column {
			t.Errorf("%q: %v, want column %d", line, err, column)
		}
	}
}

// TestAnExactFirstWordIsMeant: sa is not save, even where sa alone is too
// little.
func TestAnExactFirstWordIsMeant(t *testing.T) {
	group := []*Table{bedObjects().View.Compile(), outside()}
	for line, ok := range map[string]bool{"sa 5": false, "sa me 1": true, "sav 5": true, "s 5": true} {
		if _, _, err := Parse(Split(line), 3, group); (err == nil) != ok {
			t.Errorf("%q: %v, want %v", line, err, ok)
		}
	}
}

func TestLevel(t *testing.T) {
	table := []*Table{gardenView().Compile()}
	for _, test := range []struct {
		line  string
		level int
	}{{"water now", 1}, {"name x", 2}, {"undo name", 2}, {"bed 1", 2}, {"burn", 3}} {
		for level := range 4 {
			_, _, err := Parse(Split(test.line), level, table)
			bad, _ := err.(*Error)
			if visible := level >= test.level; visible != (err == nil) || !visible && (bad == nil || bad.Problem != Unrecognized) {
				t.Errorf("%q at level %d: %v", test.line, level, err)
			}
		}
	}
}

func TestActions(t *testing.T) {
	table := []*Table{gardenView().Compile()}
	for line, want := range map[string]any{"water now": &water{5}, "water now 7": &water{7}, "burn": &burn{}} {
		c, _, err := Parse(Split(line), 3, table)
		if err != nil || !reflect.DeepEqual(c.Action, want) {
			t.Errorf("%q is %#v, %v, want %#v", line, c.Action, err, want)
		}
	}
	first, _, _ := Parse(Split("water now"), 3, table)
	first.Action.(*water).Litres = 99
	if second, _, _ := Parse(Split("water now"), 3, table); second.Action.(*water).Litres != 5 {
		t.Error("an action shares the prototype")
	}
}

func FuzzParse(f *testing.F) {
	inner, outer := gardenView().Compile(), outside()
	for _, line := range []string{"name x", "undo tools rake", `soil "x`, "v a w f 3 b", "gate-colour red x"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := Split(text)
		Help(text, 3, []*Table{inner}, []*Table{outer})
		Complete(text, 3, nil, []*Table{inner}, []*Table{outer})
		if line.Empty() {
			return
		}
		c, group, err := Parse(line, 3, []*Table{inner}, []*Table{outer})
		if bad, ok := err.(*Error); ok {
			if bad.Offset > len(text)+1 || bad.Text("[H]") == "" {
				t.Fatalf("%q: caret at %d", text, bad.Offset)
			}
			return
		}
		if g := newGarden(); c.Edit != nil && group == 0 {
			c.Edit(nil, g)
		}
	})
}
