package grammar

import (
	"slices"
	"strings"
	"testing"
)

func TestHelp(t *testing.T) {
	table := []*Table{gardenView().Compile()}
	for _, test := range []struct{ name, text, want string }{
		{"a keyword's argument", "name ", "STRING<1-8>=Name"},
		{"value before keyword", "size ", "INTEGER<1-100>=Number, metres=In metres"},
		{"the end comes last", "size 5 ", "wild=Left alone, <cr>=" + enterHelp},
		{"nothing but the end", "name x ", "<cr>=" + enterHelp},
		{"the beginning of a word", "ga", "gate=Gate, gate-colour=Colour of the gate"},
		{"in another case", "GATE-", "gate-colour=Colour of the gate"},
		{"a whole word", "gate", "gate=Gate, gate-colour=Colour of the gate"},
		{"an exact word is meant", "gate ", "closed=Closed to all"},
		{"some", "tools rake ", "saw=To saw, spade=To dig, <cr>=" + enterHelp},
		{"second word of a value", "gate-colour red ", "SHADE=Shade"},
		{"alternatives", "visit adam ", "at=At an hour, whenever=At any time"},
		{"clauses that are left", "visit adam at 9 brief ", "for=Duration, <cr>=" + enterHelp},
		{"undo", "undo ga", "gate=Gate, gate-colour=Colour of the gate"},
		{"undo's arguments may be left off", "undo name ", "STRING<1-8>=Name, <cr>=" + enterHelp},
		{"undo of a word with some to come", "undo tools ", "rake=To rake, saw=To saw, spade=To dig, <cr>=" + enterHelp},
		{"nowhere", "garage ", ""},
		{"after the end", "name x y ", ""},
		{"a partial word that nothing begins with", "zz", ""},
	} {
		var got []string
		for _, h := range Help(test.text, 3, table) {
			got = append(got, h.Text+"="+h.Help)
		}
		if joined := strings.Join(got, ", "); joined != test.want {
			t.Errorf("%s: %q?\n%s\nwant\n%s", test.name, test.text, joined, test.want)
		}
	}
}

func TestHelpOfTheView(t *testing.T) {
	first := Help("", 3, []*Table{gardenView().Compile()})
	low := Help("", 1, []*Table{gardenView().Compile()})
	if len(low) != 1 || low[0].Text != "water" {
		t.Errorf("at level 1: %v", low)
	}
	if !slices.IsSortedFunc(first, compareHints) || len(first) != 11 {
		t.Errorf("at level 3: %v", first)
	}
}

func TestHelpOfTheOuterView(t *testing.T) {
	groups := [][]*Table{{gardenView().Compile()}, {outside()}}
	if got := Help("save ", 3, groups...); len(got) != 1 || got[0].Text != "INTEGER<1-9>" {
		t.Errorf("save ? is %v", got)
	}
}

func TestComplete(t *testing.T) {
	names := func(of string) []string {
		return map[string][]string{"person": {"eve", "adam", "abel"}}[of]
	}
	table := []*Table{gardenView().Compile()}
	for _, test := range []struct{ text, want string }{
		{"na", "name"},
		{"ga", "gate gate-colour"},
		{"G", "gate gate-colour"},
		{"tools s", "saw spade"},
		{"name ", ""},
		{"visit ", "abel adam eve"},
		{"visit A", "abel adam"},
		{"undo visit e", "eve"},
		{"size 5 ", "wild"},
		{"garage ", ""},
	} {
		if got := strings.Join(Complete(test.text, 3, names, table), " "); got != test.want {
			t.Errorf("Complete(%q) = %q, want %q", test.text, got, test.want)
		}
	}
	if got := Complete("visit ", 3, nil, table); len(got) != 0 {
		t.Errorf("without names: %q", got)
	}
}

func TestKeywords(t *testing.T) {
	hints := gardenView().Compile().Keywords()
	for i := 1; i < len(hints); i++ {
		if hints[i].Text == hints[i-1].Text {
			t.Errorf("%v and %v", hints[i-1], hints[i])
		}
	}
	for _, want := range []Hint{{"rake", "To rake"}, {"wild", "Left alone"}, {"whenever", "At any time"}, {"bed", "Bed"}} {
		if !slices.Contains(hints, want) {
			t.Errorf("%v is missing", want)
		}
	}
}
