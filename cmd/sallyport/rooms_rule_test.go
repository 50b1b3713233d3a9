package main_test

import (
	"slices"
	"testing"
	"testing/fstest"
)

// paperRooms is a rule for the trees of the tests below.
var paperRooms = map[string]room{
	"core":       {pure: true, ours: list("leaf"), others: list(bigmodModule), around: list("main")},
	"leaf":       {pure: true},
	"outer/part": {ours: list("core"), others: list(xsysModule)},
	"main":       {ours: list("*")},
}

// paperTree is a tree that keeps the rule.
func paperTree() fstest.MapFS {
	tree := fstest.MapFS{}
	for name, text := range map[string]string{
		"core/core.go":           `import ("fmt"; "io"; "net/netip"; "time"; "context"; "sallyport/leaf"; "filippo.io/bigmod"); var t time.Time`,
		"core/core_test.go":      `import ("os"; "sync"; "time"; "pgregory.net/rapid"; "sallyport/core"; "sallyport/platform/netns"); var t = time.Now()`,
		"leaf/leaf.go":           `import "crypto/sha256"; func f(time struct{ Now func() }) { time.Now() }`,
		"outer/part/part.go":     `import ("net"; "os"; "sync"; "time"; "sallyport/core"; "golang.org/x/sys/unix"); func f() { go f(); time.Sleep(1) }`,
		"main/main.go":           `import ("log"; "sallyport/core"; "sallyport/leaf"; "sallyport/outer/part")`,
		".build/old/copy.go":     `import "sallyport/nowhere"`,
		"core/testdata/notes.md": `import "os"`,
	} {
		tree[name] = &fstest.MapFile{Data: []byte("package p\n" + text + "\n")}
	}
	return tree
}

// Each kind of violation is reported, with the file, the line, the room and
// the import, and nothing else is.
func TestRoomsViolations(t *testing.T) {
	for _, test := range []struct {
		name, file, text string
		want             []string
	}{
		{"none", "leaf/more.go", `import "strings"`, nil},
		{"an import that points up", "leaf/more.go", `import "sallyport/core"`,
			[]string{"leaf/more.go:2: room leaf may not import sallyport/core: its line in rooms does not name it"}},
		{"below a room is not the room", "main2/x.go", ``, []string{"main2/x.go: main2 has no line in rooms"}},
		{"a new room, said once", "core/new/a.go", `import "os"`, []string{"core/new/a.go: core/new has no line in rooms"}},
		{"a Go file at the root", "tool.go", ``, []string{"tool.go: . has no line in rooms"}},
		{"another's module", "outer/part/more.go", `import "github.com/vishvananda/netlink/nl"`,
			[]string{"outer/part/more.go:2: room outer/part may not import github.com/vishvananda/netlink/nl: its line in rooms does not name it"}},
		{"a module of a similar name", "core/more.go", `import "filippo.io/bigmodular"`,
			[]string{"core/more.go:2: room core may not import filippo.io/bigmodular: its line in rooms does not name it"}},
		{"a test that imports up", "core/more_test.go", `import "sallyport/outer/part"`,
			[]string{"core/more_test.go:2: room core may not import sallyport/outer/part: its line in rooms does not name it"}},
		{"a kit outside a test", "core/more.go", `import "sallyport/platform/netns"`,
			[]string{"core/more.go:2: room core may not import sallyport/platform/netns: its line in rooms does not name it"}},
		{"a goroutine in a closure", "core/more.go", "func f() {\n\t_ = func() { go f() }\n}",
			[]string{"core/more.go:3: room core may not start a goroutine: it is a pure room"}},
		{"the clock, called and as a value", "core/more.go", "import \"time\"\nvar a = time.Now()\nvar b = time.Since",
			[]string{"core/more.go:3: room core may not use time.Now: it is a pure room",
				"core/more.go:4: room core may not use time.Since: it is a pure room"}},
		{"the clock by another name", "core/more.go", "import clock \"time\"\nvar a = clock.NewTimer(1)",
			[]string{"core/more.go:3: room core may not use time.NewTimer: it is a pure room"}},
		{"the clock without a name", "core/more.go", "import . \"time\"",
			[]string{"core/more.go:1: room core may not import time with a dot"}},
		{"parts of time that are not the clock", "core/more.go", "import \"time\"\nvar a = time.Unix(1, 0).After(time.Time{})", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			tree := paperTree()
			tree[test.file] = &fstest.MapFile{Data: []byte("package p\n" + test.text + "\n")}
			checkViolations(t, tree, test.want)
		})
	}
}

// Tests that stand outside of a room may import what is around it, all other files
// may not.
func TestRoomsAround(t *testing.T) {
	const refusal = ":2: room core may not import sallyport/main: its line in rooms does not name it"
	for _, test := range []struct {
		file, pack string
		want       []string
	}{
		{"core/more_test.go", "core_test", nil},
		{"core/more_test.go", "core", []string{"core/more_test.go" + refusal}},
		{"core/more.go", "core_test", []string{"core/more.go" + refusal}},
		{"core/more.go", "core", []string{"core/more.go" + refusal}},
	} {
		tree := paperTree()
		tree[test.file] = &fstest.MapFile{Data: []byte("package " + test.pack + "\nimport \"sallyport/main\"\n")}
		checkViolations(t, tree, test.want)
	}
}

// checkViolations compares what breaks the rule in a tree.
func checkViolations(t *testing.T, tree fstest.MapFS, want []string) {
	t.Helper()
	got, err := violations(tree, paperRooms)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("violations = %q, %v, want %q", got, err, want)
	}
}

func TestRoomsPureImports(t *testing.T) {
	for imported, want := range map[string]bool{
		"net": true, "net/http": true, "net/netip": false, "os": true, "os/exec": true, "log": true, "log/slog": true,
		"sync": true, "sync/atomic": true, "crypto/rand": true, "math/rand": true, "math/rand/v2": true,
		"syscall": true, "unsafe": true, "C": true,
		"crypto/sha256": false, "math": false, "math/big": false, "io": false, "time": false, "sort": false,
	} {
		if got := (room{pure: true}).refuses("core", imported, false) != ""; got != want {
			t.Errorf("a pure room is refused %s: %v, want %v", imported, got, want)
		}
		if (room{}).refuses("outer", imported, false) != "" || (room{pure: true}).refuses("core", imported, true) != "" {
			t.Errorf("a test or a room that is not pure is refused %s", imported)
		}
	}
}

func TestRoomsStaleLine(t *testing.T) {
	tree := paperTree()
	delete(tree, "leaf/leaf.go")
	checkViolations(t, tree, []string{"leaf: has a line in rooms and no Go file"})
}

func TestRoomsSyntaxError(t *testing.T) {
	tree := paperTree()
	tree["leaf/more.go"] = &fstest.MapFile{Data: []byte("package")}
	if _, err := violations(tree, paperRooms); err == nil {
		t.Error("a file that cannot be parsed gave no error")
	}
}
