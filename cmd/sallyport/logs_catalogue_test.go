package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sallyport/commands"
)

// catalogueTable is the table of docs/logs.md.
func catalogueTable() string {
	var b strings.Builder
	b.WriteString("| Module | Severity | Name | Means |\n|---|---|---|---|\n")
	for k := range logKinds {
		n := k.name()
		fmt.Fprintf(&b, "| %s | %d %v | %s | %s |\n", n.module, int(n.severity), n.severity, n.mnemonic, n.meaning)
	}
	return b.String()
}

// TestTheCatalogueIsDocumented compares docs/logs.md with the catalogue. With
// CATALOGUE=write it writes the table.
func TestTheCatalogueIsDocumented(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "logs.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), "| Module |")
	_, after, ends := strings.Cut(rest, "\n\n")
	if !begins || !ends {
		t.Fatal("docs/logs.md has no table, or nothing after it")
	}
	want := before + catalogueTable() + "\n" + after
	if os.Getenv("CATALOGUE") == "write" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("the table of docs/logs.md is not\n%s", catalogueTable())
	}
}

func TestCatalogue(t *testing.T) {
	words := regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
	seen := map[string]bool{}
	for k := range logKinds {
		n := k.name()
		if !words.MatchString(n.module) || !words.MatchString(n.mnemonic) || len(n.mnemonic) > 32 || len(n.module) > 15 {
			t.Errorf("kind %d: %s/%s, want words that can be searched for", k, n.module, n.mnemonic)
		}
		if seen[n.mnemonic] || !strings.HasSuffix(n.meaning, ".") || n.severity < 0 || n.severity > commands.LogDebugging {
			t.Errorf("kind %d: %+v, want a name of its own, a severity and a meaning", k, n)
		}
		seen[n.mnemonic] = true
	}
}
