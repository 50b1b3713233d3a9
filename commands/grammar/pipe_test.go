package grammar

import (
	"errors"
	"strings"
	"testing"
)

func TestPipes(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"water now", "water now"},
		{"water now | include a b | count", "water now/| include a b/| count"},
		{"water now |include a", "water now/| include a"},
		{"water now |", "water now/|"},
		{"water now || |x", "water now/| |/| x"},
		{`water "|" x|y`, "water | x|y"},
		{`water | include "a | b" | count`, "water/| include a | b/| count"},
		{"| count", "| count"},
		{"", ""},
	} {
		head, tails := Split(test.line).Pipes()
		texts := []string{strings.Join(head.plain, " ")}
		for _, tail := range tails {
			texts = append(texts, strings.Join(tail.plain, " "))
		}
		if got := strings.Join(texts, "/"); got != test.want {
			t.Errorf("Pipes of %q = %q, want %q", test.line, got, test.want)
		}
	}
}

// TestPipesKeepColumns parses parts of a line, whose errors are the line's.
func TestPipesKeepColumns(t *testing.T) {
	table := (&View[garden]{New: newGarden, Rows: []Row[garden]{
		Setting(Kw[garden]("|", "Then"), Kw[garden]("name", "Name"), Arg(toyName(""), "Name", func(g *garden) *string { return &g.Name })),
	}}).Compile()
	for _, test := range []struct {
		line    string
		problem Problem
		column  int
	}{
		{"water | nome x", Unrecognized, 9},
		{"water |nome x", Unrecognized, 8},
		{"water | name", Incomplete, 14},
		{"water |  | name x", Incomplete, 9},
		{"wätér | name x y", TooMany, 16},
		{"water | name a | name morethaneight", Wrong, 23},
	} {
		_, tails := Split(test.line).Pipes()
		var bad *Error
		for _, tail := range tails {
			if _, _, err := Parse(tail, 3, []*Table{table}); err != nil && bad == nil {
				errors.As(err, &bad)
			}
		}
		if bad == nil || bad.Problem != test.problem || bad.Column() != test.column {
			t.Errorf("%q: %v at %d, want %v at %d", test.line, bad, bad.Column(), test.problem, test.column)
		}
	}
}
