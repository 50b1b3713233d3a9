package commands

import (
	"strings"
	"testing"

	"sallyport/commands/grammar"
)

// TestReference compares docs/commands.md with the table. If it is stale:
//
//	go test ./commands -run TestReference -update
func TestReference(t *testing.T) {
	golden(t, "../../docs/commands.md", Reference())
	if t.Failed() {
		t.Log("docs/commands.md is stale: go test ./commands -run TestReference -update")
	}
}

// TestReferenceHasEveryRow looks for the syntax of every row of every view, also of
// those that an object opens.
func TestReferenceHasEveryRow(t *testing.T) {
	text := Reference()
	tables := []*grammar.Table{userTable, anywhereTable, systemTable, firstFilters}
	for _, u := range systemTable.Usages() {
		if u.Opens != nil {
			tables = append(tables, u.Opens)
		}
	}
	for _, table := range tables {
		for _, u := range table.Usages() {
			if !strings.Contains(text, "\n"+u.Syntax+"\n") {
				t.Errorf("%q is missing", u.Syntax)
			}
			if u.Undo != "" && !strings.Contains(text, "\n"+u.Undo+"\n") {
				t.Errorf("%q is missing", u.Undo)
			}
		}
	}
}

// TestReferenceDefaults types the default of every setting: that changes nothing.
func TestReferenceDefaults(t *testing.T) {
	typed := 0
	for _, table := range []*grammar.Table{systemTable, objectTable(t, "ike proposal 1"), objectTable(t, "ike peer b"), objectTable(t, "ipsec proposal a")} {
		for _, u := range table.Usages() {
			if u.Default == "" {
				continue
			}
			command, _, err := grammar.Parse(grammar.Split(u.Default), everything, []*grammar.Table{table})
			if err != nil || command.Edit == nil {
				t.Errorf("the default %q: %v", u.Default, err)
				continue
			}
			typed++
		}
	}
	if typed < 8 {
		t.Errorf("only %d defaults", typed)
	}
}

// objectTable returns the table of the view that a line of system view opens.
func objectTable(t *testing.T, line string) *grammar.Table {
	s := newBox(t).session(operator, "system-view", line)
	return s.place.object.Table
}

func TestHeading(t *testing.T) {
	for syntax, want := range map[string]string{
		"quit":                       "quit",
		"display ike sa [ verbose ]": "display ike sa",
		"ike peer STRING<1-15>":      "ike peer",
		"dh { group1 | group2 }":     "dh",
		"rule <1-255>":               "rule",
	} {
		if got := heading(syntax); got != want {
			t.Errorf("heading(%q) = %q, want %q", syntax, got, want)
		}
	}
}
