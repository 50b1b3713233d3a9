package commands

import (
	"slices"
	"strings"
	"testing"

	"sallyport/commands/grammar"
)

// openers are lines that open each kind of view from user view.
func openers() [][]string {
	all := [][]string{{}, {"system-view"}}
	for _, view := range views {
		all = append(all, []string{"system-view", view})
	}
	return all
}

// TestEveryPrefixOffersMore draws lines of every row for a user of just its level
// and cuts them behind each word: something may follow, in the view where the row
// is. A user below that level is not offered the row.
func TestEveryPrefixOffersMore(t *testing.T) {
	for n, lines := range openers() {
		s := newBox(t).session(operator, lines...)
		groups := s.place.groups()
		for _, table := range groups[0] {
			for _, u := range table.Usages() {
				checkPrefixes(t, newDrawer(t, uint64(n)), u, groups)
				if u.Level > 0 && len(grammar.Help("", u.Level-1, []*grammar.Table{u.Alone})) > 0 {
					t.Errorf("%q is offered below level %d", u.Syntax, u.Level)
				}
			}
		}
	}
}

func checkPrefixes(t *testing.T, d *drawer, u grammar.Usage, groups [][]*grammar.Table) {
	t.Helper()
	for range 5 {
		line := d.line("", []*grammar.Table{u.Alone})
		for i := range len(line) {
			if line[i] != ' ' || strings.Count(line[:i], `"`)%2 == 1 {
				continue
			}
			if len(grammar.Help(line[:i+1], u.Level, groups...)) == 0 {
				t.Errorf("nothing may follow %q at level %d", line[:i+1], u.Level)
			}
		}
		hints := grammar.Help(strings.TrimRight(line, " ")+" ", u.Level, groups...)
		if !slices.ContainsFunc(hints, func(h grammar.Hint) bool { return h.Text == grammar.EndOfLine }) {
			t.Errorf("%q may not end: %v", line, hints)
		}
	}
}

// TestHelpHasATitle looks at the line above the help of a view's beginning.
func TestHelpHasATitle(t *testing.T) {
	for _, test := range []struct {
		lines []string
		want  string
	}{
		{nil, "User view commands:"},
		{[]string{"system-view"}, "System view commands:"},
		{[]string{"system-view", "ike peer b"}, "Ike-peer view commands:"},
		{[]string{"system-view", "ike proposal 10"}, "Ike-proposal view commands:"},
		{[]string{"system-view", "acl 3000"}, "Acl-adv view commands:"},
		{[]string{"system-view", "acl 2000"}, "Acl-basic view commands:"},
		{[]string{"system-view", "ipsec policy p 1 isakmp"}, "Ipsec-policy-isakmp view commands:"},
		{[]string{"system-view", "interface g0/0/2"}, "Interface view commands:"},
		{[]string{"system-view", "aaa"}, "AAA view commands:"},
		{[]string{"system-view", "user-interface vty 0 4"}, "User interface view commands:"},
	} {
		s := newBox(t).session(operator, test.lines...)
		for _, text := range []string{"", "  "} {
			first, _, _ := strings.Cut(s.Help(text), "\n")
			if first != test.want {
				t.Errorf("%s: help begins with %q, want %q", s.Prompt(), first, test.want)
			}
		}
		if help := s.Help("d"); strings.Contains(help, "view commands") {
			t.Errorf("%s: the help of a word has a title:\n%s", s.Prompt(), help)
		}
	}
}

// TestHelpText looks at the layout: two blanks, the longest word, two blanks, help.
func TestHelpText(t *testing.T) {
	got := helpText([]grammar.Hint{{Text: "v1", Help: "One"}, {Text: grammar.EndOfLine, Help: "End "}, {Text: "longer", Help: "More"}})
	if want := "  v1      One\n  <cr>    End \n  longer  More\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
