package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"testing"
)

// maxTunnel is what an established tunnel may cost in octets: an ISAKMP SA, an SA pair, their
// configuration, and what a dataplane keeps for them.
const maxTunnel = 8192

// TestFootprintsAddUp: the bounds that the rooms' own tests hold them against make up that of a
// whole tunnel, whichever dataplane it is on.
func TestFootprintsAddUp(t *testing.T) {
	engine := footprintOf(t, "commands")
	for _, dataplane := range []string{"ipsec/xfrm", "ipsec/tunnel"} {
		if sum := engine + footprintOf(t, dataplane); sum > maxTunnel {
			t.Errorf("a tunnel on %s may have %d octets, want at most %d", dataplane, sum, maxTunnel)
		}
	}
}

// footprintOf returns the constant maxFootprint of a room's test.
func footprintOf(t *testing.T, room string) (octets int) {
	t.Helper()
	path := filepath.Join("..", "..", filepath.FromSlash(room), "footprint_test.go")
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "maxFootprint" {
			return true
		}
		literal, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			t.Fatalf("%s: maxFootprint is no number", path)
		}
		if octets, err = strconv.Atoi(literal.Value); err != nil {
			t.Fatal(err)
		}
		return false
	})
	if octets == 0 {
		t.Fatalf("%s has no maxFootprint", path)
	}
	return octets
}
