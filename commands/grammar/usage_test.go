package grammar

import (
	"strings"
	"testing"
)

func TestUsages(t *testing.T) {
	want := []struct{ syntax, undo, standard string }{
		{"name STRING<1-8>", "undo name [ STRING<1-8> ]", "name eden"},
		{"size [ metres ] INTEGER<1-100> [ wild ]", "undo size [ [ metres ] INTEGER<1-100> [ wild ] ]", "size metres 10"},
		{"gate closed", "undo gate closed", "gate closed"},
		{"tools { rake | spade | saw } *", "undo tools [ { rake | spade | saw } * ]", "tools rake"},
		{"gate-colour COLOUR SHADE", "undo gate-colour [ COLOUR SHADE ]", ""},
		{"soil TEXT", "undo soil [ TEXT ]", ""},
		{"bed INTEGER<1-99>", "undo bed INTEGER<1-99>", ""},
		{"visit STRING<1-8> { at INTEGER<1-23> | whenever } [ for INTEGER<1-9> | brief ] *", "undo visit [ STRING<1-8> ]", ""},
		{"water now [ INTEGER<1-50> ]", "", ""},
		{"burn", "", ""},
		{"undo everything", "", ""},
	}
	usages := gardenView().Compile().Usages()
	if len(usages) != len(want) {
		t.Fatalf("%d usages, want %d", len(usages), len(want))
	}
	for i, u := range usages {
		if w := want[i]; u.Syntax != w.syntax || u.Undo != w.undo || u.Default != w.standard {
			t.Errorf("row %d is %q, %q, %q, want %q", i, u.Syntax, u.Undo, u.Default, w)
		}
		if (u.Opens != nil) != strings.HasPrefix(u.Syntax, "bed") {
			t.Errorf("%s opens %v", u.Syntax, u.Opens)
		}
	}
	if levels := [3]int{usages[0].Level, usages[8].Level, usages[9].Level}; levels != [3]int{2, 1, 3} {
		t.Errorf("levels are %v", levels)
	}
}

func TestUsageWords(t *testing.T) {
	for _, u := range gardenView().Compile().Usages() {
		if !strings.HasPrefix(u.Syntax, "visit") {
			continue
		}
		var got []string
		for _, h := range u.Words {
			got = append(got, h.Text+"="+h.Help)
		}
		const want = "visit=Visit, STRING<1-8>=Who, at=At an hour, INTEGER<1-23>=Hour, whenever=At any time, " +
			"for=Duration, INTEGER<1-9>=Hours, brief=In a hurry"
		if joined := strings.Join(got, ", "); joined != want {
			t.Errorf("words of %s are\n%s, want\n%s", u.Syntax, joined, want)
		}
	}
}

// TestAlone types a row's line and another's into the table of one row.
func TestAlone(t *testing.T) {
	table := gardenView().Compile()
	one := table.Usages()[1].Alone
	if err := exec(newGarden(), one, "size 5"); err != nil {
		t.Errorf("size 5: %v", err)
	}
	if err := exec(newGarden(), one, "name x"); err == nil {
		t.Error("name x is in the table of another row")
	}
	if err := exec(newGarden(), table, "name x"); err != nil {
		t.Errorf("the table itself has changed: %v", err)
	}
}

func TestSort(t *testing.T) {
	beds := bedObjects()
	if got := beds.View.Compile().Sort(); got != "bed" {
		t.Errorf("the sort of bed-3 is %q", got)
	}
	named := &View[garden]{Sort: "park", New: newGarden}
	if got := named.Compile().Sort(); got != "park" {
		t.Errorf("the sort of a view that has one is %q", got)
	}
	if got := outside().Sort(); got != "" {
		t.Errorf("the sort of nothing is %q", got)
	}
}
