package commands

import (
	"fmt"
	"strings"

	"sallyport/commands/grammar"
)

// A chapter of the reference is one table of commands.
type chapter struct {
	title string
	about string
	table *grammar.Table
}

// chapters are all tables there are: those of user view, of every view and of
// system view, then the views that it opens, and what may follow a display.
func chapters() []chapter {
	all := []chapter{
		{"User view", "The prompt is `<H>`. A session begins here.", userTable},
		{"Every view", "These are understood in every view.", anywhereTable},
		{"System view", "The prompt is `[H]`. `system-view` opens it. In a view below it, its commands are understood as well: the view is left first.", systemTable},
	}
	all = append(all, opened(systemTable, map[string]bool{})...)
	return append(all, chapter{"Filters", "They may follow every display, several of them in a row.", firstFilters})
}

// opened returns the chapters of the views that a table opens, each followed by those that it opens
// itself.
func opened(table *grammar.Table, seen map[string]bool) (all []chapter) {
	for _, u := range table.Usages() {
		if u.Opens == nil || seen[u.Opens.Sort()] {
			continue
		}
		seen[u.Opens.Sort()] = true
		p := place{object: &grammar.Entry{Table: u.Opens}}
		all = append(all, chapter{p.title(), "`" + u.Syntax + "` opens it.", u.Opens})
		all = append(all, opened(u.Opens, seen)...)
	}
	return all
}

// levelNames say what the levels are for.
var levelNames = [...]string{"visit", "monitoring", "configuration", "management"}

// Reference returns the command reference in Markdown: every command of the
// tables with its syntax, level, undo, default and the help of its words.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, c := range chapters() {
		fmt.Fprintf(&b, "- [%s](#%s)\n", c.title, strings.ReplaceAll(strings.ToLower(c.title), " ", "-"))
	}
	for _, c := range chapters() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", c.title, c.about)
		for _, u := range c.table.Usages() {
			writeUsage(&b, u)
		}
	}
	return b.String()
}

const referenceHead = `# Command reference

Made from the command table by ` + "`commands.Reference`" + `; not to be edited. ` + "`go test ./commands -run TestReference -update`" + `
writes it anew.

` + "`{ a | b }`" + ` is one of several, ` + "`[ a ]`" + ` may be left off, a ` + "`*`" + ` behind either means several of them in any order. Words in
lower case are keywords, and may be abbreviated as long as the whole line means one command. What is in capitals stands
for a value. A user's level is 0 (visit), 1 (monitoring), 2 (configuration) or 3 (management); commands above it do
not exist for the user. What displays are as JSON is in [json.md](json.md).

`

// writeUsage describes one command.
func writeUsage(b *strings.Builder, u grammar.Usage) {
	fmt.Fprintf(b, "\n### %s\n\n```\n%s\n", heading(u.Syntax), u.Syntax)
	if u.Undo != "" {
		b.WriteString(u.Undo + "\n")
	}
	fmt.Fprintf(b, "```\n\nLevel %d (%s).", u.Level, levelNames[u.Level])
	if u.Default != "" {
		fmt.Fprintf(b, " Default: `%s`.", u.Default)
	}
	if u.Opens != nil {
		fmt.Fprintf(b, " Opens the %s view.", u.Opens.Sort())
	}
	if u.Hidden {
		b.WriteString(" Another way to type what the configuration shows in other words.")
	}
	b.WriteString("\n\n")
	for _, w := range u.Words {
		fmt.Fprintf(b, "- `%s`: %s\n", w.Text, w.Help)
	}
}

// heading is the keywords that a syntax begins with.
func heading(syntax string) string {
	words := strings.Fields(syntax)
	for i, w := range words {
		if i > 0 && (strings.ContainsAny(w[:1], "{[<") || strings.ToLower(w) != w) {
			return strings.Join(words[:i], " ")
		}
	}
	return syntax
}
