package commands

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata/cli")

// golden compares got with the file name of testdata/cli, or writes it there.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("..", "testdata", "cli", filepath.FromSlash(name))
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sameText(t, name, got, string(want))
}

// sameText reports the first line that differs.
func sameText(t *testing.T, name, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Errorf("%s: line %d is\n%q, want\n%q", name, i+1, g[i], w[i])
			return
		}
	}
	t.Errorf("%s: %d lines, want %d:\n%s", name, len(g), len(w), got)
}

// lineWith returns the first line of text that contains all words.
func lineWith(t *testing.T, text string, words ...string) string {
	t.Helper()
next:
	for line := range strings.Lines(text) {
		for _, word := range words {
			if !strings.Contains(line, word) {
				continue next
			}
		}
		return strings.TrimSuffix(line, "\n")
	}
	t.Fatalf("no line with %q in\n%s", words, text)
	return ""
}

// cellsAt checks that each cell of a line begins at its documented offset, after
// a space.
func cellsAt(t *testing.T, line string, offsets []int, cells ...string) {
	t.Helper()
	for i, cell := range cells {
		at := offsets[i]
		if at+len(cell) > len(line) || line[at:at+len(cell)] != cell {
			t.Errorf("offset %d of %q is not %q", at, line, cell)
			continue
		}
		if at > 0 && line[at-1] != ' ' {
			t.Errorf("offset %d of %q is not preceded by a space", at, line)
		}
	}
}

// ruleOf checks that text has a line of n times the octet c, and none longer.
func ruleOf(t *testing.T, text string, c string, n int) {
	t.Helper()
	found := false
	for line := range strings.Lines(text) {
		rule := strings.TrimSpace(line)
		if rule == "" || strings.Trim(rule, c) != "" {
			continue
		}
		found = true
		if len(rule) != n {
			t.Errorf("a rule of %d %q, want %d", len(rule), c, n)
		}
	}
	if !found {
		t.Errorf("no rule of %q in\n%s", c, text)
	}
}
